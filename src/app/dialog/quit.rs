//! Asks before the program ends while it keeps leases alive on a real cluster.

use super::Dialog;
use crate::app::update::quit;
use crate::app::{Effect, Key, Model};
use crate::domain::Moment;

/// Enter is on Leave, and `q` or Ctrl-c again leave too; `r` revokes, Esc stays.
pub(super) fn key(model: &mut Model, key: Key, now: Moment) -> Vec<Effect> {
    match key {
        Key::Enter | Key::Char('q') | Key::Ctrl('c') => quit::leave(model),
        Key::Char('r') => quit::revoke_and_leave(model, now),
        Key::Esc => Vec::new(),
        _ => {
            model.dialog = Some(Dialog::Quit);
            Vec::new()
        }
    }
}
