//! Asks before the program is suspended while it keeps leases alive.

use super::{Dialog, closes};
use crate::app::{Effect, Key, Model};

/// Enter is on Stay. Ctrl-z, which suspends, is no key of a dialog: it means the same wherever it is pressed.
pub(super) fn key(model: &mut Model, below: Option<Box<Dialog>>, key: Key) -> Vec<Effect> {
    model.dialog = match key {
        Key::Enter => below.map(|dialog| *dialog),
        key if closes(key) => below.map(|dialog| *dialog),
        _ => Some(Dialog::Suspend(below)),
    };
    Vec::new()
}
