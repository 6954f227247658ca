//! A key was pressed.

use crate::app::dialog::{self, Dialog};
use crate::app::keymap::{Action, action};
use crate::app::{Effect, Key, Model, Redraw};
use crate::domain::Moment;

use super::{drill, grant, keep, moves, quit, renew, revoke, tick};

/// Gives the key to the open dialog, or to the key table. A key without a function does nothing.
pub(super) fn press(model: &mut Model, key: Key, now: Moment) -> Vec<Effect> {
    if let Some(dialog) = model.dialog.take() {
        return dialog::key(model, dialog, key, now);
    }
    let Some(action) = action(key) else { return Vec::new() };
    model.show(Redraw::Now);
    model.note = None;
    perform(model, action, now)
}

fn perform(model: &mut Model, action: Action, now: Moment) -> Vec<Effect> {
    match action {
        Action::New => grant::open(model, now),
        Action::Help => model.dialog = Some(Dialog::Help),
        Action::PollNow => tick::poll_now(model, now),
        Action::KeepAlive => return keep::toggle(model, now),
        Action::RenewOnce => return renew::once(model, now),
        Action::Drill => return drill::toggle(model, now),
        Action::Revoke => return revoke::open(model, now),
        Action::Quit => return quit::ask(model),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::HalfUp
        | Action::HalfDown
        | Action::First
        | Action::Last => moves::go(model, action),
    }
    Vec::new()
}
