//! The mouse, where it was asked for.

use crate::app::dialog::Dialog;
use crate::app::keymap::Action;
use crate::app::{Effect, Hit, Model, Redraw, Sort};
use simkit::Timestamp;

use super::{moves, sort};

/// Rows that a notch of the wheel is worth.
const NOTCH: usize = 3;

/// Takes the mouse from the terminal, or gives it back.
pub(super) fn toggle(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    model.has_mouse = !model.has_mouse;
    let key = model.setup.keymap.press(Action::Mouse);
    let note = match model.has_mouse {
        true => format!("the mouse selects rows and scrolls; {key} gives it back to the terminal"),
        false => "the mouse is the terminal's again: it selects text".to_owned(),
    };
    model.say(now, false, note);
    vec![Effect::Mouse(model.has_mouse)]
}

/// Something was clicked. A dialog is answered by keys alone.
pub(super) fn clicked(model: &mut Model, hit: Hit) {
    if model.dialog.is_some() {
        return;
    }
    model.show(Redraw::Now);
    let looking = model.looking_mut();
    match hit {
        Hit::Row(id) => (looking.cursor, looking.is_away, looking.sieve.home) = (Some(id), true, None),
        Hit::Header(column) if looking.sort.column == column => sort::invert(looking),
        Hit::Header(column) => sort::by(looking, Sort::by(column)),
    }
}

/// The wheel was turned by a notch: the rows, the lines or the help move.
pub(super) fn wheel(model: &mut Model, is_down: bool) {
    let action = if is_down { Action::Down } else { Action::Up };
    model.show(Redraw::Now);
    let spare = model.looking().spare;
    if let Some(Dialog::Help { top }) = &mut model.dialog {
        *top = if is_down { (*top + NOTCH).min(spare) } else { top.saturating_sub(NOTCH) };
    }
    if model.dialog.is_none() {
        (0..NOTCH).for_each(|_| moves::go(model.looking_mut(), action));
    }
}
