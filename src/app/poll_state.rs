//! The poll state of one lease.

use simkit::Timestamp;

/// Why a lease is still listed after its latest possible deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// It has expired: nothing renews it, and etcd has not removed it yet.
    Dying,
    /// It may have been renewed without a poll showing it.
    Unseen,
}

/// The poll state of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PollState {
    /// When the next poll is scheduled.
    pub(super) due: Timestamp,
    /// The earliest possible end, if the lease may really end then. `NEVER` otherwise.
    pub(super) end: Timestamp,
    /// When the last poll was sent.
    pub(super) asked: Option<Timestamp>,
    /// When the first outstanding query was sent. `None` if no reply has arrived since the machine was suspended.
    pub(super) awaited: Option<Timestamp>,
}

impl Default for PollState {
    fn default() -> Self {
        PollState { due: Timestamp::START, end: Timestamp::NEVER, asked: None, awaited: Some(Timestamp::NEVER) }
    }
}
