//! Incremental groups.
//!
//! When a lease changes, what it added to its group is subtracted and its new figures are added. So the cost of a frame
//! depends only on how many leases changed.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;

use super::tally::{Contribution, Tally};
use super::{GroupFigures, GroupKey};
use crate::app::problem_class::ProblemClass;
use crate::app::service::service;
use crate::app::{GroupBy, Lease, LeaseState};
use etcd_lease::LeaseId;

/// Up to this many groups are moved one by one. More are merged into the order at once.
const FEW: usize = 64;

/// The number of a group. It is never used again for another group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(NonZeroU32);

impl GroupId {
    /// The number. A later group has a larger one.
    pub(in crate::app) fn number(self) -> u32 {
        self.0.get()
    }
}

/// A group of leases.
#[derive(Clone, Debug)]
pub struct Group {
    key: GroupKey,
    tally: Tally,
    /// Number of leases that have a row, with ended ones.
    rows: usize,
    /// Its rank in the current order. `None` while it is not part of the order.
    rank: Option<usize>,
}

impl Group {
    /// What the leases have in common.
    pub fn key(&self) -> &GroupKey {
        &self.key
    }

    /// The figures of its living leases.
    pub fn figures(&self) -> GroupFigures {
        self.tally.figures()
    }
}

/// The group of one lease, and what it added there.
#[derive(Clone, Copy, Debug)]
struct Member {
    group: GroupId,
    contribution: Option<Contribution>,
}

/// The groups of all leases that have a row.
#[derive(Clone, Debug, Default)]
pub struct GroupIndex {
    by: GroupBy,
    members: HashMap<LeaseId, Member>,
    groups: HashMap<GroupId, Group>,
    services: HashMap<Arc<[u8]>, GroupId>,
    others: HashMap<GroupKey, GroupId>,
    next: u32,
    /// Groups whose place in the order may be wrong.
    dirty: BTreeSet<GroupId>,
    order: Vec<GroupId>,
}

impl GroupIndex {
    /// What the leases are grouped by.
    pub fn by(&self) -> GroupBy {
        self.by
    }

    /// The groups in their displayed order: the worst state first, then by name in natural order.
    pub fn order(&self) -> &[GroupId] {
        &self.order
    }

    /// A group.
    pub fn get(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(&id)
    }

    /// The group of a lease. `None` if it has no row or leases are not grouped.
    pub fn group_of(&self, id: LeaseId) -> Option<GroupId> {
        Some(self.members.get(&id)?.group)
    }

    /// Sets what leases are grouped by. Returns whether it changed; then every lease must be rechecked.
    pub(in crate::app) fn set_by(&mut self, by: GroupBy) -> bool {
        if self.by == by {
            return false;
        }
        *self = GroupIndex { by, next: self.next, ..GroupIndex::default() };
        true
    }

    /// Updates the figures for a lease that has a row. `problem` is the class by which it is sorted. Returns its group, or
    /// `None` if leases are not grouped.
    pub(in crate::app) fn update(
        &mut self,
        lease: &Lease,
        problem: ProblemClass,
        state: impl FnOnce() -> LeaseState,
    ) -> Option<GroupId> {
        let by = self.by;
        if by == GroupBy::None {
            return None;
        }
        let before = self.members.get(&lease.id).copied();
        let unmoved =
            before.filter(|member| self.groups.get(&member.group).is_some_and(|group| group.key.has(lease, by)));
        let group = unmoved.map_or_else(|| self.intern(lease, by), |member| member.group);
        let after = Member { group, contribution: Contribution::of(lease, state(), problem) };
        if unmoved.is_some_and(|before| before.contribution == after.contribution) {
            return Some(group);
        }
        self.remove(lease.id);
        self.members.insert(lease.id, after);
        if let Some(entry) = self.groups.get_mut(&group) {
            entry.rows += 1;
            if let Some(contribution) = after.contribution {
                entry.tally.add(lease.id, contribution);
            }
        }
        self.note_rank(group);
        Some(group)
    }

