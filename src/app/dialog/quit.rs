//! Asks before the program ends while it keeps leases alive on a real cluster.

use super::{Dialog, Focus, dialog_action};
use crate::app::update::quit;
use crate::app::{AppState, DialogAction, Effect, Key, KeyContext};
use simkit::Timestamp;

/// Leave, revoke and leave, stay.
const ANSWERS: usize = 3;

/// Enter begins on Leave, and `q` or Ctrl-c again leave too; `r` revokes, Esc stays.
pub(super) fn key(app: &mut AppState, focus: Focus, key: Key, now: Timestamp) -> Vec<Effect> {
    match (dialog_action(app, KeyContext::Quit, key), focus.among(ANSWERS)) {
        (Some(DialogAction::QuitLeave), _) | (Some(DialogAction::Accept), 0) => quit::quit(app),
        (Some(DialogAction::QuitRevoke), _) | (Some(DialogAction::Accept), 1) => quit::revoke_and_quit(app, now),
        (Some(DialogAction::QuitStay | DialogAction::Accept), _) => Vec::new(),
        (reply, _) => {
            app.view.dialog = Some(Dialog::Quit(focus.moved(reply, ANSWERS).unwrap_or(focus)));
            Vec::new()
        }
    }
}
