//! The state of a lease in one word.

/// How a lease died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// Its deadline had passed.
    Expired,
    /// It was revoked before its deadline.
    Revoked,
    /// It is not there any more, and both are possible.
    Unknown,
}

/// The state of a lease: the first that holds, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// Dead.
    Ended(EndCause),
    /// Expired, not yet removed by the server.
    Dying,
    /// Two of its planned polls went without an answer.
    Unseen,
    /// Less left than one of its own renewal intervals.
    Risk,
    /// Its renewal is overdue by its own habit.
    Late,
    /// Ours, and not kept alive; or a drill is being played on it.
    Paused,
    /// Nothing to say.
    Ok,
}

impl LeaseState {
    /// The word, the same on the screen and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            LeaseState::Ended(EndCause::Expired) => "expired",
            LeaseState::Ended(EndCause::Revoked) => "revoked",
            LeaseState::Ended(EndCause::Unknown) => "gone",
            LeaseState::Dying => "dying",
            LeaseState::Unseen => "unseen",
            LeaseState::Risk => "risk",
            LeaseState::Late => "late",
            LeaseState::Paused => "paused",
            LeaseState::Ok => "ok",
        }
    }
}
