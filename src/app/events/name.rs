//! The kinds of events.

/// The kind of an event: one word, the same on the screen and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventName {
    /// A lease was granted, here or by another client.
    Granted,
    /// A key was attached.
    Attached,
    /// A key left its lease and is gone, or stays without one.
    Detached,
    /// A key was put with another lease.
    Moved,
    /// A lease is kept alive from now on.
    Kept,
    /// A lease is not kept alive any more, because it was asked for.
    Paused,
    /// A drill began or ended.
    Drill,
    /// A renewal was answered, or another client's was inferred.
    Renewed,
    /// A lease has its whole TTL again, by an election or a restart and not by a renewal.
    Refilled,
    /// A response was dropped because nobody reads them.
    Dropped,
    /// A renewal is overdue by the lease's own habit.
    Late,
    /// Less is left than one of the lease's own intervals.
    Risk,
    /// A renewal of ours had no answer, or a while of which nothing is known.
    Missed,
    /// A lease that was to be kept alive is not kept any more.
    Lost,
    /// A lease died by its deadline.
    Expired,
    /// A lease was revoked.
    Revoked,
    /// A lease died, the cause is unknown.
    Gone,
    /// The link to the cluster came or went.
    Connection,
    /// Another member leads.
    Leader,
    /// There was an election.
    Term,
    /// Something failed.
    Error,
}

impl EventName {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            EventName::Granted => "granted",
            EventName::Attached => "attached",
            EventName::Detached => "detached",
            EventName::Moved => "moved",
            EventName::Kept => "kept",
            EventName::Paused => "paused",
            EventName::Drill => "drill",
            EventName::Renewed => "renewed",
            EventName::Refilled => "refilled",
            EventName::Dropped => "dropped",
            EventName::Late => "late",
            EventName::Risk => "risk",
            EventName::Missed => "missed",
            EventName::Lost => "lost",
            EventName::Expired => "expired",
            EventName::Revoked => "revoked",
            EventName::Gone => "gone",
            EventName::Connection => "connection",
            EventName::Leader => "leader",
            EventName::Term => "term",
            EventName::Error => "error",
        }
    }

    /// The word in eight columns.
    pub fn short(self) -> &'static str {
        match self {
            EventName::Connection => "link",
            name => name.as_str(),
        }
    }
}
