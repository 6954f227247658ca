//! The locks view: its filter and its cursor.

use std::sync::Arc;

use super::keymap::Action;
use super::view_filter::{ViewFilter, ViewFilterField};
use crate::inference::locks::{Candidate, LockQueue, Locks};

/// What the locks view shows, and its cursor. A candidate is identified by its key, because one lease can be in several
/// queues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocksView {
    /// The filter. It searches the names of locks.
    pub filter: ViewFilter,
    cursor: Option<Arc<[u8]>>,
    /// Index of the cursor among the shown candidates, for when its candidate is gone.
    row: usize,
}

impl LocksView {
    /// Whether the filter shows a queue.
    pub fn shows(&self, queue: &LockQueue) -> bool {
        let name = || (ViewFilterField::Key, String::from_utf8_lossy(queue.name()).into_owned());
        !self.filter.is_active() || self.filter.matches(&[name()])
    }

    fn candidates<'a>(&self, locks: &'a Locks) -> impl Iterator<Item = &'a Candidate> {
        locks.queues().filter(|queue| self.shows(queue)).flat_map(LockQueue::selectable)
    }

    /// Keeps the cursor on its candidate, or on its row if the candidate is gone.
    pub(super) fn keep_cursor(&mut self, locks: &Locks) {
        let row_of = |cursor: &Arc<[u8]>| self.candidates(locks).position(|candidate| candidate.key == *cursor);
        match self.cursor.as_ref().and_then(row_of) {
            Some(row) => self.row = row,
            None => self.move_to(locks, self.row),
        }
    }

    /// Moves the cursor. A page has `page` lines.
    pub(super) fn go(&mut self, locks: &Locks, page: usize, action: Action) {
        let page = page.saturating_sub(1).max(1);
        let row = match action {
            Action::Up => self.row.saturating_sub(1),
            Action::Down => self.row + 1,
            Action::PageUp => self.row.saturating_sub(page),
            Action::PageDown => self.row + page,
            Action::HalfUp => self.row.saturating_sub(page.div_ceil(2)),
            Action::HalfDown => self.row + page.div_ceil(2),
            Action::Last => usize::MAX,
            _ => 0,
        };
        self.move_to(locks, row);
    }

    /// The candidate under the cursor.
    pub(super) fn candidate<'a>(&self, locks: &'a Locks) -> Option<&'a Candidate> {
        Some(locks.find(self.cursor.as_ref()?)?.1)
    }

    /// The candidates within `room` rows of the cursor.
    pub(super) fn around<'a>(&self, locks: &'a Locks, room: usize) -> impl Iterator<Item = &'a Candidate> {
        self.candidates(locks).skip(self.row.saturating_sub(room)).take(2 * room)
    }

    /// Moves the cursor to a row, or to the last row if there are fewer.
    fn move_to(&mut self, locks: &Locks, row: usize) {
        let found = self.candidates(locks).enumerate().take(row.saturating_add(1)).last();
        let found = found.map(|(row, candidate)| (row, Arc::clone(&candidate.key)));
        self.row = found.as_ref().map_or(0, |(row, _)| *row);
        self.cursor = found.map(|(_, key)| key);
    }
}
