//! A key was pressed.

use crate::app::dialog::{self, Dialog};
use crate::app::keymap::{Action, action};
use crate::app::{Effect, Key, Model, Redraw};
use crate::domain::Moment;

use super::{grant, keep, moves, quit, renew, revoke, suspend, tick};

/// Gives the key to the open dialog, or to the key table; what is done to the screen as a whole is done in dialogs as
/// well. A key without a function does nothing.
pub(super) fn press(model: &mut Model, key: Key, now: Moment) -> Vec<Effect> {
    if let Some(action @ (Action::Redraw | Action::Suspend)) = action(key) {
        return perform(model, action, now);
    }
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
        Action::Revoke => return revoke::open(model, now),
        Action::Quit => return quit::ask(model),
        Action::Redraw => model.show(Redraw::Anew),
        Action::Suspend => return suspend::ask(model, now),
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
