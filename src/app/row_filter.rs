//! Which leases are shown: the filter that was typed, and the quick one beside it.

use std::fmt;
use std::str::FromStr;

use tui_input::Input;

use super::{Lease, LeaseState, Ownership};
use crate::filter::{BadFilter, Filter, FilterFacts};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// A filter for a single key, beside the one that is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilterPreset {
    /// Every lease.
    #[default]
    All,
    /// Granted here.
    Own,
    /// Other clients', adopted ones among them.
    Others,
    /// At risk, or late.
    AtRisk,
    /// Dead.
    Gone,
}

impl FilterPreset {
    /// All of them, in the order of the key that goes through them.
    pub const ALL: [FilterPreset; 5] =
        [FilterPreset::All, FilterPreset::Own, FilterPreset::Others, FilterPreset::AtRisk, FilterPreset::Gone];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            FilterPreset::All => "all",
            FilterPreset::Own => "own",
            FilterPreset::Others => "others",
            FilterPreset::AtRisk => "at risk",
            FilterPreset::Gone => "gone",
        }
    }

    fn next(self) -> FilterPreset {
        let place = FilterPreset::ALL.iter().position(|preset| *preset == self).unwrap_or(0);
        FilterPreset::ALL[(place + 1) % FilterPreset::ALL.len()]
    }

    fn matches(self, lease: &Lease, now: Timestamp) -> bool {
        match self {
            FilterPreset::All => true,
            FilterPreset::Own => lease.ownership == Ownership::Own,
            FilterPreset::Others => lease.ownership != Ownership::Own,
            FilterPreset::AtRisk => matches!(lease.state(now), LeaseState::Risk | LeaseState::Late),
            FilterPreset::Gone => lease.end.is_some(),
        }
    }
}

/// A filter with the text that it was read from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypedFilter {
    text: String,
    filter: Filter,
}

impl TypedFilter {
    /// The text, as it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }
}

impl fmt::Display for TypedFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for TypedFilter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        Ok(TypedFilter { text: text.trim().to_owned(), filter: text.parse()? })
    }
}

/// The line in which a filter is being typed.
#[derive(Clone, Debug)]
pub struct FilterLine {
    /// The text so far.
    pub input: Input,
    /// Why it is no filter; while there is a reason the last good filter stays.
    pub bad: Option<BadFilter>,
    /// The last filter that was good and no half of a condition: it stays while the text is none.
    last_good: TypedFilter,
}

/// Which leases are shown.
#[derive(Clone, Debug, Default)]
pub struct RowFilter {
    /// The quick filter.
    pub preset: FilterPreset,
    /// The typed filter, the last good one.
    pub typed: TypedFilter,
    /// The line that is being typed, while one is.
    pub line: Option<FilterLine>,
    /// The lease that the cursor comes back to as soon as it has a row again, unless the cursor is moved before.
    pub(super) saved_cursor: Option<LeaseId>,
}

impl RowFilter {
    /// Whether any lease may be hidden by it.
    pub fn is_active(&self) -> bool {
        self.preset != FilterPreset::All || !self.typed.filter.is_empty()
    }

    /// Opens the line with the filter that there is.
    pub(super) fn open(&mut self) {
        let last_good = self.typed.clone();
        self.line = Some(FilterLine { input: Input::new(last_good.text.clone()), bad: None, last_good });
    }

    /// Reads what is typed: a good filter is used at once. Where there is none the last good one stays, without the half of
    /// a condition that was a word on the way: `state` before `state:`.
    pub(super) fn read(&mut self) {
        let Some(line) = &mut self.line else { return };
        let text = line.input.value();
        match text.parse::<TypedFilter>() {
            Ok(typed) => {
                if !Filter::is_unfinished(text) {
                    line.last_good = typed.clone();
                }
                (self.typed, line.bad) = (typed, None);
            }
            Err(bad) => (self.typed, line.bad) = (line.last_good.clone(), Some(bad)),
        }
    }

    /// The next quick filter.
    pub(super) fn next_preset(&mut self) {
        self.preset = self.preset.next();
    }

    /// Shows every lease; no if all were shown already.
    pub(super) fn clear(&mut self) -> bool {
        let was_active = self.is_active();
        *self = RowFilter { saved_cursor: self.saved_cursor, ..RowFilter::default() };
        was_active
    }
}

/// What decides on one lease, kept beside the rows that were made by it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ActiveFilter {
    preset: FilterPreset,
    filter: Filter,
}

impl ActiveFilter {
    pub(super) fn of(row_filter: &RowFilter) -> Self {
        ActiveFilter { preset: row_filter.preset, filter: row_filter.typed.filter.clone() }
    }

    /// Whether they are those of a sieve.
    pub(super) fn is_from(&self, row_filter: &RowFilter) -> bool {
        self.preset == row_filter.preset && self.filter == row_filter.typed.filter
    }

    /// Whether a lease is shown.
    pub(super) fn matches(&self, lease: &Lease, now: Timestamp) -> bool {
        self.preset.matches(lease, now) && self.filter.matches(&LeaseFacts::now(lease, now))
    }

    /// The times left, in seconds, at which time alone can turn their answer.
    pub(super) fn times_left(&self) -> Vec<f64> {
        self.filter.times_left()
    }
}

/// What a filter asks of a lease at a moment.
pub(super) struct LeaseFacts<'a> {
    lease: &'a Lease,
    keys: &'a [Vec<u8>],
    /// Whether the last that was left counts of one that is dead.
    is_last: bool,
    now: Timestamp,
}

impl<'a> LeaseFacts<'a> {
    /// As it is now.
    fn now(lease: &'a Lease, now: Timestamp) -> Self {
        let keys = lease.keys.as_ref().map_or(&[][..], |keys| &keys.first);
        LeaseFacts { lease, keys, is_last: false, now }
    }

    /// As it was when something last happened to it, with these keys.
    pub(super) fn at_last(lease: &'a Lease, keys: &'a [Vec<u8>], now: Timestamp) -> Self {
        LeaseFacts { lease, keys, is_last: true, now }
    }
}

impl FilterFacts for LeaseFacts<'_> {
    fn id(&self) -> LeaseId {
        self.lease.id
    }

    fn who(&self) -> &str {
        self.lease.ownership.word()
    }

    fn state(&self) -> &str {
        self.lease.state(self.now).word()
    }

    fn ttl(&self) -> Option<i64> {
        self.lease.granted_ttl
    }

    fn left(&self) -> Option<f64> {
        if self.is_last { self.lease.left_at_last(self.now) } else { self.lease.left(self.now) }
    }

    fn key_count(&self) -> Option<usize> {
        let all = self.lease.keys.as_ref().filter(|known| known.is_all)?;
        Some(all.count.max(self.keys.len()))
    }

    fn keys(&self) -> &[Vec<u8>] {
        self.keys
    }

    fn drops(&self) -> Option<u64> {
        Some(self.lease.engine.as_ref()?.queue.dropped)
    }
}