    /// Removes a lease that no longer has a row.
    pub(in crate::app) fn remove(&mut self, id: LeaseId) {
        let Some(member) = self.members.remove(&id) else { return };
        let Some(group) = self.groups.get_mut(&member.group) else { return };
        group.rows -= 1;
        if let Some(contribution) = member.contribution {
            group.tally.remove(id, contribution);
        }
        self.note_rank(member.group);
    }

    /// Marks the group as dirty if its place in the order is wrong, and as clean otherwise.
    fn note_rank(&mut self, id: GroupId) {
        let is_right =
            self.groups.get(&id).is_some_and(|group| group.rows > 0 && group.rank == Some(group.tally.rank()));
        if is_right {
            self.dirty.remove(&id);
        } else {
            self.dirty.insert(id);
        }
    }

    /// The group of a lease, created if needed.
    fn intern(&mut self, lease: &Lease, by: GroupBy) -> GroupId {
        let known = match (by, service(lease)) {
            (GroupBy::Service, Some(name)) => self.services.get(name),
            _ => self.others.get(&GroupKey::of(lease, by)),
        };
        if let Some(known) = known {
            return *known;
        }
        let id = GroupId(NonZeroU32::MIN.saturating_add(self.next));
        self.next += 1;
        let key = GroupKey::of(lease, by);
        match &key {
            GroupKey::Service(name) => self.services.insert(Arc::clone(name), id),
            _ => self.others.insert(key.clone(), id),
        };
        self.groups.insert(id, Group { key, tally: Tally::default(), rows: 0, rank: None });
        id
    }

    /// Moves the groups whose rank changed, and forgets empty ones. Returns whether any changed.
    pub(in crate::app) fn update_order(&mut self) -> bool {
        if self.dirty.is_empty() {
            return false;
        }
        let mut order = std::mem::take(&mut self.order);
        self.take_out(&mut order);
        let mut arriving: Vec<GroupId> = Vec::new();
        for id in std::mem::take(&mut self.dirty) {
            if self.is_empty(id) {
                self.forget(id);
            } else if let Some(group) = self.groups.get_mut(&id) {
                group.rank = Some(group.tally.rank());
                arriving.push(id);
            }
        }
        arriving.sort_by(|one, other| self.compare(*one, *other));
        self.put_in(&mut order, &arriving);
        self.order = order;
        true
    }

    /// Removes the dirty groups from the order, while their ranks are still those of the order.
    fn take_out(&self, order: &mut Vec<GroupId>) {
        if self.dirty.len() > FEW {
            order.retain(|id| !self.dirty.contains(id));
            return;
        }
        for id in &self.dirty {
            if let Some(place) = self.place(order, *id) {
                order.remove(place);
            }
        }
    }

    /// Inserts sorted groups into the order.
    fn put_in(&self, order: &mut Vec<GroupId>, arriving: &[GroupId]) {
        if arriving.len() > FEW {
            // The sort finds two sorted runs and merges them in one pass.
            order.extend(arriving);
            order.sort_by(|one, other| self.compare(*one, *other));
            return;
        }
        for id in arriving {
            let place = order.partition_point(|other| self.compare(*other, *id).is_lt());
            order.insert(place, *id);
        }
    }

    fn is_empty(&self, id: GroupId) -> bool {
        self.groups.get(&id).is_none_or(|group| group.rows == 0)
    }

    fn forget(&mut self, id: GroupId) {
        let Some(group) = self.groups.remove(&id) else { return };
        match &group.key {
            GroupKey::Service(name) => self.services.remove(name),
            key => self.others.remove(key),
        };
    }

    /// The place of a group in the order. `None` if it has none yet.
    fn place(&self, order: &[GroupId], id: GroupId) -> Option<usize> {
        self.groups.get(&id)?.rank?;
        order.binary_search_by(|other| self.compare(*other, id)).ok()
    }

    fn compare(&self, one: GroupId, other: GroupId) -> Ordering {
        let rank = |id: GroupId| self.groups.get(&id).map(|group| (group.rank, &group.key));
        rank(one).cmp(&rank(other))
    }
}
