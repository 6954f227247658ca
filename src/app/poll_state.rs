//! The polling of one lease.

use simkit::Timestamp;

/// A lease that is listed though its latest possible deadline has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Nobody renews it: it waits to be removed.
    Dying,
    /// It may as well have been renewed, and nobody saw it.
    Unseen,
}

/// The polling of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PollState {
    /// When it is to be asked next, by plan.
    pub(super) due: Timestamp,
    /// Its earliest possible end, where that may well be one; FAR where it is not.
    pub(super) end: Timestamp,
    /// When it was last asked.
    pub(super) asked: Option<Timestamp>,
    /// Whether an answer is awaited: never two questions in flight.
    pub(super) in_flight: bool,
    /// Since when a first answer is awaited; none where one is missing since the machine slept.
    pub(super) awaited: Option<Timestamp>,
}

impl Default for PollState {
    fn default() -> Self {
        PollState {
            due: Timestamp::START,
            end: Timestamp::NEVER,
            asked: None,
            in_flight: false,
            awaited: Some(Timestamp::NEVER),
        }
    }
}
