//! Actions that only change what is displayed. While the display is frozen, they apply to the frozen view.

use crate::app::action::Action;
use crate::app::cadence::CohortOwner;
use crate::app::verbs::Done;
use crate::app::{AppState, EventSources, GroupBy, Redraw, TABS, View};

use super::navigation;

/// Executes a view-only action. Going back from the last step unfreezes the display.
pub(super) fn perform(app: &mut AppState, action: Action) {
    let active = app.active_view_mut();
    match action {
        Action::Show(_) | Action::NextView | Action::PreviousView => switch_view(active, action),
        Action::Open => open(active),
        Action::NextLease | Action::PreviousLease => navigation::go_to_lease(&mut active.view, action),
        Action::QuickFilter => navigation::next_category(&mut active.view, &active.leases),
        Action::Filter => navigation::open_filter(&mut active.view),
        Action::SortBefore | Action::SortAfter | Action::InvertSort => sort(active, action),
        Action::ShorterSpan | Action::LongerSpan => navigation::change_span(&mut active.view, action),
        Action::Back => {
            if !navigation::back(&mut active.view) {
                app.thaw();
            }
        }
        Action::Group => {
            let next = active.view.group_by.next();
            group_by(app, next);
        }
        Action::Follow => navigation::toggle_following(&mut active.view),
        Action::Zoom => navigation::toggle_zoom(&mut active.view),
        Action::Wide => navigation::toggle_wide(&mut active.view),
        Action::Left | Action::Right if active.view.active == View::Cadence => {
            active.view.cadence_cursor.show_other(&active.leases.cadence_index, action == Action::Right);
        }
        Action::Left | Action::Right => navigation::pan(&mut active.view, action),
        action => go(active, action),
    }
    end_hidden_range(app);
}

/// Changes what the leases are grouped by.
pub(super) fn group_by(app: &mut AppState, by: GroupBy) {
    let active = app.active_view_mut();
    active.view.regroup(by, &active.leases);
    end_hidden_range(app);
}

/// Ends a range whose rows are no longer displayed: the leases are grouped, or the detail or another view is open. Space
/// would mark rows that nobody sees.
fn end_hidden_range(app: &mut AppState) {
    let view = &app.active_view().view;
    if view.active != View::Leases || view.is_open || view.is_grouped() {
        app.view.selection.end_range();
    }
}

fn switch_view(active: &mut AppState, action: Action) {
    let present = active.view.active;
    let to = match action {
        Action::Show(view) => view,
        Action::NextView => present.neighbour(1),
        _ => present.neighbour(TABS.len() - 1),
    };
    navigation::switch_to(&mut active.view, &active.keys.locks, to);
}

fn sort(active: &mut AppState, action: Action) {
    let columns = active.view.columns.clone();
    match action {
        Action::SortBefore => {
            // Besides the columns, rows can be sorted by problems. So this many steps forward are one step back.
            navigation::sort_by_neighbour(&mut active.view, &columns, columns.len());
        }
        Action::SortAfter => navigation::sort_by_neighbour(&mut active.view, &columns, 1),
        _ => {
            let inverted = active.view.sort.inverted();
            navigation::sort_by(&mut active.view, inverted);
        }
    }
}

/// Moves through the displayed rows, detail, candidates or events.
pub(super) fn go(active: &mut AppState, action: Action) {
    let AppState { view, events, leases, keys, cluster, .. } = active;
    match view.active {
        View::Events => view.events_view.go(EventSources { events, leases, keys }, view.viewport.events, action),
        View::Locks => view.locks_view.go(&keys.locks, view.viewport.events, action),
        View::Members => view.members_view.go(cluster, view.viewport.events, action),
        View::Cadence => {
            let page = view.viewport.events.max(2) - 1;
            view.cadence_cursor.go(&leases.cadence_index, &mut view.scroll, page, action);
        }
        View::Leases if view.is_open => navigation::scroll(view, action),
        View::Leases => navigation::go_to_row(view, action),
    }
}

/// Shows the leases of the selected cohort in the lease table.
fn open_cohort(active: &mut AppState) {
    let Some(key) = active.view.cadence_cursor.selected().filter(|key| !key.is_rest()) else { return };
    let lease = active.view.cadence_cursor.lease(&active.leases.cadence_index, &key);
    let owner = if key.owner == CohortOwner::Own { "!who:other" } else { "who:other" };
    let sign = if key.is_longest() { ">=" } else { "=" };
    active.view.row_filter.replace_all(&format!("ttl{sign}{} {owner}", key.ttl));
    navigation::switch_to(&mut active.view, &active.keys.locks, View::Leases);
    if let Some(id) = lease {
        navigation::select(&mut active.view, id);
    }
}

/// Opens the detail of the selected lease, from any view. In the cadence view, lists the leases of the selected TTL. In
/// the events view without a cursor, it selects the newest event first. A filter that hides the lease gives way.
fn open(active: &mut AppState) {
    if active.view.active == View::Leases && active.view.toggle_expanded() {
        return;
    }
    let from = active.view.active;
    if from == View::Cadence {
        return open_cohort(active);
    }
    if from == View::Events && active.view.events_view.follows() {
        return go(active, Action::Up);
    }
    if from != View::Leases {
        if !select_subject(active) {
            return;
        }
        active.view.active = View::Leases;
        active.view.opened_from = Some(from);
        if active.view.cursor_row().is_none() {
            active.view.row_filter.clear();
        }
    }
    if active.cursor_lease().is_some() {
        navigation::open(&mut active.view);
    }
}

/// In a view other than the leases, moves the cursor of the table to the lease that the view's own cursor is on. Returns
/// false if there is no such lease, or if it is not known. In the leases view, does nothing and returns true.
pub(super) fn select_subject(active: &mut AppState) -> bool {
    if active.view.active == View::Leases {
        return true;
    }
    let Some(id) = active.subject().filter(|id| active.leases.contains(*id)) else { return false };
    active.view.cursor = Some(id);
    active.view.is_away = true;
    true
}

/// Toggles between hexadecimal and decimal ids.
pub(super) fn toggle_id_format(app: &mut AppState) {
    app.view.id_format = app.view.id_format.other();
    if let Some(frozen) = &mut app.frozen {
        frozen.app.view.id_format = app.view.id_format;
    }
}

/// Shows or hides the strip above the table. On a small screen there is no room for it.
pub(super) fn toggle_strip(app: &mut AppState) -> Done {
    app.view.request_redraw(Redraw::Now);
    let active = &app.active_view().view;
    if active.viewport.strip == 0 {
        return Done::error("The strip needs a larger screen");
    }
    if active.active == View::Leases && (active.is_open || active.is_zoomed) {
        return Done::error("The strip is shown above the table");
    }
    let shown = !active.shows_strip();
    app.view.show_strip(shown);
    if let Some(frozen) = &mut app.frozen {
        frozen.app.view.show_strip(shown);
    }
    Done::default()
}
