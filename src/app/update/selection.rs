//! Marking leases, and which leases a key means.

use std::collections::BTreeSet;

use crate::app::keymap::Action;
use crate::app::{AppState, View};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::cursor;

/// Marks the lease under the cursor, or takes its mark away, and goes on to the next row.
pub(super) fn toggle(model: &mut AppState, now: Timestamp) {
    if model.selection.range().is_some() {
        return range(model, now);
    }
    let Some(id) = under_the_cursor(model) else { return };
    if model.alive(id).is_none() {
        return model.set_status(
            now,
            true,
            format!("{id} is gone: only living leases are marked", id = model.ids.name(id)),
        );
    }
    model.selection.toggle(id);
    let active_view = model.active_view_mut();
    cursor::go(active_view, Action::Down);
}

/// Begins a range at the cursor; where one has begun, marks the living leases from there to the cursor.
pub(super) fn range(model: &mut AppState, now: Timestamp) {
    let Some(cursor) = under_the_cursor(model) else { return };
    let Some(first) = model.selection.end_range() else { return model.selection.begin_range(cursor) };
    let rows = model.active_view().rows_between(first, cursor).map(<[LeaseId]>::to_vec);
    let Some(rows) = rows else {
        return model.set_status(
            now,
            true,
            format!("the range began at {first}, which has no row any more: nothing was marked"),
        );
    };
    let living = rows.into_iter().filter(|id| model.lease(*id).is_some_and(|lease| lease.end.is_none()));
    let living: Vec<LeaseId> = living.collect();
    model.selection.add(living);
}

/// Takes all marks away.
pub(super) fn clear(model: &mut AppState, now: Timestamp) {
    let marks = model.selection.clear();
    if marks > 0 {
        model.set_status(now, false, format!("{} not marked any more", leases_in_words(marks)));
    }
}

/// Leaves a range that was begun in the table; no if there is none.
pub(super) fn cancel_range(model: &mut AppState) -> bool {
    let active_view = model.active_view();
    let is_table = active_view.view == View::Leases && !active_view.is_open;
    is_table && model.selection.end_range().is_some()
}

/// A dead lease is not marked any more; says so, unless it was revoked from here.
pub(super) fn on_end(model: &mut AppState, id: LeaseId, is_ours: bool, now: Timestamp) {
    if model.selection.remove(id) && !is_ours {
        let rest = model.selection.len();
        model.set_status(
            now,
            true,
            format!("{id} is gone and not marked any more; {} marked", are_in_words(rest), id = model.ids.name(id)),
        );
    }
}

/// The leases that a key means: the marked ones, in the order of the rows and then those without one; where none is
/// marked, or one is looked at, that under the cursor. The living alone.
pub(super) fn targets(model: &AppState) -> Vec<LeaseId> {
    if model.selection.is_empty() || is_one_open(model) {
        return model.cursor_lease_alive().map(|lease| lease.id).into_iter().collect();
    }
    let (shown, hidden) = shown_and_hidden(model);
    [shown, hidden].concat()
}

/// The leases that a key means; where that would be a dead one, it is told that nothing can be done with it.
pub(super) fn targets_or_report(model: &mut AppState, now: Timestamp) -> Vec<LeaseId> {
    let targets = targets(model);
    if let Some(id) = model.cursor.filter(|_| targets.is_empty())
        && model.lease(id).is_some()
    {
        model.set_status(now, true, format!("{id} is gone: nothing can be done with it", id = model.ids.name(id)));
    }
    targets
}

/// The marked leases that have a row, in the order of the rows, and those that have none.
pub(super) fn shown_and_hidden(model: &AppState) -> (Vec<LeaseId>, Vec<LeaseId>) {
    let is_marked = |id: &LeaseId| model.selection.of(*id).is_some();
    let shown: Vec<LeaseId> = model.active_view().order.iter().copied().filter(is_marked).collect();
    let seen: BTreeSet<LeaseId> = shown.iter().copied().collect();
    let hidden = model.selection.ids().filter(|id| !seen.contains(id)).collect();
    (shown, hidden)
}

/// Whether a key means the lease under the cursor alone.
pub(super) fn targets_cursor(model: &AppState, id: LeaseId) -> bool {
    let selection = &model.selection;
    selection.is_empty() || is_one_open(model) || selection.len() == 1 && selection.of(id).is_some()
}

/// Whether no marks can be seen, but one lease: its detail is open, or it is a candidate for a lock.
fn is_one_open(model: &AppState) -> bool {
    model.active_view().is_open || model.active_view().view == View::Locks
}

fn under_the_cursor(model: &AppState) -> Option<LeaseId> {
    let active_view = model.active_view();
    active_view.cursor.filter(|_| !active_view.is_open)
}

/// One lease, several leases.
pub(super) fn leases_in_words(count: usize) -> String {
    if count == 1 { "1 lease".to_owned() } else { format!("{count} leases") }
}

fn are_in_words(count: usize) -> String {
    match count {
        0 => "none is".to_owned(),
        1 => "1 is".to_owned(),
        count => format!("{count} are"),
    }
}
