//! Why a request to etcd failed.

use crate::engine::RenewError;
use crate::wire::{BadEndpoint, CallError, ErrorKind};
use crate::{LeaseId, MAX_TTL};

/// Why a request failed. Match on the variant for the reason; the text is for people.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration has no endpoint.
    #[error("no endpoint is given")]
    NoEndpoint,
    /// An endpoint of the configuration is invalid.
    #[error(transparent)]
    BadEndpoint(#[from] BadEndpoint),
    /// The lease does not exist.
    #[error("lease {0} not found: it expired, was revoked or never existed")]
    NotFound(LeaseId),
    /// A lease with this id exists already.
    #[error("lease {0} already exists")]
    AlreadyExists(LeaseId),
    /// The TTL in seconds is out of range.
    #[error("invalid TTL of {0} s: it must be from 1 to {MAX_TTL} s")]
    InvalidTtl(i64),
    /// The user may not do this, such as renew a lease with a key that the user may not write.
    #[error("{0}")]
    PermissionDenied(CallError),
    /// etcd rejected the login, or requires one.
    #[error("{0}")]
    Unauthenticated(CallError),
    /// No member could be reached.
    #[error("{0}")]
    Unavailable(CallError),
    /// The cluster has no leader.
    #[error("{0}")]
    NoLeader(CallError),
    /// There was no reply in time. A change may or may not have happened.
    #[error("{0}")]
    Timeout(CallError),
    /// A TLS file cannot be used, or the TLS handshake failed.
    #[error("{0}")]
    Tls(CallError),
    /// Any other error of etcd.
    #[error("{0}")]
    Other(CallError),
}

impl Error {
    /// The error of a call about a lease.
    pub(crate) fn of_lease(id: LeaseId, error: &CallError) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Error::NotFound(id),
            ErrorKind::AlreadyExists => Error::AlreadyExists(id),
            _ => Error::of_call(error),
        }
    }

    /// The error of a call without a lease id.
    pub(crate) fn of_call(error: &CallError) -> Self {
        let call = error.clone();
        match error.kind() {
            ErrorKind::Forbidden => Error::PermissionDenied(call),
            ErrorKind::Unauthenticated => Error::Unauthenticated(call),
            ErrorKind::Unavailable | ErrorKind::Learner | ErrorKind::OtherCluster => Error::Unavailable(call),
            ErrorKind::NoLeader => Error::NoLeader(call),
            ErrorKind::Timeout => Error::Timeout(call),
            ErrorKind::Tls => Error::Tls(call),
            ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::TooLargeTtl
            | ErrorKind::Compacted
            | ErrorKind::Other => Error::Other(call),
        }
    }

    pub(crate) fn of_renewal(id: LeaseId, error: &RenewError) -> Self {
        match error {
            RenewError::NotFound(id) => Error::NotFound(*id),
            RenewError::Wire(error) => Error::of_lease(id, error),
        }
    }
}
