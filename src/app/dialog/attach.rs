//! The form that attaches a key to a lease.

use tui_input::Input;

use super::{ConfirmCount, Dialog, dialog_action, edit};
use crate::app::update::attach;
use crate::app::{AppState, DialogAction, Effect, Key, KeyContext, KeyTemplate, Lease, Ownership};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The form, about the lease that was under the cursor when it was opened.
#[derive(Clone, Debug)]
pub struct AttachDialog {
    /// Which lease.
    pub id: LeaseId,
    /// `KEY=VALUE`, as far as it was typed.
    pub pair: Input,
    /// The number of leases, which another client's lease takes.
    pub number: ConfirmCount,
    /// Whether keys go to the number.
    pub is_at_number: bool,
    ownership: Ownership,
}

impl AttachDialog {
    /// For this lease, as it is now.
    pub fn new(lease: &Lease) -> Self {
        let (pair, number) = (Input::default(), ConfirmCount::default());
        AttachDialog { id: lease.id, pair, number, is_at_number: false, ownership: lease.ownership }
    }

    /// Whether the number has to be typed: for a lease that is not ours, or was not when this was opened.
    pub fn needs_confirm_count(&self, lease: &Lease) -> bool {
        self.ownership != Ownership::Own || lease.ownership != Ownership::Own
    }

    /// Key and value, to the letter.
    ///
    /// # Errors
    /// The rule that the text breaks, in words.
    pub fn read(&self) -> Result<(&str, &str), String> {
        let text = self.pair.value();
        if text.is_empty() {
            return Err("KEY=VALUE".to_owned());
        }
        KeyTemplate::parse(text).map_err(|bad| bad.to_string())?;
        text.split_once('=').ok_or_else(|| text.to_owned())
    }

    fn on_key(&mut self, key: Key) {
        if self.is_at_number {
            self.number.on_key(key);
        } else if let Some(edit) = edit(key) {
            self.pair.handle(edit);
        }
    }
}

/// Enter attaches what is complete, and goes to the number where that is still to be typed.
pub(super) fn key(app: &mut AppState, mut dialog: Box<AttachDialog>, key: Key, now: Timestamp) -> Vec<Effect> {
    let needs_confirm_count = app.leases.alive_mut(dialog.id).map(|lease| dialog.needs_confirm_count(lease));
    let reply = dialog_action(app, KeyContext::Attach, key);
    let is_over =
        reply == Some(DialogAction::FormClose) || needs_confirm_count.is_none() && reply == Some(DialogAction::Accept);
    if is_over {
        return Vec::new();
    }
    let needs_confirm_count = needs_confirm_count.unwrap_or(false);
    match (reply, dialog.read()) {
        (Some(DialogAction::Accept), Ok((key, value))) if !needs_confirm_count || dialog.number.is(1) => {
            let (key, value) = (key.as_bytes().to_vec(), value.as_bytes().to_vec());
            return attach::start(app, dialog.id, key, value, now);
        }
        // Who comes to the number with Enter has not answered it yet.
        (Some(DialogAction::Accept), Ok(_)) if !dialog.is_at_number => dialog.is_at_number = true,
        (Some(DialogAction::Accept), Ok(_)) => {
            dialog.number.confirms(1);
        }
        (Some(DialogAction::Accept), Err(_)) => dialog.is_at_number = false,
        (Some(_), _) => dialog.is_at_number = needs_confirm_count && !dialog.is_at_number,
        (None, _) => dialog.on_key(key),
    }
    app.view.dialog = Some(Dialog::Attach(dialog));
    Vec::new()
}

/// Types a pasted text; what would end a line is left out.
pub(in crate::app) fn paste(dialog: &mut AttachDialog, text: &str) {
    let typed = text.chars().filter(|c| !c.is_control());
    typed.for_each(|c| dialog.on_key(Key::Char(c)));
}
