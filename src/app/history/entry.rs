//! History entries, 32 bytes each.

use std::time::Duration;

use crate::inference::{Renewal, TimeRange};
use simkit::Timestamp;

/// One entry of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: HistoryEvent,
}

/// The kind of a history entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryEvent {
    /// The engine's renewal got a reply.
    Renewed(RecordedRenewal),
    /// Polls showed the deadline of a lease that is not kept alive here.
    Observed {
        /// The range of the deadline.
        deadline: TimeRange,
        /// Whether a renewal set it.
        is_renewal: bool,
    },
    /// A renewal got no reply in time.
    Missed,
    /// A new leader was elected, which resets every TTL.
    Leader,
    /// The state is unknown until the next entry, because the connection broke or events were dropped.
    Unknown,
    /// The connection is back, and the previous state still applies.
    Known,
}

/// An engine [`Renewal`] in 16 bytes, with times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedRenewal {
    ttl: u32,
    interval: Millis,
    left: Millis,
    round_trip: Millis,
    /// Whether its response was dropped because the queue was full.
    pub is_dropped: bool,
}

impl From<&Renewal> for RecordedRenewal {
    fn from(renewal: &Renewal) -> Self {
        RecordedRenewal {
            ttl: u32::try_from(renewal.ttl.unwrap_or_default().max(0)).unwrap_or(u32::MAX),
            interval: Millis::of(renewal.interval),
            left: Millis::of(renewal.left),
            round_trip: Millis::of(renewal.round_trip),
            is_dropped: false,
        }
    }
}

impl RecordedRenewal {
    /// The TTL in seconds, at most 136 years.
    pub fn ttl(self) -> u32 {
        self.ttl
    }

    /// Time since the previous renewal in whole milliseconds; `None` for the first.
    pub fn interval(self) -> Option<Duration> {
        self.interval.get()
    }

    /// Time left when the reply arrived, in whole milliseconds; `None` if no deadline was known.
    pub fn left(self) -> Option<Duration> {
        self.left.get()
    }

    /// Time from the request to the reply in whole milliseconds.
    pub fn round_trip(self) -> Option<Duration> {
        self.round_trip.get()
    }
}

/// Milliseconds up to 49 days, or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Millis(u32);

impl Millis {
    fn of(span: Option<Duration>) -> Self {
        span.map_or(Millis(u32::MAX), |span| {
            Millis(u32::try_from(span.as_millis()).unwrap_or(u32::MAX).min(u32::MAX - 1))
        })
    }

    fn get(self) -> Option<Duration> {
        if self.0 == u32::MAX { None } else { Some(Duration::from_millis(self.0.into())) }
    }
}
