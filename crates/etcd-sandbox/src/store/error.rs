//! Why the store refuses something.

/// What the store refuses, in etcd's own words (`api/v3rpc/rpctypes/error.go`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No lease has this id: revoked, expired and removed, or never there.
    #[error("etcdserver: requested lease not found")]
    LeaseNotFound,
    /// A grant named an id that lives.
    #[error("etcdserver: lease already exists")]
    LeaseExists,
    /// A grant asked for more than 9,000,000,000 s.
    #[error("etcdserver: too large lease TTL")]
    TtlTooLarge,
    /// An empty key.
    #[error("etcdserver: key is not provided")]
    NoKey,
    /// A put that keeps the lease or the value of a key that is not there.
    #[error("etcdserver: key not found")]
    KeyNotFound,
    /// A put with a value that says to keep the old one.
    #[error("etcdserver: value is provided")]
    ValueProvided,
    /// A put with a lease that says to keep the old one.
    #[error("etcdserver: lease is provided")]
    LeaseProvided,
    /// A range at a revision that has not come yet.
    #[error("etcdserver: mvcc: required revision is a future revision")]
    FutureRevision,
    /// A range, a watch or a compaction at a revision that is forgotten.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    Compacted,
    /// A range sorted by something that there is not.
    #[error("etcdserver: invalid sort option")]
    BadSort,
    /// A transaction of more than 128 compares or operations.
    #[error("etcdserver: too many operations in txn request")]
    TooManyOps,
    /// A transaction that writes a key twice.
    #[error("etcdserver: duplicate key given in txn request")]
    DuplicateKey,
    /// The renewal of a lease that the test has forbidden.
    #[error("etcdserver: permission denied")]
    Forbidden,
    /// There is no leader.
    #[error("etcdserver: no leader")]
    NoLeader,
    /// There was no leader for as long as a reading waits for one.
    #[error("etcdserver: request timed out")]
    TimedOut,
    /// There was no leader for as long as a change waits for one (3.5; 3.4 says it with the code Unknown).
    #[error("context deadline exceeded")]
    NotProposed,
    /// Something that etcd does and the sandbox does not.
    #[error("the sandbox does not serve {0}: ask a real etcd")]
    Unserved(&'static str),
}
