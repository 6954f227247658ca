//! The filter line: what is typed filters at once.

use crate::app::{AppState, DialogAction, Key, KeyContext, Redraw, View, dialog};

use super::cursor;

/// Opens the line above the rows, on which the present filter stands.
pub(super) fn open(model: &mut AppState) {
    if model.view == View::Leases {
        model.is_open = false;
        model.row_filter.open();
    }
}

/// Whether keys are typed into the line.
pub(super) fn is_open(model: &AppState) -> bool {
    model.active_view().row_filter.line.is_some()
}

/// Enter keeps the filter, unless what is typed is none: then the line says why. Esc clears it. Keys that move through the
/// rows and cannot be typed do so.
pub(super) fn press(model: &mut AppState, key: Key) {
    model.request_redraw(Redraw::Now);
    model.status = None;
    let reply = model.config.keymap.dialog_action(KeyContext::Filter, key);
    let action =
        model.config.keymap.action(key).filter(|action| action.is_movement() && !KeyContext::Filter.types(key));
    let model = model.active_view_mut();
    match (reply, action) {
        (Some(DialogAction::Accept), _) => {
            model.row_filter.line.take_if(|line| line.bad.is_none());
        }
        (Some(_), _) => (model.row_filter.typed, model.row_filter.line) = Default::default(),
        (None, Some(action)) => cursor::go(model, action),
        (None, None) => type_in(model, key),
    }
}

/// Types a text, its ends of lines as blanks.
pub(super) fn paste(model: &mut AppState, text: &str) {
    const MOST: usize = 1_000;
    let model = model.active_view_mut();
    for c in text.trim_end().chars().take(MOST) {
        type_in(model, Key::Char(if c.is_control() { ' ' } else { c }));
    }
}

fn type_in(model: &mut AppState, key: Key) {
    let row_filter = &mut model.row_filter;
    let edit = row_filter.line.as_mut().zip(dialog::edit(key));
    if edit.and_then(|(line, edit)| line.input.handle(edit)).is_some_and(|change| change.value) {
        row_filter.read();
    }
}
