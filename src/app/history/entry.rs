//! What a history holds: 32 bytes for each thing that happened.

use std::time::Duration;

use crate::inference::{Renewal, TimeRange};
use simkit::Timestamp;

/// Something that happened to a kept lease, at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: HistoryEvent,
}

/// What a mark tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryEvent {
    /// A renewal was answered.
    Renewed(RecordedRenewal),
    /// Polls have shown where the deadline lies of a lease that others renew.
    Observed {
        /// Where it lies.
        deadline: TimeRange,
        /// Whether that is news of a renewal.
        is_renewal: bool,
    },
    /// A renewal had no answer in time.
    Missed,
    /// Another member leads: every lease begins its TTL anew.
    Leader,
    /// From here to the next mark nothing is known: the link was lost, or events were.
    Unknown,
    /// The link is back, and what was known before holds.
    Known,
}

/// A renewal that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedRenewal {
    ttl: u32,
    interval: Millis,
    left: Millis,
    round_trip: Millis,
    /// Whether its response was dropped, because nobody read the queue.
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
    /// The TTL that it gave, in seconds; one of more than 136 years as those.
    pub fn ttl(self) -> u32 {
        self.ttl
    }

    /// Since the renewal before, to the millisecond; none for the first.
    pub fn interval(self) -> Option<Duration> {
        self.interval.get()
    }

    /// What was left when it was answered, to the millisecond; none where no deadline was known.
    pub fn left(self) -> Option<Duration> {
        self.left.get()
    }

    /// From sending to the answer, to the millisecond.
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
        (self.0 != u32::MAX).then(|| Duration::from_millis(self.0.into()))
    }
}
