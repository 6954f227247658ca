//! The form that attaches a key to a lease.

use tui_input::Input;

use super::{Dialog, TypedNumber, edit, reply};
use crate::app::update::attach;
use crate::app::{Effect, Key, Lease, Model, Put, Reply, Scope, Who};
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
    pub number: TypedNumber,
    /// Whether keys go to the number.
    pub is_at_number: bool,
    who: Who,
}

impl AttachDialog {
    /// For this lease, as it is now.
    pub fn new(lease: &Lease) -> Self {
        let (pair, number) = (Input::default(), TypedNumber::default());
        AttachDialog { id: lease.id, pair, number, is_at_number: false, who: lease.who }
    }

    /// Whether the number has to be typed: for a lease that is not ours, or was not when this was opened.
    pub fn takes_number(&self, lease: &Lease) -> bool {
        self.who != Who::Own || lease.who != Who::Own
    }

    /// Key and value, to the letter.
    ///
    /// # Errors
    /// The rule that the text breaks, in words.
    pub fn read(&self) -> Result<(&str, &str), String> {
        let text = self.pair.value();
        if text.is_empty() {
            return Err("write the key, an equals sign and the value".to_owned());
        }
        Put::parse(text).map_err(|bad| bad.to_string())?;
        text.split_once('=').ok_or_else(|| text.to_owned())
    }

    fn take(&mut self, key: Key) {
        if self.is_at_number {
            self.number.take(key);
        } else if let Some(edit) = edit(key) {
            self.pair.handle(edit);
        }
    }
}

/// Enter attaches what is complete, and goes to the number where that is still to be typed.
pub(super) fn key(model: &mut Model, mut dialog: Box<AttachDialog>, key: Key, now: Timestamp) -> Vec<Effect> {
    let takes_number = model.alive(dialog.id).map(|lease| dialog.takes_number(lease));
    let reply = reply(model, Scope::Attach, key);
    let is_over = reply == Some(Reply::FormClose) || takes_number.is_none() && reply == Some(Reply::Accept);
    if is_over {
        return Vec::new();
    }
    let takes_number = takes_number.unwrap_or(false);
    match (reply, dialog.read()) {
        (Some(Reply::Accept), Ok((key, value))) if !takes_number || dialog.number.is(1) => {
            let (key, value) = (key.as_bytes().to_vec(), value.as_bytes().to_vec());
            return attach::begin(model, dialog.id, key, value, now);
        }
        // Who comes to the number with Enter has not answered it yet.
        (Some(Reply::Accept), Ok(_)) if !dialog.is_at_number => dialog.is_at_number = true,
        (Some(Reply::Accept), Ok(_)) => {
            dialog.number.confirms(1);
        }
        (Some(Reply::Accept), Err(_)) => dialog.is_at_number = false,
        (Some(_), _) => dialog.is_at_number = takes_number && !dialog.is_at_number,
        (None, _) => dialog.take(key),
    }
    model.dialog = Some(Dialog::Attach(dialog));
    Vec::new()
}

/// Types a pasted text; what would end a line is left out.
pub(in crate::app) fn paste(dialog: &mut AttachDialog, text: &str) {
    let typed = text.chars().filter(|c| !c.is_control());
    typed.for_each(|c| dialog.take(Key::Char(c)));
}
