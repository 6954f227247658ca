//! Revoking one lease: a dialog asks first.

use crate::app::bindings::Keymap;
use crate::app::command::Command;
use crate::app::dialog::{ConfirmCount, DialogContext, DialogOutcome, Focus, is_over};
use crate::app::events::keys_in_words;
use crate::app::jobs::Jobs;
use crate::app::keymap::Action;
use crate::app::{CallFailure, DialogAction, Effect, Key, KeyContext, Lease, Ownership, TimeRange};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;

use super::Done;

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

    fn edit(&mut self, key: Key, action: Option<DialogAction>, confirmation: Confirmation) {
        match confirmation {
            Confirmation::Key => self.focus = self.focus.moved(action, ANSWERS).unwrap_or(self.focus),
            Confirmation::Number => self.typed.on_key(key),
        }
    }

    /// What has ended meanwhile cannot be revoked: every answer closes.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.dialog_action(KeyContext::Revoke, key);
        let Some(lease) = context.leases.alive(self.id) else {
            return if is_over(action) { DialogOutcome::Close } else { DialogOutcome::Stay };
        };
        let confirmation = self.confirmation(lease);
        if self.is_confirmed_by(action, confirmation) {
            return DialogOutcome::Do(Command::Revoke(self.id));
        }
        if action == Some(DialogAction::Close) || is_over(action) && confirmation == Confirmation::Key {
            return DialogOutcome::Close;
        }
        self.edit(key, action, confirmation);
        DialogOutcome::Stay
    }
}

/// Sends the revoke of a lease, once.
pub(in crate::app) fn start(jobs: &mut Jobs, ids: IdFormat, id: LeaseId) -> Done {
    if let Some(under_way) = under_way(jobs, ids, id) {
        return under_way;
    }
    jobs.revoking.insert(id);
    Done::status(format!("Revoking {id}…", id = ids.name(id))).with(Effect::Revoke(id))
}

/// What to say where its revoke was sent and is not answered yet.
pub(in crate::app) fn under_way(jobs: &Jobs, ids: IdFormat, id: LeaseId) -> Option<Done> {
    if !jobs.revoking.contains(&id) {
        return None;
    }
    Some(Done::status(format!("{id} is already being revoked", id = ids.name(id))))
}

/// What to say of one that was revoked; its keys, where they could be counted.
pub(in crate::app) fn revoked(ids: IdFormat, id: LeaseId, revision: i64, keys: Option<usize>) -> Done {
    let keys = keys.map_or("its keys".to_owned(), keys_in_words);
    Done::status(format!("Revoked {id}: {keys} deleted (revision {revision})", id = ids.name(id)))
}

/// Why it could not be revoked.
pub(in crate::app) fn why_not(failure: &CallFailure, keymap: &Keymap) -> String {
    let text = &failure.text;
    match failure {
        CallFailure { is_not_found: true, .. } => "it was already gone, so this deleted nothing".to_owned(),
        CallFailure { is_forbidden: true, .. } => format!("this needs write permission for each of its keys; {text}"),
        _ => {
            let again = keymap.key_label(Action::Revoke);
            format!("{text}; it may be gone anyway: check its row, {again} tries again")
        }
    }
}
