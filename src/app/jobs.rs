//! Requests that are not finished yet.

use std::collections::BTreeSet;

use super::bulk::BulkRevoke;
use super::grant_job::GrantJob;
use super::renew_job::RenewJob;
use super::undo::Undo;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Requests that take several messages to finish.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// The running bulk revoke, or else the last one.
    pub(super) bulk: Option<BulkRevoke>,
    /// Leases with a revoke in flight, so that none is sent twice.
    pub(super) revoking: BTreeSet<LeaseId>,
    /// Leases that were to be revoked but needed no request, and whether each still exists.
    pub(super) unrevoked: Vec<(LeaseId, bool)>,
    /// Leases that are being revoked before the program quits.
    pub(super) quit_pending: Option<BTreeSet<LeaseId>>,
    /// Leases that are being revoked before the monitor switches to the cluster of this name.
    pub(super) switch_pending: Option<(BTreeSet<LeaseId>, String)>,
    /// Whether leases on other clusters are being revoked before the program quits.
    pub(super) is_background_pending: bool,
    /// Grant requests that are not answered yet, oldest first.
    pub(super) grants: Vec<GrantJob>,
    /// The number of the newest grant request.
    pub(super) last_grant: u64,
    /// Manual renewals that are not answered yet, oldest first.
    pub(super) renewals: Vec<RenewJob>,
    /// The lease and the key of the attach dialog's request, until its reply comes.
    pub(super) attaching: Option<(LeaseId, Vec<u8>)>,
    /// What undoing the last revoke restores.
    pub(super) undo: Undo,
}

impl Jobs {
    /// Whether leases are being revoked before the program quits.
    pub(super) fn is_quitting(&self) -> bool {
        self.quit_pending.is_some() || self.is_background_pending
    }

    /// Whether the last revoke can be undone at `now`, at this clock speed.
    pub fn can_undo(&self, clock_speed: u32, now: Timestamp) -> bool {
        self.undo.is_possible(clock_speed, now)
    }

    /// Whether the revoke that began last can be undone at `now`, and not only an earlier one.
    pub fn can_undo_latest(&self, clock_speed: u32, now: Timestamp) -> bool {
        self.undo.offer().is_some() && self.can_undo(clock_speed, now)
    }

    /// The running bulk revoke, or else the last one.
    pub fn bulk(&self) -> Option<&BulkRevoke> {
        self.bulk.as_ref()
    }
}
