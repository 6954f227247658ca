//! Which leases are marked, by id: sorting, filtering and freezing leave a mark, and only death or its key takes it.

use std::collections::BTreeMap;

use etcd_lease::LeaseId;

/// The marked leases, and where a range of them begins.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Each with the reason why what was asked of it failed, if it did.
    all: BTreeMap<LeaseId, Option<Box<str>>>,
    range: Option<LeaseId>,
}

/// What stands beside a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionMark {
    /// It is marked.
    Plain,
    /// It is marked, and could not be revoked.
    Failed,
}

impl Selection {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The mark of a lease.
    pub fn of(&self, id: LeaseId) -> Option<SelectionMark> {
        self.all.get(&id).map(|reason| if reason.is_some() { SelectionMark::Failed } else { SelectionMark::Plain })
    }

    /// Why a marked lease could not be revoked; raw.
    pub fn reason(&self, id: LeaseId) -> Option<&str> {
        self.all.get(&id)?.as_deref()
    }

    /// The marked leases, by id.
    pub fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.all.keys().copied()
    }

    /// The lease at which the range begins that is being marked.
    pub fn range(&self) -> Option<LeaseId> {
        self.range
    }

    /// Marks a lease, or takes its mark away.
    pub(super) fn toggle(&mut self, id: LeaseId) {
        if self.all.remove(&id).is_none() {
            self.all.insert(id, None);
        }
    }

    /// Marks leases; those that are marked stay so.
    pub(super) fn add(&mut self, ids: impl IntoIterator<Item = LeaseId>) {
        ids.into_iter().for_each(|id| {
            self.all.entry(id).or_default();
        });
    }

    /// Marks a lease with the reason why it could not be revoked.
    pub(super) fn fail(&mut self, id: LeaseId, reason: &str) {
        self.all.insert(id, Some(reason.into()));
    }

    /// Takes the mark of a lease away; no if there was none.
    pub(super) fn remove(&mut self, id: LeaseId) -> bool {
        self.range.take_if(|first| *first == id);
        self.all.remove(&id).is_some()
    }

    /// Takes all marks away, and how many there were.
    pub(super) fn clear(&mut self) -> usize {
        self.range = None;
        std::mem::take(&mut self.all).len()
    }

    /// Begins a range at a lease.
    pub(super) fn begin_range(&mut self, id: LeaseId) {
        self.range = Some(id);
    }

    /// Ends the range, and where it began.
    pub(super) fn end_range(&mut self) -> Option<LeaseId> {
        self.range.take()
    }
}

/// The rows between two, both included, whichever comes first; none where one of them has no row.
pub(super) fn between(order: &[LeaseId], one: LeaseId, other: LeaseId) -> Option<&[LeaseId]> {
    let row = |id| order.iter().position(|row| *row == id);
    let (one, other) = (row(one)?, row(other)?);
    Some(&order[one.min(other)..=one.max(other)])
}
