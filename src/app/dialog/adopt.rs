//! Asks before another client's lease is kept alive: that keeps a dead owner alive.

use super::{Dialog, Focus, closes};
use crate::app::update::keep;
use crate::app::{Effect, Key, Model};
use crate::domain::{LeaseId, Moment};

/// Cancel, and to keep it alive.
const ANSWERS: usize = 2;

/// The question, about the lease that was under the cursor when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdoptDialog {
    /// Which lease.
    pub id: LeaseId,
    /// Which answer Enter means: Cancel, or to keep it alive.
    pub focus: Focus,
}

impl AdoptDialog {
    /// For this lease.
    pub fn new(id: LeaseId) -> Self {
        AdoptDialog { id, focus: Focus::default() }
    }
}

/// `y` adopts, and Enter once the focus is there; it begins on Cancel. What has died meanwhile cannot be adopted.
pub(super) fn key(model: &mut Model, dialog: AdoptDialog, key: Key, now: Moment) -> Vec<Effect> {
    let AdoptDialog { id, focus } = dialog;
    let is_alive = model.alive(id).is_some();
    match key {
        Key::Char('y') if is_alive => return keep::adopt(model, id, now),
        Key::Enter if is_alive && focus.among(ANSWERS) == 1 => return keep::adopt(model, id, now),
        Key::Enter => return Vec::new(),
        key if closes(key) => return Vec::new(),
        _ => (),
    }
    let focus = focus.moved(key, ANSWERS).unwrap_or(focus);
    model.dialog = Some(Dialog::Adopt(AdoptDialog { id, focus }));
    Vec::new()
}
