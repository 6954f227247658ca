//! The cursor.

use crate::app::keymap::Action;
use crate::app::{AppState, Redraw, View, Viewport};

use super::navigation;
use super::refresh_rows::scroll;

/// Moves through what is shown: the rows, the open detail, or the events.
pub(super) fn go(model: &mut AppState, action: Action) {
    match model.view {
        View::Events => model.events_view.go(&model.events, model.viewport.events, action),
        View::Locks => model.locks_view.go(&model.locks, model.viewport.events, action),
        View::Cadence => navigation::scroll(model, action),
        View::Leases if model.is_open => navigation::scroll(model, action),
        View::Leases => go_to_row(model, action),
    }
}

/// Moves the cursor over the rows as they were last shown.
fn go_to_row(model: &mut AppState, action: Action) {
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
    model.row_filter.saved_cursor = None;
    model.cursor = Some(model.order[row.min(last)]);
    scroll(model);
}

/// The screen has this much room, for a frozen picture as well.
pub(super) fn resized(model: &mut AppState, viewport: Viewport) {
    if let Some(picture) = &mut model.frozen {
        fit(&mut picture.model, viewport);
    }
    fit(model, viewport);
    model.request_redraw(Redraw::Now);
}

/// Makes the window as large as there is room for rows.
pub(super) fn fit(model: &mut AppState, viewport: Viewport) {
    model.viewport = viewport;
    model.window.rows = if model.is_zoomed { viewport.zoomed } else { viewport.rows };
    scroll(model);
}

/// The open detail has so many lines more than it has room for.
pub(super) fn measured(model: &mut AppState, max_scroll: usize) {
    model.active_view_mut().max_scroll = max_scroll;
}
