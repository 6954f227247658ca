//! All leases by id. Whoever may have changed is remembered, so that rows and counts follow without looking at the rest.

use std::collections::{BTreeMap, HashSet};
use std::ops::Deref;

use super::Lease;
use crate::domain::LeaseId;

/// All leases. It reads as the map that it is; every way to change one leaves a trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Leases {
    all: BTreeMap<LeaseId, Lease>,
    touched: HashSet<LeaseId>,
}

impl Deref for Leases {
    type Target = BTreeMap<LeaseId, Lease>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Leases {
    /// A lease to be changed.
    pub(super) fn get_mut(&mut self, id: &LeaseId) -> Option<&mut Lease> {
        let lease = self.all.get_mut(id)?;
        self.touched.insert(*id);
        Some(lease)
    }

    /// A lease to be changed, made where it is not there.
    pub(super) fn get_or_new(&mut self, id: LeaseId) -> &mut Lease {
        self.touched.insert(id);
        self.all.entry(id).or_insert_with(|| Lease::new(id))
    }

    /// Every lease, to be changed.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Lease> {
        self.touched.extend(self.all.keys());
        self.all.values_mut()
    }

    /// Takes a lease away.
    pub(super) fn remove(&mut self, id: &LeaseId) -> Option<Lease> {
        self.touched.insert(*id);
        self.all.remove(id)
    }

    /// Those that may have changed since this was last asked.
    pub(super) fn take_touched(&mut self) -> HashSet<LeaseId> {
        std::mem::take(&mut self.touched)
    }
}
