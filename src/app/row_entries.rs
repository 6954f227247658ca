//! The indexed facts about all leases, side by side in memory and in the order of ids.

use super::counts_share::CountsShare;
use super::row_facts::RowFacts;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Maximum number of leases in a block. Adding a lease moves those after it in its block.
const BLOCK: usize = 256;

/// What is indexed of one lease besides its [`RowFacts`].
#[derive(Clone, Debug, Default)]
pub(super) struct RowEntry {
    pub(super) share: Option<CountsShare>,
    /// When the problem class of a living lease improves if the lease stays as it is.
    pub(super) improves_at: Option<Timestamp>,
    /// When its state next changes by time alone.
    pub(super) state_change: Option<Timestamp>,
    /// When its filter result next changes by time alone.
    pub(super) crossing: Option<Timestamp>,
}

impl RowEntry {
    /// When to check the lease again if nothing else happens to it.
    pub(super) fn alarm(&self) -> Option<Timestamp> {
        self.state_change.into_iter().chain(self.crossing).chain(self.improves_at).min()
    }
}

/// Some leases, in the order of ids.
#[derive(Clone, Debug)]
pub(super) struct RowBlock {
    /// The first id.
    first: LeaseId,
    ids: Vec<LeaseId>,
    facts: Vec<RowFacts>,
    entries: Vec<RowEntry>,
}

impl RowBlock {
    fn with_capacity(first: LeaseId, capacity: usize) -> Self {
        RowBlock {
            first,
            ids: Vec::with_capacity(capacity),
            facts: Vec::with_capacity(capacity),
            entries: Vec::with_capacity(capacity),
        }
    }

    /// The first id.
    pub(super) fn first(&self) -> LeaseId {
        self.first
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    fn place(&self, id: LeaseId) -> Result<usize, usize> {
        self.ids.binary_search(&id)
    }

    fn insert(&mut self, place: usize, id: LeaseId) {
        self.ids.insert(place, id);
        self.facts.insert(place, RowFacts::new(id));
        self.entries.insert(place, RowEntry::default());
        self.first = self.ids[0];
    }

    fn remove(&mut self, place: usize) {
        self.ids.remove(place);
        self.facts.remove(place);
        self.entries.remove(place);
        self.first = self.ids.first().copied().unwrap_or(self.first);
    }

    /// Reads a byte of every key, so that the keys are in the cache when a filter searches them. These reads do not wait for
    /// each other; those of a search do, and the keys are scattered in memory.
    pub(super) fn fetch_keys(&self) {
        let last_bytes = self.facts.iter().filter_map(|facts| facts.first_keys.first()?.last());
        std::hint::black_box(last_bytes.fold(0, |all, byte| all ^ byte));
    }

    /// Everything about each lease, by id.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&mut RowFacts, &mut RowEntry)> {
        self.facts.iter_mut().zip(&mut self.entries)
    }

    /// Removes the second half and returns it as a block of its own.
    fn split_off(&mut self) -> RowBlock {
        let middle = self.ids.len() / 2;
        let mut other = RowBlock::with_capacity(self.ids[middle], BLOCK);
        other.ids.extend(self.ids.drain(middle..));
        other.facts.extend(self.facts.drain(middle..));
        other.entries.extend(self.entries.drain(middle..));
        other
    }

    fn append(&mut self, mut other: RowBlock) {
        self.ids.append(&mut other.ids);
        self.facts.append(&mut other.facts);
        self.entries.append(&mut other.entries);
    }
}

/// What is indexed of all leases.
#[derive(Clone, Debug, Default)]
pub(super) struct RowEntries {
    /// In the order of ids. No block is empty.
    blocks: Vec<RowBlock>,
    len: usize,
}

impl RowEntries {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The index of the block that has or would have a lease.
    fn block(&self, id: LeaseId) -> usize {
        self.blocks.partition_point(|block| block.first <= id).saturating_sub(1)
    }

    fn find(&self, id: LeaseId) -> Option<(&RowBlock, usize)> {
        let block = self.blocks.get(self.block(id))?;
        Some((block, block.place(id).ok()?))
    }

    pub(super) fn facts(&self, id: LeaseId) -> Option<&RowFacts> {
        let (block, place) = self.find(id)?;
        Some(&block.facts[place])
    }

    pub(super) fn facts_mut(&mut self, id: LeaseId) -> Option<&mut RowFacts> {
        let block = self.block(id);
        let block = self.blocks.get_mut(block)?;
        let place = block.place(id).ok()?;
        Some(&mut block.facts[place])
    }

