//! Where one looks: the views, the open detail, the events' filter.

use crate::app::keymap::Action;
use crate::app::{AppState, Column, View};

use super::cursor;

/// Shows a view.
pub(super) fn switch_to(model: &mut AppState, view: View) {
    (model.view, model.is_open, model.scroll) = (view, false, 0);
    model.locks_view.hold(&model.locks);
}

/// In the locks view a key is about the lease of the candidate under the cursor there: it is selected. No if it is not
/// there; in any other view there is nothing to do.
pub(super) fn select_candidate(model: &mut AppState) -> bool {
    if model.view != View::Locks {
        return true;
    }
    let id = model.candidate().map(|candidate| candidate.lease).filter(|id| model.lease(*id).is_some());
    if id.is_some() {
        (model.cursor, model.is_away) = (id, true);
    }
    id.is_some()
}

/// Opens the detail of the selected lease, from its top on. From now on the cursor stays on it, wherever its row goes. A
/// filter that hides the lease of a candidate gives way.
pub(super) fn open(model: &mut AppState) {
    if model.view == View::Locks && select_candidate(model) {
        model.view = View::Leases;
        let is_hidden = model.cursor_row().is_none();
        if is_hidden {
            model.row_filter.clear();
        }
    }
    if model.view == View::Leases && model.cursor_lease().is_some() {
        model.row_filter.saved_cursor = None;
        (model.is_open, model.is_away, model.scroll) = (true, true, 0);
    }
}

/// Goes back by one step: the detail, the events' kind, their place, their view, the filter. No if there was none to go.
pub(super) fn back(model: &mut AppState) -> bool {
    if model.is_open {
        model.is_open = false;
    } else if model.view == View::Leases && model.is_zoomed {
        zoom(model);
    } else if matches!(model.view, View::Cadence | View::Locks)
        || model.view == View::Events && !model.events_view.clear()
    {
        model.view = View::Leases;
    } else if model.view == View::Leases {
        return model.row_filter.clear();
    }
    true
}

/// Shows the next kind of events, or the leases that the next quick filter lets through.
pub(super) fn next_category(model: &mut AppState) {
    match model.view {
        View::Events => model.events_view.next_category(),
        View::Leases => model.row_filter.next_preset(),
        View::Cadence | View::Locks => (),
    }
}

/// Shows a shorter or a longer span of time in the charts.
pub(super) fn change_span(model: &mut AppState, action: Action) {
    /// At the longest an hour of the shortest lease is seen as a whole.
    const LONGEST: u8 = 5;
    if model.shows_detail() {
        model.span = match action {
            Action::LongerSpan => (model.span + 1).min(LONGEST),
            _ => model.span.saturating_sub(1),
        };
    }
}

/// Moves through the open detail, or the cadence view; they may be moved by as many lines as they have no room for.
pub(super) fn scroll(model: &mut AppState, action: Action) {
    let page = model.window.rows.max(2) - 1;
    let scroll = model.scroll.min(model.max_scroll);
    model.scroll = match action {
        Action::Up => scroll.saturating_sub(1),
        Action::Down => scroll + 1,
        Action::PageUp => scroll.saturating_sub(page),
        Action::PageDown => scroll + page,
        Action::HalfUp => scroll.saturating_sub(page.div_ceil(2)),
        Action::HalfDown => scroll + page.div_ceil(2),
        Action::Last => model.max_scroll,
        _ => 0,
    }
    .min(model.max_scroll);
}

/// Writes ids in hex or in decimal, on the whole screen.
pub(super) fn toggle_id_format(model: &mut AppState) {
    model.ids = model.ids.other();
    if let Some(picture) = &mut model.frozen {
        picture.model.ids = model.ids;
    }
}

/// Gives the table, or the open detail, the whole screen, or takes that back.
pub(super) fn zoom(model: &mut AppState) {
    model.is_zoomed = !model.is_zoomed;
    cursor::fit(model, model.viewport);
}

/// Gives columns all the room that they want, or shows as many as fit.
pub(super) fn widen(model: &mut AppState) {
    (model.is_wide, model.pan) = (!model.is_wide, 0);
}

/// Moves wide columns by one. One beside the id stays in sight.
pub(super) fn pan(model: &mut AppState, action: Action) {
    let most = model.config.columns.iter().filter(|column| **column != Column::Id).count().saturating_sub(1);
    if model.is_wide {
        model.pan = if action == Action::Right { (model.pan + 1).min(most) } else { model.pan.saturating_sub(1) };
    }
}
