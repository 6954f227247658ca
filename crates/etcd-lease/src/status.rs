//! What the engine tells of one lease that it keeps alive.

use std::fmt;
use std::time::Duration;

use super::{Cadence, Fault, LeaseId, RenewalSchedule, Timestamp};

/// Why keeping a lease alive ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server says that it is gone, and its deadline had passed.
    Expired,
    /// The server does not know it, though its deadline had not passed: revoked, or never there.
    NotFound,
    /// No answer for the whole of its TTL; with the last trouble of the link, if any.
    Unanswered {
        /// The last error of the link, in words.
        trouble: Option<String>,
    },
    /// The server refuses to renew it: the user may not write one of its keys.
    Forbidden {
        /// The server's words.
        message: String,
    },
    /// The last subscriber went away.
    Cancelled,
    /// The engine was closed.
    Closed,
}

impl Ended {
    /// The reason in one word, the same in JSON, logs and on the screen.
    pub fn word(&self) -> &'static str {
        match self {
            Ended::Expired => "expired",
            Ended::NotFound => "not found",
            Ended::Unanswered { .. } => "unanswered",
            Ended::Forbidden { .. } => "forbidden",
            Ended::Cancelled => "cancelled",
            Ended::Closed => "closed",
        }
    }

    /// Whether the lease was lost: it ended though somebody wanted it alive.
    pub fn is_loss(&self) -> bool {
        !matches!(self, Ended::Cancelled | Ended::Closed)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Expired => f.write_str("expired"),
            Ended::NotFound => f.write_str("not found: revoked, or never there"),
            Ended::Unanswered { trouble: None } => f.write_str("unanswered for its TTL"),
            Ended::Unanswered { trouble: Some(text) } => write!(f, "unanswered for its TTL: {text}"),
            Ended::Forbidden { message } => write!(f, "forbidden: {message}"),
            Ended::Cancelled => f.write_str("cancelled"),
            Ended::Closed => f.write_str("closed"),
        }
    }
}

/// Where a lease that is kept alive stands between two renewals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The next renewal is not due yet.
    Waiting,
    /// Due, and waiting for a stream that can take it.
    Due,
    /// A renewal is on its way.
    InFlight,
    /// Something is wrong: its time left is being asked before anything is sent.
    Suspect,
    /// No longer kept; [`LeaseStatus::ended`] says why.
    Over,
}

/// How full a bounded response queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueGauge {
    /// Responses waiting to be read.
    pub depth: usize,
    /// The most that it holds.
    pub capacity: usize,
    /// Responses dropped because it was full.
    pub dropped: u64,
}

/// Everything that the engine knows of one lease, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseStatus {
    /// Which lease.
    pub id: LeaseId,
    /// TTL as the server gave it last, in seconds; none before the first answer.
    pub granted_ttl: Option<i64>,
    /// Where it stands.
    pub phase: Phase,
    /// When it expires if nothing more is answered: sent + TTL of the last renewal answered.
    pub deadline: Option<Timestamp>,
    /// When the last answer arrived.
    pub last_answer: Option<Timestamp>,
    /// When the next renewal is due.
    pub next_due: Option<Timestamp>,
    /// When its renewals are due.
    pub pace: RenewalSchedule,
    /// The interval between renewals that its pace aims at.
    pub expected: Option<Duration>,
    /// What was seen of its renewals.
    pub cadence: Cadence,
    /// Round trip of the last renewal.
    pub round_trip: Option<Duration>,
    /// The header's revision of the last answer.
    pub revision: Option<i64>,
    /// Its response queue; of several subscribers the fullest, drops summed.
    pub queue: QueueGauge,
    /// The drill that is being played on it.
    pub drill: Option<Fault>,
    /// Why it ended, once it has.
    pub ended: Option<Ended>,
}

impl LeaseStatus {
    /// A lease of which nothing is known but its pace.
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
