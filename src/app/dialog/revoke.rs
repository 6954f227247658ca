//! Asks before a lease is revoked.

use super::{Dialog, Focus, TypedNumber, is_over, reply};
use crate::app::update::revoke;
use crate::app::{Effect, Key, Lease, Model, Reply, Scope, TimeRange, Who};
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
    pub typed: TypedNumber,
    /// Which answer Enter means where a key confirms: Cancel, or to revoke.
    pub focus: Focus,
    /// What became of the lease since the display was frozen from which it was opened, in words.
    pub since_freeze: Vec<String>,
    who: Who,
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
pub enum Meanwhile {
    /// It is somebody else's than it was.
    ChangedHands,
    /// Another client has renewed it.
    Renewed,
}

impl RevokeDialog {
    /// For this lease, as it is now.
    pub fn new(lease: &Lease) -> Self {
        let (id, who, bounds) = (lease.id, lease.who, lease.bounds());
        let (typed, focus) = (TypedNumber::default(), Focus::default());
        RevokeDialog { id, typed, focus, since_freeze: Vec::new(), who, bounds }
    }

    /// One own lease with few keys takes a key; another client's, one that changed hands, or more than 100 keys take the
    /// number.
    pub fn confirmation(&self, lease: &Lease) -> Confirmation {
        let has_many_keys = lease.keys.as_ref().is_some_and(|keys| keys.count > MANY_KEYS);
        let is_plain = self.who == Who::Own && lease.who == Who::Own && !has_many_keys;
        if is_plain { Confirmation::Key } else { Confirmation::Number }
    }

    /// What became of the lease since the dialog was opened, if that matters to whoever answers it.
    pub fn meanwhile(&self, lease: &Lease) -> Option<Meanwhile> {
        let is_renewed = self.bounds.zip(lease.bounds()).is_some_and(|(old, new)| old.latest < new.earliest);
        match lease.who {
            who if who != self.who => Some(Meanwhile::ChangedHands),
            Who::Other if is_renewed => Some(Meanwhile::Renewed),
            _ => None,
        }
    }

    /// Which answer Enter means.
    pub fn focused(&self) -> usize {
        self.focus.among(ANSWERS)
    }

    fn is_confirmed_by(&mut self, reply: Option<Reply>, confirmation: Confirmation) -> bool {
        match (confirmation, reply) {
            (Confirmation::Key, Some(Reply::Confirm)) => true,
            (Confirmation::Key, Some(Reply::Accept)) => self.focused() == 1,
            (Confirmation::Number, Some(Reply::Accept)) => self.typed.confirms(1),
            _ => false,
        }
    }

    fn take(&mut self, key: Key, reply: Option<Reply>, confirmation: Confirmation) {
        match confirmation {
            Confirmation::Key => self.focus = self.focus.moved(reply, ANSWERS).unwrap_or(self.focus),
            Confirmation::Number => self.typed.take(key),
        }
    }
}

pub(super) fn key(model: &mut Model, mut dialog: RevokeDialog, key: Key, now: Timestamp) -> Vec<Effect> {
    let reply = reply(model, Scope::Revoke, key);
    // What has died meanwhile cannot be revoked: every answer closes.
    let Some(confirmation) = model.alive(dialog.id).map(|lease| dialog.confirmation(lease)) else {
        return stay_unless(model, dialog, is_over(reply));
    };
    if dialog.is_confirmed_by(reply, confirmation) {
        return revoke::begin(model, dialog.id, now);
    }
    let is_cancelled = reply == Some(Reply::Close) || is_over(reply) && confirmation == Confirmation::Key;
    dialog.take(key, reply, confirmation);
    stay_unless(model, dialog, is_cancelled)
}

fn stay_unless(model: &mut Model, dialog: RevokeDialog, is_over: bool) -> Vec<Effect> {
    model.dialog = (!is_over).then_some(Dialog::Revoke(dialog));
    Vec::new()
}
