//! The filter line: what is typed filters at once.

use crate::app::{Key, Model, Redraw, Reply, Scope, View, dialog};

use super::moves;

/// Opens the line above the rows, on which the present filter stands.
pub(super) fn open(model: &mut Model) {
    if model.view == View::Leases {
        model.is_open = false;
        model.sieve.open();
    }
}

/// Whether keys are typed into the line.
pub(super) fn is_open(model: &Model) -> bool {
    model.looking().sieve.line.is_some()
}

/// Enter keeps the filter, unless what is typed is none: then the line says why. Esc clears it. Keys that move through the
/// rows and cannot be typed do so.
pub(super) fn press(model: &mut Model, key: Key) {
    model.show(Redraw::Now);
    model.note = None;
    let reply = model.setup.keymap.reply(Scope::Filter, key);
    let action = model.setup.keymap.action(key).filter(|action| action.moves() && !Scope::Filter.types(key));
    let model = model.looking_mut();
    match (reply, action) {
        (Some(Reply::Accept), _) => {
            model.sieve.line.take_if(|line| line.bad.is_none());
        }
        (Some(_), _) => (model.sieve.typed, model.sieve.line) = Default::default(),
        (None, Some(action)) => moves::go(model, action),
        (None, None) => type_in(model, key),
    }
}

/// Types a text, its ends of lines as blanks.
pub(super) fn paste(model: &mut Model, text: &str) {
    const MOST: usize = 1_000;
    let model = model.looking_mut();
    for c in text.trim_end().chars().take(MOST) {
        type_in(model, Key::Char(if c.is_control() { ' ' } else { c }));
    }
}

fn type_in(model: &mut Model, key: Key) {
    let sieve = &mut model.sieve;
    let edit = sieve.line.as_mut().zip(dialog::edit(key));
    if edit.and_then(|(line, edit)| line.input.handle(edit)).is_some_and(|change| change.value) {
        sieve.read();
    }
}
