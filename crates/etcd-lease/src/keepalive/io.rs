//! What goes in and out of the schedule: its limits, its acts, its news.

use std::time::Duration;

use crate::LeaseId;
use crate::LeaseStatus;
use simkit::Timestamp;

/// Where a lease is kept in the schedule. It is free for another lease after the turn that told of the end.
pub type SlotId = u32;

/// How long to wait for what. Real time-outs: a clock with a speed stretches them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeouts {
    /// Nothing queues behind a renewal that has waited this long.
    pub head: Duration,
    /// A stream whose first in line has waited this long is given up; the next waits twice as long.
    pub answer: Duration,
    /// After a deadline passed, how long to wait for a word about it.
    pub grace: Duration,
    /// How long to wait for the first word about an adopted lease.
    pub first_answer: Duration,
    /// Between two questions for time left that got no answer.
    pub query_retry_interval: Duration,
    /// Between two streams of one lane, at most.
    pub reopen: Duration,
}

impl Timeouts {
    /// The usual limits on a clock that runs `speed` times as fast as the wall.
    pub fn at_speed(speed: u32) -> Self {
        let millis = |millis: u64| Duration::from_millis(millis) * speed;
        Timeouts {
            head: millis(250),
            answer: millis(1_000),
            grace: millis(1_000),
            first_answer: millis(5_000),
            query_retry_interval: millis(250),
            reopen: millis(500),
        }
    }

    /// After so many failures in a row: at once, then 1/8, 1/4, 1/2 and the whole of [`Timeouts::reopen`].
    pub(super) fn reopen(&self, failures: u32) -> Duration {
        match failures {
            0 => Duration::ZERO,
            1..=3 => self.reopen / (1 << (4 - failures)),
            _ => self.reopen,
        }
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a stream on this lane; it takes renewals at once.
    Open {
        /// Which lane.
        lane: usize,
        /// Its how many-th stream: to be named with its answers and its end.
        generation: u32,
    },
    /// Send a renewal on this lane.
    Send {
        /// Which lane.
        lane: usize,
        /// For which lease.
        id: LeaseId,
    },
    /// Close this lane's stream.
    Close {
        /// Which lane.
        lane: usize,
    },
    /// Ask for a lease's time left; the answer goes to [`Scheduler::on_ttl_reply`](super::Scheduler::on_ttl_reply).
    QueryTtl {
        /// Its slot.
        slot: SlotId,
        /// Which lease.
        id: LeaseId,
    },
}

/// What an answer told: for the subscribers and the events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnsweredRenewal {
    /// Full TTL in seconds.
    pub ttl: i64,
    /// When the answer arrived.
    pub at: Timestamp,
    /// Since the answer before; none for the first.
    pub interval: Option<Duration>,
    /// From sending to the answer.
    pub round_trip: Duration,
    /// The header's revision.
    pub revision: i64,
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A renewal was answered.
    Renewed(AnsweredRenewal),
    /// A renewal was not answered in time.
    Missed {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The lease is not kept any more, its slot is free; the last that was known of it, with the reason.
    Ended(Box<LeaseStatus>),
}

/// Everything that came of an input.
#[derive(Debug, Default)]
pub struct TurnOutput {
    /// What is to be done, in this order.
    pub actions: Vec<Action>,
    /// What there is to tell, of which lease.
    pub notices: Vec<(SlotId, LeaseId, Notice)>,
    /// Leases whose status changed and that have not ended, each once.
    pub changed: Vec<SlotId>,
}

/// Why a stream ended, as far as the schedule cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// The server refuses the first in line.
    Forbidden(String),
    /// Anything else: the leases are not to blame.
    Broken(String),
}
