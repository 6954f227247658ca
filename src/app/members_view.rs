//! The members view: its filter and its cursor.

use super::keymap::Action;
use super::view_filter::{ViewFilter, ViewFilterField};
use super::{ClusterState, MemberRow};

/// What the members view shows, and its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersView {
    /// The filter. It searches the names, addresses, ids, roles and problems of members.
    pub filter: ViewFilter,
    /// The id and the address of the member under the cursor.
    cursor: Option<(u64, String)>,
    /// Index of the cursor among the shown members, for when its member is gone.
    row: usize,
}

impl MembersView {
    /// The members that the filter shows.
    pub fn rows<'a>(&self, cluster: &'a ClusterState) -> Vec<MemberRow<'a>> {
        let mut rows = cluster.members.rows(&cluster.view);
        rows.retain(|row| !self.filter.is_active() || self.filter.matches(&facts(row)));
        rows
    }

    /// The index of the cursor among these rows. `None` without rows.
    pub fn cursor_row(&self, rows: &[MemberRow<'_>]) -> Option<usize> {
        let found = self.cursor.as_ref().and_then(|cursor| rows.iter().position(|row| is_at(row, cursor)));
        let last = rows.len().checked_sub(1)?;
        Some(found.unwrap_or(self.row.min(last)))
    }

    /// Keeps the cursor on its member, or on its row if the member is gone.
    pub(super) fn keep_cursor(&mut self, cluster: &ClusterState) {
        let rows = self.rows(cluster);
        self.move_to(&rows, self.cursor_row(&rows).unwrap_or(0));
    }

    /// Moves the cursor. A page has `page` lines.
    pub(super) fn go(&mut self, cluster: &ClusterState, page: usize, action: Action) {
        let rows = self.rows(cluster);
        let from = self.cursor_row(&rows).unwrap_or(0);
        let page = page.saturating_sub(1).max(1);
        let row = match action {
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::PageUp => from.saturating_sub(page),
            Action::PageDown => from + page,
            Action::HalfUp => from.saturating_sub(page.div_ceil(2)),
            Action::HalfDown => from + page.div_ceil(2),
            Action::Last => usize::MAX,
            _ => 0,
        };
        self.move_to(&rows, row);
    }

    /// Moves the cursor to a row, or to the last row if there are fewer.
    fn move_to(&mut self, rows: &[MemberRow<'_>], row: usize) {
        self.row = row.min(rows.len().saturating_sub(1));
        self.cursor = rows.get(self.row).map(|row| (row.id(), row.address.to_owned()));
    }
}

fn is_at(row: &MemberRow<'_>, (id, address): &(u64, String)) -> bool {
    row.id() == *id && row.address == address
}

/// What a filter searches.
fn facts(row: &MemberRow<'_>) -> Vec<(ViewFilterField, String)> {
    let texts = [row.name(), row.address, row.role.word()].map(str::to_owned);
    let id = Some(row.id()).filter(|id| *id != 0).map(|id| format!("{id:x}"));
    let texts = texts.into_iter().chain(id).chain(row.problems.iter().cloned());
    texts.map(|text| (ViewFilterField::Text, text)).collect()
}
