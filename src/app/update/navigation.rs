//! Navigation: view, size, sort order, cursor and scroll position.

use crate::app::action::Action;
use crate::app::{Column, Sort, View, ViewState};
use crate::inference::locks::Locks;
use etcd_lease::LeaseId;

/// Switches to a view.
pub(super) fn switch_to(view: &mut ViewState, locks: &Locks, to: View) {
    view.active = to;
    view.is_open = false;
    view.scroll = 0;
    view.locks_view.keep_cursor(locks);
}

/// Moves the cursor to a lease.
pub(super) fn select(view: &mut ViewState, id: LeaseId) {
    view.cursor = Some(id);
    view.is_away = true;
    view.row_filter.saved_cursor = None;
}

/// Moves the cursor through the rows as last displayed.
pub(super) fn go_to_row(view: &mut ViewState, action: Action) {
    let Some(last) = view.order.len().checked_sub(1) else { return };
    let row = view.cursor_row().unwrap_or(0);
    let page = view.window.rows.max(1);
    let row = moved(row, action, page, last);
    view.is_away = action != Action::First;
    view.row_filter.saved_cursor = None;
    view.cursor = Some(view.order[row.min(last)]);
    view.scroll_to_cursor();
}

/// Scrolls the open detail. The offset may be beyond the end.
pub(super) fn scroll(view: &mut ViewState, action: Action) {
    let page = view.window.rows.max(2) - 1;
    view.scroll = moved(view.scroll, action, page, usize::MAX);
}

/// The new position after a movement action.
fn moved(from: usize, action: Action, page: usize, last: usize) -> usize {
    let half = page.div_ceil(2);
    match action {
        Action::Up => from.saturating_sub(1),
        Action::Down => from.saturating_add(1),
        Action::PageUp => from.saturating_sub(page),
        Action::PageDown => from.saturating_add(page),
        Action::HalfUp => from.saturating_sub(half),
        Action::HalfDown => from.saturating_add(half),
        Action::Last => last,
        _ => 0,
    }
}

/// Opens the detail of the selected lease. From now on the cursor follows the lease, not the row.
pub(super) fn open(view: &mut ViewState) {
    view.row_filter.saved_cursor = None;
    view.is_open = true;
    view.is_away = true;
    view.scroll = 0;
}

/// Goes back one step: closes the detail, clears the category or scroll position of the events, leaves the view, or
/// clears the filter. Returns false if there was nothing to go back from.
pub(super) fn back(view: &mut ViewState) -> bool {
    match view.active {
        _ if view.is_open => view.is_open = false,
        View::Leases if view.is_zoomed => zoom(view),
        View::Leases => return view.row_filter.clear(),
        View::Events if view.events_view.clear() => (),
        View::Events | View::Cadence | View::Locks => view.active = View::Leases,
    }
    true
}

/// Opens the filter line with the current filter.
pub(super) fn open_filter(view: &mut ViewState) {
    if view.active == View::Leases {
        view.is_open = false;
        view.row_filter.open();
    }
}

/// Switches to the next event category or quick filter.
pub(super) fn next_category(view: &mut ViewState) {
    match view.active {
        View::Events => view.events_view.next_category(),
        View::Leases => view.row_filter.next_preset(),
        View::Cadence | View::Locks => (),
    }
}

/// Shortens or extends the time span of the charts.
pub(super) fn change_span(view: &mut ViewState, action: Action) {
    /// With the longest span, a full hour of the shortest lease is visible.
    const LONGEST: u8 = 5;
    if view.active == View::Cadence {
        return view.cadence_cursor.change_span(action == Action::LongerSpan);
    }
    if view.is_detail_visible() {
        view.span = match action {
            Action::LongerSpan => (view.span + 1).min(LONGEST),
            _ => view.span.saturating_sub(1),
        };
    }
}

/// Sorts by the column `steps` further, wrapping around.
pub(super) fn sort_by_neighbour(view: &mut ViewState, columns: &[Column], steps: usize) {
    sort_by(view, view.sort.neighbour(columns, steps));
}

/// Sorts the rows. The cursor follows its lease.
pub(super) fn sort_by(view: &mut ViewState, sort: Sort) {
    view.sort = sort;
    view.is_away |= view.cursor_row().is_some_and(|row| row > 0);
}

/// Shows these columns in this order.
pub(super) fn choose_columns(view: &mut ViewState, columns: Vec<Column>) {
    view.columns = columns;
    view.pan = 0;
}

/// Toggles full screen for the table or the open detail.
pub(super) fn zoom(view: &mut ViewState) {
    view.is_zoomed = !view.is_zoomed;
    view.fit(view.viewport);
}

/// Toggles wide columns.
pub(super) fn widen(view: &mut ViewState) {
    view.is_wide = !view.is_wide;
    view.pan = 0;
}

/// Scrolls wide columns by one. At least one column besides the first stays visible.
pub(super) fn pan(view: &mut ViewState, action: Action) {
    let most = view.columns.len().saturating_sub(2);
    if view.is_wide {
        view.pan = if action == Action::Right { (view.pan + 1).min(most) } else { view.pan.saturating_sub(1) };
    }
}
