//! Attaching a key to a lease, with a form.

use tui_input::Input;

use crate::app::command::Command;
use crate::app::dialog::{ConfirmCount, DialogContext, DialogOutcome};
use crate::app::{DialogAction, Effect, Jobs, Key, KeyContext, KeyTemplate, Lease, Ownership};
use crate::escape::printable;
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;

use super::Done;

/// The form, for the lease that was under the cursor when it was opened.
#[derive(Clone, Debug)]
pub struct AttachDialog {
    /// The lease.
    pub id: LeaseId,
    /// The text field for `KEY=VALUE`.
    pub pair: Input,
    /// The confirmation number, required for other clients' leases.
    pub number: ConfirmCount,
    /// Whether the confirmation number has the focus.
    pub is_at_number: bool,
    ownership: Ownership,
}

impl AttachDialog {
    /// A form for `lease`.
    pub fn new(lease: &Lease) -> Self {
        let (pair, number) = (Input::default(), ConfirmCount::default());
        AttachDialog { id: lease.id, pair, number, is_at_number: false, ownership: lease.ownership }
    }

    /// Whether the confirmation number is required: the lease is not ours, or was not when the form was opened.
    pub fn needs_confirm_count(&self, lease: &Lease) -> bool {
        self.ownership != Ownership::Own || lease.ownership != Ownership::Own
    }

    /// The key and value as typed.
    ///
    /// # Errors
    /// Returns what is wrong with the text.
    pub fn read(&self) -> Result<(&str, &str), String> {
        let text = self.pair.value();
        if text.is_empty() {
            return Err("KEY=VALUE".to_owned());
        }
        KeyTemplate::parse(text).map_err(|bad| bad.to_string())?;
        text.split_once('=').ok_or_else(|| text.to_owned())
    }

    /// Handles a key. Enter attaches the key if the form is complete, or moves to the confirmation number.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.dialog_action(KeyContext::Attach, key);
        let Some(lease) = context.leases.alive(self.id) else {
            let is_over = matches!(action, Some(DialogAction::FormClose | DialogAction::Accept));
            if is_over {
                return DialogOutcome::Close;
            }
            self.edit(action, key, false);
            return DialogOutcome::Stay;
        };
        let needs_confirm_count = self.needs_confirm_count(lease);
        match action {
            Some(DialogAction::FormClose) => DialogOutcome::Close,
            Some(DialogAction::Accept) => self.accept(needs_confirm_count),
            action => {
                self.edit(action, key, needs_confirm_count);
                DialogOutcome::Stay
            }
        }
    }

    fn accept(&mut self, needs_confirm_count: bool) -> DialogOutcome {
        let (key, value) = match self.read() {
            Ok((key, value)) => (key.as_bytes().to_vec(), value.as_bytes().to_vec()),
            Err(rule) => {
                self.is_at_number = false;
                return DialogOutcome::DoAndStay(Command::ShowError(rule));
            }
        };
        if !needs_confirm_count || self.number.is(1) {
            return DialogOutcome::Do(Command::Attach { id: self.id, key, value });
        }
        // The Enter that moves to the number does not submit it.
        if self.is_at_number {
            self.number.confirms(1);
        }
        self.is_at_number = true;
        DialogOutcome::Stay
    }

    /// Switches to the other field, or types into the current one.
    fn edit(&mut self, action: Option<DialogAction>, key: Key, needs_confirm_count: bool) {
        match action {
            Some(_) => self.is_at_number = needs_confirm_count && !self.is_at_number,
            None => self.type_key(key),
        }
    }

    fn type_key(&mut self, key: Key) {
        if self.is_at_number {
            self.number.on_key(key);
        } else if let Some(edit) = key.edit() {
            self.pair.handle(edit);
        }
    }
}

/// Inserts pasted text without its control characters.
pub(in crate::app) fn paste(dialog: &mut AttachDialog, text: &str) {
    let typed = text.chars().filter(|c| !c.is_control());
    typed.for_each(|c| dialog.type_key(Key::Char(c)));
}

/// Attaches a key to a lease.
pub(in crate::app) fn start(jobs: &mut Jobs, ids: IdFormat, id: LeaseId, key: Vec<u8>, value: Vec<u8>) -> Done {
    jobs.attaching = Some((id, key.clone()));
    let status = Done::status(format!("Attaching {} to {id}…", printable(&key), id = ids.name(id)));
    status.with(Effect::Attach { id, key, value })
}
