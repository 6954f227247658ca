//! Revoking one lease, after confirmation in a dialog.

use crate::app::bindings::Keymap;
use crate::app::command::Command;
use crate::app::dialog::{ConfirmCount, DialogContext, DialogOutcome, Focus, is_no, is_over};
use crate::app::events::keys_in_words;
use crate::app::jobs::Jobs;
use crate::app::keymap::Action;
use crate::app::{CallFailure, DialogAction, Effect, Key, KeyContext, Lease, Ownership, TimeRange, UndoSize};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;

use super::Done;

/// A lease with more keys requires typing the confirmation number.
const MANY_KEYS: usize = 100;
/// The answers: Cancel and Revoke.
const ANSWERS: usize = 2;

/// The confirmation dialog, with facts about the lease as of when it was opened.
#[derive(Clone, Debug)]
pub struct RevokeDialog {
    /// The lease.
    pub id: LeaseId,
    /// The typed confirmation number.
    pub typed: ConfirmCount,
    /// The focused answer, if a key confirms: Cancel or Revoke.
    pub focus: Focus,
    /// What happened to the lease since the display was frozen, if the dialog was opened on a frozen display.
    pub since_freeze: Vec<String>,
    /// How much is known about the undo.
    pub undo: UndoSize,
    ownership: Ownership,
    bounds: Option<TimeRange>,
}

/// How a revoke is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// The confirm key.
    Key,
    /// Typing the number of leases, 1, and Enter.
    Number,
}

/// What happened to a lease while its dialog was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSinceOpen {
    /// Its owner changed.
    ChangedHands,
    /// Another client renewed it.
    Renewed,
}

impl RevokeDialog {
    /// A dialog for `lease`.
    pub fn new(lease: &Lease) -> Self {
        let (id, ownership, bounds) = (lease.id, lease.ownership, lease.bounds());
        let (typed, focus) = (ConfirmCount::default(), Focus::default());
        let undo = UndoSize::default();
        RevokeDialog { id, typed, focus, since_freeze: Vec::new(), undo, ownership, bounds }
    }

    /// How to confirm: a key for an own lease with at most 100 keys, or while its keys are unknown. The number for another
    /// client's lease, for a lease whose owner changed, or for more keys.
    pub fn confirmation(&self, lease: &Lease) -> Confirmation {
        let measured = match &self.undo {
            UndoSize::Known(Ok(size)) => size.keys,
            _ => 0,
        };
        let has_many_keys = lease.keys.as_ref().map_or(0, |keys| keys.count).max(measured) > MANY_KEYS;
        let is_plain = self.ownership == Ownership::Own && lease.ownership == Ownership::Own && !has_many_keys;
        if is_plain { Confirmation::Key } else { Confirmation::Number }
    }

    /// What happened to the lease since the dialog was opened, if it matters to the decision.
    pub fn change_since_open(&self, lease: &Lease) -> Option<ChangeSinceOpen> {
        let is_renewed = self.bounds.zip(lease.bounds()).is_some_and(|(old, new)| old.latest < new.earliest);
        match lease.ownership {
            ownership if ownership != self.ownership => Some(ChangeSinceOpen::ChangedHands),
            Ownership::Other if is_renewed => Some(ChangeSinceOpen::Renewed),
            _ => None,
        }
    }

    /// The index of the focused answer.
    pub fn focused(&self) -> usize {
        self.focus.among(ANSWERS)
    }

    /// Returns whether the action confirms. Remembers a wrong number, so that the dialog reports it.
    fn submit(&mut self, action: Option<DialogAction>, confirmation: Confirmation) -> bool {
        match (confirmation, action) {
            (Confirmation::Key, Some(DialogAction::Confirm)) => true,
            (Confirmation::Key, Some(DialogAction::Accept)) => self.focused() == 1,
            (Confirmation::Number, Some(DialogAction::Accept)) => self.typed.confirms(1),
            _ => false,
        }
    }

    /// Edits the number or moves the focus. Returns whether the key does that.
    fn edit(&mut self, key: Key, action: Option<DialogAction>, confirmation: Confirmation) -> bool {
        if confirmation == Confirmation::Number {
            return self.typed.on_key(key);
        }
        let Some(focus) = self.focus.moved(action, ANSWERS) else { return false };
        self.focus = focus;
        true
    }

    /// Handles a key. If the lease has ended, every answer closes the dialog.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.dialog_action(KeyContext::Revoke, key);
        let Some(lease) = context.leases.alive(self.id) else {
            return if is_over(action) { DialogOutcome::Close } else { DialogOutcome::Stay };
        };
        let confirmation = self.confirmation(lease);
        if self.submit(action, confirmation) {
            return DialogOutcome::Do(Command::Revoke(self.id));
        }
        if is_no(action) || is_over(action) && confirmation == Confirmation::Key {
            return DialogOutcome::Close;
        }
        if self.edit(key, action, confirmation) || action == Some(DialogAction::Accept) {
            return DialogOutcome::Stay;
        }
        match confirmation {
            Confirmation::Key => context.no_answer_by_key("revokes"),
            Confirmation::Number => context.no_answer_by_number(1),
        }
    }
}

/// Revokes a lease, unless a revoke is already in flight.
pub(in crate::app) fn start(jobs: &mut Jobs, ids: IdFormat, id: LeaseId) -> Done {
    if let Some(under_way) = under_way(jobs, ids, id) {
        return under_way;
    }
    jobs.revoking.insert(id);
    Done::status(format!("Revoking {id}…", id = ids.name(id))).with(Effect::Revoke(id))
}

/// The message for a lease whose revoke is already in flight. `None` otherwise.
pub(in crate::app) fn under_way(jobs: &Jobs, ids: IdFormat, id: LeaseId) -> Option<Done> {
    if !jobs.revoking.contains(&id) {
        return None;
    }
    Some(Done::status(format!("{id} is already being revoked", id = ids.name(id))))
}

/// The message for a revoked lease. `keys` is the number of deleted keys, if known.
pub(in crate::app) fn revoked(ids: IdFormat, id: LeaseId, revision: i64, keys: Option<usize>) -> Done {
    let keys = keys.map_or("its keys".to_owned(), keys_in_words);
    Done::status(format!("Revoked {id}: {keys} deleted (revision {revision})", id = ids.name(id)))
}

/// The message for a failed revoke.
pub(in crate::app) fn failure_message(failure: &CallFailure, keymap: &Keymap) -> String {
    let text = &failure.text;
    match failure {
        CallFailure { is_not_found: true, .. } => "it was already gone, so this deleted nothing".to_owned(),
        CallFailure { is_forbidden: true, .. } => format!("this needs write permission for each of its keys; {text}"),
        _ => {
            let again = keymap.key_label(Action::Revoke);
            format!("{text}; it may be gone anyway: check its row, or press {again} to try again")
        }
    }
}
