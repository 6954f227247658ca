//! Changing the TTL of a lease. etcd cannot change it, so the keys move to a new lease and the old one is revoked.

use tui_input::Input;

use crate::app::command::Command;
use crate::app::dialog::{ConfirmCount, DialogContext, DialogOutcome};
use crate::app::jobs::Jobs;
use crate::app::lease_store::LeaseStore;
use crate::app::ttl_change::{ChangeTtlRequest, MAX_MOVED_KEYS, too_many_keys};
use crate::app::{DialogAction, Effect, Key, KeyContext, Lease, Ownership, check_ttl};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;

use super::{Done, grant, revoke};

/// The form, for the lease that was under the cursor when it was opened.
#[derive(Clone, Debug)]
pub struct ChangeTtlDialog {
    /// The lease.
    pub id: LeaseId,
    /// The text field for the new TTL.
    pub ttl: Input,
    /// The confirmation number, required for other clients' leases.
    pub number: ConfirmCount,
    /// Whether the confirmation number has the focus.
    pub is_at_number: bool,
    ownership: Ownership,
}

impl ChangeTtlDialog {
    /// A form for `lease`.
    pub fn new(lease: &Lease) -> Self {
        let (ttl, number) = (Input::default(), ConfirmCount::default());
        ChangeTtlDialog { id: lease.id, ttl, number, is_at_number: false, ownership: lease.ownership }
    }

    /// Whether the confirmation number is required: the lease is not ours, or was not when the form was opened.
    pub fn needs_confirm_count(&self, lease: &Lease) -> bool {
        self.ownership != Ownership::Own || lease.ownership != Ownership::Own
    }

    /// The new TTL as typed, in seconds.
    ///
    /// # Errors
    /// Returns what is wrong with the text.
    pub fn read(&self, lease: &Lease) -> Result<i64, String> {
        let text = self.ttl.value().trim();
        if text.is_empty() {
            return Err("the new TTL in seconds, or with a unit: 30, 5m, 1h".to_owned());
        }
        // A digit alone would be a preset of the form for new leases.
        let has_unit = text.ends_with(|c: char| !c.is_ascii_digit());
        let ttl = grant::parse_ttl(&if has_unit { text.to_owned() } else { format!("{text}s") })?;
        check_ttl(ttl).map_err(|error| error.to_string())?;
        if lease.granted_ttl == Some(ttl) {
            return Err(format!("its TTL is {ttl} s already"));
        }
        Ok(ttl)
    }

    /// Why the keys of the lease cannot move. `None` if they can, or if they are unknown.
    pub fn obstacle(lease: &Lease) -> Option<String> {
        let count = lease.keys.as_ref()?.count;
        if count <= MAX_MOVED_KEYS { None } else { Some(too_many_keys(count)) }
    }

    /// Handles a key. Enter changes the TTL if the form is complete, or moves to the confirmation number.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.dialog_action(KeyContext::ChangeTtl, key);
        let Some(lease) = context.leases.alive(self.id) else {
            let is_over = matches!(action, Some(DialogAction::FormClose | DialogAction::Accept));
            return if is_over { DialogOutcome::Close } else { DialogOutcome::Stay };
        };
        match action {
            Some(DialogAction::FormClose) => DialogOutcome::Close,
            Some(DialogAction::Accept) => self.accept(lease),
            Some(_) => {
                self.is_at_number = self.needs_confirm_count(lease) && !self.is_at_number;
                DialogOutcome::Stay
            }
            None => {
                self.type_key(key);
                DialogOutcome::Stay
            }
        }
    }

    fn accept(&mut self, lease: &Lease) -> DialogOutcome {
        if let Some(obstacle) = ChangeTtlDialog::obstacle(lease) {
            return DialogOutcome::DoAndStay(Command::ShowError(obstacle));
        }
        let ttl = match self.read(lease) {
            Ok(ttl) => ttl,
            Err(rule) => {
                self.is_at_number = false;
                return DialogOutcome::DoAndStay(Command::ShowError(format!("new TTL: {rule}")));
            }
        };
        if !self.needs_confirm_count(lease) || self.number.is(1) {
            return DialogOutcome::Do(Command::ChangeTtl { id: self.id, ttl });
        }
        // The Enter that moves to the number does not submit it.
        if self.is_at_number {
            self.number.confirms(1);
        }
        self.is_at_number = true;
        DialogOutcome::Stay
    }

    fn type_key(&mut self, key: Key) {
        if self.is_at_number {
            self.number.on_key(key);
        } else if let Some(edit) = key.edit() {
            self.ttl.handle(edit);
        }
    }
}

/// Inserts pasted text without its control characters.
pub(in crate::app) fn paste(dialog: &mut ChangeTtlDialog, text: &str) {
    text.chars().filter(|c| !c.is_control()).for_each(|c| dialog.type_key(Key::Char(c)));
}

/// Changes the TTL of a lease, unless it is being revoked. `ttl` is in seconds.
pub(in crate::app) fn start(leases: &LeaseStore, jobs: &mut Jobs, ids: IdFormat, id: LeaseId, ttl: i64) -> Done {
    let name = ids.name(id);
    let Some(lease) = leases.alive(id) else {
        return Done::error(format!("{name} is gone; nothing to change"));
    };
    if let Some(under_way) = revoke::under_way(jobs, ids, id) {
        return under_way;
    }
    // The end of the old lease is then known to be ours.
    jobs.revoking.insert(id);
    let pace = lease.engine.as_ref().map(|status| status.pace);
    let request = ChangeTtlRequest { id, ttl, keep_alive: lease.is_kept_alive, pace };
    Done::status(format!("Changing the TTL of {name} to {ttl} s…")).with(Effect::ChangeTtl(request))
}
