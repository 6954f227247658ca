//! Messages for keys that do nothing, and the end of messages that no longer apply.

use crate::app::action::Action;
use crate::app::bulk::BulkRevoke;
use crate::app::dialog::Dialog;
use crate::app::events_view::EventsView;
use crate::app::locks_view::LocksView;
use crate::app::{
    AppState, CadenceCursor, DialogAction, Effect, FilterPreset, GroupBy, GroupedRow, Key, MembersView, MessageScope,
    Redraw, Sort, View, ViewState,
};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// What a key can change on the screen, as far as this module knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Displayed {
    view: View,
    is_open: bool,
    is_zoomed: bool,
    is_wide: bool,
    pan: usize,
    scroll: usize,
    span: u8,
    cursor: Option<LeaseId>,
    group_by: GroupBy,
    grouped_cursor: Option<GroupedRow>,
    grouped_rows: usize,
    is_following: bool,
    top: usize,
    filter: (FilterPreset, String, bool),
    sort: Sort,
    marks: (usize, Option<LeaseId>),
    ids: IdFormat,
    events_view: EventsView,
    locks_view: LocksView,
    members_view: MembersView,
    cadence_cursor: CadenceCursor,
    has_dialog: bool,
    has_mouse: bool,
    is_frozen: bool,
    poll_limit: u32,
}

impl Displayed {
    pub(super) fn of(app: &AppState) -> Self {
        let view = &app.active_view().view;
        Displayed {
            view: view.active,
            is_open: view.is_open,
            is_zoomed: view.is_zoomed && view.viewport.rows != view.viewport.zoomed,
            is_wide: view.is_wide,
            pan: view.pan,
            scroll: view.scroll,
            span: view.span,
            cursor: view.cursor,
            group_by: view.group_by,
            grouped_cursor: view.grouped_cursor(),
            grouped_rows: view.grouped_len(),
            is_following: view.is_following(),
            top: view.window.top,
            filter: (view.row_filter.preset, view.row_filter.typed.to_string(), view.row_filter.line.is_some()),
            sort: view.sort,
            marks: (app.view.selection.len(), app.view.selection.range()),
            ids: view.id_format,
            events_view: view.events_view.clone(),
            locks_view: view.locks_view.clone(),
            members_view: view.members_view.clone(),
            cadence_cursor: view.cadence_cursor.clone(),
            has_dialog: app.view.dialog.is_some(),
            has_mouse: app.view.has_mouse,
            is_frozen: app.frozen.is_some(),
            poll_limit: app.polls.limit,
        }
    }
}

/// Whether an action does nothing in the displayed view, or while the detail hides what it would change.
pub(super) fn is_refused(app: &AppState, action: Action) -> bool {
    let view = &app.active_view().view;
    !action.works_in(view.active) || view.is_open && action.is_hidden_by_detail()
}

/// Says what a new sort order applies to while leases are grouped.
pub(super) fn report_sort_of_groups(app: &mut AppState, now: Timestamp) {
    let view = &app.active_view().view;
    if !view.is_grouped() {
        return;
    }
    let (title, is_descending) = (view.sort.key.title(), view.sort.is_descending);
    let order = if is_descending { ", highest first" } else { "" };
    let text = format!("The leases in each group are sorted by {title}{order}; groups stay sorted by problems");
    app.view.set_status(now, false, text);
}

/// Says that a key is not bound, and which key lists the keys.
pub(super) fn report_unbound(app: &mut AppState, key: Key, now: Timestamp) {
    let help = app.config.keymap.key_label(Action::Help);
    app.view.set_feedback(now, format!("{key} is not bound; {help} lists the keys"));
}

/// Says that a key has no function in the open dialog, and which key leaves it, if it does so at once: during a bulk revoke
/// it stops the revoke first, and in a searched help it shows all lines first, as these dialogs say.
pub(super) fn report_unbound_in_dialog(app: &mut AppState, key: Key, dialog: &Dialog, now: Timestamp) {
    let leaves_at_once = match dialog {
        Dialog::Help(help) => !help.is_filtered(),
        Dialog::Revoking { .. } => app.jobs.bulk().is_none_or(BulkRevoke::is_drained),
        _ => true,
    };
    let context = dialog.key_context();
    let ways_out = [DialogAction::Close, DialogAction::FormClose, DialogAction::QuitStay];
    let mut text = format!("{key} does nothing in this dialog");
    if let Some(way_out) = ways_out.into_iter().find(|way| way.contexts().contains(&context))
        && leaves_at_once
    {
        text += &format!("; {} leaves it", app.config.keymap.key_label(Action::Dialog(way_out)));
    }
    app.view.set_feedback(now, text);
}

/// Says why a key or a command changed nothing on the screen, unless a message already says what it did.
pub(super) fn report(
    app: &mut AppState,
    (name, action): (&str, Action),
    before: &Displayed,
    effects: &[Effect],
    now: Timestamp,
) {
    if app.view.status.is_some() || app.view.redraw == Redraw::Full || Displayed::of(app) != *before {
        return;
    }
    let reason = if effects.is_empty() { reason(app, action) } else { sent(action) };
    if let Some(reason) = reason {
        app.view.set_feedback(now, format!("{name}: {reason}"));
    }
}

