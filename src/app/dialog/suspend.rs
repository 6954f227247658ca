//! Asks before the program is suspended while it keeps leases alive.

use super::{Dialog, dialog_action, is_over};
use crate::app::{AppState, Effect, Key, KeyContext};

/// Enter is on Stay. Ctrl-z, which suspends, is no key of a dialog: it means the same wherever it is pressed.
pub(super) fn key(app: &mut AppState, below: Option<Box<Dialog>>, key: Key) -> Vec<Effect> {
    let stays = is_over(dialog_action(app, KeyContext::Suspend, key));
    app.view.dialog = if stays { below.map(|dialog| *dialog) } else { Some(Dialog::Suspend(below)) };
    Vec::new()
}
