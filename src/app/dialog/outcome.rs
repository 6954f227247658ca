//! The outcome of a key press in a dialog, and the state that dialogs may read.

use crate::app::command::Command;
use crate::app::jobs::Jobs;
use crate::app::keymap::Action;
use crate::app::lease_store::LeaseStore;
use crate::app::typed_history::TypedHistory;
use crate::app::{AppConfig, DialogAction, Key, KeyContext};

/// The outcome of a key press in a dialog. Edits are stored in the dialog itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogOutcome {
    /// The dialog stays open.
    Stay,
    /// The dialog closes. Nothing else happens.
    Close,
    /// The dialog closes and the command is executed.
    Do(Command),
    /// The dialog stays open and the command is executed.
    DoAndStay(Command),
}

/// The parts of the state that a dialog may read when a key is pressed.
#[derive(Clone, Copy)]
pub(in crate::app) struct DialogContext<'a> {
    pub(in crate::app) config: &'a AppConfig,
    pub(in crate::app) leases: &'a LeaseStore,
    pub(in crate::app) jobs: &'a Jobs,
    /// Lines typed before on the command line.
    pub(in crate::app) commands: &'a TypedHistory,
}

impl DialogContext<'_> {
    /// The action of a key in a dialog.
    pub(in crate::app) fn dialog_action(&self, context: KeyContext, key: Key) -> Option<DialogAction> {
        self.config.keymap.dialog_action(context, key)
    }

    /// The outcome of a key that does not answer the dialog: an error that names the keys that do. `how_to_confirm` is its
    /// first part, such as `y revokes`.
    fn no_answer(&self, how_to_confirm: &str) -> DialogOutcome {
        let label = |action| self.config.keymap.key_label(Action::Dialog(action));
        let (no, close) = (label(DialogAction::Decline), label(DialogAction::Close));
        DialogOutcome::DoAndStay(Command::ShowError(format!("{how_to_confirm}; {no} or {close} cancels")))
    }

    /// The outcome of a key that does not answer a dialog that a key confirms. `verb` is what the confirm key does, such as
    /// `revokes`.
    pub(in crate::app) fn no_answer_by_key(&self, verb: &str) -> DialogOutcome {
        let key = self.config.keymap.key_label(Action::Dialog(DialogAction::Confirm));
        self.no_answer(&format!("{key} {verb}"))
    }

    /// The outcome of a key that does not answer a dialog that typing the number of leases confirms.
    pub(in crate::app) fn no_answer_by_number(&self, leases: usize) -> DialogOutcome {
        let accept = self.config.keymap.key_label(Action::Dialog(DialogAction::Accept));
        self.no_answer(&format!("type {leases} and {accept} to revoke"))
    }

    /// The action of a key outside of dialogs.
    pub(in crate::app) fn action(&self, key: Key) -> Option<Action> {
        self.config.keymap.action(key)
    }
}

/// Whether the action answers a question with no.
pub(in crate::app) fn is_no(action: Option<DialogAction>) -> bool {
    matches!(action, Some(DialogAction::Close | DialogAction::Decline))
}

/// Whether the action closes a dialog that has nothing to confirm.
pub(in crate::app) fn is_over(action: Option<DialogAction>) -> bool {
    is_no(action) || action == Some(DialogAction::Accept)
}

/// The place in a menu of `count` choices after an action. A page is the whole menu.
pub(in crate::app) fn moved(place: usize, count: usize, action: Option<Action>) -> usize {
    let last = count.saturating_sub(1);
    match action {
        Some(Action::Up) => place.saturating_sub(1),
        Some(Action::Down) => (place + 1).min(last),
        Some(Action::First | Action::PageUp | Action::HalfUp) => 0,
        Some(Action::Last | Action::PageDown | Action::HalfDown) => last,
        _ => place,
    }
}

/// The new scroll offset after an action. It may be beyond the end.
pub(in crate::app) fn scrolled(top: usize, action: Option<Action>) -> usize {
    const PAGE: usize = 10;
    match action {
        Some(Action::Up) => top.saturating_sub(1),
        Some(Action::Down) => top.saturating_add(1),
        Some(Action::PageUp | Action::HalfUp) => top.saturating_sub(PAGE),
        Some(Action::PageDown | Action::HalfDown) => top.saturating_add(PAGE),
        Some(Action::First) => 0,
        Some(Action::Last) => usize::MAX,
        _ => top,
    }
}
