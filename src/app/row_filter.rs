//! The row filter: the typed filter and the quick filter.

use std::fmt;
use std::str::FromStr;

use tui_input::Input;

use super::typed_history::{HistoryCursor, TypedHistory};
use super::{Lease, LeaseState, Ownership};
use crate::filter::{BadFilter, Filter, FilterFacts};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// A quick filter that a single key cycles through. It applies in addition to the typed filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilterPreset {
    /// Every lease.
    #[default]
    All,
    /// Leases granted by this program.
    Own,
    /// Other clients' leases, including adopted ones.
    Others,
    /// Leases at risk or late.
    AtRisk,
    /// Ended leases.
    Gone,
}

impl FilterPreset {
    /// All presets in the order in which the key cycles through them.
    pub const ALL: [FilterPreset; 5] =
        [FilterPreset::All, FilterPreset::Own, FilterPreset::Others, FilterPreset::AtRisk, FilterPreset::Gone];

    /// The name shown on the screen.
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

/// A parsed filter with its source text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypedFilter {
    text: String,
    filter: Filter,
}

impl TypedFilter {
    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parsed filter.
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

/// The filter line while it is open.
#[derive(Clone, Debug)]
pub struct FilterLine {
    /// The text field.
    pub input: Input,
    /// Why the text is not a valid filter. The last valid filter stays active meanwhile.
    pub bad: Option<BadFilter>,
    /// The last valid filter that was not an unfinished condition. It stays active while the text is invalid.
    last_good: TypedFilter,
    /// The place in the history of filters.
    history: HistoryCursor,
}

/// Decides which leases have a row.
#[derive(Clone, Debug, Default)]
pub struct RowFilter {
    /// The quick filter.
    pub preset: FilterPreset,
    /// The last valid typed filter.
    pub typed: TypedFilter,
    /// The filter line, while it is open.
    pub line: Option<FilterLine>,
    /// The lease to which the cursor returns once it has a row again, unless the user moves the cursor first.
    pub(super) saved_cursor: Option<LeaseId>,
}

impl RowFilter {
    /// Whether the filter can hide any lease.
    pub fn is_active(&self) -> bool {
        self.preset != FilterPreset::All || !self.typed.filter.is_empty()
    }

    /// Opens the filter line with the current filter.
    pub(super) fn open(&mut self) {
        let last_good = self.typed.clone();
        self.line = Some(FilterLine {
            input: Input::new(last_good.text.clone()),
            bad: None,
            last_good,
            history: HistoryCursor::default(),
        });
    }

    /// Parses the filter line and applies it at once. While the text is invalid, the last valid filter applies. An
    /// unfinished condition does not count as valid: `state` on the way to `state:`.
    pub(super) fn read(&mut self) {
        let Some(line) = &mut self.line else { return };
        let text = line.input.value();
        match text.parse::<TypedFilter>() {
            Ok(typed) => {
                if !Filter::is_unfinished(text) {
                    line.last_good = typed.clone();
                }
                self.typed = typed;
                line.bad = None;
            }
            Err(bad) => {
                self.typed = line.last_good.clone();
                line.bad = Some(bad);
            }
        }
    }

    /// Shows an older or newer filter of a history and applies it. Returns false if there is none, or an older one was
    /// never shown.
    pub(super) fn browse(&mut self, history: &TypedHistory, is_older: bool) -> bool {
        let Some(line) = &mut self.line else { return false };
        let present = line.input.value();
        let shown = if is_older { line.history.older(history, present) } else { line.history.newer(history) };
        let Some(text) = shown else { return line.history.is_browsing() };
        line.input = Input::new(text);
        self.read();
        true
    }

    /// Replaces the typed filter. Closes the filter line.
    pub(super) fn set(&mut self, typed: TypedFilter) {
        self.typed = typed;
        self.line = None;
    }

    /// Replaces all filters by this one.
    pub(super) fn replace_all(&mut self, text: &str) {
        if let Ok(typed) = text.parse() {
            *self = RowFilter { typed, ..RowFilter::default() };
        }
    }

    /// Switches to the next quick filter.
    pub(super) fn next_preset(&mut self) {
        self.preset = self.preset.next();
    }

    /// Clears all filters. Returns false if none was active.
    pub(super) fn clear(&mut self) -> bool {
        let was_active = self.is_active();
        *self = RowFilter { saved_cursor: self.saved_cursor, ..RowFilter::default() };
        was_active
    }
}

impl RowFilter {
    /// Whether a lease has a row.
    pub(super) fn shows(&self, lease: &Lease, now: Timestamp) -> bool {
        ActiveFilter::of(self).matches(lease, now)
    }
}

/// The filter as last applied, to detect changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ActiveFilter {
    preset: FilterPreset,
    filter: Filter,
}

impl ActiveFilter {
    pub(super) fn of(row_filter: &RowFilter) -> Self {
        ActiveFilter { preset: row_filter.preset, filter: row_filter.typed.filter.clone() }
    }

    /// Whether this is the current state of `row_filter`.
    pub(super) fn is_from(&self, row_filter: &RowFilter) -> bool {
        self.preset == row_filter.preset && self.filter == row_filter.typed.filter
    }

    /// Whether a lease passes the filter.
    pub(super) fn matches(&self, lease: &Lease, now: Timestamp) -> bool {
        self.preset.matches(lease, now) && self.filter.matches(&LeaseFacts::now(lease, now))
    }

    /// The times left, in seconds, at which the result can change without an event.
    pub(super) fn times_left(&self) -> Vec<f64> {
        self.filter.times_left()
    }
}

/// The facts about a lease that a filter can test.
pub(super) struct LeaseFacts<'a> {
    lease: &'a Lease,
    keys: &'a [Vec<u8>],
    /// Whether the time left of an ended lease is its value at the end.
    is_last: bool,
    now: Timestamp,
}

impl<'a> LeaseFacts<'a> {
    /// The current facts.
    fn now(lease: &'a Lease, now: Timestamp) -> Self {
        let keys = lease.keys.as_ref().map_or(&[][..], |keys| &keys.first);
        LeaseFacts { lease, keys, is_last: false, now }
    }

    /// The facts as of the last event of the lease, with these keys.
    pub(super) fn at_last(lease: &'a Lease, keys: &'a [Vec<u8>], now: Timestamp) -> Self {
        LeaseFacts { lease, keys, is_last: true, now }
    }

    /// Whether the lease ended after `now`, the time at which the display was frozen.
    fn ends_later(&self) -> bool {
        self.lease.end.is_some_and(|end| end.at > self.now)
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
        if self.ends_later() { self.lease.state_if_alive(self.now).word() } else { self.lease.state(self.now).word() }
    }

    fn ttl(&self) -> Option<i64> {
        self.lease.granted_ttl
    }

    fn left(&self) -> Option<f64> {
        if self.is_last || self.ends_later() { self.lease.left_at_last(self.now) } else { self.lease.left(self.now) }
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
