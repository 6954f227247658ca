//! Numbers the first keys of all leases in natural order, so that rows are compared by numbers and not by text.

use std::collections::BTreeMap;

use super::KeyName;
use super::natural_order::NaturalKey;
use crate::compact::compact;
use etcd_lease::LeaseId;

/// The distance between neighbours at either end, and after renumbering.
const STRIDE: u64 = 1 << 40;
/// The distance between neighbours that arrive in order, as from pages of keys.
const STEP: u64 = 1 << 20;
/// The number of the first name.
const MIDDLE: u64 = 1 << 63;

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
    /// Replaces a lease's name and returns the number of the new one. `None` if every number changed.
    pub(super) fn replace(&mut self, id: LeaseId, old: Option<KeyName>, new: KeyName) -> Option<u64> {
        self.remove(id, old);
        let name = (NaturalKey(new), id);
        let number = self.free_number(&name);
        self.numbers.insert(name.clone(), number.unwrap_or_default());
        self.last = Some(name);
        if number.is_none() {
            self.renumber();
        }
        number
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

    /// The number of each lease that has a name, in natural order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (LeaseId, u64)> {
        self.numbers.iter().map(|((_, id), number)| (*id, *number))
    }

    /// A number above 0 between those of the neighbours. `None` if there is none.
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

    fn renumber(&mut self) {
        let first = MIDDLE - STRIDE / 2 * self.numbers.len() as u64;
        for (place, number) in self.numbers.values_mut().enumerate() {
            *number = first + STRIDE * place as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names arrive in some order, and some are replaced.
    fn check(arrivals: &[(i64, u32)]) {
        let mut order = NameOrder::default();
        let mut known: BTreeMap<i64, u32> = BTreeMap::new();
        let mut numbers: BTreeMap<i64, u64> = BTreeMap::new();
        for (id, name) in arrivals {
            let key = |name: &u32| KeyName::from(format!("/{name}").as_bytes());
            let old = known.insert(*id, *name).as_ref().map(key);
            match order.replace(LeaseId(*id), old, key(name)) {
                Some(number) => drop(numbers.insert(*id, number)),
                None => numbers = order.numbers().map(|(id, number)| (id.0, number)).collect(),
            }
        }
        let mut expected: Vec<i64> = known.keys().copied().collect();
        expected.sort_by_key(|id| (known[id], *id));
        let mut actual = expected.clone();
        actual.sort_by_key(|id| numbers[id]);
        assert_eq!(actual, expected);
    }

    #[test]
    fn names_that_arrive_in_order_leave_room_for_others() {
        let ends = [(0, 0), (1, 1_000_000)];
        let rising = (2..5_000).map(|n| (i64::from(n), n));
        let falling = (2..5_000).rev().map(|n| (i64::from(n), n));
        check(&ends.into_iter().chain(rising).collect::<Vec<_>>());
        check(&ends.into_iter().chain(falling).collect::<Vec<_>>());
        // From both ends to the middle: there is no room left after a while.
        let inward = (2..500).flat_map(|n| [(i64::from(n), n), (i64::from(n) + 10_000, 900_000 - n)]);
        check(&ends.into_iter().chain(inward).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn numbers_rise_in_natural_order(arrivals in prop::collection::vec((0..40_i64, 0..30_u32), 1..300)) {
            check(&arrivals);
        }
    }
}
