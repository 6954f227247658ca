//! Computes the changes from one list of leases to the next.

use std::collections::HashSet;

use etcd_lease::LeaseId;

/// Number of leases with the least time left that are reported in order.
pub const SOONEST: usize = 128;

/// The leases of the last list. Sorted lists are compared faster than sets, and take less memory.
#[derive(Debug, Default)]
pub struct ListTracker {
    /// Sorted.
    known: Vec<LeaseId>,
    soonest: Vec<LeaseId>,
}

/// What changed from one list to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListDiff {
    /// New leases, in the order of the list.
    pub created: Vec<LeaseId>,
    /// Leases that are no longer listed, sorted by id.
    pub gone: Vec<LeaseId>,
    /// The first leases of the list, if they or their order changed.
    pub soonest: Option<Vec<LeaseId>>,
}

impl ListDiff {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.gone.is_empty() && self.soonest.is_none()
    }
}

impl ListTracker {
    /// Number of leases in the last list.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Applies a list. Its order is used only if it `is_sorted` by time left, as the leader's list is. A lease can be
    /// listed twice if the leases changed while etcd built the list; it counts once.
    pub fn update(&mut self, list: &[LeaseId], is_sorted: bool) -> ListDiff {
        let mut listed = list.to_vec();
        listed.sort_unstable();
        listed.dedup();
        let gone: Vec<LeaseId> = missing(&self.known, &listed).collect();
        let mut new: HashSet<LeaseId> = missing(&listed, &self.known).collect();
        self.known = listed;
        let created = list.iter().copied().filter(|id| new.remove(id)).collect();
        let soonest = if is_sorted { self.update_soonest(list) } else { None };
        ListDiff { created, gone, soonest }
    }

    fn update_soonest(&mut self, list: &[LeaseId]) -> Option<Vec<LeaseId>> {
        let mut seen = HashSet::with_capacity(SOONEST);
        let soonest: Vec<LeaseId> = list.iter().copied().filter(|id| seen.insert(*id)).take(SOONEST).collect();
        if self.soonest == soonest {
            return None;
        }
        self.soonest.clone_from(&soonest);
        Some(soonest)
    }
}

/// The elements of a sorted list that another one lacks.
fn missing(list: &[LeaseId], other: &[LeaseId]) -> impl Iterator<Item = LeaseId> {
    let mut rest = other.iter().peekable();
    list.iter().copied().filter(move |id| {
        while rest.next_if(|other| *other < id).is_some() {}
        rest.peek() != Some(&id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[i64]) -> Vec<LeaseId> {
        ids.iter().copied().map(LeaseId).collect()
    }

    fn updated(
        tracker: &mut ListTracker,
        list: &[i64],
        is_sorted: bool,
    ) -> (Vec<LeaseId>, Vec<LeaseId>, Option<Vec<LeaseId>>) {
        let ListDiff { created, gone, soonest } = tracker.update(&ids(list), is_sorted);
        (created, gone, soonest)
    }

    #[test]
    fn only_changes_are_reported() {
        let mut tracker = ListTracker::default();
        assert_eq!(updated(&mut tracker, &[3, -1, 2], true), (ids(&[3, -1, 2]), vec![], Some(ids(&[3, -1, 2]))));
        assert!(tracker.update(&ids(&[3, -1, 2]), true).is_empty());
        assert_eq!(
            updated(&mut tracker, &[3, i64::MIN], true),
            (ids(&[i64::MIN]), ids(&[-1, 2]), Some(ids(&[3, i64::MIN])))
        );
        assert_eq!(updated(&mut tracker, &[], true), (vec![], ids(&[i64::MIN, 3]), Some(vec![])));
    }

    #[test]
    fn the_order_of_a_followers_list_is_ignored() {
        let mut tracker = ListTracker::default();
        assert_eq!(updated(&mut tracker, &[2, 1], false), (ids(&[2, 1]), vec![], None));
        assert!(tracker.update(&ids(&[1, 2]), false).is_empty());
        assert_eq!(updated(&mut tracker, &[1, 2], true).2, Some(ids(&[1, 2])));
    }

    #[test]
    fn a_lease_listed_twice_counts_once() {
        let mut tracker = ListTracker::default();
        assert_eq!(updated(&mut tracker, &[1, 2, 1], false).0, ids(&[1, 2]));
        assert!(tracker.update(&ids(&[2, 1, 2]), false).is_empty());
        assert_eq!(tracker.count(), 2);
        assert_eq!(updated(&mut tracker, &[2, 1, 2], true).2, Some(ids(&[2, 1])), "where it is listed first");
    }
}
