//! Moving through the grouped table, and keeping its rows up to date.

use std::collections::HashSet;
use std::ops::Range;

use super::group_view::{AdoptedGroups, GroupView, GroupedRow};
use super::view_state::ViewState;
use super::{Group, GroupBy, GroupId, Lease, LeaseStore};
use etcd_lease::LeaseId;

impl ViewState {
    /// Whether the leases are grouped.
    pub fn is_grouped(&self) -> bool {
        self.group_by != GroupBy::None
    }

    /// The visible rows of the grouped table. Empty if leases are not grouped.
    pub fn grouped_rows(&self) -> &[GroupedRow] {
        &self.group_view.rows[self.grouped_range()]
    }

    /// Number of rows of the grouped table.
    pub fn grouped_len(&self) -> usize {
        self.group_view.rows.len()
    }

    /// The row under the cursor of the grouped table.
    pub fn grouped_cursor(&self) -> Option<GroupedRow> {
        if self.is_grouped() { self.group_view.cursor } else { None }
    }

    /// The group under the cursor. `None` if a lease is under it.
    pub fn cursor_group(&self) -> Option<GroupId> {
        match self.grouped_cursor()? {
            GroupedRow::Group(group) => Some(group),
            GroupedRow::Lease(_) => None,
        }
    }

    /// Whether the leases of a group are shown.
    pub fn is_expanded(&self, group: GroupId) -> bool {
        self.group_view.expanded.contains(&group)
    }

    pub(super) fn grouped_range(&self) -> Range<usize> {
        let len = if self.is_grouped() { self.group_view.rows.len() } else { 0 };
        let end = (self.window.top + self.window.rows).min(len);
        self.window.top.min(end)..end
    }

    /// The leases among the visible rows.
    pub(super) fn grouped_leases<'a>(&'a self, leases: &'a LeaseStore) -> impl Iterator<Item = &'a Lease> {
        self.grouped_rows().iter().filter_map(|row| match row {
            GroupedRow::Group(_) => None,
            GroupedRow::Lease(id) => leases.get(*id),
        })
    }

    /// Shows or hides the leases of the group under the cursor. Returns false if there is none.
    pub(super) fn toggle_expanded(&mut self) -> bool {
        let Some(group) = self.cursor_group() else { return false };
        if !self.group_view.expanded.remove(&group) {
            self.group_view.expanded.insert(group);
        }
        self.group_view.is_outdated = true;
        true
    }

    /// Moves the cursor of the grouped table to a row.
    pub(super) fn go_to_grouped_row(&mut self, row: usize) {
        let Some(row) = self.group_view.rows.len().checked_sub(1).map(|last| row.min(last)) else { return };
        self.motion.on_cursor_moved(Some(row));
        self.set_grouped_cursor(Some(self.group_view.rows[row]));
        self.scroll_to_grouped_row(row);
    }

    /// Moves the cursor of the grouped table to the next or previous lease of an expanded group, if there is one.
    pub(super) fn go_to_grouped_lease(&mut self, is_next: bool) {
        let (rows, Some(row)) = (&self.group_view.rows, self.grouped_cursor_row()) else { return };
        let is_lease = |row: &usize| matches!(rows[*row], GroupedRow::Lease(_));
        let found = if is_next { (row + 1..rows.len()).find(is_lease) } else { (0..row).rev().find(is_lease) };
        if let Some(found) = found {
            self.go_to_grouped_row(found);
        }
    }

    /// Moves the cursor of the grouped table to a group.
    pub(super) fn select_group(&mut self, group: GroupId) {
        if let Some(row) = self.group_view.rows.iter().position(|row| *row == GroupedRow::Group(group)) {
            self.go_to_grouped_row(row);
        }
    }

    /// Moves the cursor of the grouped table to a lease, and expands its group.
    pub(super) fn select_grouped(&mut self, id: LeaseId) {
        let Some(group) = self.groups().group_of(id).filter(|_| self.is_grouped()) else { return };
        self.group_view.is_outdated |= self.group_view.expanded.insert(group);
        self.group_view.cursor = Some(GroupedRow::Lease(id));
    }

    /// Moves the cursor of the grouped table to the lease that another view selected.
    fn adopt_cursor(&mut self) {
        let Some(id) = self.cursor else { return };
        if self.group_view.cursor != Some(GroupedRow::Lease(id)) {
            self.select_grouped(id);
            self.group_view.is_outdated = true;
        }
    }

    /// Changes what the rows are grouped by. If a group is selected, the cursor goes to its first lease, a living one if
    /// there is any.
    pub(super) fn regroup(&mut self, by: GroupBy, leases: &LeaseStore) {
        if by == self.group_by {
            return;
        }
        if let Some(group) = self.cursor_group() {
            let members = self.group_members(group);
            let living = members.iter().find(|id| leases.alive(**id).is_some());
            self.cursor = living.or(members.first()).copied();
            self.is_away |= self.cursor.is_some();
            // The user saw the row of the group, not that of the lease.
            self.motion.on_cursor_moved(None);
        }
        self.group_by = by;
        self.window.top = 0;
        self.motion.on_other_rows();
    }

