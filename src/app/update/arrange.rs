//! The order of the rows.

use crate::app::{Model, View};
use simkit::Timestamp;

use super::attend::attend;

/// Puts the rows that the filter lets through in their order, counts, and brings the cursor's row into the window. Before
/// every draw.
///
/// The id decides where the sort does not, unknown and dead ones come last. While a dialog is open the rows stay where they
/// are. A frozen picture is put in order as of its own moment.
pub fn arrange(model: &mut Model, now: Timestamp) {
    let row = model.cursor_row();
    attend(model, now);
    put_in_order(model, row, now);
}

fn put_in_order(model: &mut Model, row: Option<usize>, now: Timestamp) {
    if model.dialog.is_none() {
        model.standing.follow(&model.sieve, model.sort);
        model.standing.seat(&mut model.order, &model.leases, now);
    }
    come_home(model);
    hold_cursor(model, row);
    if model.view == View::Locks {
        model.locks_page.hold(&model.locks);
    }
    if let Some(picture) = &mut model.frozen {
        let (model, at) = (&mut picture.model, picture.at);
        model.census = model.standing.count(&mut model.leases, at);
        put_in_order(model, model.cursor_row(), at);
    }
}

/// Takes the cursor back to the lease that a filter has hidden from it, and remembers the one that is hidden now.
fn come_home(model: &mut Model) {
    if let Some(home) = model.sieve.home.take_if(|home| model.order.contains(home)) {
        (model.cursor, model.is_away) = (Some(home), true);
    }
    let hidden = model.cursor.filter(|id| model.leases.contains(*id) && !model.order.contains(id));
    model.sieve.home = model.sieve.home.or(hidden);
}

/// The cursor stays on its lease; where that has left, on the row at which it was. One that was never moved stays in
/// sight of the top, so that a crowd is seen from its most endangered on.
fn hold_cursor(model: &mut Model, row: Option<usize>) {
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
pub(super) fn scroll(model: &mut Model) {
    let row = model.cursor_row().unwrap_or(0);
    let rows = model.window.rows.max(1);
    let most = model.order.len().saturating_sub(rows);
    model.window.top = model.window.top.min(row).max((row + 1).saturating_sub(rows)).min(most);
}
