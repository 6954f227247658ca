//! What happened, as the engine saw it.

use std::time::Duration;

use super::{Ended, Fault, LeaseId, Timestamp};

/// Something that happened to a lease that is kept alive, or to the link that keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineEvent {
    /// When.
    pub at: Timestamp,
    /// Which lease; none for the link.
    pub lease: Option<LeaseId>,
    /// What.
    pub kind: EngineEventKind,
}

/// The kinds of [`EngineEvent`].
#[derive(Clone, Debug, PartialEq)]
pub enum EngineEventKind {
    /// It is kept alive from now on.
    Kept,
    /// A renewal was answered.
    Renewed {
        /// TTL in seconds.
        ttl: i64,
        /// Time since the previous answer; `None` for the first.
        interval: Option<Duration>,
        /// Time left before this renewal, by the deadline known until then; `None` where no deadline was known.
        left: Option<Duration>,
        /// From sending to the answer.
        round_trip: Duration,
    },
    /// Its queue was full: the response was dropped, the renewal stands.
    Dropped {
        /// Responses in the queue.
        queue_size: usize,
        /// The most that it holds.
        queue_capacity: usize,
    },
    /// A renewal was sent and not answered in time.
    Missed {
        /// How long the answer was waited for.
        waited: Duration,
    },
    /// A drill has begun.
    FaultStarted(Fault),
    /// The drill has ended.
    FaultEnded,
    /// It is not kept alive any more.
    Ended(Ended),
    /// Renewals go to this endpoint from now on.
    Connected {
        /// The endpoint as it was given.
        endpoint: String,
    },
    /// The streams to this endpoint broke.
    Lost {
        /// The endpoint as it was given.
        endpoint: String,
        /// Why, in words.
        trouble: String,
    },
}
