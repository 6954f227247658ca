//! The status of a lease that is kept alive, and why its keepalive ended.

use std::fmt;
use std::time::Duration;

use super::wire::CallError;
use super::{Cadence, Fault, LeaseId, RenewalSchedule, Timestamp};

/// Why the keepalive of a lease ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Ended {
    /// etcd reports that the lease is gone, and its deadline had passed.
    Expired,
    /// etcd does not know the lease, although its deadline had not passed: it was revoked or never existed.
    NotFound,
    /// No renewal was answered for the whole TTL. The lease may still exist in etcd for a moment.
    Unanswered {
        /// The last connection error, if any, as readable text.
        trouble: Option<String>,
    },
    /// etcd has never given a usable answer about the lease, so nothing is known of it: its TTL is unknown too.
    NotStarted {
        /// Why the time left could not be read; `None` if no request and no stream has failed yet.
        error: Option<Box<CallError>>,
    },
    /// etcd denies the renewal, because the user may not write one of the attached keys.
    Forbidden {
        /// The error message from etcd.
        message: String,
    },
    /// The keepalive was stopped here, because its last user was dropped.
    Cancelled,
    /// The client was closed.
    Closed,
}

impl Ended {
    /// A short name of the reason, for logs and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Ended::Expired => "expired",
            Ended::NotFound => "not found",
            Ended::Unanswered { .. } => "unanswered",
            Ended::NotStarted { .. } => "not started",
            Ended::Forbidden { .. } => "forbidden",
            Ended::Cancelled => "cancelled",
            Ended::Closed => "closed",
        }
    }

    /// Whether the lease is no longer kept alive, although nobody stopped that here on purpose.
    pub fn is_loss(&self) -> bool {
        !matches!(self, Ended::Cancelled | Ended::Closed)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Expired => f.write_str("expired"),
            Ended::NotFound => f.write_str("not found: it was revoked or never existed"),
            Ended::Unanswered { trouble: None } => f.write_str("no reply within the TTL"),
            Ended::Unanswered { trouble: Some(text) } => write!(f, "no reply within the TTL: {text}"),
            Ended::NotStarted { error: None } => f.write_str("etcd has not answered about it"),
            Ended::NotStarted { error: Some(error) } => write!(f, "nothing is known of it: {error}"),
            Ended::Forbidden { message } => write!(f, "forbidden: {message}"),
            Ended::Cancelled => f.write_str("cancelled"),
            Ended::Closed => f.write_str("closed"),
        }
    }
}

/// The phase of a lease between two renewals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Phase {
    /// The next renewal is not due yet.
    Waiting,
    /// The renewal is due and waits for a stream that can accept it.
    Due,
    /// A renewal was sent and not answered yet.
    InFlight,
    /// Something is wrong. Its time left is read before another renewal is sent.
    Suspect,
    /// The keepalive ended; [`LeaseStatus::ended`] has the reason.
    Over,
}

/// The state of a bounded response queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct QueueGauge {
    /// Responses that wait to be read.
    pub depth: usize,
    /// The capacity of the queue.
    pub capacity: usize,
    /// Responses dropped so far because the queue was full.
    pub dropped: u64,
}

/// The status of one lease that is kept alive: a snapshot of its record in the scheduler.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeaseStatus {
    /// The id of the lease.
    pub id: LeaseId,
    /// The TTL in seconds that etcd returned last; `None` before the first reply.
    pub granted_ttl: Option<i64>,
    /// The phase.
    pub phase: Phase,
    /// When it expires unless it is renewed: the time at which the last answered renewal was sent, plus the TTL.
    pub deadline: Option<Timestamp>,
    /// When the last reply to a renewal arrived.
    pub last_answer: Option<Timestamp>,
    /// When the next renewal is due.
    pub next_due: Option<Timestamp>,
    /// The renewal schedule.
    pub pace: RenewalSchedule,
    /// The interval between renewals that the schedule aims at.
    pub expected: Option<Duration>,
    /// Statistics of its renewals.
    pub cadence: Cadence,
    /// The round trip of the last renewal.
    pub round_trip: Option<Duration>,
    /// The header's revision in the last reply.
    pub revision: Option<i64>,
    /// The response queue. With several queues, the maximum depth and the total number of drops.
    pub queue: QueueGauge,
    /// The fault drill that runs on it.
    pub drill: Option<Fault>,
    /// Why it ended; `None` before the end.
    pub ended: Option<Ended>,
}

impl LeaseStatus {
    /// Creates a status with only the id and the schedule. The scheduler and the response queues fill in the rest.
    pub(crate) fn new(id: LeaseId, pace: RenewalSchedule) -> Self {
        LeaseStatus {
            id,
            granted_ttl: None,
            phase: Phase::Suspect,
            deadline: None,
            last_answer: None,
            next_due: None,
            pace,
            expected: None,
            cadence: Cadence::default(),
            round_trip: None,
            revision: None,
            queue: QueueGauge::default(),
            drill: None,
            ended: None,
        }
    }
}
