//! Names of events.

/// The name of an event, the same on the screen and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventName {
    /// A lease was granted, here or by another client.
    Granted,
    /// A key was attached.
    Attached,
    /// A key was deleted, or put without a lease.
    Detached,
    /// A key was put with another lease.
    Moved,
    /// Keeping a lease alive started.
    Kept,
    /// Keeping a lease alive was stopped on request.
    Paused,
    /// A fault drill started or stopped.
    Drill,
    /// A renewal got its reply, or another client's renewal was inferred.
    Renewed,
    /// A lease has its full TTL again because of an election or a restart; not a renewal.
    Refilled,
    /// A response was dropped because the queue was full.
    Dropped,
    /// A renewal is overdue compared with the lease's usual interval.
    Late,
    /// Less time is left than one of the lease's intervals.
    Risk,
    /// A renewal from here got no reply, or the process was suspended.
    Missed,
    /// Keeping a lease alive failed.
    Lost,
    /// A lease ended at its deadline.
    Expired,
    /// A lease was revoked.
    Revoked,
    /// A lease ended for an unknown reason.
    Gone,
    /// The connection to the cluster changed.
    Connection,
    /// The leader changed.
    Leader,
    /// The raft term changed.
    Term,
    /// Something failed.
    Error,
}

impl EventName {
    /// The name in JSON and in the output of `leasetop events`.
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

    /// The name in at most eight columns.
    pub fn short(self) -> &'static str {
        match self {
            EventName::Connection => "link",
            name => name.as_str(),
        }
    }
}