    /// The position of the cursor in the grouped table.
    pub(super) fn grouped_cursor_row(&self) -> Option<usize> {
        let cursor = self.grouped_cursor()?;
        self.group_view.rows.iter().position(|row| *row == cursor)
    }

    fn set_grouped_cursor(&mut self, cursor: Option<GroupedRow>) {
        self.group_view.cursor = cursor;
        self.cursor = match cursor {
            Some(GroupedRow::Lease(id)) => Some(id),
            _ => None,
        };
    }

    fn scroll_to_grouped_row(&mut self, row: usize) {
        let rows = self.window.rows.max(1);
        let most = self.group_view.rows.len().saturating_sub(rows);
        self.window.top = self.window.top.min(row).max((row + 1).saturating_sub(rows)).min(most);
    }

    /// Closes the detail. If the cursor of the grouped table is on another row than the open lease, that row counts as not
    /// seen by the user yet.
    pub(super) fn close_detail(&mut self) {
        let is_elsewhere = self.is_grouped() && self.group_view.cursor != self.cursor.map(GroupedRow::Lease);
        if std::mem::take(&mut self.is_open) && is_elsewhere {
            self.motion.on_cursor_moved(None);
        }
    }

    /// Adopts the groups, the rows and the cursor of the grouped table from another view.
    pub(super) fn adopt_groups(&mut self, other: &ViewState) {
        let key = |id: GroupId| Some(other.groups().get(id)?.key().clone());
        let adopted = other.group_view.adopted.clone().unwrap_or_else(|| AdoptedGroups {
            expanded: other.group_view.expanded.iter().copied().filter_map(key).collect(),
            cursor: other.cursor_group().and_then(key),
        });
        self.group_view = GroupView { is_outdated: true, adopted: Some(adopted), ..other.group_view.clone() };
        if other.cursor_group().is_some() && other.cursor.is_none() {
            self.cursor = None;
        }
    }

    /// Looks up the groups that another view has expanded and selected.
    fn find_adopted(&mut self) {
        let Some(adopted) = self.group_view.adopted.take() else { return };
        let mut expanded = HashSet::new();
        let mut cursor = self.group_view.cursor.filter(|row| matches!(row, GroupedRow::Lease(_)));
        for id in self.groups().order() {
            let key = self.groups().get(*id).map(Group::key);
            if key.is_some_and(|key| adopted.expanded.contains(key)) {
                expanded.insert(*id);
            }
            if key.is_some() && key == adopted.cursor.as_ref() {
                cursor = Some(GroupedRow::Group(*id));
            }
        }
        (self.group_view.expanded, self.group_view.cursor) = (expanded, cursor);
    }

    /// Updates the rows of the grouped table. The cursor stays on its group or lease. `has_changed` says that leases came,
    /// went or moved. Returns whether another row came under the cursor.
    pub(super) fn refresh_groups(&mut self, has_changed: bool) -> bool {
        let is_new = self.group_view.by != self.group_by;
        let (had_cursor, line) = (self.group_view.cursor.is_some(), self.grouped_cursor_row());
        if !is_new {
            self.find_adopted();
            self.adopt_cursor();
        }
        if !is_new && !has_changed && !self.group_view.is_outdated {
            return false;
        }
        let before = self.group_view.cursor;
        let line = self.grouped_cursor_row().or(line).unwrap_or(0);
        if is_new {
            let cursor = self.cursor.and_then(|id| self.groups().group_of(id)).map(GroupedRow::Group);
            self.group_view = GroupView { by: self.group_by, cursor, ..GroupView::default() };
            if self.is_open {
                self.adopt_cursor();
            }
        }
        self.group_view.rows = self.build_rows();
        self.group_view.is_outdated = false;
        let row = self.grouped_cursor_row().unwrap_or(line).min(self.group_view.rows.len().saturating_sub(1));
        let cursor = self.group_view.rows.get(row).copied();
        if self.is_open && self.cursor.is_some() {
            // The open lease stays open, even if it has no row any more.
            self.group_view.cursor = cursor;
        } else {
            self.set_grouped_cursor(cursor);
        }
        self.scroll_to_grouped_row(row);
        !is_new && had_cursor && before != self.group_view.cursor
    }

    fn build_rows(&self) -> Vec<GroupedRow> {
        let mut rows = Vec::with_capacity(self.groups().order().len());
        for group in self.groups().order() {
            rows.push(GroupedRow::Group(*group));
            if self.is_expanded(*group) {
                rows.extend(self.group_members(*group).iter().copied().map(GroupedRow::Lease));
            }
        }
        rows
    }

    /// Leaves the grouped table. The cursor stays on its lease.
    pub(super) fn leave_groups(&mut self) {
        if self.group_view.by == GroupBy::None {
            return;
        }
        self.is_away |= self.cursor.is_some();
        self.group_view = GroupView::default();
    }
}
