//! The filter line. It filters while the user types.

use crate::app::action::Action;
use crate::app::{AppState, DialogAction, Effect, HistoryKind, Key, KeyContext, Redraw, RowFilter};

use super::{command_line, view_actions};

/// Whether the filter line is open.
pub(super) fn is_open(app: &AppState) -> bool {
    app.active_view().view.is_filter_open()
}

/// Handles a key in the filter line. Enter keeps a valid filter and closes the line. Esc clears the filter. Tab completes
/// the word at the cursor. Up shows older filters, Down newer ones. Movement keys that do not edit text move through the
/// rows; so do Up and Down without a filter to show.
pub(super) fn press(app: &mut AppState, key: Key) -> Vec<Effect> {
    app.view.request_redraw(Redraw::Now);
    app.view.status = None;
    let dialog_action = app.config.keymap.dialog_action(KeyContext::Filter, key);
    let action = app.config.keymap.action(key);
    if browse_history(app, dialog_action) {
        return Vec::new();
    }
    let active = app.active_view_mut();
    if active.view.view_filter().is_some() {
        press_in_view(active, key, dialog_action, action);
        return Vec::new();
    }
    if dialog_action == Some(DialogAction::Accept) {
        return accept(app);
    }
    if let Some(movement) = movement(key, dialog_action, action) {
        view_actions::go(active, movement);
        return Vec::new();
    }
    let row_filter = &mut active.view.row_filter;
    match dialog_action {
        Some(DialogAction::CompleteNext) => row_filter.complete(true),
        Some(DialogAction::CompletePrevious) => row_filter.complete(false),
        Some(DialogAction::HistoryOlder | DialogAction::HistoryNewer) => (),
        Some(_) => {
            row_filter.typed = Default::default();
            row_filter.line = None;
        }
        None => insert(row_filter, key),
    }
    Vec::new()
}

/// The movement through the rows that a key does, if it edits no text. Up and Down do it without a filter to show.
fn movement(key: Key, dialog_action: Option<DialogAction>, action: Option<Action>) -> Option<Action> {
    let moves = match dialog_action {
        Some(dialog_action) => matches!(dialog_action, DialogAction::HistoryOlder | DialogAction::HistoryNewer),
        None => !KeyContext::Filter.edits(key),
    };
    action.filter(|action| moves && action.is_movement())
}

/// Closes the filter line of the leases and adds the filter to the history, if it is valid.
fn accept(app: &mut AppState) -> Vec<Effect> {
    let row_filter = &mut app.active_view_mut().view.row_filter;
    if row_filter.line.take_if(|line| line.bad.is_none()).is_none() {
        return Vec::new();
    }
    let text = row_filter.typed.text().to_owned();
    command_line::remember(app, HistoryKind::Filters, &text)
}

/// Shows an older or newer filter. Returns false if there is none.
fn browse_history(app: &mut AppState, action: Option<DialogAction>) -> bool {
    let is_older = match action {
        Some(DialogAction::HistoryOlder) => true,
        Some(DialogAction::HistoryNewer) => false,
        _ => return false,
    };
    let history = app.view.typed.filters.clone();
    app.active_view_mut().view.row_filter.browse(&history, is_older)
}

/// Handles a key in the filter line of a view other than the leases. Enter closes the line, Esc clears the filter, and
/// movement keys that do not edit text move through the rows.
fn press_in_view(active: &mut AppState, key: Key, dialog_action: Option<DialogAction>, action: Option<Action>) {
    if let Some(movement) = movement(key, dialog_action, action) {
        return view_actions::go(active, movement);
    }
    let Some(filter) = active.view.view_filter_mut() else { return };
    let before = filter.text().to_owned();
    match dialog_action {
        Some(DialogAction::HistoryOlder | DialogAction::HistoryNewer) => (),
        Some(DialogAction::CompleteNext | DialogAction::CompletePrevious) => (),
        Some(DialogAction::Accept) => filter.close(),
        Some(_) => filter.clear(),
        None => filter.edit(key),
    }
    if filter.text() != before {
        on_view_filter_changed(active);
    }
}

/// Shows the newest events again, and keeps the cursor on a lock that the filter of the view shows.
fn on_view_filter_changed(active: &mut AppState) {
    active.view.events_view.follow();
    active.view.locks_view.keep_cursor(&active.keys.locks);
}

/// Inserts pasted text, with control characters replaced by spaces.
pub(super) fn paste(app: &mut AppState, text: &str) {
    /// Maximum number of pasted characters.
    const MOST: usize = 1_000;
    let active = app.active_view_mut();
    if let Some(filter) = active.view.view_filter_mut() {
        filter.paste(text);
        return on_view_filter_changed(active);
    }
    let row_filter = &mut active.view.row_filter;
    for c in text.trim_end().chars().take(MOST) {
        insert(row_filter, Key::Char(if c.is_control() { ' ' } else { c }));
    }
}

fn insert(row_filter: &mut RowFilter, key: Key) {
    let (Some(line), Some(edit)) = (row_filter.line.as_mut(), key.edit()) else { return };
    line.accept_completion();
    let change = line.input.handle(edit);
    if change.is_some_and(|change| change.value) {
        row_filter.read();
    }
}
