//! What a key does to an open dialog, and what the dialog may look at to decide that.

use crate::app::command::Command;
use crate::app::jobs::Jobs;
use crate::app::keymap::Action;
use crate::app::lease_store::LeaseStore;
use crate::app::{AppConfig, DialogAction, Key, KeyContext};

/// What a key does to an open dialog. What was typed has changed in the dialog itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogOutcome {
    /// It stays open.
    Stay,
    /// It closes, and nothing is done.
    Close,
    /// It closes, and this is done.
    Do(Command),
    /// It stays open, and this is done.
    DoAndStay(Command),
}

/// What a dialog may look at when a key is pressed.
#[derive(Clone, Copy)]
pub(in crate::app) struct DialogContext<'a> {
    pub(in crate::app) config: &'a AppConfig,
    pub(in crate::app) leases: &'a LeaseStore,
    pub(in crate::app) jobs: &'a Jobs,
}

impl DialogContext<'_> {
    /// What the key means in a dialog.
    pub(in crate::app) fn dialog_action(&self, context: KeyContext, key: Key) -> Option<DialogAction> {
        self.config.keymap.dialog_action(context, key)
    }

    /// What the key means outside of dialogs.
    pub(in crate::app) fn action(&self, key: Key) -> Option<Action> {
        self.config.keymap.action(key)
    }
}

/// Whether this ends a dialog in which there is nothing to do.
pub(in crate::app) fn is_over(action: Option<DialogAction>) -> bool {
    matches!(action, Some(DialogAction::Close | DialogAction::Accept))
}

/// The first line of a text after the keys that move the rows have moved it. A line beyond the end is shown as the end.
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
