//! Navigation: view, size, sort order, cursor and scroll position.

use crate::app::action::Action;
use crate::app::{BackStep, Column, LeaseStore, Sort, View, ViewState};
use crate::inference::locks::Locks;
use etcd_lease::LeaseId;

/// Switches to a view.
pub(super) fn switch_to(view: &mut ViewState, locks: &Locks, to: View) {
    close_filter_lines(view);
    view.active = to;
    view.close_detail();
    view.opened_from = None;
    view.scroll = 0;
    view.locks_view.keep_cursor(locks);
}

/// Closes every filter line and keeps the filters, so that no key edits a line that is not visible.
fn close_filter_lines(view: &mut ViewState) {
    view.row_filter.line = None;
    view.events_view.filter.close();
    view.locks_view.filter.close();
    view.cadence_cursor.filter.close();
    view.members_view.filter.close();
}

/// Moves the cursor to a lease.
pub(super) fn select(view: &mut ViewState, id: LeaseId) {
    view.cursor = Some(id);
    view.is_away = true;
    view.row_filter.saved_cursor = None;
    view.select_grouped(id);
}

/// Moves the cursor through the rows as last displayed.
pub(super) fn go_to_row(view: &mut ViewState, action: Action) {
    let page = view.window.rows.max(1);
    view.row_filter.saved_cursor = None;
    if view.is_grouped() {
        let row = view.grouped_cursor_row().unwrap_or(0);
        let last = view.grouped_len().saturating_sub(1);
        return view.go_to_grouped_row(moved(row, action, page, last));
    }
    let Some(last) = view.order.len().checked_sub(1) else { return };
    let from = view.cursor_row();
    let row = moved(from.unwrap_or(0), action, page, last).min(last);
    view.is_away = action != Action::First;
    view.motion.on_cursor_moved(from.map(|_| row));
    view.cursor = Some(view.order[row]);
    view.scroll_to_cursor();
}

/// Scrolls the open detail. The offset may be beyond the end.
pub(super) fn scroll(view: &mut ViewState, action: Action) {
    let page = view.window.rows.max(2) - 1;
    view.scrolled_from = Some(view.scroll);
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

/// Opens the detail of the next or previous lease of the displayed order, or moves the cursor of the table.
pub(super) fn go_to_lease(view: &mut ViewState, action: Action) {
    let before = view.cursor;
    let is_next = action == Action::NextLease;
    if view.is_open && view.is_grouped() {
        view.go_to_grouped_lease(is_next);
    } else {
        go_to_row(view, if is_next { Action::Down } else { Action::Up });
    }
    if view.is_open {
        view.is_away = true;
    }
    if view.cursor != before {
        view.scroll = 0;
    }
}

/// Goes back one step. Returns false if there was nothing to go back from.
pub(super) fn back(view: &mut ViewState) -> bool {
    let Some(step) = view.back_step() else { return false };
    match step {
        BackStep::Detail => {
            view.close_detail();
            view.active = view.opened_from.take().unwrap_or(View::Leases);
        }
        BackStep::Zoom => toggle_zoom(view),
        BackStep::Filter => match view.view_filter_mut() {
            Some(filter) => filter.clear(),
            None => view.row_filter.clear(),
        },
        BackStep::Newest => _ = view.events_view.follow(),
        BackStep::Category => _ = view.events_view.reset_category(),
        BackStep::Leases => switch_away(view),
    }
    true
}

fn switch_away(view: &mut ViewState) {
    view.active = View::Leases;
    view.scroll = 0;
}

/// Opens the filter line with the current filter.
pub(super) fn open_filter(view: &mut ViewState) {
    if let Some(filter) = view.view_filter_mut() {
        return filter.open();
    }
    view.close_detail();
    view.opened_from = None;
    view.row_filter.open();
}

/// Switches to the next event category or quick filter.
pub(super) fn next_category(view: &mut ViewState, leases: &LeaseStore) {
    match view.active {
        View::Events => view.events_view.next_category(),
        View::Leases => view.row_filter.next_preset(leases),
        View::Cadence | View::Locks | View::Members => (),
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

/// Toggles whether the cursor follows its lease when rows move, or stays on its line.
pub(super) fn toggle_following(view: &mut ViewState) {
    view.motion.is_following = !view.motion.is_following;
    view.is_away |= view.motion.is_following;
}

/// Shows these columns in this order.
pub(super) fn choose_columns(view: &mut ViewState, columns: Vec<Column>) {
    view.columns = columns;
    view.pan = 0;
}

/// Toggles full screen for the table or the open detail.
pub(super) fn toggle_zoom(view: &mut ViewState) {
    view.is_zoomed = !view.is_zoomed;
    view.fit(view.viewport);
}

/// Toggles wide columns.
pub(super) fn toggle_wide(view: &mut ViewState) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_that_is_left_closes_its_filter_line_and_keeps_its_filter() {
        let mut view = ViewState { active: View::Events, ..ViewState::default() };
        open_filter(&mut view);
        view.events_view.filter.paste("late");
        switch_to(&mut view, &Locks::default(), View::Leases);
        assert!(!view.is_filter_open());
        switch_to(&mut view, &Locks::default(), View::Events);
        assert!(!view.is_filter_open() && view.is_filtered());
    }
}
