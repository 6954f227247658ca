//! Groups of leases computed at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tally::{Contribution, Tally};
use super::{GroupFigures, GroupKey};
use crate::app::problem_class::ProblemClass;
use crate::app::{GroupBy, Lease, LeaseState};
use etcd_lease::LeaseId;

/// A group of leases.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseGroup {
    /// What the leases have in common.
    pub key: GroupKey,
    /// The leases, in their order.
    pub ids: Vec<LeaseId>,
    /// The figures of the living leases.
    pub figures: GroupFigures,
}

impl LeaseGroup {
    /// A service that has no lease.
    pub fn empty_service(name: Arc<[u8]>) -> Self {
        LeaseGroup { key: GroupKey::Service(name), ids: Vec::new(), figures: Tally::default().figures() }
    }
}

/// Groups leases, which are in their displayed order and have their states. The groups with the worst leases come first;
/// equal ones are sorted by name.
pub fn group_leases<'a>(leases: impl Iterator<Item = (&'a Lease, LeaseState)>, by: GroupBy) -> Vec<LeaseGroup> {
    grouped(leases.map(|(lease, state)| (lease, state, ProblemClass::in_state(lease, state))), by)
}

/// Groups leases with their states and the problem classes by which they are sorted. [`group_leases`] derives the classes
/// from the states.
pub(in crate::app) fn grouped<'a>(
    leases: impl Iterator<Item = (&'a Lease, LeaseState, ProblemClass)>,
    by: GroupBy,
) -> Vec<LeaseGroup> {
    let mut all: BTreeMap<GroupKey, (Vec<LeaseId>, Tally)> = BTreeMap::new();
    for (lease, state, problem) in leases {
        let (ids, tally) = all.entry(GroupKey::of(lease, by)).or_default();
        ids.push(lease.id);
        if let Some(contribution) = Contribution::of(lease, state, problem) {
            tally.add(lease.id, contribution);
        }
    }
    let mut groups: Vec<_> = all.into_iter().collect();
    groups.sort_by_key(|(_, (_, tally))| tally.rank());
    groups.into_iter().map(|(key, (ids, tally))| LeaseGroup { key, ids, figures: tally.figures() }).collect()
}
