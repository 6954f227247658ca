//! What kind of trouble a call can meet.

/// What kind of trouble an [`Error`](super::Error) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The lease does not exist.
    NotFound,
    /// A lease with that id exists already.
    AlreadyExists,
    /// The user may not do that.
    Forbidden,
    /// The login was refused, or there was none.
    Unauthenticated,
    /// Nobody answers there.
    Unavailable,
    /// A member answers that there is no leader.
    NoLeader,
    /// No answer in time.
    Timeout,
    /// The TTL is above 9,000,000,000 s.
    TooLargeTtl,
    /// The revision asked for is forgotten.
    Compacted,
    /// TLS does not come about.
    Tls,
    /// Anything else that etcd said.
    Other,
}
