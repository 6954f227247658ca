//! The timers of the leases.

use std::collections::BTreeMap;

use super::io::SlotId;
use simkit::Timestamp;

/// Slots by the time of their timer.
///
/// The leases of one time share a bucket, because on the grid of 500 ms many leases have the same time. So setting a timer
/// costs a look-up among the times and not among the leases.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeMap<Timestamp, Vec<SlotId>>);

/// Where a lease is in its bucket; [`NO_TIMER`] if its timer is not set.
pub(super) type Place = u32;

pub(super) const NO_TIMER: Place = Place::MAX;

impl Timers {
    /// The time of the first timer.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.0.first_key_value().map(|(at, _)| *at)
    }

    /// Takes all slots of the first time, if it has come. Their timers are no longer set.
    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<Vec<SlotId>> {
        let first = self.0.first_entry()?;
        if *first.key() > now { None } else { Some(first.remove()) }
    }

    /// Sets the timer of a slot that has none. Returns its place.
    pub(super) fn insert(&mut self, at: Timestamp, slot: SlotId) -> Place {
        let bucket = self.0.entry(at).or_default();
        bucket.push(slot);
        Place::try_from(bucket.len() - 1).unwrap_or(NO_TIMER)
    }

    /// Removes the timer at a place. Returns the slot that is at this place now.
    pub(super) fn remove(&mut self, at: Timestamp, place: Place) -> Option<SlotId> {
        let bucket = self.0.get_mut(&at)?;
        bucket.swap_remove(place as usize);
        let moved = bucket.get(place as usize).copied();
        if bucket.is_empty() {
            self.0.remove(&at);
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Buckets keep the same timers as an ordered set, however they are set, moved and removed.
        #[test]
        fn buckets_are_an_ordered_set(steps in prop::collection::vec((0..8_u32, 0..5_u64, 0..4_u8), 0..300)) {
            let mut timers = Timers::default();
            let mut places: BTreeMap<SlotId, (Timestamp, Place)> = BTreeMap::new();
            for (slot, tick, step) in steps {
                let at = Timestamp::from_nanos(tick * 500_000_000);
                if step == 0 {
                    let mut due = BTreeSet::new();
                    while let Some(slots) = timers.pop_due(at) {
                        due.extend(slots);
                    }
                    let model = places.iter().filter(|(_, (timer, _))| *timer <= at).map(|(slot, _)| *slot);
                    prop_assert_eq!(&due, &model.collect());
                    places.retain(|slot, _| !due.contains(slot));
                } else if let Some((timer, place)) = places.remove(&slot) {
                    if let Some(moved) = timers.remove(timer, place) {
                        places.insert(moved, (timer, place));
                    }
                } else {
                    places.insert(slot, (at, timers.insert(at, slot)));
                }
                prop_assert_eq!(timers.first(), places.values().map(|(timer, _)| *timer).min());
            }
        }
    }
}
