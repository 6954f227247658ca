//! The kinds of events.

/// The kind of an event: one word, the same on the screen and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
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

impl Word {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Word::Granted => "granted",
            Word::Attached => "attached",
            Word::Detached => "detached",
            Word::Moved => "moved",
            Word::Kept => "kept",
            Word::Paused => "paused",
            Word::Drill => "drill",
            Word::Renewed => "renewed",
            Word::Refilled => "refilled",
            Word::Dropped => "dropped",
            Word::Late => "late",
            Word::Risk => "risk",
            Word::Missed => "missed",
            Word::Lost => "lost",
            Word::Expired => "expired",
            Word::Revoked => "revoked",
            Word::Gone => "gone",
            Word::Connection => "connection",
            Word::Leader => "leader",
            Word::Term => "term",
            Word::Error => "error",
        }
    }

    /// The word in eight columns.
    pub fn short(self) -> &'static str {
        match self {
            Word::Connection => "link",
            word => word.word(),
        }
    }
}
