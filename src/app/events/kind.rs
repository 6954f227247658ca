//! The facts of an event. The screen and the output of `leasetop events` are generated from them.

use std::time::Duration;

use super::name::EventName;
use crate::app::{EndCause, KeepaliveLoss, LastRenewal, LeaseKeys, Ownership};
use crate::inference::Renewal;
use crate::inference::lease_inference::RemovalDelay;
use etcd_lease::wire::ErrorCause;
use etcd_lease::{Fault, LeaseId};

/// What a lease that is late waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// A renewal.
    Renewal,
    /// A new lease for its keys, as its client grants new leases instead of renewing.
    NewLease,
}

impl Awaited {
    /// The word in sentences.
    pub fn in_words(self) -> &'static str {
        match self {
            Awaited::Renewal => "renewal",
            Awaited::NewLease => "new lease",
        }
    }
}

/// What happened, with the relevant values. Texts and keys are not escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A lease was granted.
    Granted {
        /// Whether this program or another client granted it.
        ownership: Ownership,
        /// The granted TTL in seconds, if known.
        ttl: Option<i64>,
        /// The requested TTL in seconds, if granted by this program.
        asked: Option<i64>,
        /// Whether the undo of a revoke granted it.
        is_undo: bool,
    },
    /// A key was attached.
    Attached {
        /// The key.
        key: Vec<u8>,
        /// The revision of the put, if known.
        revision: Option<i64>,
    },
    /// A key was detached from its lease and is not attached to another one.
    Detached {
        /// The key.
        key: Vec<u8>,
        /// Whether the key was deleted. Otherwise it was put without a lease and still exists.
        is_deleted: bool,
        /// The revision of the change.
        revision: Option<i64>,
    },
    /// A key was moved to another lease.
    Moved {
        /// The key.
        key: Vec<u8>,
        /// The new lease.
        to: LeaseId,
        /// The revision of the put.
        revision: Option<i64>,
    },
    /// A key that a client keeps has been gone for a second.
    Down {
        /// The key, or the service if its keys are named after their leases and the last one is gone.
        key: Vec<u8>,
        /// How its lease ended. `None` if the key was deleted and its lease still exists.
        end: Option<EndCause>,
        /// The revision of the deletion, if known.
        revision: Option<i64>,
    },
    /// A key exists again.
    Back {
        /// The key, or the service if its keys are named after their leases.
        key: Vec<u8>,
        /// The lease to which it was attached before it was deleted.
        from: LeaseId,
        /// Whether it is attached to a lease. Otherwise it never expires.
        is_leased: bool,
        /// For how long it was gone.
        gone: Duration,
        /// Maximum error of `gone`.
        gone_doubt: Duration,
        /// The revision of the put, if known.
        revision: Option<i64>,
    },
    /// Keeping the lease alive started.
    Kept,
    /// Keeping the lease alive stopped on request.
    Paused,
    /// A drill started, or ended if `None`.
    Drill(Option<Fault>),
    /// The lease was renewed.
    Renewed(Renewal),
    /// An election, a restart or a stalled server reset the time left.
    Refilled {
        /// The granted TTL in seconds.
        ttl: Option<i64>,
        /// The raft term of the leader that reset it.
        term: Option<u64>,
        /// The time left after the reset and its maximum error. `None` if it was reset to the full TTL.
        left: Option<(Duration, Duration)>,
    },
    /// A response was dropped because its queue is full. The renewal itself succeeded.
    Dropped {
        /// Unread responses in the queue.
        depth: usize,
        /// Capacity of the queue.
        capacity: usize,
    },
    /// The renewal, or the new lease that usually replaces this one, is overdue.
    Late {
        /// What is overdue.
        awaited: Awaited,
        /// Time since the last renewal, or since the grant of the last lease, when it became overdue.
        interval: Option<Duration>,
        /// The lease's usual interval; `None` while it is unknown.
        expected: Option<Duration>,
    },
    /// Less time is left than one usual interval and than usual at a renewal, and the renewal is overdue.
    Risk {
        /// What is overdue.
        awaited: Awaited,
        /// The time left when this became true.
        left: Duration,
        /// The lease's usual interval; `None` while it is unknown.
        expected: Option<Duration>,
    },
    /// Two thirds of the TTL have passed, and no renewal was seen.
    Unrenewed {
        /// The time left.
        left: Duration,
        /// The TTL in seconds.
        ttl: Option<i64>,
        /// Whether it was watched since its grant. Otherwise it may have been renewed before.
        is_never_renewed: bool,
    },
    /// A renewal sent by this program was not answered.
    Missed {
        /// How long leasetop waited for the reply.
        waited: Duration,
    },
    /// The program or the machine did not run for a while.
    ProcessStalled {
        /// How long it did not run.
        span: Duration,
        /// The description, including its effect on leases.
        text: String,
    },
    /// A lease that should be kept alive was lost.
    Lost {
        /// How the lease was lost.
        loss: Box<KeepaliveLoss>,
        /// The TTL in seconds.
        ttl: Option<i64>,
    },
    /// The lease ended.
    LeaseEnded(Box<LeaseEnded>),
    /// etcd was restored, wiped, or replaced by another cluster; two clusters answer in turn; a member was added or removed;
    /// or an alarm was disarmed.
    ClusterChanged {
        /// `replaced`, `restored`, `mixed`, `added`, `removed` or `disarmed`.
        cause: &'static str,
        /// The description, with both ids or revisions, or the name of the member.
        message: String,
    },
    /// A member is reachable.
    Connected {
        /// The member's endpoint.
        endpoint: String,
        /// The member's etcd version. Empty if unknown.
        version: String,
    },
    /// Renewals are now sent to this member.
    RenewsAt {
        /// The member's endpoint.
        endpoint: String,
    },
    /// A connection was lost.
    Disconnected {
        /// The endpoint. `None` if no member is reachable.
        endpoint: Option<String>,
        /// The reason.
        message: String,
    },
    /// No member has been reachable since the start.
    Unreached {
        /// The endpoint of the first unreachable member.
        endpoint: String,
        /// The reason.
        message: String,
    },
    /// A member refuses requests until somebody changes something, and no other member can be used.
    Refused {
        /// The member's endpoint.
        endpoint: String,
        /// The cause.
        cause: ErrorCause,
        /// The reason, and what to do.
        message: String,
    },
    /// The leader changed.
    Leader {
        /// The member's endpoint.
        endpoint: String,
        /// The raft term.
        term: u64,
    },
    /// The current member reports a missing leader.
    NoLeader {
        /// The member's endpoint.
        endpoint: String,
    },
    /// The raft term changed.
    Term {
        /// The previous term.
        old: u64,
        /// The new term.
        new: u64,
    },
    /// An operation failed.
    Error {
        /// The description.
        message: String,
    },
    /// Further events with the same name within one second.
    More {
        /// The name of the events.
        name: EventName,
        /// The number of events.
        count: usize,
    },
}

