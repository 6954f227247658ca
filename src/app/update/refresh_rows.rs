//! Updating the rows before a frame.

use crate::app::{AppState, FrozenView, View};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::counts::refresh_counts;

/// Filters and sorts the rows, updates the counts, and moves the window to the cursor. Call it before every frame.
///
/// Equal rows are sorted by id. Unknown values and ended leases come last. While a dialog is open, the rows do not
/// move. A frozen view is sorted as of the time it was frozen.
pub fn refresh_rows(app: &mut AppState, now: Timestamp) {
    let row = app.view.cursor_row();
    refresh_counts(app, now);
    put_in_order(app, row, now);
}

fn put_in_order(app: &mut AppState, row: Option<usize>, now: Timestamp) {
    if app.view.dialog.is_none() {
        app.view.row_index.set_spec(&app.view.row_filter, app.view.sort);
        app.view.row_index.update_order(&mut app.view.order, &app.leases, now);
    }
    restore_cursor(app);
    keep_cursor(app, row);
    if app.view.active == View::Locks {
        app.view.locks_view.keep_cursor(&app.keys.locks);
    }
    if app.view.active == View::Cadence {
        refresh_cadence(app);
    }
    if let Some(frozen) = &mut app.frozen {
        let FrozenView { app, at } = &mut **frozen;
        let at = *at;
        app.leases.counts = app.view.row_index.count(&mut app.leases, at);
        put_in_order(app, app.view.cursor_row(), at);
    }
}

/// Chooses the lease in each row of the cadence view. A lease that is not kept alive here gets a history, so that its
/// row covers more than the latest renewals.
fn refresh_cadence(app: &mut AppState) {
    app.leases.cadence_index.fill_representatives();
    app.view.cadence_cursor.refresh(&app.leases.cadence_index);
    let needs_one =
        |id: &LeaseId| app.leases.alive(*id).is_some_and(|lease| lease.history.is_none() && lease.bounds().is_some());
    let without: Vec<LeaseId> = app.view.cadence_cursor.shown().iter().copied().filter(needs_one).collect();
    for id in without {
        app.leases.history_mut(id, true);
    }
}

/// Returns the cursor to the lease that a filter had hidden, and remembers the lease that is hidden now.
fn restore_cursor(app: &mut AppState) {
    let view = &mut app.view;
    if let Some(id) = view.row_filter.saved_cursor.take_if(|id| view.order.contains(id)) {
        view.cursor = Some(id);
        view.is_away = true;
    }
    let hidden = view.cursor.filter(|id| app.leases.contains(*id) && !view.order.contains(id));
    view.row_filter.saved_cursor = view.row_filter.saved_cursor.or(hidden);
}

/// Keeps the cursor on its lease, or on the same row if the lease has no row any more. A cursor that the user never
/// moved stays within the first page, so that the most endangered leases are visible.
fn keep_cursor(app: &mut AppState, row: Option<usize>) {
    let is_out_of_sight = app.view.cursor_row().is_some_and(|row| row >= app.view.window.rows);
    if !app.view.is_away && is_out_of_sight {
        app.view.cursor = app.view.order.first().copied();
    }
    if app.view.cursor_row().is_none() {
        let last = app.view.order.len().saturating_sub(1);
        app.view.cursor = app.view.order.get(row.unwrap_or(0).min(last)).copied();
    }
    app.view.scroll_to_cursor();
}
