//! Asks before the program ends while it keeps leases alive on a real cluster.

use super::{Dialog, Focus, reply};
use crate::app::update::quit;
use crate::app::{Effect, Key, Model, Reply, Scope};
use simkit::Timestamp;

/// Leave, revoke and leave, stay.
const ANSWERS: usize = 3;

/// Enter begins on Leave, and `q` or Ctrl-c again leave too; `r` revokes, Esc stays.
pub(super) fn key(model: &mut Model, focus: Focus, key: Key, now: Timestamp) -> Vec<Effect> {
    match (reply(model, Scope::Quit, key), focus.among(ANSWERS)) {
        (Some(Reply::QuitLeave), _) | (Some(Reply::Accept), 0) => quit::leave(model),
        (Some(Reply::QuitRevoke), _) | (Some(Reply::Accept), 1) => quit::revoke_and_leave(model, now),
        (Some(Reply::QuitStay | Reply::Accept), _) => Vec::new(),
        (reply, _) => {
            model.dialog = Some(Dialog::Quit(focus.moved(reply, ANSWERS).unwrap_or(focus)));
            Vec::new()
        }
    }
}
