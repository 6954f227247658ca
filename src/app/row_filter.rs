//! The row filter: the typed filter and the quick filter.

use std::time::Duration;

use super::filter_line::FilterLine;
use super::lease_facts::LeaseFacts;
use super::lease_store::LeaseStore;
use super::row_facts::{IndexedFacts, LeaseSource, RowFacts};
use super::typed_filter::TypedFilter;
use super::typed_history::TypedHistory;
use super::{Lease, LeaseState, Ownership};
use crate::filter::{Filter, Number};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// A quick filter that a single key cycles through. It applies in addition to the typed filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilterPreset {
    /// Every lease.
    #[default]
    All,
    /// Leases at risk or late.
    AtRisk,
    /// Leases granted by this program.
    Own,
    /// Other clients' leases, including adopted ones.
    Others,
    /// Ended leases.
    Ended,
}

impl FilterPreset {
    /// All presets in the order in which the key cycles through them.
    pub const ALL: [FilterPreset; 5] =
        [FilterPreset::All, FilterPreset::AtRisk, FilterPreset::Own, FilterPreset::Others, FilterPreset::Ended];

    /// The name shown on the screen.
    pub fn name(self) -> &'static str {
        match self {
            FilterPreset::All => "all",
            FilterPreset::Own => "own",
            FilterPreset::Others => "others",
            FilterPreset::AtRisk => "at risk",
            FilterPreset::Ended => "ended",
        }
    }

    /// The next preset that matches a lease. After the last one, this is `All`, even if there is no lease.
    fn next(self, leases: &LeaseStore) -> FilterPreset {
        let place = FilterPreset::ALL.iter().position(|preset| *preset == self).unwrap_or(0);
        let rest = &FilterPreset::ALL[place + 1..];
        rest.iter().copied().find(|preset| preset.has_leases(leases)).unwrap_or_default()
    }

    /// Whether it matches a lease.
    fn has_leases(self, leases: &LeaseStore) -> bool {
        let counts = leases.counts;
        match self {
            FilterPreset::All => true,
            FilterPreset::AtRisk => counts.risk + counts.late > 0,
            FilterPreset::Own => counts.own > 0,
            FilterPreset::Others => counts.adopted + counts.others > 0,
            FilterPreset::Ended => leases.living_count() < leases.len(),
        }
    }

    /// Whether a lease passes. An ended lease has no state here.
    fn accepts(self, ownership: Ownership, state: Option<LeaseState>) -> bool {
        match self {
            FilterPreset::All => true,
            FilterPreset::Own => ownership == Ownership::Own,
            FilterPreset::Others => ownership != Ownership::Own,
            FilterPreset::AtRisk => matches!(state, Some(LeaseState::Risk | LeaseState::Late)),
            FilterPreset::Ended => state.is_none(),
        }
    }
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
        self.preset != FilterPreset::All || !self.typed.filter().is_empty()
    }

    /// Opens the filter line with the current filter.
    pub(super) fn open(&mut self) {
        self.line = Some(FilterLine::new(self.typed.clone()));
    }

    /// Parses the filter line and applies it at once. While the text is invalid, the last valid filter applies.
    pub(super) fn read(&mut self) {
        if let Some(line) = &mut self.line {
            self.typed = line.read();
        }
    }

    /// Inserts the next or the previous completion of the word at the cursor, and applies the filter.
    pub(super) fn complete(&mut self, is_forward: bool) {
        if self.line.as_mut().is_some_and(|line| line.complete(is_forward)) {
            self.read();
        }
    }

    /// Shows an older or newer filter of a history and applies it. Returns false if there is none and the filter line
    /// does not show one of the history: the key may then move the cursor.
    pub(super) fn browse(&mut self, history: &TypedHistory, is_older: bool) -> bool {
        let Some(line) = &mut self.line else { return false };
        let present = line.input.value();
        let shown = if is_older { line.history.older(history, present) } else { line.history.newer(history) };
        let Some(text) = shown else { return line.history.is_browsing() };
        line.input = tui_input::Input::new(text);
        line.accept_completion();
        self.read();
        true
    }

    /// Replaces the typed filter. Closes the filter line.
    pub(super) fn set(&mut self, typed: TypedFilter) {
        self.typed = typed;
        self.line = None;
    }

    /// Replaces all filters with this typed filter. Does nothing if it is invalid.
    pub(super) fn replace_all(&mut self, text: &str) {
        if let Ok(typed) = text.parse() {
            *self = RowFilter { typed, ..RowFilter::default() };
        }
    }

    /// Switches to the next quick filter that matches a lease.
    pub(super) fn next_preset(&mut self, leases: &LeaseStore) {
        self.preset = self.preset.next(leases);
    }

    /// Clears all filters.
    pub(super) fn clear(&mut self) {
        *self = RowFilter { saved_cursor: self.saved_cursor, ..RowFilter::default() };
    }
}

impl RowFilter {
    /// Whether the filters show a lease.
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
        ActiveFilter { preset: row_filter.preset, filter: row_filter.typed.filter().clone() }
    }

    /// Whether this is the current state of `row_filter`.
    pub(super) fn is_from(&self, row_filter: &RowFilter) -> bool {
        self.preset == row_filter.preset && self.filter == *row_filter.typed.filter()
    }

    /// Whether a lease passes the filter, judged by the lease alone.
    pub(super) fn matches(&self, lease: &Lease, now: Timestamp) -> bool {
        let state = if lease.end.is_some() { None } else { Some(lease.state(now)) };
        self.preset.accepts(lease.ownership, state) && self.filter.matches(&LeaseFacts::now(lease, None, now))
    }

    /// Whether a lease passes the filter, judged by its facts. Reads the lease only if they are not enough.
    pub(super) fn accepts(&self, facts: &RowFacts, lease: LeaseSource, now: Timestamp) -> bool {
        self.preset.accepts(facts.ownership, facts.state) && self.filter.matches(&IndexedFacts { facts, lease, now })
    }

    /// Whether it needs nothing but the [`RowFacts`].
    pub(super) fn is_indexed(&self) -> bool {
        self.filter.is_simple()
    }

    /// Whether it searches keys.
    pub(super) fn reads_keys(&self) -> bool {
        self.filter.reads_keys()
    }

    /// The moments at which the result can change by time alone.
    pub(super) fn crossings(&self) -> Vec<Crossing> {
        self.filter.crossings().into_iter().map(|(number, seconds)| Crossing::new(number, seconds)).collect()
    }
}

/// A number that changes by time alone, and the span that a filter compares it with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Crossing {
    number: Number,
    span: Duration,
}

impl Crossing {
    fn new(number: Number, seconds: f64) -> Self {
        Crossing { number, span: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX) }
    }

    /// When the number of a lease reaches the span. `None` if it is unknown or never does.
    pub(super) fn moment(self, facts: &RowFacts, lease: LeaseSource) -> Option<Timestamp> {
        match self.number {
            Number::Left => Some(facts.countdown?.falls_below(self.span)),
            Number::Last => Some(facts.last_renewed? + self.span),
            Number::Next => Some(lease.get(facts.id)?.next_renewal()?.before(self.span)),
            _ => None,
        }
    }
}
