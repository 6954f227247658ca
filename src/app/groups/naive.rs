//! Groups of leases computed at once.

use std::collections::BTreeMap;

use super::tally::{Contribution, Tally};
use super::{GroupFigures, GroupKey};
use crate::app::state_class::StateClass;
use crate::app::{GroupBy, Lease, LeaseState};
use etcd_lease::LeaseId;

/// A group of leases.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseGroup {
    /// What the leases have in common.
    pub key: GroupKey,
    /// The leases, in their order.
    pub ids: Vec<LeaseId>,
    /// The figures of the living ones.
    pub figures: GroupFigures,
}

/// Groups leases with their states, given in their displayed order. The groups with the worst leases come first, then by name.
pub fn group_leases<'a>(leases: impl Iterator<Item = (&'a Lease, LeaseState)>, by: GroupBy) -> Vec<LeaseGroup> {
    let mut all: BTreeMap<GroupKey, (Vec<LeaseId>, Tally)> = BTreeMap::new();
    for (lease, state) in leases {
        let (ids, tally) = all.entry(GroupKey::of(lease, by)).or_default();
        ids.push(lease.id);
        if let Some(contribution) = Contribution::of(lease, state) {
            tally.add(lease.id, contribution);
        }
    }
    let group =
        |(key, (ids, tally)): (GroupKey, (Vec<LeaseId>, Tally))| LeaseGroup { key, ids, figures: tally.figures() };
    let mut groups: Vec<LeaseGroup> = all.into_iter().map(group).collect();
    groups.sort_by_key(|group| group.figures.worst.unwrap_or(StateClass::Ended));
    groups
}
