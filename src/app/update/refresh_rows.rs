//! Updating the rows before a frame.

use crate::app::{AppState, FrozenView, View, ViewState};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::counts::refresh_counts;

/// Filters and sorts the rows, updates the counts, and places the window and the cursor. Call it before every frame,
/// and only then: keys apply to the rows of the last frame.
///
/// Equal rows are sorted by id. Unknown values and ended leases come last. While a dialog is open or a range is being
/// marked, the rows do not move. A frozen view is sorted as of the time it was frozen.
pub fn refresh_rows(app: &mut AppState, now: Timestamp) {
    refresh_counts(app, now);
    let frame = Frame {
        is_displayed: app.frozen.is_none(),
        has_dialog: app.view.dialog.is_some(),
        is_fixed: app.view.is_order_fixed(),
        at: now,
        now,
    };
    put_in_order(app, frame);
    if let Some(frozen) = &mut app.frozen {
        let FrozenView { app, at, .. } = &mut **frozen;
        app.leases.counts = app.view.row_index.count(&mut app.leases, *at);
        put_in_order(app, Frame { is_displayed: true, has_dialog: false, at: *at, ..frame });
    }
    let active = app.active_view();
    let group = if active.view.is_open { None } else { active.view.cursor_group() };
    let shown = (active.subject(), group);
    app.active_view_mut().view.motion.on_shown(shown, frame.has_dialog, now);
}

/// How the rows of a frame are ordered.
#[derive(Clone, Copy)]
struct Frame {
    /// Whether this state is on the screen, and not a frozen one instead.
    is_displayed: bool,
    has_dialog: bool,
    /// Whether only the user's own change of sort order or filter may move rows.
    is_fixed: bool,
    /// The time that the rows show.
    at: Timestamp,
    /// The time of the frame.
    now: Timestamp,
}

/// Filters and sorts the rows, places the window and the cursor, and updates the rows of the active view.
fn put_in_order(app: &mut AppState, frame: Frame) {
    let Frame { is_displayed, has_dialog, is_fixed, at, now } = frame;
    let before = Lines::of(&app.view);
    let (mut is_user_change, mut has_changed) = (false, false);
    if !has_dialog {
        let view = &mut app.view;
        view.row_index.set_group(view.group_by);
        is_user_change = view.row_index.set_spec(&view.row_filter, view.sort);
        let may_reorder = is_user_change || view.may_reorder(at);
        let may_change = is_user_change || !is_fixed;
        has_changed = may_change && view.row_index.update_order(&mut view.order, &app.leases, at, may_reorder);
        if has_changed && may_reorder {
            view.motion.on_reordered(at);
        }
    }
    if app.view.is_grouped() {
        let has_moved = app.view.refresh_groups(has_changed);
        let is_table = is_displayed && app.view.active == View::Leases && !app.view.is_open;
        let seen_rows = if is_table { app.view.grouped_range() } else { 0..0 };
        app.view.motion.on_lines(&[], false, now);
        app.view.motion.on_frame(seen_rows, has_moved, now);
        return refresh_other_views(app);
    }
    app.view.leave_groups();
    if is_user_change || before.row.is_none() || app.view.is_cursor_bound(now) {
        restore_cursor(app);
        keep_cursor(app, &before, is_user_change);
    } else {
        before.keep_line(&mut app.view);
    }
    let has_moved = before.cursor.is_some() && app.view.cursor != before.cursor;
    let are_rows_visible = is_displayed && app.view.active == View::Leases && !app.view.is_open;
    let seen_rows = if are_rows_visible { app.view.visible_range() } else { 0..0 };
    let view = &mut app.view;
    view.motion.on_lines(&view.order[seen_rows.clone()], has_changed, now);
    view.motion.on_frame(seen_rows, has_moved, now);
    refresh_other_views(app);
}

/// Updates the rows of a view other than the leases.
fn refresh_other_views(app: &mut AppState) {
    match app.view.active {
        View::Locks => app.view.locks_view.keep_cursor(&app.keys.locks),
        View::Members => app.view.members_view.keep_cursor(&app.cluster),
        View::Cadence => refresh_cadence(app),
        View::Leases | View::Events => (),
    }
}

/// Where the cursor and the visible rows were in the last frame.
struct Lines {
    cursor: Option<LeaseId>,
    row: Option<usize>,
    top: usize,
    rows: Vec<LeaseId>,
}

