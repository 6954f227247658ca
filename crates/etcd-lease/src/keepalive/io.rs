//! The inputs and outputs of the scheduler.

use std::time::Duration;

use crate::{Ended, LeaseId, LeaseStatus};
use simkit::Timestamp;

/// The index of a lease in the scheduler. It may be reused after the turn that reported the end.
pub type SlotId = u32;

/// Timeouts. They are real time, so a faster clock makes them longer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeouts {
    /// Nothing is sent behind a renewal that has waited this long. Also the shortest time after which renewals are sent
    /// again on another stream.
    pub head: Duration,
    /// The longest time after which renewals are sent again on another stream. It is worked out in `Timeouts::resend`.
    pub answer: Duration,
    /// How long to wait for etcd after a deadline has passed.
    pub grace: Duration,
    /// How long to wait for the first reply about an adopted lease.
    pub first_answer: Duration,
    /// The pause before a TTL query is repeated.
    pub query_retry_interval: Duration,
    /// The longest pause before a lane opens its next stream.
    pub reopen: Duration,
}

impl Timeouts {
    /// The default timeouts, on a clock that runs `speed` times as fast as real time.
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

    /// How long the first renewal of a stream may wait before all of them are sent on another one as well: a tenth of the
    /// shortest TTL among them, but from [`Timeouts::head`] to [`Timeouts::answer`].
    pub(super) fn resend(&self, shortest_ttl: Duration) -> Duration {
        (shortest_ttl / 10).clamp(self.head, self.answer)
    }

    /// The pause after a number of failures in a row: none, then 1/8, 1/4, 1/2 and all of [`Timeouts::reopen`].
    pub(super) fn reopen(&self, failures: u32) -> Duration {
        match failures {
            0 => Duration::ZERO,
            1..=3 => self.reopen / (1 << (4 - failures)),
            _ => self.reopen,
        }
    }
}

/// An action for the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a stream on a lane. It accepts renewals at once. The stream that it replaces stays open until it is closed.
    Open {
        /// The index of the lane.
        lane: usize,
        /// Counts the streams of the lane. It identifies the stream in reports of replies and of its end.
        generation: u32,
        /// How many streams in a row got no reply in time. If any, this one must use another connection.
        unanswered: u32,
    },
    /// Send a renewal on the newest stream of a lane.
    Send {
        /// The index of the lane.
        lane: usize,
        /// The id of the lease.
        id: LeaseId,
    },
    /// Close a stream of a lane.
    Close {
        /// The index of the lane.
        lane: usize,
        /// Identifies the stream.
        generation: u32,
    },
    /// Read the time left of a lease. The reply goes to [`Scheduler::on_ttl_reply`](super::Scheduler::on_ttl_reply).
    QueryTtl {
        /// The slot of the lease.
        slot: SlotId,
        /// The id of the lease.
        id: LeaseId,
    },
}

/// A notice that the engine must report.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A renewal got its reply.
    Renewed(AnsweredRenewal),
    /// A renewal got no reply in time.
    Missed {
        /// The time since it was sent.
        waited: Duration,
    },
    /// The keepalive ended for this reason, and its slot is free. The last status has the reason too.
    Ended(Ended, Box<LeaseStatus>),
}

/// A renewal with its reply, for the subscribers and the events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnsweredRenewal {
    /// The full TTL in seconds.
    pub ttl: i64,
    /// When the reply arrived.
    pub at: Timestamp,
    /// The time since the previous reply; `None` for the first.
    pub interval: Option<Duration>,
    /// The time left when the reply arrived, before it extended the deadline; `None` if no deadline was known.
    pub left: Option<Duration>,
    /// The time from the request to the reply.
    pub round_trip: Duration,
    /// The header's revision.
    pub revision: i64,
}

/// Everything that a turn of the scheduler produced.
#[derive(Debug, Default)]
pub struct TurnOutput {
    /// Actions, in this order.
    pub actions: Vec<Action>,
    /// Notices, with their leases.
    pub notices: Vec<(SlotId, LeaseId, Notice)>,
    /// Leases whose status changed, each listed once. Ended leases are left out.
    pub changed: Vec<SlotId>,
}

impl TurnOutput {
    pub(super) fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.notices.is_empty() && self.changed.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.actions.clear();
        self.notices.clear();
        self.changed.clear();
    }
}

/// Why a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// etcd denied the first renewal in flight. This is its message.
    Forbidden(String),
    /// Any other error not caused by a lease.
    Broken(String),
}
