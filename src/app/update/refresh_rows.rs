//! The order of the rows.

use crate::app::{AppState, View};
use simkit::Timestamp;

use super::counts::refresh_counts;

/// Puts the rows that the filter lets through in their order, counts, and brings the cursor's row into the window. Before
/// every draw.
///
/// The id decides where the sort does not, unknown and dead ones come last. While a dialog is open the rows stay where they
/// are. A frozen picture is put in order as of its own moment.
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
    hold_cursor(app, row);
    if app.view.active == View::Locks {
        app.view.locks_view.hold(&app.keys.locks);
    }
    if let Some(picture) = &mut app.frozen {
        let (app, at) = (&mut picture.app, picture.at);
        app.leases.counts = app.view.row_index.count(&mut app.leases, at);
        put_in_order(app, app.view.cursor_row(), at);
    }
}

/// Takes the cursor back to the lease that a filter has hidden from it, and remembers the one that is hidden now.
fn restore_cursor(app: &mut AppState) {
    if let Some(saved_cursor) =
        app.view.row_filter.saved_cursor.take_if(|saved_cursor| app.view.order.contains(saved_cursor))
    {
        (app.view.cursor, app.view.is_away) = (Some(saved_cursor), true);
    }
    let hidden = app.view.cursor.filter(|id| app.leases.contains(*id) && !app.view.order.contains(id));
    app.view.row_filter.saved_cursor = app.view.row_filter.saved_cursor.or(hidden);
}

/// The cursor stays on its lease; where that has left, on the row at which it was. One that was never moved stays in
/// sight of the top, so that a crowd is seen from its most endangered on.
fn hold_cursor(app: &mut AppState, row: Option<usize>) {
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
