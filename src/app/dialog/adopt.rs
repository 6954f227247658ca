//! Asks before another client's lease is kept alive: that keeps a dead owner alive.

use super::{Dialog, closes};
use crate::app::update::keep;
use crate::app::{Effect, Key, Model};
use crate::domain::{LeaseId, Moment};

/// `y` adopts; Enter is on Cancel.
pub(super) fn key(model: &mut Model, id: LeaseId, key: Key, now: Moment) -> Vec<Effect> {
    match key {
        Key::Char('y') => keep::adopt(model, id, now),
        Key::Enter => Vec::new(),
        key if closes(key) => Vec::new(),
        _ => {
            model.dialog = Some(Dialog::Adopt(id));
            Vec::new()
        }
    }
}
