//! Marked leases, by id. Marks survive sorting, filtering and freezing. A mark ends when the user removes it or when its
//! lease ends.

use std::collections::BTreeMap;

use etcd_lease::LeaseId;

/// The marked leases, and the start of a range being marked.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The marked leases. `Some` is the reason why revoking the lease failed.
    all: BTreeMap<LeaseId, Option<Box<str>>>,
    range: Option<LeaseId>,
}

/// The mark shown next to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionMark {
    /// The lease is marked.
    Plain,
    /// The lease is marked because it could not be revoked.
    Failed,
}

impl Selection {
    /// Number of marked leases.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether no lease is marked.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The mark of a lease.
    pub fn of(&self, id: LeaseId) -> Option<SelectionMark> {
        self.all.get(&id).map(|reason| if reason.is_some() { SelectionMark::Failed } else { SelectionMark::Plain })
    }

    /// Why a marked lease could not be revoked. Not escaped.
    pub fn reason(&self, id: LeaseId) -> Option<&str> {
        self.all.get(&id)?.as_deref()
    }

    /// The marked leases, sorted by id.
    pub fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.all.keys().copied()
    }

    /// The lease at which the range being marked starts.
    pub fn range(&self) -> Option<LeaseId> {
        self.range
    }

    /// Marks or unmarks a lease.
    pub(super) fn toggle(&mut self, id: LeaseId) {
        if self.all.remove(&id).is_none() {
            self.all.insert(id, None);
        }
    }

    /// Marks leases. Existing marks stay as they are.
    pub(super) fn add(&mut self, ids: impl IntoIterator<Item = LeaseId>) {
        ids.into_iter().for_each(|id| {
            self.all.entry(id).or_default();
        });
    }

    /// Marks a lease as failed to revoke.
    pub(super) fn fail(&mut self, id: LeaseId, reason: &str) {
        self.all.insert(id, Some(reason.into()));
    }

    /// Unmarks a lease. Returns false if it was not marked.
    pub(super) fn remove(&mut self, id: LeaseId) -> bool {
        self.all.remove(&id).is_some()
    }

    /// Clears all marks and cancels the range. Returns how many marks there were.
    pub(super) fn clear(&mut self) -> usize {
        self.range = None;
        std::mem::take(&mut self.all).len()
    }

    /// Starts a range at a lease.
    pub(super) fn start_range(&mut self, id: LeaseId) {
        self.range = Some(id);
    }

    /// Ends the range and returns where it started.
    pub(super) fn end_range(&mut self) -> Option<LeaseId> {
        self.range.take()
    }
}
