//! The lint results.
//!
//! Each lease stores the names of its findings. The sentences are stored here, for the lease whose detail is shown.

use crate::inference::lints::Finding;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The findings of the last lint run.
#[derive(Clone, Debug, Default)]
pub struct LintReport {
    pub(super) findings: Vec<Finding>,
    /// Number of leases with a warning that is not muted.
    pub(super) count: usize,
    /// Number of muted warnings of all leases.
    pub(super) muted: usize,
    /// When the lints run next.
    pub(super) due: Timestamp,
}

impl LintReport {
    /// The findings about a lease, most urgent first.
    pub fn of(&self, id: LeaseId) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.leases.contains(&id))
    }

    /// Every finding, most urgent first.
    pub fn all(&self) -> &[Finding] {
        &self.findings
    }

    /// Number of leases with a warning that is not muted.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Number of muted warnings of all leases.
    pub fn muted(&self) -> usize {
        self.muted
    }
}
