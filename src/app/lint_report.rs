//! The lint results.
//!
//! Each lease stores the names of its findings. The sentences are stored here, for the lease whose detail is shown.

use crate::inference::lints::{Finding, LintPass};
use crate::inference::locks::QueuePosition;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The findings of the last lint run.
#[derive(Clone, Debug, Default)]
pub struct LintReport {
    findings: Vec<Finding>,
    /// Each lease with the index of a finding about it, sorted.
    by_lease: Vec<(LeaseId, usize)>,
    /// Number of leases with a warning that is not muted.
    pub(super) count: usize,
    /// Number of muted warnings of all leases.
    pub(super) muted: usize,
    /// When the lints run next, or check the next leases.
    pub(super) due: Timestamp,
    /// The run that has checked a part of the leases.
    pub(super) run: Option<Box<LintRun>>,
}

/// A run of the lints that has checked the leases up to `last`.
#[derive(Clone, Debug, Default)]
pub(super) struct LintRun {
    pub(super) pass: LintPass,
    pub(super) last: Option<LeaseId>,
    /// The positions in lock queues of the leases that are not checked yet, the highest id first. A list takes a fifth of
    /// the memory of a map.
    positions: Vec<(LeaseId, QueuePosition)>,
}

impl LintRun {
    /// A run with the positions of all leases in lock queues.
    pub(super) fn new(positions: impl Iterator<Item = (LeaseId, QueuePosition)>) -> Self {
        let mut positions: Vec<_> = positions.collect();
        // A stable sort would need half as much memory again.
        positions.sort_unstable_by(|(one, place), (other, at)| (other, &place.lock).cmp(&(one, &at.lock)));
        LintRun { positions, ..LintRun::default() }
    }

    /// Removes and returns the positions of a lease. Drops those of leases with lower ids: leases are checked in the
    /// order of their ids.
    pub(super) fn take_positions(&mut self, id: LeaseId) -> Vec<QueuePosition> {
        let next = std::iter::from_fn(|| self.positions.pop_if(|(other, _)| *other <= id));
        next.filter(|(other, _)| *other == id).map(|(_, position)| position).collect()
    }
}

impl LintReport {
    /// The report of a run with these findings, most urgent first. The lints run again at `due`.
    pub(super) fn new(findings: Vec<Finding>, due: Timestamp) -> Self {
        let mut by_lease = Vec::new();
        for (index, finding) in findings.iter().enumerate() {
            by_lease.extend(finding.leases.iter().map(|id| (*id, index)));
        }
        by_lease.sort_unstable();
        by_lease.dedup();
        LintReport { findings, by_lease, due, ..LintReport::default() }
    }

    /// The findings about a lease, most urgent first. O(log n) of all findings.
    pub fn of(&self, id: LeaseId) -> impl Iterator<Item = &Finding> {
        let first = self.by_lease.partition_point(|(lease, _)| *lease < id);
        let of_lease = self.by_lease[first..].iter().take_while(move |(lease, _)| *lease == id);
        of_lease.map(|(_, index)| &self.findings[*index])
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
