//! Requests that are not finished yet.

use std::collections::BTreeSet;

use super::bulk::BulkRevoke;
use etcd_lease::LeaseId;

/// Requests that take several messages to finish.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// The running bulk revoke, or else the last one.
    pub(super) bulk: Option<BulkRevoke>,
    /// Leases with a revoke in flight, so that none is sent twice.
    pub(super) revoking: BTreeSet<LeaseId>,
    /// Leases that are being revoked before the program quits.
    pub(super) quit_pending: Option<BTreeSet<LeaseId>>,
}

impl Jobs {
    /// The running bulk revoke, or else the last one.
    pub fn bulk(&self) -> Option<&BulkRevoke> {
        self.bulk.as_ref()
    }
}
