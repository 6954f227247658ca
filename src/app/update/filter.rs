//! The filter line: what is typed filters at once.

use crate::app::{AppState, DialogAction, Key, KeyContext, Redraw, View, dialog};

use super::cursor;

/// Opens the line above the rows, on which the present filter stands.
pub(super) fn open(app: &mut AppState) {
    if app.view.active == View::Leases {
        app.view.is_open = false;
        app.view.row_filter.open();
    }
}

/// Whether keys are typed into the line.
pub(super) fn is_open(app: &AppState) -> bool {
    app.active_view().view.row_filter.line.is_some()
}

/// Enter keeps the filter, unless what is typed is none: then the line says why. Esc clears it. Keys that move through the
/// rows and cannot be typed do so.
pub(super) fn press(app: &mut AppState, key: Key) {
    app.view.request_redraw(Redraw::Now);
    app.view.status = None;
    let reply = app.config.keymap.dialog_action(KeyContext::Filter, key);
    let action = app.config.keymap.action(key).filter(|action| action.is_movement() && !KeyContext::Filter.types(key));
    let app = app.active_view_mut();
    match (reply, action) {
        (Some(DialogAction::Accept), _) => {
            app.view.row_filter.line.take_if(|line| line.bad.is_none());
        }
        (Some(_), _) => (app.view.row_filter.typed, app.view.row_filter.line) = Default::default(),
        (None, Some(action)) => cursor::go(app, action),
        (None, None) => type_in(app, key),
    }
}

/// Types a text, its ends of lines as blanks.
pub(super) fn paste(app: &mut AppState, text: &str) {
    const MOST: usize = 1_000;
    let app = app.active_view_mut();
    for c in text.trim_end().chars().take(MOST) {
        type_in(app, Key::Char(if c.is_control() { ' ' } else { c }));
    }
}

fn type_in(app: &mut AppState, key: Key) {
    let row_filter = &mut app.view.row_filter;
    let edit = row_filter.line.as_mut().zip(dialog::edit(key));
    if edit.and_then(|(line, edit)| line.input.handle(edit)).is_some_and(|change| change.value) {
        row_filter.read();
    }
}
