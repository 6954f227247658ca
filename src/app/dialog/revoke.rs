//! Asks before a lease is revoked.

use tui_input::Input;

use super::{Dialog, closes, edit};
use crate::app::{Effect, Key, Lease, Model, Who};
use crate::domain::{LeaseId, Moment};

/// More keys than this are not deleted on a single key press.
const MANY_KEYS: usize = 100;

/// The dialog, with the lease that was under the cursor when it was opened.
#[derive(Clone, Debug)]
pub struct RevokeDialog {
    /// Which lease.
    pub id: LeaseId,
    /// The number that was typed.
    pub typed: Input,
}

/// How a revoke is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// By the key `y`.
    Key,
    /// By typing the number of leases, 1, and Enter.
    Number,
}

impl RevokeDialog {
    /// For this lease.
    pub fn new(id: LeaseId) -> Self {
        RevokeDialog { id, typed: Input::default() }
    }
}

impl Confirmation {
    /// One own lease with few keys takes a key; another client's, or more than 100 keys, the number.
    pub fn for_lease(lease: &Lease) -> Self {
        let has_many_keys = lease.keys.as_ref().is_some_and(|keys| keys.count > MANY_KEYS);
        if lease.who == Who::Own && !has_many_keys { Confirmation::Key } else { Confirmation::Number }
    }
}

pub(super) fn key(model: &mut Model, mut dialog: RevokeDialog, key: Key, now: Moment) -> Vec<Effect> {
    // What has died meanwhile cannot be revoked: every answer closes.
    let Some(confirmation) = model.alive(dialog.id).map(|lease| Confirmation::for_lease(lease)) else {
        return stay_unless(model, dialog, closes(key) || key == Key::Enter);
    };
    let is_confirmed = match confirmation {
        Confirmation::Key => key == Key::Char('y'),
        Confirmation::Number => key == Key::Enter && dialog.typed.value() == "1",
    };
    if is_confirmed {
        return revoke(model, dialog.id, now);
    }
    let is_cancelled = closes(key) || key == Key::Enter && dialog.typed.value().is_empty();
    if let (Confirmation::Number, false, Some(edit)) = (confirmation, is_cancelled, digits_only(key)) {
        dialog.typed.handle(edit);
    }
    stay_unless(model, dialog, is_cancelled)
}

fn digits_only(key: Key) -> Option<tui_input::InputRequest> {
    edit(key).filter(|_| !matches!(key, Key::Char(c) if !c.is_ascii_digit()))
}

fn stay_unless(model: &mut Model, dialog: RevokeDialog, is_over: bool) -> Vec<Effect> {
    model.dialog = (!is_over).then_some(Dialog::Revoke(dialog));
    Vec::new()
}

fn revoke(model: &mut Model, id: LeaseId, now: Moment) -> Vec<Effect> {
    model.say(now, false, format!("revoking {id} …"));
    vec![Effect::Revoke(id)]
}
