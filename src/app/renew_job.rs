//! The progress of manual renewals.

use std::collections::BTreeSet;

use etcd_lease::LeaseId;

/// Manual renewals that are not answered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RenewJob {
    pub(super) total: usize,
    pub(super) pending: BTreeSet<LeaseId>,
    pub(super) renewed: usize,
    /// Why the first failed renewal failed. Not escaped.
    pub(super) first_failure: Option<String>,
}
