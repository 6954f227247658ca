//! What was asked for and is not done yet.

use std::collections::BTreeSet;

use super::bulk::BulkRevoke;
use etcd_lease::LeaseId;

/// Requests that take several messages to finish.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// Many revokes that are under way, or were last.
    pub(super) bulk: Option<BulkRevoke>,
    /// Leases whose revoke was sent and is not answered: none is sent twice.
    pub(super) revoking: BTreeSet<LeaseId>,
    /// Leases that are being revoked before the program ends.
    pub(super) quit_pending: Option<BTreeSet<LeaseId>>,
}

impl Jobs {
    /// Many revokes that are under way, or were last.
    pub fn bulk(&self) -> Option<&BulkRevoke> {
        self.bulk.as_ref()
    }
}
