//! Asks before the program ends while it keeps leases alive on a real cluster.

use super::{Dialog, Focus};
use crate::app::update::quit;
use crate::app::{Effect, Key, Model};
use crate::domain::Moment;

/// Leave, revoke and leave, stay.
const ANSWERS: usize = 3;

/// Enter begins on Leave, and `q` or Ctrl-c again leave too; `r` revokes, Esc stays.
pub(super) fn key(model: &mut Model, focus: Focus, key: Key, now: Moment) -> Vec<Effect> {
    match (key, focus.among(ANSWERS)) {
        (Key::Char('q') | Key::Ctrl('c'), _) | (Key::Enter, 0) => quit::leave(model),
        (Key::Char('r'), _) | (Key::Enter, 1) => quit::revoke_and_leave(model, now),
        (Key::Esc | Key::Enter, _) => Vec::new(),
        _ => {
            model.dialog = Some(Dialog::Quit(focus.moved(key, ANSWERS).unwrap_or(focus)));
            Vec::new()
        }
    }
}
