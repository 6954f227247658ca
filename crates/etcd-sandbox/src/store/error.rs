//! Why a request fails.

/// Why a request fails, with etcd's texts (`api/v3rpc/rpctypes/error.go`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No lease has this id: it was revoked, expired and was removed, or never existed.
    #[error("etcdserver: requested lease not found")]
    LeaseNotFound,
    /// A lease with this id exists.
    #[error("etcdserver: lease already exists")]
    LeaseExists,
    /// The TTL is above 9,000,000,000 s.
    #[error("etcdserver: too large lease TTL")]
    TtlTooLarge,
    /// The key is empty.
    #[error("etcdserver: key is not provided")]
    NoKey,
    /// A put requests to keep the lease or the value of a key that does not exist.
    #[error("etcdserver: key not found")]
    KeyNotFound,
    /// A put has a value and also keeps the old one.
    #[error("etcdserver: value is provided")]
    ValueProvided,
    /// A put has a lease and also keeps the old one.
    #[error("etcdserver: lease is provided")]
    LeaseProvided,
    /// The revision is in the future.
    #[error("etcdserver: mvcc: required revision is a future revision")]
    FutureRevision,
    /// The revision is compacted.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    Compacted,
    /// The sort order or the sort target does not exist.
    #[error("etcdserver: invalid sort option")]
    BadSort,
    /// A transaction has more than 128 comparisons or operations.
    #[error("etcdserver: too many operations in txn request")]
    TooManyOps,
    /// A transaction writes a key twice.
    #[error("etcdserver: duplicate key given in txn request")]
    DuplicateKey,
    /// A change takes more than 1.5 MiB (`--max-request-bytes`).
    #[error("etcdserver: request is too large")]
    TooLarge,
    /// The renewal is forbidden by [`Faults::forbid`](crate::Faults::forbid).
    #[error("etcdserver: permission denied")]
    Forbidden,
    /// The member is a learner ([`Faults::learner`](crate::Faults::learner)). etcd before 3.6 returns the code
    /// `Unavailable` instead.
    #[error("etcdserver: rpc not supported for learner")]
    Learner,
    /// The cluster has no leader.
    #[error("etcdserver: no leader")]
    NoLeader,
    /// A read timed out waiting for a leader.
    #[error("etcdserver: request timed out")]
    TimedOut,
    /// A change timed out waiting for a leader. etcd 3.4 returns the code `Unknown` instead.
    #[error("context deadline exceeded")]
    NotProposed,
    /// The sandbox does not serve this call.
    #[error("the sandbox does not serve {0}; use a real etcd")]
    Unserved(&'static str),
}
