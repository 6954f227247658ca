//! The roll of all leases: what one list says that the one before did not.

use std::collections::HashSet;

use etcd_lease::LeaseId;

/// How many of the leases with the least time left are told in their order.
pub const SOONEST: usize = 128;

/// The leases of the last list.
#[derive(Debug, Default)]
pub struct ListTracker {
    known: HashSet<LeaseId>,
    soonest: Vec<LeaseId>,
}

/// What a list changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListDiff {
    /// Leases that were not there, in the order of the list.
    pub created: Vec<LeaseId>,
    /// Leases that are not there any more, sorted.
    pub gone: Vec<LeaseId>,
    /// The first of the list, where they are others or in another order than before.
    pub soonest: Option<Vec<LeaseId>>,
}

impl ListDiff {
    /// Whether the list says nothing new.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.gone.is_empty() && self.soonest.is_none()
    }
}

impl ListTracker {
    /// How many leases the last list had.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Takes in a list. Its order means something only where it `is_sorted`, as the leader's is. A lease that it names
    /// twice, because the list changed while it was made, is one lease.
    pub fn update(&mut self, list: &[LeaseId], is_sorted: bool) -> ListDiff {
        let mut left = std::mem::replace(&mut self.known, HashSet::with_capacity(list.len()));
        let mut created = Vec::new();
        for &id in list {
            if self.known.insert(id) && !left.remove(&id) {
                created.push(id);
            }
        }
        let mut gone: Vec<LeaseId> = left.into_iter().collect();
        gone.sort_unstable();
        ListDiff { created, gone, soonest: is_sorted.then(|| self.update_soonest(list)).flatten() }
    }

    fn update_soonest(&mut self, list: &[LeaseId]) -> Option<Vec<LeaseId>> {
        let soonest = &list[..list.len().min(SOONEST)];
        (self.soonest != soonest).then(|| {
            self.soonest = soonest.to_vec();
            self.soonest.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[i64]) -> Vec<LeaseId> {
        ids.iter().copied().map(LeaseId).collect()
    }

    fn called(
        tracker: &mut ListTracker,
        list: &[i64],
        is_sorted: bool,
    ) -> (Vec<LeaseId>, Vec<LeaseId>, Option<Vec<LeaseId>>) {
        let ListDiff { created, gone, soonest } = tracker.update(&ids(list), is_sorted);
        (created, gone, soonest)
    }

    #[test]
    fn only_what_changed_is_told() {
        let mut tracker = ListTracker::default();
        assert_eq!(called(&mut tracker, &[3, -1, 2], true), (ids(&[3, -1, 2]), vec![], Some(ids(&[3, -1, 2]))));
        assert!(tracker.update(&ids(&[3, -1, 2]), true).is_empty());
        assert_eq!(
            called(&mut tracker, &[3, i64::MIN], true),
            (ids(&[i64::MIN]), ids(&[-1, 2]), Some(ids(&[3, i64::MIN])))
        );
        assert_eq!(called(&mut tracker, &[], true), (vec![], ids(&[i64::MIN, 3]), Some(vec![])));
    }

    #[test]
    fn the_order_of_a_follower_means_nothing() {
        let mut tracker = ListTracker::default();
        assert_eq!(called(&mut tracker, &[2, 1], false), (ids(&[2, 1]), vec![], None));
        assert!(tracker.update(&ids(&[1, 2]), false).is_empty());
        assert_eq!(called(&mut tracker, &[1, 2], true).2, Some(ids(&[1, 2])));
    }

    #[test]
    fn a_lease_named_twice_is_one() {
        let mut tracker = ListTracker::default();
        assert_eq!(called(&mut tracker, &[1, 2, 1], false).0, ids(&[1, 2]));
        assert!(tracker.update(&ids(&[2, 1, 2]), false).is_empty());
        assert_eq!(tracker.count(), 2);
    }
}
