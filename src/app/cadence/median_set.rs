//! Leases ordered by a figure, with the median at hand.

use std::collections::BTreeSet;

use etcd_lease::LeaseId;

/// A set of leases with one figure each. Every operation takes logarithmic time.
#[derive(Clone, Debug, Default)]
pub(super) struct MedianSet {
    /// The lower half, at most one larger than the upper half.
    low: BTreeSet<(u32, LeaseId)>,
    high: BTreeSet<(u32, LeaseId)>,
}

impl MedianSet {
    /// The lease with the lower median of the figures; `None` if the set is empty.
    pub(super) fn median(&self) -> Option<(u32, LeaseId)> {
        self.low.last().copied()
    }

    pub(super) fn insert(&mut self, figure: u32, id: LeaseId) {
        let is_low = self.median().is_none_or(|median| (figure, id) <= median);
        if is_low { &mut self.low } else { &mut self.high }.insert((figure, id));
        self.balance();
    }

    /// Removes a lease that was inserted with the same figure.
    pub(super) fn remove(&mut self, figure: u32, id: LeaseId) {
        if !self.low.remove(&(figure, id)) {
            self.high.remove(&(figure, id));
        }
        self.balance();
    }

    fn balance(&mut self) {
        if self.low.len() > self.high.len() + 1 {
            self.high.extend(self.low.pop_last());
        } else if self.high.len() > self.low.len() {
            self.low.extend(self.high.pop_first());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_median_is_that_of_the_sorted_figures(steps in prop::collection::vec((0_u32..20, 0_i64..10), 0..60)) {
            let mut set = MedianSet::default();
            let mut all: BTreeSet<(u32, LeaseId)> = BTreeSet::new();
            for (figure, id) in steps {
                let one = (figure, LeaseId(id));
                if all.remove(&one) {
                    set.remove(figure, one.1);
                } else {
                    all.insert(one);
                    set.insert(figure, one.1);
                }
                let middle = all.len().saturating_sub(1) / 2;
                prop_assert_eq!(set.median(), all.iter().nth(middle).copied());
            }
        }
    }
}
