//! All leases by id. Whoever may have changed is remembered, so that rows and counts follow without looking at the rest.

use std::collections::{BTreeMap, HashSet};

use super::Lease;
use etcd_lease::LeaseId;

/// All leases. Every way to change one leaves a trace.
///
/// Each stands in a room of its own: they are large, and the map's nodes are half empty.
#[derive(Clone, Debug, Default)]
pub(super) struct LeaseStore {
    all: BTreeMap<LeaseId, Box<Lease>>,
    dirty: HashSet<LeaseId>,
}

impl LeaseStore {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn contains(&self, id: LeaseId) -> bool {
        self.all.contains_key(&id)
    }

    /// A lease to be read.
    pub(super) fn get(&self, id: &LeaseId) -> Option<&Lease> {
        self.all.get(id).map(Box::as_ref)
    }

    /// Every lease, sorted by id.
    pub(super) fn values(&self) -> impl Iterator<Item = &Lease> {
        self.all.values().map(Box::as_ref)
    }

    /// The id of every lease, sorted.
    pub(super) fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.all.keys().copied()
    }

    /// A lease to be changed.
    pub(super) fn get_mut(&mut self, id: &LeaseId) -> Option<&mut Lease> {
        let lease = self.all.get_mut(id)?;
        self.dirty.insert(*id);
        Some(lease)
    }

    /// A lease to be changed, made where it is not there.
    pub(super) fn get_or_insert(&mut self, id: LeaseId) -> &mut Lease {
        self.dirty.insert(id);
        self.all.entry(id).or_insert_with(|| Box::new(Lease::new(id)))
    }

    /// Every lease, to be changed.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Lease> {
        self.dirty.extend(self.all.keys());
        self.all.values_mut().map(Box::as_mut)
    }

    /// Takes a lease away.
    pub(super) fn remove(&mut self, id: &LeaseId) {
        self.dirty.insert(*id);
        self.all.remove(id);
    }

    /// Those that may have changed since this was last asked.
    pub(super) fn take_dirty(&mut self) -> HashSet<LeaseId> {
        std::mem::take(&mut self.dirty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_leases_fit_into_their_share_of_the_memory() {
        assert!(size_of::<Lease>() * 100_000 <= 68_000_000, "{} bytes each", size_of::<Lease>());
    }
}
