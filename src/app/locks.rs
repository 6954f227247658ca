//! The locks view: which candidate it shows, and what is known of that one's lease.

use std::sync::Arc;
use std::time::Duration;

use super::keymap::Action;
use super::{AppState, Lease, LeaseState, View};
use crate::inference::locks::{Candidate, CandidateHealth, CandidateProblem, Locks};
use simkit::Timestamp;

/// Where one looks in the locks view. A candidate is known by its key: a lease may stand in several lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocksView {
    cursor: Option<Arc<[u8]>>,
    /// The place of the cursor among all candidates, for when its candidate has left.
    row: usize,
}

impl LocksView {
    /// The cursor stays on its candidate; where that has left, on the one that took its place.
    pub(super) fn hold(&mut self, locks: &Locks) {
        let place = |cursor: &Arc<[u8]>| locks.candidates().position(|candidate| candidate.key == *cursor);
        match self.cursor.as_ref().and_then(place) {
            Some(row) => self.row = row,
            None => self.look_at(locks, self.row),
        }
    }

    /// Moves by a key, with so many lines to a page.
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
        self.look_at(locks, row);
    }

    /// The candidate at that place, or the last one.
    fn look_at(&mut self, locks: &Locks, row: usize) {
        let found = locks.candidates().enumerate().take(row.saturating_add(1)).last();
        self.row = found.map_or(0, |(row, _)| row);
        self.cursor = found.map(|(_, candidate)| Arc::clone(&candidate.key));
    }
}

impl AppState {
    /// Locks and elections, as far as keys may be read and are followed.
    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The candidate under the cursor of the locks view.
    pub fn candidate(&self) -> Option<&Candidate> {
        Some(self.locks.find(self.locks_view.cursor.as_ref()?)?.1)
    }

    /// The leases of the candidates around the cursor of the locks view, while that is shown.
    pub(super) fn candidates_on_screen(&self) -> impl Iterator<Item = &Lease> {
        let room = if self.view == View::Locks { self.viewport.events } else { 0 };
        let around = self.locks.candidates().skip(self.locks_view.row.saturating_sub(room)).take(2 * room);
        around.filter_map(|candidate| self.lease(candidate.lease))
    }

    /// What is wrong with a candidate, if anything is.
    pub fn problem(&self, candidate: &Candidate, now: Timestamp) -> Option<CandidateProblem> {
        candidate.problem(self.lease(candidate.lease).map_or_else(CandidateHealth::default, |lease| pulse(lease, now)))
    }
}

/// Of a lease that is unseen nobody knows whether it was renewed.
fn pulse(lease: &Lease, now: Timestamp) -> CandidateHealth {
    let state = lease.state(now);
    CandidateHealth {
        is_gone: lease.end.is_some(),
        is_dying: state == LeaseState::Dying,
        ttl: lease.granted_ttl.map(|ttl| Duration::from_secs(ttl.unsigned_abs())),
        unrenewed: lease.unrenewed(now).filter(|_| state != LeaseState::Unseen),
        late_after: lease.late_after(),
    }
}
