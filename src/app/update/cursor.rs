//! The cursor.

use crate::app::keymap::Action;
use crate::app::{AppState, Redraw, View, Viewport};

use super::navigation;
use super::refresh_rows::scroll;

/// Moves through what is shown: the rows, the open detail, or the events.
pub(super) fn go(app: &mut AppState, action: Action) {
    match app.view.active {
        View::Events => app.view.events_view.go(&app.events, app.view.viewport.events, action),
        View::Locks => app.view.locks_view.go(&app.keys.locks, app.view.viewport.events, action),
        View::Cadence => navigation::scroll(app, action),
        View::Leases if app.view.is_open => navigation::scroll(app, action),
        View::Leases => go_to_row(app, action),
    }
}

/// Moves the cursor over the rows as they were last shown.
fn go_to_row(app: &mut AppState, action: Action) {
    let Some(last) = app.view.order.len().checked_sub(1) else { return };
    let row = app.view.cursor_row().unwrap_or(0);
    let page = app.view.window.rows.max(1);
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
    app.view.is_away = action != Action::First;
    app.view.row_filter.saved_cursor = None;
    app.view.cursor = Some(app.view.order[row.min(last)]);
    scroll(app);
}

/// The screen has this much room, for a frozen picture as well.
pub(super) fn resized(app: &mut AppState, viewport: Viewport) {
    if let Some(picture) = &mut app.frozen {
        fit(&mut picture.app, viewport);
    }
    fit(app, viewport);
    app.view.request_redraw(Redraw::Now);
}

/// Makes the window as large as there is room for rows.
pub(super) fn fit(app: &mut AppState, viewport: Viewport) {
    app.view.viewport = viewport;
    app.view.window.rows = if app.view.is_zoomed { viewport.zoomed } else { viewport.rows };
    scroll(app);
}

/// The open detail has so many lines more than it has room for.
pub(super) fn measured(app: &mut AppState, max_scroll: usize) {
    app.active_view_mut().view.max_scroll = max_scroll;
}
