//! Asks before the program is suspended while it keeps leases alive.

use super::{Dialog, is_over, reply};
use crate::app::{Effect, Key, Model, Scope};

/// Enter is on Stay. Ctrl-z, which suspends, is no key of a dialog: it means the same wherever it is pressed.
pub(super) fn key(model: &mut Model, below: Option<Box<Dialog>>, key: Key) -> Vec<Effect> {
    let stays = is_over(reply(model, Scope::Suspend, key));
    model.dialog = if stays { below.map(|dialog| *dialog) } else { Some(Dialog::Suspend(below)) };
    Vec::new()
}
