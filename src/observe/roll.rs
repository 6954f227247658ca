//! The roll of all leases: what one list says that the one before did not.

use std::collections::HashSet;

use etcd_lease::LeaseId;

/// How many of the leases with the least time left are told in their order.
pub const HEAD: usize = 128;

/// The leases of the last list.
#[derive(Debug, Default)]
pub struct Roll {
    known: HashSet<LeaseId>,
    head: Vec<LeaseId>,
}

/// What a list changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Leases that were not there, in the order of the list.
    pub born: Vec<LeaseId>,
    /// Leases that are not there any more, sorted.
    pub gone: Vec<LeaseId>,
    /// The first of the list, where they are others or in another order than before.
    pub head: Option<Vec<LeaseId>>,
}

impl Turnover {
    /// Whether the list says nothing new.
    pub fn is_empty(&self) -> bool {
        self.born.is_empty() && self.gone.is_empty() && self.head.is_none()
    }
}

impl Roll {
    /// How many leases the last list had.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Takes in a list. Its order means something only where it `is_sorted`, as the leader's is. A lease that it names
    /// twice, because the list changed while it was made, is one lease.
    pub fn call(&mut self, list: &[LeaseId], is_sorted: bool) -> Turnover {
        let mut left = std::mem::replace(&mut self.known, HashSet::with_capacity(list.len()));
        let mut born = Vec::new();
        for &id in list {
            if self.known.insert(id) && !left.remove(&id) {
                born.push(id);
            }
        }
        let mut gone: Vec<LeaseId> = left.into_iter().collect();
        gone.sort_unstable();
        Turnover { born, gone, head: is_sorted.then(|| self.take_head(list)).flatten() }
    }

    fn take_head(&mut self, list: &[LeaseId]) -> Option<Vec<LeaseId>> {
        let head = &list[..list.len().min(HEAD)];
        (self.head != head).then(|| {
            self.head = head.to_vec();
            self.head.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[i64]) -> Vec<LeaseId> {
        ids.iter().copied().map(LeaseId).collect()
    }

    fn called(roll: &mut Roll, list: &[i64], is_sorted: bool) -> (Vec<LeaseId>, Vec<LeaseId>, Option<Vec<LeaseId>>) {
        let Turnover { born, gone, head } = roll.call(&ids(list), is_sorted);
        (born, gone, head)
    }

    #[test]
    fn only_what_changed_is_told() {
        let mut roll = Roll::default();
        assert_eq!(called(&mut roll, &[3, -1, 2], true), (ids(&[3, -1, 2]), vec![], Some(ids(&[3, -1, 2]))));
        assert!(roll.call(&ids(&[3, -1, 2]), true).is_empty());
        assert_eq!(
            called(&mut roll, &[3, i64::MIN], true),
            (ids(&[i64::MIN]), ids(&[-1, 2]), Some(ids(&[3, i64::MIN])))
        );
        assert_eq!(called(&mut roll, &[], true), (vec![], ids(&[i64::MIN, 3]), Some(vec![])));
    }

    #[test]
    fn the_order_of_a_follower_means_nothing() {
        let mut roll = Roll::default();
        assert_eq!(called(&mut roll, &[2, 1], false), (ids(&[2, 1]), vec![], None));
        assert!(roll.call(&ids(&[1, 2]), false).is_empty());
        assert_eq!(called(&mut roll, &[1, 2], true).2, Some(ids(&[1, 2])));
    }

    #[test]
    fn a_lease_named_twice_is_one() {
        let mut roll = Roll::default();
        assert_eq!(called(&mut roll, &[1, 2, 1], false).0, ids(&[1, 2]));
        assert!(roll.call(&ids(&[2, 1, 2]), false).is_empty());
        assert_eq!(roll.count(), 2);
    }
}