/// What an action started whose result is not on the screen yet. `None` if a message will follow.
fn sent(action: Action) -> Option<String> {
    let text = match action {
        Action::PollNow => "polling now",
        Action::RenewOnce => "renewing",
        Action::ExportCsv => "exporting",
        Action::Record => "starting or ending the recording",
        Action::CopyId | Action::CopyCommand => "copying",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Why an action does nothing. `None` for an action that this module does not know.
fn reason(app: &AppState, action: Action) -> Option<String> {
    let shown = app.active_view();
    let view = &shown.view;
    if !action.works_in(view.active) {
        return Some("not in this view".to_owned());
    }
    let label = |action| app.config.keymap.key_label(action);
    if view.is_open && action.is_hidden_by_detail() {
        return Some(format!("not while a lease is open; {} closes it", label(Action::Back)));
    }
    if action.is_movement() || matches!(action, Action::NextLease | Action::PreviousLease) {
        return Some(end_of_list(shown, action).to_owned());
    }
    let text = match action {
        Action::Open if view.is_open => format!("this lease is open; {} closes it", label(Action::Back)),
        Action::Open => no_lease(app),
        action if action.needs_lease() => no_lease(app),
        Action::Back => format!("nothing to go back to; {} quits", label(Action::Quit)),
        Action::Show(_) => "this view is already shown".to_owned(),
        Action::ClearMarks => "no lease is marked".to_owned(),
        Action::MarkRange => "no lease is selected".to_owned(),
        Action::QuickFilter => "no preset matches a lease".to_owned(),
        Action::Zoom => "the table already fills the screen".to_owned(),
        Action::Left | Action::Right if view.active == View::Cadence => "this TTL has no other lease".to_owned(),
        Action::Left | Action::Right => no_column(view, action, &label(Action::Wide)),
        Action::ShorterSpan | Action::LongerSpan => no_span(view, action, &label(Action::Open)),
        _ => return None,
    };
    Some(text)
}

/// Why an action has no lease to apply to.
fn no_lease(app: &AppState) -> String {
    let shown = app.active_view();
    if shown.view.active == View::Events && shown.view.events_view.follows() {
        if shown.view.events_view.lines(shown.event_sources()).is_empty() {
            return "no event is listed".to_owned();
        }
        return format!("no event is selected; {} selects the newest", app.config.keymap.key_label(Action::Up));
    }
    let Some(id) = shown.subject() else { return "no lease is selected".to_owned() };
    let name = app.view.id_format.name(id);
    match app.leases.get(id) {
        Some(lease) if lease.end.is_some() => format!("{name} has ended"),
        Some(_) => format!("nothing to do for {name}"),
        None => format!("{name} is not listed"),
    }
}

/// Where a movement stopped.
fn end_of_list(shown: &AppState, action: Action) -> &'static str {
    use Action::{First, HalfUp, PageUp, PreviousLease, Up};
    let is_up = matches!(action, First | HalfUp | PageUp | PreviousLease | Up);
    let view = &shown.view;
    let is_empty = match view.active {
        View::Leases => view.order().is_empty(),
        View::Events => view.events_view.lines(shown.event_sources()).is_empty(),
        View::Locks => shown.candidate().is_none(),
        View::Members => view.members_view.rows(&shown.cluster).is_empty(),
        View::Cadence => false,
    };
    match (view.active, is_up) {
        (View::Leases, _) if is_empty => "no lease is listed",
        (View::Events, _) if is_empty => "no event is listed",
        (View::Locks, _) if is_empty => "no lock is listed",
        (View::Members, _) if is_empty => "no member is listed",
        (View::Leases, _) if matches!(action, Action::NextLease) => "this is the last lease",
        (View::Leases, _) if matches!(action, PreviousLease) => "this is the first lease",
        (View::Events, true) => "this is the first event",
        (View::Events, false) => "this is the newest event",
        (View::Leases, true) if !view.is_open => "this is the first row",
        (View::Leases, false) if !view.is_open => "this is the last row",
        (View::Locks | View::Members, true) => "this is the first row",
        (View::Locks | View::Members, false) => "this is the last row",
        (_, true) => "this is the first line",
        (_, false) => "this is the last line",
    }
}

fn no_column(view: &ViewState, action: Action, wide: &str) -> String {
    match (view.is_wide, action) {
        (false, _) => format!("{wide} shows all columns; then this key scrolls them"),
        (true, Action::Left) => "no more columns to the left".to_owned(),
        (true, _) => "no more columns to the right".to_owned(),
    }
}

fn no_span(view: &ViewState, action: Action, open: &str) -> String {
    match (view.is_detail_visible() || view.active == View::Cadence, action) {
        (false, _) => format!("no chart is shown; {open} opens the lease"),
        (true, Action::ShorterSpan) => "this is the shortest time span".to_owned(),
        (true, _) => "this is the longest time span".to_owned(),
    }
}

/// Ends a message that no longer applies.
pub(super) fn drop_obsolete(app: &mut AppState) {
    let Some(MessageScope::Drill { id, has_started }) = app.view.status.as_ref().map(|status| status.scope) else {
        return;
    };
    let is_running = app.leases.alive(id).is_some_and(|lease| lease.drill().is_some());
    if is_running {
        app.view.limit_status(MessageScope::Drill { id, has_started: true });
    } else if has_started || app.leases.alive(id).is_none() {
        app.view.status = None;
        app.view.request_redraw(Redraw::Soon);
    }
}
