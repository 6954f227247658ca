//! Marking leases, and finding the leases that an action applies to.

use std::collections::BTreeSet;

use crate::app::keymap::Action;
use crate::app::{AppState, View};
use crate::plural::plural;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::view_actions;

/// Marks or unmarks the lease or the group under the cursor, and moves to the next row. If a range was started, marks the
/// range instead.
pub(super) fn toggle(app: &mut AppState, now: Timestamp) {
    if app.view.selection.range().is_some() {
        return range(app, now);
    }
    if let Some(group) = group_targets(app) {
        if group.is_empty() {
            return app.view.set_status(
                now,
                true,
                "All leases of this group are gone; only living leases can be marked",
            );
        }
        return toggle_group(app, group);
    }
    let Some(id) = under_the_cursor(app) else { return };
    if app.leases.alive_mut(id).is_none() {
        return app.view.set_status(
            now,
            true,
            format!("{id} is gone; only living leases can be marked", id = app.view.id_format.name(id)),
        );
    }
    app.view.selection.toggle(id);
    // In the events view and in the detail, the row below is another line of the same lease, and no mark is drawn.
    let view = &app.active_view().view;
    if view.active != View::Events && !view.is_open {
        return view_actions::go(app.active_view_mut(), Action::Down);
    }
    let done = if app.view.selection.of(id).is_some() { "Marked" } else { "Unmarked" };
    app.view.set_status(now, false, format!("{done} {}", app.view.id_format.name(id)));
}

/// Marks the leases of a group, or unmarks them if all are marked.
fn toggle_group(app: &mut AppState, group: Vec<LeaseId>) {
    if group.iter().all(|id| app.view.selection.of(*id).is_some()) {
        group.into_iter().for_each(|id| {
            app.view.selection.remove(id);
        });
    } else {
        app.view.selection.add(group);
    }
    view_actions::go(app.active_view_mut(), Action::Down);
}

/// The living leases of the group under the cursor. `None` if no group is under it.
pub(super) fn group_targets(app: &AppState) -> Option<Vec<LeaseId>> {
    let view = &app.active_view().view;
    let group = view.cursor_group().filter(|_| !is_one_open(app))?;
    Some(view.group_members(group).iter().copied().filter(|id| app.leases.alive(*id).is_some()).collect())
}

/// Starts a range at the cursor, or marks the living leases from the start of the range to the cursor.
pub(super) fn range(app: &mut AppState, now: Timestamp) {
    if app.active_view().view.is_grouped() {
        return app.view.set_status(
            now,
            true,
            "Ranges are not available while leases are grouped; Space marks a group",
        );
    }
    let Some(cursor) = under_the_cursor(app) else { return };
    let Some(first) = app.view.selection.end_range() else { return app.view.selection.start_range(cursor) };
    let view = &app.active_view().view;
    let Some(rows) = view.rows_between(first, cursor).map(|rows| view.order[rows].to_vec()) else {
        return app.view.set_status(
            now,
            true,
            format!(
                "The range started at {}, which is no longer listed; nothing was marked",
                app.view.id_format.name(first)
            ),
        );
    };
    app.view.selection.add(rows.into_iter().filter(|id| app.leases.alive(*id).is_some()));
}

/// Clears all marks.
pub(super) fn clear(app: &mut AppState, now: Timestamp) {
    let marks = app.view.selection.clear();
    if marks > 0 {
        app.view.set_status(now, false, format!("Cleared {}", plural(marks as u64, "mark")));
    }
}

/// Cancels a range. Returns false if there was none.
pub(super) fn cancel_range(app: &mut AppState) -> bool {
    app.view.selection.end_range().is_some()
}

/// Unmarks an ended lease, and reports that unless this program revoked it.
pub(super) fn on_end(app: &mut AppState, id: LeaseId, is_ours: bool, now: Timestamp) {
    if app.view.selection.remove(id) && !is_ours {
        let rest = app.view.selection.len();
        app.view.set_status(
            now,
            true,
            format!(
                "{id} is gone and no longer marked; {} marked",
                count_or_none(rest),
                id = app.view.id_format.name(id)
            ),
        );
    }
}

/// The leases that an action applies to: those that a command names; else the marked ones, visible rows first. If none is
/// marked, or a single lease is displayed, the leases of the group or the living lease under the cursor.
pub(super) fn targets(app: &AppState) -> Vec<LeaseId> {
    if let Some(named) = &app.view.named_targets {
        return named.clone();
    }
    if app.view.selection.is_empty()
        && let Some(group) = group_targets(app)
    {
        return group;
    }
    if app.view.selection.is_empty() || is_one_open(app) {
        return app.cursor_lease_alive().map(|lease| lease.id).into_iter().collect();
    }
    let (shown, hidden) = visible_and_hidden(app);
    [shown, hidden].concat()
}

/// The [`targets`] of an action. If there are none because the lease under the cursor has ended, says so in the status line.
pub(super) fn targets_or_report(app: &mut AppState, now: Timestamp) -> Vec<LeaseId> {
    let targets = targets(app);
    if targets.is_empty()
        && let Some(id) = app.view.cursor
        && app.leases.contains(id)
    {
        app.view.set_status(now, true, format!("{id} is gone; nothing to act on", id = app.view.id_format.name(id)));
    }
    targets
}

/// The marked leases with a row, in row order, and the marked leases without one.
pub(super) fn visible_and_hidden(app: &AppState) -> (Vec<LeaseId>, Vec<LeaseId>) {
    if let Some(named) = &app.view.named_targets {
        return (named.clone(), Vec::new());
    }
    let is_marked = |id: &LeaseId| app.view.selection.of(*id).is_some();
    let shown: Vec<LeaseId> = app.active_view().view.order.iter().copied().filter(is_marked).collect();
    let seen: BTreeSet<LeaseId> = shown.iter().copied().collect();
    let hidden = app.view.selection.ids().filter(|id| !seen.contains(id)).collect();
    (shown, hidden)
}

/// Whether an action applies only to the lease `id`, which is under the cursor.
pub(super) fn targets_cursor(app: &AppState, id: LeaseId) -> bool {
    let selection = &app.view.selection;
    selection.is_empty() || is_one_open(app) || selection.len() == 1 && selection.of(id).is_some()
}

/// Whether a single lease is displayed instead of marks: its detail is open, or another view is active.
pub(super) fn is_one_open(app: &AppState) -> bool {
    let view = &app.active_view().view;
    view.is_open || view.active != View::Leases
}

fn under_the_cursor(app: &AppState) -> Option<LeaseId> {
    app.active_view().view.cursor
}

fn count_or_none(count: usize) -> String {
    match count {
        0 => "none".to_owned(),
        count => count.to_string(),
    }
}
