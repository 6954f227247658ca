//! Marking leases, and which leases a key means.

use std::collections::BTreeSet;

use crate::app::keymap::Action;
use crate::app::{Model, View};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::moves;

/// Marks the lease under the cursor, or takes its mark away, and goes on to the next row.
pub(super) fn toggle(model: &mut Model, now: Timestamp) {
    if model.marks.range().is_some() {
        return range(model, now);
    }
    let Some(id) = under_the_cursor(model) else { return };
    if model.alive(id).is_none() {
        return model.say(now, true, format!("{id} is gone: only living leases are marked", id = model.ids.name(id)));
    }
    model.marks.toggle(id);
    let looking = model.looking_mut();
    moves::go(looking, Action::Down);
}

/// Begins a range at the cursor; where one has begun, marks the living leases from there to the cursor.
pub(super) fn range(model: &mut Model, now: Timestamp) {
    let Some(cursor) = under_the_cursor(model) else { return };
    let Some(first) = model.marks.end_range() else { return model.marks.begin_range(cursor) };
    let rows = model.looking().rows_between(first, cursor).map(<[LeaseId]>::to_vec);
    let Some(rows) = rows else {
        return model.say(
            now,
            true,
            format!("the range began at {first}, which has no row any more: nothing was marked"),
        );
    };
    let living = rows.into_iter().filter(|id| model.lease(*id).is_some_and(|lease| lease.death.is_none()));
    let living: Vec<LeaseId> = living.collect();
    model.marks.add(living);
}

/// Takes all marks away.
pub(super) fn clear(model: &mut Model, now: Timestamp) {
    let marks = model.marks.clear();
    if marks > 0 {
        model.say(now, false, format!("{} not marked any more", leases_in_words(marks)));
    }
}

/// Leaves a range that was begun in the table; no if there is none.
pub(super) fn leave_range(model: &mut Model) -> bool {
    let looking = model.looking();
    let is_table = looking.view == View::Leases && !looking.is_open;
    is_table && model.marks.end_range().is_some()
}

/// A dead lease is not marked any more; says so, unless it was revoked from here.
pub(super) fn died(model: &mut Model, id: LeaseId, is_ours: bool, now: Timestamp) {
    if model.marks.remove(id) && !is_ours {
        let rest = model.marks.len();
        model.say(
            now,
            true,
            format!("{id} is gone and not marked any more; {} marked", are_in_words(rest), id = model.ids.name(id)),
        );
    }
}

/// The leases that a key means: the marked ones, in the order of the rows and then those without one; where none is
/// marked, or one is looked at, that under the cursor. The living alone.
pub(super) fn meant(model: &Model) -> Vec<LeaseId> {
    if model.marks.is_empty() || looks_at_one(model) {
        return model.selected_alive().map(|lease| lease.id).into_iter().collect();
    }
    let (shown, hidden) = shown_and_hidden(model);
    [shown, hidden].concat()
}

/// The leases that a key means; where that would be a dead one, it is told that nothing can be done with it.
pub(super) fn meant_or_told(model: &mut Model, now: Timestamp) -> Vec<LeaseId> {
    let meant = meant(model);
    if let Some(id) = model.cursor.filter(|_| meant.is_empty())
        && model.lease(id).is_some()
    {
        model.say(now, true, format!("{id} is gone: nothing can be done with it", id = model.ids.name(id)));
    }
    meant
}

/// The marked leases that have a row, in the order of the rows, and those that have none.
pub(super) fn shown_and_hidden(model: &Model) -> (Vec<LeaseId>, Vec<LeaseId>) {
    let is_marked = |id: &LeaseId| model.marks.of(*id).is_some();
    let shown: Vec<LeaseId> = model.looking().order.iter().copied().filter(is_marked).collect();
    let seen: BTreeSet<LeaseId> = shown.iter().copied().collect();
    let hidden = model.marks.ids().filter(|id| !seen.contains(id)).collect();
    (shown, hidden)
}

/// Whether a key means the lease under the cursor alone.
pub(super) fn means_the_cursor(model: &Model, id: LeaseId) -> bool {
    let marks = &model.marks;
    marks.is_empty() || looks_at_one(model) || marks.len() == 1 && marks.of(id).is_some()
}

/// Whether no marks can be seen, but one lease: its detail is open, or it is a candidate for a lock.
fn looks_at_one(model: &Model) -> bool {
    model.looking().is_open || model.looking().view == View::Locks
}

fn under_the_cursor(model: &Model) -> Option<LeaseId> {
    let looking = model.looking();
    looking.cursor.filter(|_| !looking.is_open)
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
