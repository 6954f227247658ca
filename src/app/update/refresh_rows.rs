//! The order of the rows.

use crate::app::{AppState, View};
use simkit::Timestamp;

use super::counts::refresh_counts;

/// Puts the rows that the filter lets through in their order, counts, and brings the cursor's row into the window. Before
/// every draw.
///
/// The id decides where the sort does not, unknown and dead ones come last. While a dialog is open the rows stay where they
/// are. A frozen picture is put in order as of its own moment.
pub fn refresh_rows(model: &mut AppState, now: Timestamp) {
    let row = model.cursor_row();
    refresh_counts(model, now);
    put_in_order(model, row, now);
}

fn put_in_order(model: &mut AppState, row: Option<usize>, now: Timestamp) {
    if model.dialog.is_none() {
        model.row_index.set_spec(&model.row_filter, model.sort);
        model.row_index.update_order(&mut model.order, &model.leases, now);
    }
    restore_cursor(model);
    hold_cursor(model, row);
    if model.view == View::Locks {
        model.locks_view.hold(&model.locks);
    }
    if let Some(picture) = &mut model.frozen {
        let (model, at) = (&mut picture.model, picture.at);
        model.counts = model.row_index.count(&mut model.leases, at);
        put_in_order(model, model.cursor_row(), at);
    }
}

/// Takes the cursor back to the lease that a filter has hidden from it, and remembers the one that is hidden now.
fn restore_cursor(model: &mut AppState) {
    if let Some(saved_cursor) = model.row_filter.saved_cursor.take_if(|saved_cursor| model.order.contains(saved_cursor))
    {
        (model.cursor, model.is_away) = (Some(saved_cursor), true);
    }
    let hidden = model.cursor.filter(|id| model.leases.contains(*id) && !model.order.contains(id));
    model.row_filter.saved_cursor = model.row_filter.saved_cursor.or(hidden);
}

/// The cursor stays on its lease; where that has left, on the row at which it was. One that was never moved stays in
/// sight of the top, so that a crowd is seen from its most endangered on.
fn hold_cursor(model: &mut AppState, row: Option<usize>) {
    let is_out_of_sight = model.cursor_row().is_some_and(|row| row >= model.window.rows);
    if !model.is_away && is_out_of_sight {
        model.cursor = model.order.first().copied();
    }
    if model.cursor_row().is_none() {
        let last = model.order.len().saturating_sub(1);
        model.cursor = model.order.get(row.unwrap_or(0).min(last)).copied();
    }
    scroll(model);
}

/// Moves the window as little as shows the cursor, and leaves no empty room below the last row.
pub(super) fn scroll(model: &mut AppState) {
    let row = model.cursor_row().unwrap_or(0);
    let rows = model.window.rows.max(1);
    let most = model.order.len().saturating_sub(rows);
    model.window.top = model.window.top.min(row).max((row + 1).saturating_sub(rows)).min(most);
}
