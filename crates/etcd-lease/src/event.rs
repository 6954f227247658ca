//! The events of the engine.

use std::time::Duration;

use super::{Ended, Fault, LeaseId, Timestamp};

/// Something that happened to a lease that is kept alive, or to the connection.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EngineEvent {
    /// When it happened.
    pub at: Timestamp,
    /// The lease; `None` for a connection event.
    pub lease: Option<LeaseId>,
    /// What happened.
    pub kind: EngineEventKind,
}

/// The kinds of [`EngineEvent`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum EngineEventKind {
    /// The keepalive started.
    Kept,
    /// A renewal got its reply.
    Renewed {
        /// The TTL in seconds.
        ttl: i64,
        /// The time since the previous reply; `None` for the first.
        interval: Option<Duration>,
        /// The time left when the reply arrived, before it extended the deadline; `None` if no deadline was known.
        left: Option<Duration>,
        /// The time from the request to the reply.
        round_trip: Duration,
    },
    /// A response was dropped because the queue was full. The renewal itself succeeded.
    Dropped {
        /// Responses in the queue.
        queue_size: usize,
        /// The capacity of the queue.
        queue_capacity: usize,
    },
    /// A renewal got no reply in time.
    Missed {
        /// The time since it was sent.
        waited: Duration,
    },
    /// A fault drill started.
    FaultStarted(Fault),
    /// The fault drill ended.
    FaultEnded,
    /// The keepalive ended.
    Ended(Ended),
    /// Renewals now go to this endpoint.
    Connected {
        /// The endpoint as given by the user.
        endpoint: String,
    },
    /// The streams to this endpoint broke.
    Lost {
        /// The endpoint as given by the user.
        endpoint: String,
        /// The error, for people.
        trouble: String,
    },
}