impl Lines {
    fn of(view: &ViewState) -> Self {
        let rows = view.order[view.visible_range()].to_vec();
        let line = view.cursor.and_then(|id| rows.iter().position(|row| *row == id));
        // A cursor that is not in the window was placed by an action, not by the user moving it.
        Lines { cursor: view.cursor, row: line.map(|line| view.window.top + line), top: view.window.top, rows }
    }

    /// Keeps the cursor on its screen line, whichever lease is there.
    fn keep_line(&self, view: &mut ViewState) {
        let Some(last) = view.order.len().checked_sub(1) else {
            view.cursor = None;
            return view.scroll_to_cursor();
        };
        let line = self.row.map_or(0, |row| row - self.top);
        view.window.top = self.new_top(view);
        view.cursor = Some(view.order[(view.window.top + line).min(last)]);
        view.scroll_to_cursor();
    }

    /// The first row of the window. It changes with the rows above it, so that the visible rows do not move. The first page
    /// stays the first page, because a new problem must be visible there.
    fn new_top(&self, view: &ViewState) -> usize {
        let most = view.order.len().saturating_sub(view.window.rows.max(1));
        if self.top == 0 {
            return 0;
        }
        self.top.saturating_add_signed(self.shift(view)).min(most)
    }

    /// By how many rows the visible rows moved: the row under the cursor if it moved together with a neighbour, or else
    /// most of them.
    fn shift(&self, view: &ViewState) -> isize {
        let shift = |line: usize| {
            let row = view.row_of(*self.rows.get(line)?)?;
            Some(row.wrapping_sub(self.top + line) as isize)
        };
        let line = self.row.map_or(0, |row| row - self.top);
        let own = shift(line);
        if own.is_some() && (own == shift(line + 1) || line.checked_sub(1).is_some_and(|above| own == shift(above))) {
            return own.unwrap_or(0);
        }
        let shifts: Vec<isize> = (0..self.rows.len()).filter_map(shift).collect();
        let votes = |shift: &isize| shifts.iter().filter(|other| *other == shift).count();
        shifts.iter().copied().max_by_key(|shift| (votes(shift), Some(*shift) == own)).unwrap_or(0)
    }
}

/// Chooses the lease in each row of the cadence view. A lease that is not kept alive here gets a history, so that its
/// row covers more than the latest renewals.
fn refresh_cadence(app: &mut AppState) {
    app.leases.cadence_index.fill_representatives();
    app.view.cadence_cursor.refresh(&app.leases.cadence_index);
    let needs_history =
        |id: &LeaseId| app.leases.alive(*id).is_some_and(|lease| lease.history.is_none() && lease.bounds().is_some());
    let without: Vec<LeaseId> = app.view.cadence_cursor.shown().iter().copied().filter(needs_history).collect();
    for id in without {
        app.leases.history_mut(id, true);
    }
}

/// Returns the cursor to the lease that a filter had hidden, and remembers the lease that is hidden now.
fn restore_cursor(app: &mut AppState) {
    let view = &mut app.view;
    if let Some(id) = view.row_filter.saved_cursor.take_if(|id| view.row_index.row(&view.order, *id).is_some()) {
        view.cursor = Some(id);
        view.is_away = true;
    }
    let hidden = view.cursor.filter(|id| app.leases.contains(*id) && view.row_of(*id).is_none());
    view.row_filter.saved_cursor = view.row_filter.saved_cursor.or(hidden);
}

/// Keeps the cursor on its lease, or on the same row if the lease has no row any more. After a new sort order or
/// filter, a cursor that the user never moved stays within the first page, so that the first leases are visible.
fn keep_cursor(app: &mut AppState, before: &Lines, is_user_change: bool) {
    let view = &mut app.view;
    let is_out_of_sight = view.cursor_row().is_some_and(|row| row >= view.window.rows);
    if !view.is_away && is_out_of_sight {
        view.cursor = view.order.first().copied();
    }
    let is_open_without_row = view.is_open && view.cursor.is_some_and(|id| app.leases.contains(id));
    if view.cursor_row().is_none() && !is_open_without_row {
        let last = view.order.len().saturating_sub(1);
        view.cursor = view.order.get(before.row.unwrap_or(0).min(last)).copied();
    }
    if !is_user_change {
        view.window.top = before.new_top(view);
    }
    view.scroll_to_cursor();
}
