//! Numbers the first keys of all leases in natural order, so that rows are compared by numbers and not by text.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use super::KeyName;
use super::natural_order::NaturalKey;
use crate::compact::compact;
use etcd_lease::LeaseId;

/// The distance between neighbours at either end.
const STRIDE: u64 = 1 << 40;
/// The distance between neighbours that arrive in order, as from pages of keys.
const STEP: u64 = 1 << 20;
/// The number of the first name.
const MIDDLE: u64 = 1 << 63;
/// The smallest distance between neighbours that get new numbers.
const LEAST_GAP: u64 = 1 << 10;
/// Number of neighbours on each side that get new numbers if there is no room between two names. Doubled if needed.
const NEIGHBOURS: usize = 16;

/// A key in natural order, and its lease.
type Name = (NaturalKey, LeaseId);

/// The first keys of all leases, each with a number that rises in natural order. Equal keys are ordered by lease id.
#[derive(Clone, Debug, Default)]
pub(super) struct NameOrder {
    numbers: BTreeMap<Name, u64>,
    /// The name that was inserted last.
    last: Option<Name>,
}

impl NameOrder {
    /// Replaces a lease's name. Returns the leases whose numbers changed: this one, and neighbours if there was no room.
    pub(super) fn replace(&mut self, id: LeaseId, old: Option<KeyName>, new: KeyName) -> Vec<(LeaseId, u64)> {
        self.remove(id, old);
        let name = (NaturalKey(new), id);
        let number = self.free_number(&name);
        self.numbers.insert(name.clone(), number.unwrap_or_default());
        let changed = number.map_or_else(|| self.make_room(&name), |number| vec![(id, number)]);
        self.last = Some(name);
        changed
    }

    /// Removes a lease's name.
    pub(super) fn remove(&mut self, id: LeaseId, old: Option<KeyName>) {
        if let Some(name) = old {
            self.numbers.remove(&(NaturalKey(name), id));
        }
    }

    /// Saves memory after up to `new` names were added.
    pub(super) fn compact(&mut self, new: usize) {
        compact(&mut self.numbers, new);
    }

    /// A number above 0 between those of the neighbours. `None` if there is none. Next to the name that was inserted
    /// last, it is close to that one, so that names that arrive in order leave room for the next.
    fn free_number(&self, name: &Name) -> Option<u64> {
        let before = self.numbers.range(..name).next_back();
        let after = self.numbers.range(name..).next();
        let is_last = |neighbour: &Name| self.last.as_ref() == Some(neighbour);
        let (least, most) = match (before, after) {
            (None, None) => return Some(MIDDLE),
            (Some((_, before)), None) => return before.checked_add(STRIDE),
            (None, Some((_, after))) => return after.checked_sub(STRIDE).filter(|number| *number > 0),
            (Some((_, before)), Some((_, after))) => (*before, *after),
        };
        let half = (most - least) / 2;
        if half == 0 {
            return None;
        }
        if before.is_some_and(|(neighbour, _)| is_last(neighbour)) {
            return Some(least + half.min(STEP));
        }
        if after.is_some_and(|(neighbour, _)| is_last(neighbour)) {
            return Some(most - half.min(STEP));
        }
        Some(least + half)
    }

    /// Spreads the numbers around a name evenly, and returns them. Takes [`NEIGHBOURS`] on each side, or more until the
    /// numbers are [`LEAST_GAP`] apart.
    fn make_room(&mut self, name: &Name) -> Vec<(LeaseId, u64)> {
        let mut neighbours = NEIGHBOURS;
        loop {
            let mut before = self.numbers.range(..name).rev();
            let mut after = self.numbers.range((Excluded(name), Unbounded));
            let first = before.by_ref().take(neighbours).last().map_or(name, |(first, _)| first).clone();
            let last = after.by_ref().take(neighbours).last().map_or(name, |(last, _)| last).clone();
            let least = before.next().map_or(0, |(_, number)| *number);
            let most = after.next().map_or(u64::MAX, |(_, number)| *number);
            let count = self.numbers.range(&first..=&last).count() as u64;
            let gap = (most - least) / (count + 1);
            if gap < LEAST_GAP {
                neighbours *= 2;
                continue;
            }
            let spread = |(place, (name, number)): (u64, (&Name, &mut u64))| {
                *number = least + gap * place;
                (name.1, *number)
            };
            return (1..).zip(self.numbers.range_mut(first..=last)).map(spread).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names arrive in some order, and some are replaced. Returns how many times a lease got another number.
    fn check(arrivals: &[(i64, u32)]) -> usize {
        let mut all_changed = 0;
        let mut order = NameOrder::default();
        let mut known: BTreeMap<i64, u32> = BTreeMap::new();
        let mut numbers: BTreeMap<i64, u64> = BTreeMap::new();
        for (id, name) in arrivals {
            let key = |name: &u32| KeyName::from(format!("/{name}").as_bytes());
            let old = known.insert(*id, *name).as_ref().map(key);
            let changed = order.replace(LeaseId(*id), old, key(name));
            all_changed += changed.len();
            numbers.extend(changed.iter().map(|(id, number)| (id.0, *number)));
        }
        let mut expected: Vec<i64> = known.keys().copied().collect();
        expected.sort_by_key(|id| (known[id], *id));
        let mut actual = expected.clone();
        actual.sort_by_key(|id| numbers[id]);
        assert_eq!(actual, expected);
        assert!(numbers.values().all(|number| *number > 0));
        all_changed
    }

    #[test]
    fn names_that_arrive_in_order_leave_room_for_others() {
        let ends = [(0, 0), (1, 1_000_000)];
        let rising = (2..5_000).map(|n| (i64::from(n), n));
        let falling = (2..5_000).rev().map(|n| (i64::from(n), n));
        assert!(check(&ends.into_iter().chain(rising).collect::<Vec<_>>()) < 5_100);
        assert!(check(&ends.into_iter().chain(falling).collect::<Vec<_>>()) < 5_100);
    }

    #[test]
    fn names_without_room_move_only_their_neighbours() {
        let others = (0..20_000).map(|n| (n, 1_000_000 + n as u32));
        // From both ends to the middle, and in turns of three: there is no room left after a while.
        let inward = (2..500).flat_map(|n| [(i64::from(n) + 50_000, n), (i64::from(n) + 60_000, 900_000 - n)]);
        let turns = (0..3_000).map(|n| (i64::from(n) + 70_000, 500_000 + n - n % 3 + (n * 2) % 3));
        let arrivals: Vec<(i64, u32)> = others.chain(inward).chain(turns).collect();
        let changed = check(&arrivals);
        assert!((arrivals.len() + 1..2 * arrivals.len()).contains(&changed), "{changed}");
    }

    proptest! {
        #[test]
        fn numbers_rise_in_natural_order(arrivals in prop::collection::vec((0..40_i64, 0..30_u32), 1..300)) {
            check(&arrivals);
        }
    }
}
