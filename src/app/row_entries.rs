//! The indexed facts about all leases, side by side in memory.

use std::collections::BTreeMap;

use super::counts_share::CountsShare;
use super::problem_class::SettledClass;
use super::row_facts::RowFacts;
use crate::compact::compact;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// What is indexed of one lease besides its [`RowFacts`].
#[derive(Clone, Debug, Default)]
pub(super) struct RowEntry {
    pub(super) share: Option<CountsShare>,
    /// The problem class of a living lease.
    pub(super) class: Option<SettledClass>,
    /// When its state next changes by time alone.
    pub(super) state_change: Option<Timestamp>,
    /// When its filter result next changes by time alone.
    pub(super) crossing: Option<Timestamp>,
}

impl RowEntry {
    /// When to check the lease again if nothing else happens to it.
    pub(super) fn alarm(&self) -> Option<Timestamp> {
        let improvement = self.class.and_then(|class| class.improves_at);
        self.state_change.into_iter().chain(self.crossing).chain(improvement).min()
    }
}

/// What is indexed of all leases.
#[derive(Clone, Debug, Default)]
pub(super) struct RowEntries {
    /// The place of each lease in `facts` and `entries`.
    places: BTreeMap<LeaseId, u32>,
    facts: Vec<RowFacts>,
    entries: Vec<RowEntry>,
    /// Places of leases that were removed.
    free: Vec<u32>,
    /// All places in the order of ids. Empty after a lease came or went.
    sorted: Vec<u32>,
}

impl RowEntries {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn facts(&self, id: LeaseId) -> Option<&RowFacts> {
        Some(&self.facts[*self.places.get(&id)? as usize])
    }

    pub(super) fn facts_mut(&mut self, id: LeaseId) -> Option<&mut RowFacts> {
        Some(&mut self.facts[*self.places.get(&id)? as usize])
    }

    pub(super) fn entry(&self, id: LeaseId) -> Option<&RowEntry> {
        Some(&self.entries[*self.places.get(&id)? as usize])
    }

    /// What is indexed of a lease. Empty if it is new.
    pub(super) fn get_or_insert(&mut self, id: LeaseId) -> (&mut RowFacts, &mut RowEntry) {
        let place = *self.places.entry(id).or_insert_with(|| {
            self.sorted.clear();
            self.free.pop().unwrap_or_else(|| {
                self.facts.push(RowFacts::new(id));
                self.entries.push(RowEntry::default());
                (self.facts.len() - 1) as u32
            })
        }) as usize;
        self.facts[place].id = id;
        (&mut self.facts[place], &mut self.entries[place])
    }

    /// Saves memory after `new` leases were added.
    pub(super) fn compact(&mut self, new: usize) {
        compact(&mut self.places, new);
    }

    /// Forgets a lease.
    pub(super) fn remove(&mut self, id: LeaseId) {
        if let Some(place) = self.places.remove(&id) {
            self.sorted.clear();
            self.facts[place as usize] = RowFacts::new(id);
            self.entries[place as usize] = RowEntry::default();
            self.free.push(place);
        }
    }

    /// Calls a function with everything about each lease, by id.
    pub(super) fn each(&mut self, mut call: impl FnMut(&mut RowFacts, &mut RowEntry)) {
        self.sort();
        for place in &self.sorted {
            let place = *place as usize;
            call(&mut self.facts[place], &mut self.entries[place]);
        }
    }

    /// A walk over a vector takes less time than one over the nodes of a map.
    fn sort(&mut self) {
        if self.sorted.is_empty() {
            self.sorted.extend(self.places.values());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_indexed_of_a_lease_is_small() {
        let sizes = [size_of::<RowFacts>(), size_of::<RowEntry>()];
        assert!(sizes.iter().sum::<usize>() <= 208, "{sizes:?} bytes each");
    }
}
