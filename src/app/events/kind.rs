//! The facts of events, from which the screen and the output of `leasetop events` are made.

use std::time::Duration;

use super::{EventName, Renewed};
use crate::app::{EndCause, KeepaliveLoss, LeaseKeys, Ownership};
use crate::inference::lease_inference::RemovalDelay;
use etcd_lease::{Fault, LeaseId};

/// What happened, with its figures. Texts and keys are raw: escape them before display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A lease was granted.
    Granted {
        /// Who granted it.
        ownership: Ownership,
        /// Granted seconds, if known.
        ttl: Option<i64>,
        /// Requested seconds, if it was granted here.
        asked: Option<i64>,
    },
    /// A key was attached.
    Attached {
        /// The key.
        key: Vec<u8>,
        /// The revision of the put, if known.
        revision: Option<i64>,
    },
    /// A key is no longer attached to a lease.
    Detached {
        /// The key.
        key: Vec<u8>,
        /// Whether it was deleted. Otherwise it was put without a lease.
        is_deleted: bool,
        /// The revision of the change.
        revision: Option<i64>,
    },
    /// A key was put with another lease.
    Moved {
        /// The key.
        key: Vec<u8>,
        /// The lease it is attached to now.
        to: LeaseId,
        /// The revision of the put.
        revision: Option<i64>,
    },
    /// Keeping it alive started.
    Kept,
    /// Keeping it alive was stopped on request.
    Paused,
    /// A fault drill started, or (`None`) stopped.
    Drill(Option<Fault>),
    /// A renewal, from here or by another client.
    Renewed(Renewed),
    /// It has its full TTL again because of an election, a restart or a suspended server.
    Refilled {
        /// Granted seconds.
        ttl: Option<i64>,
        /// The new raft term.
        term: Option<u64>,
    },
    /// A response was dropped. The lease was renewed all the same.
    Dropped {
        /// Unread responses in the queue.
        depth: usize,
        /// Capacity of the queue.
        capacity: usize,
    },
    /// Its renewal is overdue.
    Late {
        /// Since the last renewal.
        interval: Option<Duration>,
        /// Its usual interval.
        expected: Option<Duration>,
    },
    /// Less time is left than one of its intervals.
    Risk {
        /// Time left.
        left: Option<Duration>,
        /// Its usual interval.
        expected: Option<Duration>,
    },
    /// A renewal from here got no reply.
    Missed {
        /// Time without a reply.
        waited: Duration,
    },
    /// The process or the machine was suspended.
    ProcessStalled {
        /// Length of the suspension.
        span: Duration,
        /// Description, with the consequences.
        told: String,
    },
    /// Keeping it alive failed.
    Lost {
        /// Reason and time.
        loss: Box<KeepaliveLoss>,
        /// Its TTL in seconds.
        ttl: Option<i64>,
    },
    /// It ended.
    LeaseEnded(Box<LeaseEnded>),
    /// A member replies.
    Connected {
        /// Its endpoint.
        endpoint: String,
        /// Version of etcd, empty if unknown.
        version: String,
    },
    /// Renewals now go to this member.
    RenewsAt {
        /// Its endpoint.
        endpoint: String,
    },
    /// A connection was lost.
    Disconnected {
        /// The endpoint. None if all are lost.
        endpoint: Option<String>,
        /// The cause.
        message: String,
    },
    /// No member has been reached since the start.
    Unreached {
        /// The cause.
        message: String,
    },
    /// Another member is the leader.
    Leader {
        /// Its endpoint.
        endpoint: String,
        /// The raft term.
        term: u64,
    },
    /// The member in use sees no leader.
    NoLeader {
        /// Its endpoint.
        endpoint: String,
    },
    /// The raft term changed by an election.
    Term {
        /// The previous term.
        old: u64,
        /// The current term.
        new: u64,
    },
    /// Something failed.
    Error {
        /// Description.
        message: String,
    },
    /// Further events of one kind in the same second.
    More {
        /// Their name.
        name: EventName,
        /// Their number.
        count: usize,
    },
}

/// A lease that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseEnded {
    /// Why it ended.
    pub cause: EndCause,
    /// Whether it was revoked from here.
    pub is_ours: bool,
    /// Its owner.
    pub ownership: Ownership,
    /// Its TTL in seconds.
    pub ttl: Option<i64>,
    /// The keys that were deleted with it.
    pub keys: Option<LeaseKeys>,
    /// Time from its deadline to its removal, if it expired.
    pub lag: Option<RemovalDelay>,
    /// Revision of the deletion, if keys were deleted.
    pub revision: Option<i64>,
    /// How the keepalive was lost, if it was kept alive.
    pub loss: Option<Box<KeepaliveLoss>>,
}

impl EventKind {
    /// An error event.
    pub fn error(message: impl Into<String>) -> Self {
        EventKind::Error { message: message.into() }
    }

    /// The description, safe to print on a terminal.
    pub fn text(&self) -> String {
        super::sentence::of(self)
    }

    /// The name for the screen and for JSON.
    pub fn name(&self) -> EventName {
        match self {
            EventKind::Granted { .. } => EventName::Granted,
            EventKind::Attached { .. } => EventName::Attached,
            EventKind::Detached { .. } => EventName::Detached,
            EventKind::Moved { .. } => EventName::Moved,
            EventKind::Kept => EventName::Kept,
            EventKind::Paused => EventName::Paused,
            EventKind::Drill(_) => EventName::Drill,
            EventKind::Renewed(_) => EventName::Renewed,
            EventKind::Refilled { .. } => EventName::Refilled,
            EventKind::Dropped { .. } => EventName::Dropped,
            EventKind::Late { .. } => EventName::Late,
            EventKind::Risk { .. } => EventName::Risk,
            EventKind::Missed { .. } | EventKind::ProcessStalled { .. } => EventName::Missed,
            EventKind::Lost { .. } => EventName::Lost,
            EventKind::LeaseEnded(ended) => match ended.cause {
                EndCause::Expired => EventName::Expired,
                EndCause::Revoked => EventName::Revoked,
                EndCause::Unknown => EventName::Gone,
            },
            EventKind::Connected { .. } | EventKind::RenewsAt { .. } => EventName::Connection,
            EventKind::Disconnected { .. } | EventKind::Unreached { .. } => EventName::Connection,
            EventKind::Leader { .. } | EventKind::NoLeader { .. } => EventName::Leader,
            EventKind::Term { .. } => EventName::Term,
            EventKind::Error { .. } => EventName::Error,
            EventKind::More { name, .. } => *name,
        }
    }
}