/// A lease that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseEnded {
    /// How the lease ended.
    pub cause: EndCause,
    /// Whether this program revoked it.
    pub is_ours: bool,
    /// Who owned it.
    pub ownership: Ownership,
    /// The TTL in seconds.
    pub ttl: Option<i64>,
    /// If it expired: its last renewal, as far as known.
    pub last_renewal: Option<LastRenewal>,
    /// The keys deleted with it.
    pub keys: Option<LeaseKeys>,
    /// If it expired: how long after its deadline etcd removed it.
    pub lag: Option<RemovalDelay>,
    /// The revision of the deletion, if keys were deleted.
    pub revision: Option<i64>,
    /// The newer lease that took its last key.
    pub replaced_by: Option<LeaseId>,
    /// How it was lost, if it was being kept alive.
    pub loss: Option<Box<KeepaliveLoss>>,
    /// Whether nobody misses it: it had released its lock, or it ended within seconds of its grant and had no key.
    pub is_unused: bool,
}

impl EventKind {
    /// An `Error` event with a message.
    pub fn error(message: impl Into<String>) -> Self {
        EventKind::Error { message: message.into() }
    }

    /// The event of a lease that another client granted. `ttl` is its TTL in seconds, if known.
    pub(crate) fn granted_elsewhere(ttl: Option<i64>) -> Self {
        EventKind::Granted { ownership: Ownership::Other, ttl, asked: None, is_undo: false }
    }

    /// The description of the event, escaped for the terminal.
    pub fn text(&self) -> String {
        super::sentence::of(self)
    }

    /// The name of the event.
    pub fn name(&self) -> EventName {
        match self {
            EventKind::Granted { .. } => EventName::Granted,
            EventKind::Attached { .. } => EventName::Attached,
            EventKind::Detached { .. } => EventName::Detached,
            EventKind::Moved { .. } => EventName::Moved,
            EventKind::Down { .. } => EventName::Down,
            EventKind::Back { .. } => EventName::Back,
            EventKind::Kept => EventName::Kept,
            EventKind::Paused => EventName::Paused,
            EventKind::Drill(_) => EventName::Drill,
            EventKind::Renewed(_) => EventName::Renewed,
            EventKind::Refilled { .. } => EventName::Refilled,
            EventKind::Dropped { .. } => EventName::Dropped,
            EventKind::Late { .. } => EventName::Late,
            EventKind::Risk { .. } => EventName::Risk,
            EventKind::Unrenewed { .. } => EventName::Unrenewed,
            EventKind::Missed { .. } | EventKind::ProcessStalled { .. } => EventName::Missed,
            EventKind::Lost { .. } => EventName::Lost,
            EventKind::LeaseEnded(ended) => match ended.cause {
                EndCause::Expired => EventName::Expired,
                EndCause::RanOut => EventName::RanOut,
                EndCause::Revoked => EventName::Revoked,
                EndCause::Replaced => EventName::Replaced,
                EndCause::Unknown => EventName::Gone,
                EndCause::NotRestored => EventName::Absent,
            },
            EventKind::ClusterChanged { .. } => EventName::Cluster,
            EventKind::Connected { .. } | EventKind::RenewsAt { .. } => EventName::Connection,
            EventKind::Disconnected { .. } | EventKind::Unreached { .. } | EventKind::Refused { .. } => {
                EventName::Connection
            }
            EventKind::Leader { .. } | EventKind::NoLeader { .. } => EventName::Leader,
            EventKind::Term { .. } => EventName::Term,
            EventKind::Error { .. } => EventName::Error,
            EventKind::More { name, .. } => *name,
        }
    }
}
