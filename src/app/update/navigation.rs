//! Where one looks: the views, the open detail, the events' filter.

use crate::app::keymap::Action;
use crate::app::{AppState, Column, View};

use super::cursor;

/// Shows a view.
pub(super) fn switch_to(app: &mut AppState, view: View) {
    (app.view.active, app.view.is_open, app.view.scroll) = (view, false, 0);
    app.view.locks_view.hold(&app.keys.locks);
}

/// In the locks view a key is about the lease of the candidate under the cursor there: it is selected. No if it is not
/// there; in any other view there is nothing to do.
pub(super) fn select_candidate(app: &mut AppState) -> bool {
    if app.view.active != View::Locks {
        return true;
    }
    let id = app.candidate().map(|candidate| candidate.lease).filter(|id| app.leases.get(*id).is_some());
    if id.is_some() {
        (app.view.cursor, app.view.is_away) = (id, true);
    }
    id.is_some()
}

/// Opens the detail of the selected lease, from its top on. From now on the cursor stays on it, wherever its row goes. A
/// filter that hides the lease of a candidate gives way.
pub(super) fn open(app: &mut AppState) {
    if app.view.active == View::Locks && select_candidate(app) {
        app.view.active = View::Leases;
        let is_hidden = app.view.cursor_row().is_none();
        if is_hidden {
            app.view.row_filter.clear();
        }
    }
    if app.view.active == View::Leases && app.cursor_lease().is_some() {
        app.view.row_filter.saved_cursor = None;
        (app.view.is_open, app.view.is_away, app.view.scroll) = (true, true, 0);
    }
}

/// Goes back by one step: the detail, the events' kind, their place, their view, the filter. No if there was none to go.
pub(super) fn back(app: &mut AppState) -> bool {
    if app.view.is_open {
        app.view.is_open = false;
    } else if app.view.active == View::Leases && app.view.is_zoomed {
        zoom(app);
    } else if matches!(app.view.active, View::Cadence | View::Locks)
        || app.view.active == View::Events && !app.view.events_view.clear()
    {
        app.view.active = View::Leases;
    } else if app.view.active == View::Leases {
        return app.view.row_filter.clear();
    }
    true
}

/// Shows the next kind of events, or the leases that the next quick filter lets through.
pub(super) fn next_category(app: &mut AppState) {
    match app.view.active {
        View::Events => app.view.events_view.next_category(),
        View::Leases => app.view.row_filter.next_preset(),
        View::Cadence | View::Locks => (),
    }
}

/// Shows a shorter or a longer span of time in the charts.
pub(super) fn change_span(app: &mut AppState, action: Action) {
    /// At the longest an hour of the shortest lease is seen as a whole.
    const LONGEST: u8 = 5;
    if app.view.shows_detail() {
        app.view.span = match action {
            Action::LongerSpan => (app.view.span + 1).min(LONGEST),
            _ => app.view.span.saturating_sub(1),
        };
    }
}

/// Moves through the open detail, or the cadence view; they may be moved by as many lines as they have no room for.
pub(super) fn scroll(app: &mut AppState, action: Action) {
    let page = app.view.window.rows.max(2) - 1;
    let scroll = app.view.scroll.min(app.view.max_scroll);
    app.view.scroll = match action {
        Action::Up => scroll.saturating_sub(1),
        Action::Down => scroll + 1,
        Action::PageUp => scroll.saturating_sub(page),
        Action::PageDown => scroll + page,
        Action::HalfUp => scroll.saturating_sub(page.div_ceil(2)),
        Action::HalfDown => scroll + page.div_ceil(2),
        Action::Last => app.view.max_scroll,
        _ => 0,
    }
    .min(app.view.max_scroll);
}

/// Writes ids in hex or in decimal, on the whole screen.
pub(super) fn toggle_id_format(app: &mut AppState) {
    app.view.id_format = app.view.id_format.other();
    if let Some(picture) = &mut app.frozen {
        picture.app.view.id_format = app.view.id_format;
    }
}

/// Gives the table, or the open detail, the whole screen, or takes that back.
pub(super) fn zoom(app: &mut AppState) {
    app.view.is_zoomed = !app.view.is_zoomed;
    cursor::fit(app, app.view.viewport);
}

/// Gives columns all the room that they want, or shows as many as fit.
pub(super) fn widen(app: &mut AppState) {
    (app.view.is_wide, app.view.pan) = (!app.view.is_wide, 0);
}

/// Moves wide columns by one. One beside the id stays in sight.
pub(super) fn pan(app: &mut AppState, action: Action) {
    let most = app.config.columns.iter().filter(|column| **column != Column::Id).count().saturating_sub(1);
    if app.view.is_wide {
        app.view.pan =
            if action == Action::Right { (app.view.pan + 1).min(most) } else { app.view.pan.saturating_sub(1) };
    }
}
