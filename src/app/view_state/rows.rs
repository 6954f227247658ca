//! The rows of the view: their order, the visible ones, and the one under the cursor.

use std::ops::{Range, RangeInclusive};

use super::ViewState;
use crate::app::lease_store::LeaseStore;
use crate::app::overview::Overview;
use crate::app::{GroupId, GroupIndex, Lease, View};
use crate::inference::locks::{Candidate, Locks};
use etcd_lease::LeaseId;

impl ViewState {
    /// The figures of the strip, as of the last [`refresh_rows`](crate::app::refresh_rows).
    pub fn overview(&self) -> &Overview {
        self.row_index.overview()
    }

    /// The table rows in order, as of the last [`refresh_rows`](crate::app::refresh_rows).
    pub fn order(&self) -> &[LeaseId] {
        &self.order
    }

    /// The groups of the leases that have a row, as of the last [`refresh_rows`](crate::app::refresh_rows).
    pub fn groups(&self) -> &GroupIndex {
        self.row_index.groups()
    }

    /// The leases of a group in their displayed order.
    pub fn group_members(&self, group: GroupId) -> &[LeaseId] {
        self.row_index.members(&self.order, group)
    }

    /// The rows from one lease to another, inclusive. `None` if either has no row.
    pub fn rows_between(&self, one: LeaseId, other: LeaseId) -> Option<RangeInclusive<usize>> {
        let (one, other) = (self.row_of(one)?, self.row_of(other)?);
        Some(one.min(other)..=one.max(other))
    }

    /// The row of a lease. `None` if it has none.
    pub(in crate::app) fn row_of(&self, id: LeaseId) -> Option<usize> {
        self.row_index.row(&self.order, id)
    }

    /// The leases of the visible rows.
    pub fn visible<'a>(&'a self, leases: &'a LeaseStore) -> impl Iterator<Item = &'a Lease> {
        let rows = self.order[self.visible_range()].iter().filter_map(|id| leases.get(*id));
        rows.chain(self.grouped_leases(leases))
    }

    /// Number of rows of living leases.
    pub fn living_rows(&self) -> usize {
        self.order.len() - self.row_index.ended_rows().min(self.order.len())
    }

    /// The rows in the window of the table. Empty if leases are grouped.
    pub(in crate::app) fn visible_range(&self) -> Range<usize> {
        if self.is_grouped() {
            return 0..0;
        }
        let end = (self.window.top + self.window.rows).min(self.order.len());
        self.window.top.min(end)..end
    }

    /// Number of living leases that are pinned but hidden by the filter. 0 if leases are grouped.
    pub fn hidden_pins(&self, leases: &LeaseStore) -> usize {
        // Groups do not put pinned leases first.
        if self.is_grouped() {
            return 0;
        }
        let top = self.order.iter().map_while(|id| leases.get(*id).filter(|lease| lease.is_pinned));
        leases.counts.pinned.saturating_sub(top.filter(|lease| lease.end.is_none()).count())
    }

    /// The row index of the cursor. `None` if its lease has no row.
    pub fn cursor_row(&self) -> Option<usize> {
        self.row_of(self.cursor?)
    }

    /// The lease under the cursor.
    pub fn cursor_lease<'a>(&self, leases: &'a LeaseStore) -> Option<&'a Lease> {
        leases.get(self.cursor?)
    }

    /// The lease under the cursor, if it has not ended.
    pub(in crate::app) fn cursor_lease_alive<'a>(&self, leases: &'a LeaseStore) -> Option<&'a Lease> {
        self.cursor_lease(leases).filter(|lease| lease.end.is_none())
    }

    /// The candidate under the cursor of the locks view.
    pub fn candidate<'a>(&self, locks: &'a Locks) -> Option<&'a Candidate> {
        self.locks_view.candidate(locks)
    }

    /// The leases of the candidates around the cursor of the locks view. Empty in other views.
    pub(in crate::app) fn candidates_on_screen<'a>(
        &self,
        locks: &'a Locks,
        leases: &'a LeaseStore,
    ) -> impl Iterator<Item = &'a Lease> {
        let room = if self.active == View::Locks { self.viewport.events } else { 0 };
        self.locks_view.around(locks, room).filter_map(|candidate| leases.get(candidate.lease))
    }
}
