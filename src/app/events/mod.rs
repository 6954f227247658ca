//! The event log.
//!
//! An [`Event`] stores facts ([`EventKind`]). The text on the screen and the lines and JSON objects of `leasetop
//! events` are generated from them, so they agree.

mod filter;
mod kind;
mod log;
mod name;
mod sentence;

use std::time::Duration;

pub use crate::inference::{Renewal, RenewalSource};
pub(super) use filter::all_keys;
pub use filter::{matches_filter, triggers};
pub use kind::{Awaited, EventKind, LeaseEnded};
pub use log::EventLog;
pub use name::EventName;
pub(super) use sentence::keys_in_words;
pub use sentence::last_renewal_in_words;

use crate::inference::TimeRange;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// When something happened: a moment with an uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// The moment, or the middle of the possible range.
    pub at: Timestamp,
    /// Half-width of the possible range. 0 if the moment is exact.
    pub doubt: Duration,
}

impl From<Timestamp> for EventTime {
    fn from(at: Timestamp) -> Self {
        EventTime { at, doubt: Duration::ZERO }
    }
}

impl From<TimeRange> for EventTime {
    fn from(bounds: TimeRange) -> Self {
        EventTime { at: bounds.middle(), doubt: bounds.half_width() }
    }
}

/// Events of the same name and lease are repeats if no more time than this passes from one to the next.
const REPEATS_WITHIN: Duration = Duration::from_secs(600);

/// An event: one line of the events panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened, or the middle of the possible range.
    pub at: Timestamp,
    /// Half-width of the possible range. 0 if the moment is exact.
    pub doubt: Duration,
    /// When it became known.
    pub seen_at: Timestamp,
    /// The lease. `None` for events of the cluster, and for a line that counts several events.
    pub lease: Option<LeaseId>,
    /// What happened.
    pub kind: EventKind,
    /// Whether it is too minor for the events view, and is only recorded and counted.
    pub(in crate::app) is_minor: bool,
    /// Sequence number of the line.
    pub(super) number: u64,
    /// How often the lease had this event in a row of repeats, this one included. At least 1.
    pub(super) repeats: u32,
    /// The number of the line that repeats this one.
    pub(super) repeated_by: Option<u64>,
}

impl Event {
    /// The line that Go's client logs for each response that it drops (clientv3/lease.go, `recvKeepAlive`).
    pub const GO_DROP_LINE: &'static str = "lease keepalive response queue is full; dropping response send";

    /// An event that happened at `when` and became known at `seen_at`.
    pub fn new(when: impl Into<EventTime>, seen_at: Timestamp, lease: Option<LeaseId>, kind: EventKind) -> Event {
        let EventTime { at, doubt } = when.into();
        Event { at, doubt, seen_at, lease, kind, is_minor: false, number: 0, repeats: 1, repeated_by: None }
    }

    /// The name of the event.
    pub fn name(&self) -> EventName {
        self.kind.name()
    }

    /// Sorts events by the time at which they happened. Events of the cluster come before events of leases at the same time,
    /// because they are their cause. Otherwise, events of the same time stay in the order in which they became known.
    pub fn sort(events: &mut [&Event]) {
        events.sort_by_key(|event| (event.at, !event.name().is_of_cluster()));
    }

    /// The description of the event, escaped for the terminal.
    pub fn text(&self) -> String {
        self.kind.text()
    }

    /// How often the lease had this event in a row of repeats, this one included. At least 1.
    pub fn repeats(&self) -> u32 {
        self.repeats
    }

    /// Whether this event only repeats `before`, which has the same name and lease.
    fn repeats_event(&self, before: &Event) -> bool {
        use EventName::{Dropped, Late, Missed, Renewed, Risk};
        let is_near = self.at <= before.at + REPEATS_WITHIN;
        let is_routine = matches!(self.name(), Dropped | Late | Missed | Renewed | Risk);
        let is_count = [self, before].iter().any(|event| matches!(event.kind, EventKind::More { .. }));
        is_near && !is_count && (is_routine || self.kind == before.kind)
    }
}
