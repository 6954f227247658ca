//! The statuses, indexed by the scheduler's slot.

use crate::LeaseStatus;
use crate::engine::subscribers::WeakSubscribers;
use crate::keepalive::SlotId;

/// Number of statuses in one page.
const PAGE: usize = 256;

/// The status of one lease.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) status: LeaseStatus,
    /// Weak, so that unread responses do not outlive their engine and their reader.
    pub(super) subscribers: WeakSubscribers,
    /// The number of the last renewal, if it is unread.
    pub(super) renewed: Option<u64>,
    /// Whether the slot is listed for the next visit.
    pub(super) is_changed: bool,
}

/// The statuses in pages of [`PAGE`], so that growing does not copy them.
#[derive(Debug, Default)]
pub(super) struct Slab(Vec<Vec<Option<Entry>>>);

impl Slab {
    pub(super) fn get(&mut self, slot: SlotId) -> Option<&mut Entry> {
        let slot = slot as usize;
        self.0.get_mut(slot / PAGE)?.get_mut(slot % PAGE)?.as_mut()
    }

    pub(super) fn insert(&mut self, slot: SlotId, entry: Entry) {
        let (page, index) = (slot as usize / PAGE, slot as usize % PAGE);
        while self.0.len() <= page {
            self.0.push(Vec::new());
        }
        let page = &mut self.0[page];
        if page.is_empty() {
            page.resize_with(PAGE, || None);
        }
        page[index] = Some(entry);
    }

    pub(super) fn remove(&mut self, slot: SlotId) -> Option<Entry> {
        let slot = slot as usize;
        self.0.get_mut(slot / PAGE)?.get_mut(slot % PAGE)?.take()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.iter().flatten().flatten().count()
    }
}
