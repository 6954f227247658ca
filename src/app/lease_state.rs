//! The state of a lease.

/// Why a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// The deadline passed after renewals, or after an unknown time before leasetop saw the lease.
    Expired,
    /// The deadline passed, and the lease was never renewed after its grant, as usual for a cache entry, or it had
    /// released its lock.
    RanOut,
    /// The lease was revoked before its deadline.
    Revoked,
    /// It ran out after a newer lease had taken its last key.
    Replaced,
    /// The lease is gone. It either expired or was revoked.
    Unknown,
    /// etcd was restored or wiped, and the lease is not in the restored cluster.
    NotRestored,
}

/// The state of a lease: the first that applies, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// It has ended.
    Ended(EndCause),
    /// Expired but not removed by etcd yet.
    Dying,
    /// Two planned polls got no reply.
    Unseen,
    /// The renewal is overdue, and less time is left than one renewal interval and than usual at a renewal.
    Risk,
    /// The renewal is overdue compared with the usual interval, or with the TTL while that is unknown.
    Late,
    /// Kept alive, but its responses are not read: the reader is stalled, or the response queue is full.
    Stalled,
    /// An own lease that is deliberately not renewed.
    Paused,
    /// No renewal was seen, and two thirds of the TTL have passed: a cache entry, or a client whose keepalive never started.
    Unrenewed,
    /// Healthy.
    Ok,
}

impl LeaseState {
    /// The name on the screen and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            LeaseState::Ended(EndCause::Expired) => "expired",
            LeaseState::Ended(EndCause::RanOut) => "ran out",
            LeaseState::Ended(EndCause::Revoked) => "revoked",
            LeaseState::Ended(EndCause::Replaced) => "replaced",
            LeaseState::Ended(EndCause::Unknown) => "gone",
            LeaseState::Ended(EndCause::NotRestored) => "absent",
            LeaseState::Dying => "dying",
            LeaseState::Unseen => "unseen",
            LeaseState::Risk => "risk",
            LeaseState::Late => "late",
            LeaseState::Stalled => "stalled",
            LeaseState::Paused => "paused",
            LeaseState::Unrenewed => "unrenewed",
            LeaseState::Ok => "ok",
        }
    }
}
