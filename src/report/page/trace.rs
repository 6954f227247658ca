//! What is known of one lease over time, in seconds since the start of the clock.

use std::cmp::Reverse;

use super::severity::Severity;
use super::{Cell, Table, Tone};

/// A moment with a word.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) at: f64,
    pub(super) word: String,
    pub(super) tone: Tone,
}

/// The deadline from a moment on. `None` while it is unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DeadlinePoint {
    pub(super) at: f64,
    pub(super) deadline: Option<f64>,
}

/// One lease.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub(super) id: String,
    /// The first key, escaped. Empty if there is none.
    pub(super) key: String,
    /// The service that the first key belongs to, escaped.
    pub(super) service: String,
    pub(super) owner: String,
    /// Seconds.
    pub(super) ttl: Option<f64>,
    pub(super) first: f64,
    pub(super) last: f64,
    pub(super) renewals: Vec<f64>,
    /// Dropped responses.
    pub(super) drops: Vec<f64>,
    /// When a renewal was overdue, until the next one or the end.
    pub(super) overdue: Vec<(f64, f64, Tone)>,
    pub(super) deadlines: Vec<DeadlinePoint>,
    pub(super) end: Option<f64>,
    /// How it ended, or its state at the end.
    pub(super) state: String,
    pub(super) severity: Severity,
    /// The first time at which it had that severity, and the text of the event.
    pub(super) worst: Option<(f64, String)>,
    /// The usual seconds between renewals.
    pub(super) interval: Option<f64>,
    /// The lowest seconds left at a renewal.
    pub(super) margin: Option<f64>,
    /// Names of diagnoses.
    pub(super) warnings: Vec<String>,
}

impl Trace {
    /// The key, or the id of a lease without a key.
    pub(super) fn name(&self) -> &str {
        if self.key.is_empty() { &self.id } else { &self.key }
    }

    pub(super) fn tone(&self) -> Tone {
        self.severity.tone()
    }

    /// Sorts traces for the page: the worst first, then by the time of the worst event, then by key.
    pub(super) fn sort(traces: &mut [Trace]) {
        traces.sort_by(|one, other| one.rank().cmp(&other.rank()).then_with(|| one.by_time(other)));
    }

    fn rank(&self) -> Reverse<Severity> {
        Reverse(self.severity)
    }

    fn by_time(&self, other: &Trace) -> std::cmp::Ordering {
        let at = |trace: &Trace| trace.worst.as_ref().map_or(f64::MAX, |(at, _)| *at);
        let name = |trace: &Trace| (trace.key.is_empty(), trace.key.clone(), trace.id.clone());
        at(self).total_cmp(&at(other)).then_with(|| name(self).cmp(&name(other)))
    }
}

/// The table of the leases.
pub(super) fn lease_table(traces: &[Trace]) -> Table {
    Table {
        heading: "Leases",
        titles: vec![
            "key", "lease", "service", "who", "TTL", "renewals", "every", "% of TTL", "margin", "dropped", "state",
        ],
        is_number: vec![false, false, false, false, true, true, true, true, true, true, false],
        rows: traces.iter().map(lease_row).collect(),
    }
}

fn lease_row(trace: &Trace) -> Vec<Cell> {
    let seconds =
        |value: Option<f64>| Cell::text(value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2} s")));
    let share = trace.interval.zip(trace.ttl).map(|(every, ttl)| every / ttl.max(1.0) * 100.0);
    let mut state = trace.state.clone();
    if !trace.warnings.is_empty() {
        state += &format!(" ({})", trace.warnings.join(", "));
    }
    vec![
        Cell::quote(if trace.key.is_empty() { "(no key)" } else { &trace.key }),
        Cell::quote(trace.id.clone()),
        Cell::quote(trace.service.clone()),
        Cell::text(trace.owner.clone()),
        Cell::text(trace.ttl.map_or_else(|| "-".to_owned(), |ttl| format!("{ttl:.0} s"))),
        Cell::text(trace.renewals.len().to_string()),
        seconds(trace.interval),
        Cell::text(share.map_or_else(|| "-".to_owned(), |share| format!("{share:.0}"))),
        seconds(trace.margin),
        Cell::text(trace.drops.len().to_string()),
        Cell::toned(state, trace.tone()),
    ]
}
