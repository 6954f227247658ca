//! What an event tells: its facts, from which the screen, the lines and the JSON of `leasetop events` are made.

use std::time::Duration;

use super::{EventName, Renewed};
use crate::app::{EndCause, KeepaliveLoss, LeaseKeys, Ownership};
use crate::inference::lease_inference::RemovalDelay;
use etcd_lease::{Fault, LeaseId};

/// What has happened, with the figures that belong to it. Texts and keys are as they came: raw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A lease was granted.
    Granted {
        /// By us or by another client.
        ownership: Ownership,
        /// Seconds that were granted, where they are known.
        ttl: Option<i64>,
        /// Seconds that were asked for, where that was here.
        asked: Option<i64>,
    },
    /// A key was attached.
    Attached {
        /// The key.
        key: Vec<u8>,
        /// The revision of the put, where it is known.
        revision: Option<i64>,
    },
    /// A key left its lease, and hangs on none.
    Detached {
        /// The key.
        key: Vec<u8>,
        /// Whether it was deleted; else it was put without a lease, and stays.
        is_deleted: bool,
        /// The revision of the change.
        revision: Option<i64>,
    },
    /// A key was put with another lease.
    Moved {
        /// The key.
        key: Vec<u8>,
        /// That lease.
        to: LeaseId,
        /// The revision of the put.
        revision: Option<i64>,
    },
    /// It is kept alive from now on.
    Kept,
    /// It is not kept alive any more, as asked.
    Paused,
    /// A drill began, or the one that there was is over.
    Drill(Option<Fault>),
    /// It was renewed.
    Renewed(Renewed),
    /// It was refilled by an election, a restart or a server that stood still.
    Refilled {
        /// Seconds that were granted.
        ttl: Option<i64>,
        /// The term from which on it has them.
        term: Option<u64>,
    },
    /// A response was dropped; the renewal stands.
    Dropped {
        /// Responses in the queue.
        depth: usize,
        /// The most that it holds.
        capacity: usize,
    },
    /// It should have been renewed by now.
    Late {
        /// Since the last renewal.
        interval: Option<Duration>,
        /// By its own habit.
        expected: Option<Duration>,
    },
    /// Less is left than one of its intervals.
    Risk {
        /// What is left.
        left: Option<Duration>,
        /// Its interval.
        expected: Option<Duration>,
    },
    /// A renewal of ours had no answer.
    Missed {
        /// For how long.
        waited: Duration,
    },
    /// The program, or the machine, stood still.
    ProcessStalled {
        /// For how long.
        span: Duration,
        /// In words, with what it cost.
        told: String,
    },
    /// It was to be kept alive, and is not kept any more.
    Lost {
        /// How it was lost.
        loss: Box<KeepaliveLoss>,
        /// Its TTL in seconds.
        ttl: Option<i64>,
    },
    /// It is gone.
    LeaseEnded(Box<LeaseEnded>),
    /// A member answers, or renewals go to it.
    Connected {
        /// Its endpoint.
        endpoint: String,
        /// Its etcd's version; empty where it is not known.
        version: String,
    },
    /// Renewals go to a member from now on.
    RenewsAt {
        /// Its endpoint.
        endpoint: String,
    },
    /// A link broke.
    Disconnected {
        /// The endpoint; none where it is all of them.
        endpoint: Option<String>,
        /// Why.
        message: String,
    },
    /// No member could be reached since the start.
    Unreached {
        /// Why.
        message: String,
    },
    /// Another member leads.
    Leader {
        /// Its endpoint.
        endpoint: String,
        /// The raft term.
        term: u64,
    },
    /// The member that is asked knows of no leader any more.
    NoLeader {
        /// Its endpoint.
        endpoint: String,
    },
    /// There was an election.
    Term {
        /// The term before.
        old: u64,
        /// The term now.
        new: u64,
    },
    /// Something failed.
    Error {
        /// What, in words.
        message: String,
    },
    /// Further events of one kind in the same second.
    More {
        /// Of which kind.
        name: EventName,
        /// How many.
        count: usize,
    },
}

/// A lease that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseEnded {
    /// How it died.
    pub cause: EndCause,
    /// Whether it was revoked from here.
    pub is_ours: bool,
    /// Whose it was.
    pub ownership: Ownership,
    /// Its TTL in seconds.
    pub ttl: Option<i64>,
    /// The keys that went with it.
    pub keys: Option<LeaseKeys>,
    /// How long after its deadline it was removed, where it expired.
    pub lag: Option<RemovalDelay>,
    /// The revision of the deletion, where keys went with it.
    pub revision: Option<i64>,
    /// How it was lost, where it was to be kept alive.
    pub loss: Option<Box<KeepaliveLoss>>,
}

impl EventKind {
    /// Something failed, in words.
    pub fn error(message: impl Into<String>) -> Self {
        EventKind::Error { message: message.into() }
    }

    /// What it means, in a sentence that a terminal shows and does not obey.
    pub fn text(&self) -> String {
        super::sentence::of(self)
    }

    /// Its kind.
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
