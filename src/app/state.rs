//! The state of a lease in one word.

/// How a lease died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Its deadline had passed.
    Expired,
    /// It was revoked before its deadline.
    Revoked,
    /// It is not there any more, and both are possible.
    Unknown,
}

/// The state of a lease: the first that holds, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Dead.
    Gone(Gone),
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

impl State {
    /// The word, the same on the screen and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            State::Gone(Gone::Expired) => "expired",
            State::Gone(Gone::Revoked) => "revoked",
            State::Gone(Gone::Unknown) => "gone",
            State::Dying => "dying",
            State::Unseen => "unseen",
            State::Risk => "risk",
            State::Late => "late",
            State::Paused => "paused",
            State::Ok => "ok",
        }
    }
}
