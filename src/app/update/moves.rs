//! The cursor.

use crate::app::keymap::Action;
use crate::app::{Model, Redraw};

use super::arrange::scroll;

/// Moves the cursor over the rows as they were last shown.
pub(super) fn go(model: &mut Model, action: Action) {
    let Some(last) = model.order.len().checked_sub(1) else { return };
    let row = model.cursor_row().unwrap_or(0);
    let page = model.window.rows.max(1);
    let half = page.div_ceil(2);
    let row = match action {
        Action::Up => row.saturating_sub(1),
        Action::Down => row + 1,
        Action::PageUp => row.saturating_sub(page),
        Action::PageDown => row + page,
        Action::HalfUp => row.saturating_sub(half),
        Action::HalfDown => row + half,
        Action::Last => last,
        _ => 0,
    };
    model.is_away = action != Action::First;
    model.cursor = Some(model.order[row.min(last)]);
    scroll(model);
}

/// The table has room for so many rows.
pub(super) fn resized(model: &mut Model, rows: usize) {
    model.window.rows = rows;
    scroll(model);
    model.show(Redraw::Now);
}
