//! Asks before a lease is revoked.

use super::{ConfirmCount, Dialog, Focus, dialog_action, is_over};
use crate::app::update::revoke;
use crate::app::{AppState, DialogAction, Effect, Key, KeyContext, Lease, Ownership, TimeRange};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// More keys than this are not deleted on a single key press.
const MANY_KEYS: usize = 100;
/// Cancel, and to revoke.
const ANSWERS: usize = 2;

/// The dialog, with the lease that was under the cursor when it was opened, as it was then.
#[derive(Clone, Debug)]
pub struct RevokeDialog {
    /// Which lease.
    pub id: LeaseId,
    /// The number that was typed.
    pub typed: ConfirmCount,
    /// Which answer Enter means where a key confirms: Cancel, or to revoke.
    pub focus: Focus,
    /// What became of the lease since the display was frozen from which it was opened, in words.
    pub since_freeze: Vec<String>,
    ownership: Ownership,
    bounds: Option<TimeRange>,
}

/// How a revoke is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// By the key `y`.
    Key,
    /// By typing the number of leases, 1, and Enter.
    Number,
}

/// What became of a lease while its dialog was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSinceOpen {
    /// It is somebody else's than it was.
    ChangedHands,
    /// Another client has renewed it.
    Renewed,
}

impl RevokeDialog {
    /// For this lease, as it is now.
    pub fn new(lease: &Lease) -> Self {
        let (id, ownership, bounds) = (lease.id, lease.ownership, lease.bounds());
        let (typed, focus) = (ConfirmCount::default(), Focus::default());
        RevokeDialog { id, typed, focus, since_freeze: Vec::new(), ownership, bounds }
    }

    /// One own lease with few keys takes a key; another client's, one that changed hands, or more than 100 keys take the
    /// number.
    pub fn confirmation(&self, lease: &Lease) -> Confirmation {
        let has_many_keys = lease.keys.as_ref().is_some_and(|keys| keys.count > MANY_KEYS);
        let is_plain = self.ownership == Ownership::Own && lease.ownership == Ownership::Own && !has_many_keys;
        if is_plain { Confirmation::Key } else { Confirmation::Number }
    }

    /// What became of the lease since the dialog was opened, if that matters to whoever answers it.
    pub fn change_since_open(&self, lease: &Lease) -> Option<ChangeSinceOpen> {
        let is_renewed = self.bounds.zip(lease.bounds()).is_some_and(|(old, new)| old.latest < new.earliest);
        match lease.ownership {
            ownership if ownership != self.ownership => Some(ChangeSinceOpen::ChangedHands),
            Ownership::Other if is_renewed => Some(ChangeSinceOpen::Renewed),
            _ => None,
        }
    }

    /// Which answer Enter means.
    pub fn focused(&self) -> usize {
        self.focus.among(ANSWERS)
    }

    fn is_confirmed_by(&mut self, reply: Option<DialogAction>, confirmation: Confirmation) -> bool {
        match (confirmation, reply) {
            (Confirmation::Key, Some(DialogAction::Confirm)) => true,
            (Confirmation::Key, Some(DialogAction::Accept)) => self.focused() == 1,
            (Confirmation::Number, Some(DialogAction::Accept)) => self.typed.confirms(1),
            _ => false,
        }
    }

    fn on_key(&mut self, key: Key, reply: Option<DialogAction>, confirmation: Confirmation) {
        match confirmation {
            Confirmation::Key => self.focus = self.focus.moved(reply, ANSWERS).unwrap_or(self.focus),
            Confirmation::Number => self.typed.on_key(key),
        }
    }
}

pub(super) fn key(app: &mut AppState, mut dialog: RevokeDialog, key: Key, now: Timestamp) -> Vec<Effect> {
    let reply = dialog_action(app, KeyContext::Revoke, key);
    // What has died meanwhile cannot be revoked: every answer closes.
    let Some(confirmation) = app.leases.alive_mut(dialog.id).map(|lease| dialog.confirmation(lease)) else {
        return stay_unless(app, dialog, is_over(reply));
    };
    if dialog.is_confirmed_by(reply, confirmation) {
        return revoke::start(app, dialog.id, now);
    }
    let is_cancelled = reply == Some(DialogAction::Close) || is_over(reply) && confirmation == Confirmation::Key;
    dialog.on_key(key, reply, confirmation);
    stay_unless(app, dialog, is_cancelled)
}

fn stay_unless(app: &mut AppState, dialog: RevokeDialog, is_over: bool) -> Vec<Effect> {
    app.view.dialog = (!is_over).then_some(Dialog::Revoke(dialog));
    Vec::new()
}
