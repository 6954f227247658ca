//! The deletion of a key.

use std::time::Duration;

use etcd_lease::LeaseId;
use simkit::Timestamp;

/// A key that was deleted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::app) struct DeletedKey {
    /// The lease to which it was attached.
    pub(in crate::app) lease: LeaseId,
    /// When it was deleted.
    pub(in crate::app) at: Timestamp,
    /// The maximum error of `at`.
    pub(in crate::app) doubt: Duration,
    /// The revision of the deletion, if known.
    pub(in crate::app) revision: Option<i64>,
    /// Whether a client kept it: the client renewed the lease, or had moved the key to it. Other keys, such as those of a
    /// cache, are meant to end.
    pub(in crate::app) is_kept: bool,
    /// Whether it was a lock, so that it is not missed.
    pub(in crate::app) is_lock: bool,
}