    pub(super) fn entry(&self, id: LeaseId) -> Option<&RowEntry> {
        let (block, place) = self.find(id)?;
        Some(&block.entries[place])
    }

    /// What is indexed of a lease. Adds an empty entry if it is new.
    pub(super) fn get_or_insert(&mut self, id: LeaseId) -> (&mut RowFacts, &mut RowEntry) {
        let mut number = self.block(id);
        let place = match self.blocks.get(number).map(|block| block.place(id)) {
            Some(Ok(place)) => place,
            Some(Err(place)) => {
                let (with_room, place) = self.make_room(number, place, id);
                number = with_room;
                self.blocks[number].insert(place, id);
                self.len += 1;
                place
            }
            None => {
                self.blocks.push(RowBlock::with_capacity(id, BLOCK));
                self.blocks[0].insert(0, id);
                self.len += 1;
                0
            }
        };
        let block = &mut self.blocks[number];
        (&mut block.facts[place], &mut block.entries[place])
    }

    /// Makes room for a lease that belongs at `place` in the block `number`. Returns the block and the place at which
    /// to insert it.
    fn make_room(&mut self, number: usize, place: usize, id: LeaseId) -> (usize, usize) {
        let block = &mut self.blocks[number];
        if block.len() < BLOCK {
            return (number, place);
        }
        // Leases that come in the order of ids leave full blocks.
        if place == BLOCK {
            self.blocks.insert(number + 1, RowBlock::with_capacity(id, BLOCK));
            return (number + 1, 0);
        }
        let other = block.split_off();
        let middle = block.len();
        self.blocks.insert(number + 1, other);
        if place > middle { (number + 1, place - middle) } else { (number, place) }
    }

    /// Forgets a lease.
    pub(super) fn remove(&mut self, id: LeaseId) {
        let number = self.block(id);
        let Some(place) = self.blocks.get(number).and_then(|block| block.place(id).ok()) else { return };
        self.blocks[number].remove(place);
        self.len -= 1;
        let rest = self.blocks[number].len();
        if rest == 0 {
            self.blocks.remove(number);
        } else if self.blocks.get(number + 1).is_some_and(|next| rest + next.len() <= BLOCK / 2) {
            let next = self.blocks.remove(number + 1);
            self.blocks[number].append(next);
        }
    }

    /// Splits the blocks into at most `parts` parts of about the same size, in the order of ids.
    pub(super) fn parts(&mut self, parts: usize) -> impl Iterator<Item = &mut [RowBlock]> {
        let size = self.blocks.len().div_ceil(parts).max(1);
        self.blocks.chunks_mut(size)
    }

    /// Everything about each lease, by id.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&mut RowFacts, &mut RowEntry)> {
        self.blocks.iter_mut().flat_map(RowBlock::iter_mut)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_indexed_of_a_lease_is_small() {
        let sizes = [size_of::<LeaseId>(), size_of::<RowFacts>(), size_of::<RowEntry>()];
        assert!(sizes.iter().sum::<usize>() <= 176, "{sizes:?} bytes each");
    }

    #[test]
    fn leases_that_come_in_order_fill_their_blocks() {
        let mut entries = RowEntries::default();
        for id in 0..1_000 {
            entries.get_or_insert(LeaseId(id));
        }
        assert_eq!(entries.blocks.iter().map(|block| block.len()).collect::<Vec<_>>(), [256, 256, 256, 232]);
        assert_eq!(entries.parts(2).map(|part| part.len()).collect::<Vec<_>>(), [2, 2]);
    }

    proptest! {
        #[test]
        fn leases_are_found_in_the_order_of_ids(steps in prop::collection::vec((any::<bool>(), 0..2_000_i64), 0..4_000)) {
            let (mut entries, mut expected) = (RowEntries::default(), BTreeSet::new());
            for (is_new, id) in steps {
                let id = LeaseId(id);
                if is_new {
                    entries.get_or_insert(id);
                    expected.insert(id);
                } else {
                    entries.remove(id);
                    expected.remove(&id);
                }
                prop_assert_eq!(entries.facts(id).map(|facts| facts.id), expected.get(&id).copied());
            }
            prop_assert_eq!(entries.len(), expected.len());
            let ids: Vec<LeaseId> = entries.iter_mut().map(|(facts, _)| facts.id).collect();
            prop_assert!(ids.iter().eq(&expected));
        }
    }
}
