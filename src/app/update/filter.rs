//! The filter line. It filters while the user types.

use crate::app::{AppState, DialogAction, Key, KeyContext, Redraw, RowFilter};

use super::view_actions;

/// Whether the filter line is open.
pub(super) fn is_open(app: &AppState) -> bool {
    app.active_view().view.row_filter.line.is_some()
}

/// Handles a key in the filter line. Enter keeps a valid filter and closes the line. Esc clears the filter. Tab completes the
/// word at the cursor. Movement keys that do not edit text move through the rows.
pub(super) fn press(app: &mut AppState, key: Key) {
    app.view.request_redraw(Redraw::Now);
    app.view.status = None;
    let dialog_action = app.config.keymap.dialog_action(KeyContext::Filter, key);
    let action = app.config.keymap.action(key);
    let active = app.active_view_mut();
    let row_filter = &mut active.view.row_filter;
    match (dialog_action, action) {
        (Some(DialogAction::Accept), _) => {
            row_filter.line.take_if(|line| line.bad.is_none());
        }
        (Some(DialogAction::CompleteNext), _) => row_filter.complete(true),
        (Some(DialogAction::CompletePrevious), _) => row_filter.complete(false),
        (Some(_), _) => {
            row_filter.typed = Default::default();
            row_filter.line = None;
        }
        (None, Some(action)) if action.is_movement() && !KeyContext::Filter.edits(key) => {
            view_actions::go(active, action)
        }
        (None, _) => insert(row_filter, key),
    }
}

/// Inserts pasted text, with control characters replaced by spaces.
pub(super) fn paste(app: &mut AppState, text: &str) {
    const MOST: usize = 1_000;
    let row_filter = &mut app.active_view_mut().view.row_filter;
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
