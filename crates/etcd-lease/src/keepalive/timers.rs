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
    /// The first time.
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
