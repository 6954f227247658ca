//! Event names.

/// The name of an event. In JSON it is one word. A few names are shorter or more exact [on the screen](EventName::short).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventName {
    /// A lease was granted by this program or by another client.
    Granted,
    /// A key was attached.
    Attached,
    /// A key was detached: deleted, or put without a lease.
    Detached,
    /// A key was moved to another lease.
    Moved,
    /// A key that a client keeps is gone.
    Down,
    /// A key that was gone exists again.
    Back,
    /// Keeping a lease alive started.
    Kept,
    /// Keeping a lease alive stopped on request.
    Paused,
    /// A drill started or ended.
    Drill,
    /// A renewal got its reply, or another client's renewal was inferred.
    Renewed,
    /// A lease's time left was reset by an election or a restart, not by a renewal.
    Refilled,
    /// A response was dropped because its queue is full.
    Dropped,
    /// A renewal is overdue.
    Late,
    /// A renewal is overdue, and less time is left than one usual interval of the lease.
    Risk,
    /// Two thirds of a lease's TTL have passed, and no renewal was seen.
    Unrenewed,
    /// A renewal sent by this program was not answered, or the program did not run for a while.
    Missed,
    /// A lease that should be kept alive was lost.
    Lost,
    /// A lease expired.
    Expired,
    /// A lease expired that was never renewed. In JSON it is `expired`, and a field has the difference.
    RanOut,
    /// A lease was revoked.
    Revoked,
    /// A lease ran out after a newer one had taken its last key.
    Replaced,
    /// A lease ended, the cause is unknown.
    Gone,
    /// A lease is not in the cluster that was restored or that replaced the known one.
    Absent,
    /// etcd was restored, wiped, or replaced by another cluster, its members changed, or an alarm was disarmed.
    Cluster,
    /// The connection to the cluster was established or lost.
    Connection,
    /// The leader changed.
    Leader,
    /// The raft term changed.
    Term,
    /// An operation failed.
    Error,
}

impl EventName {
    /// Every name.
    pub const ALL: [EventName; 28] = [
        EventName::Granted,
        EventName::Attached,
        EventName::Detached,
        EventName::Moved,
        EventName::Down,
        EventName::Back,
        EventName::Kept,
        EventName::Paused,
        EventName::Drill,
        EventName::Renewed,
        EventName::Refilled,
        EventName::Dropped,
        EventName::Late,
        EventName::Risk,
        EventName::Unrenewed,
        EventName::Missed,
        EventName::Lost,
        EventName::Expired,
        EventName::RanOut,
        EventName::Revoked,
        EventName::Replaced,
        EventName::Gone,
        EventName::Absent,
        EventName::Cluster,
        EventName::Connection,
        EventName::Leader,
        EventName::Term,
        EventName::Error,
    ];

    /// The name in JSON and in filters.
    pub fn as_str(self) -> &'static str {
        match self {
            EventName::Granted => "granted",
            EventName::Attached => "attached",
            EventName::Detached => "detached",
            EventName::Moved => "moved",
            EventName::Down => "down",
            EventName::Back => "back",
            EventName::Kept => "kept",
            EventName::Paused => "paused",
            EventName::Drill => "drill",
            EventName::Renewed => "renewed",
            EventName::Refilled => "refilled",
            EventName::Dropped => "dropped",
            EventName::Late => "late",
            EventName::Risk => "risk",
            EventName::Unrenewed => "unrenewed",
            EventName::Missed => "missed",
            EventName::Lost => "lost",
            EventName::Expired | EventName::RanOut => "expired",
            EventName::Revoked => "revoked",
            EventName::Replaced => "replaced",
            EventName::Gone => "gone",
            EventName::Absent => "absent",
            EventName::Cluster => "cluster",
            EventName::Connection => "connection",
            EventName::Leader => "leader",
            EventName::Term => "term",
            EventName::Error => "error",
        }
    }

    /// The name on the screen, at most eight characters.
    pub fn short(self) -> &'static str {
        match self {
            EventName::Connection => "link",
            EventName::Risk => "at risk",
            EventName::RanOut => "ran out",
            EventName::Unrenewed => "no renew",
            name => name.as_str(),
        }
    }

    /// Whether it is about the cluster and not about a lease.
    pub(in crate::app) fn is_of_cluster(self) -> bool {
        matches!(self, EventName::Cluster | EventName::Connection | EventName::Leader | EventName::Term)
    }
}
