//! What the lints found.
//!
//! Each lease bears the names of what was found about it; the sentences are kept beside, for the one whose detail is shown.

use crate::inference::lints::Finding;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct LintReport {
    pub(super) findings: Vec<Finding>,
    /// How many leases something was found about.
    pub(super) count: usize,
    /// When the lints run next.
    pub(super) due: Timestamp,
}

impl LintReport {
    /// What was found about a lease, the most urgent first.
    pub fn of(&self, id: LeaseId) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.leases.contains(&id))
    }

    /// How many leases something was found about.
    pub fn count(&self) -> usize {
        self.count
    }
}
