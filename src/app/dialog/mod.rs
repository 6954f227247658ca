//! What opens above the table. A dialog carries the id that it was opened on; a key that acts in one is another key
//! than the one that opened it.

mod confirm_count;
mod focus;
mod outcome;

pub use confirm_count::ConfirmCount;
pub use focus::Focus;
pub use outcome::DialogOutcome;
pub(super) use outcome::{DialogContext, is_over, scrolled};

pub use super::verbs::attach::AttachDialog;
pub use super::verbs::drill::{DrillDialog, FaultChoice};
pub use super::verbs::grant::{Field, GrantForm, PRESETS};
pub use super::verbs::keep_alive::AdoptDialog;
pub use super::verbs::revoke::{ChangeSinceOpen, Confirmation, RevokeDialog};
pub use super::verbs::revoke_many::RevokeManyDialog;
pub use super::verbs::sort::SortMenu;
pub use super::verbs::warp::{ClockSpeed, no_speed, speeds};

use super::keymap::Action;
use super::verbs::{quit, revoke_many, warp};
use super::{Key, KeyContext};
use etcd_lease::LeaseId;

/// An open dialog.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// The key table, and what the states mean.
    Help {
        /// Lines above the first that is shown.
        top: usize,
    },
    /// The form for new leases.
    Grant(Box<GrantForm>),
    /// Asks before a lease is revoked.
    Revoke(RevokeDialog),
    /// Asks before several leases are revoked.
    RevokeMany(RevokeManyDialog),
    /// How revoking several leases goes on.
    Revoking {
        /// Results above the first that is shown.
        top: usize,
    },
    /// Asks before other clients' leases are kept alive.
    Adopt(AdoptDialog),
    /// The form that attaches a key.
    Attach(Box<AttachDialog>),
    /// Offers drills.
    Drill(DrillDialog),
    /// Offers to begin the exercise anew, on a clock of another speed.
    Warp,
    /// What can be sorted by.
    Sort(SortMenu),
    /// Asks before the program ends while it keeps leases alive; Enter means leave, revoke and leave, or stay.
    Quit(Focus),
    /// Asks before the program is suspended while it keeps leases alive; below it stays what was open before.
    Suspend(Option<Box<Dialog>>),
}

impl Dialog {
    /// The lease that it is about; none where it is about none, or about a new one.
    pub(super) fn lease(&self) -> Option<LeaseId> {
        match self {
            Dialog::Revoke(dialog) => Some(dialog.id),
            Dialog::Adopt(dialog) => dialog.ids.first().copied().filter(|_| dialog.ids.len() == 1),
            Dialog::Attach(dialog) => Some(dialog.id),
            Dialog::Drill(dialog) => Some(dialog.id),
            Dialog::Suspend(below) => below.as_ref()?.lease(),
            Dialog::RevokeMany(_) | Dialog::Revoking { .. } => None,
            Dialog::Help { .. } | Dialog::Grant(_) | Dialog::Sort(_) | Dialog::Warp | Dialog::Quit(_) => None,
        }
    }

    /// The lease with this id is gone, and another was granted under it: nothing that was asked about the one is to be done
    /// with the other. A dialog about several goes on without it. Whether this one has to close.
    pub(super) fn drop_superseded(&mut self, id: LeaseId) -> bool {
        match self {
            Dialog::Suspend(below) => {
                below.take_if(|below| below.lease() == Some(id));
                false
            }
            Dialog::Adopt(adopt) => {
                adopt.ids.retain(|one| *one != id);
                adopt.ids.is_empty()
            }
            dialog => dialog.lease() == Some(id),
        }
    }

    /// Gives it a key.
    pub(super) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match self {
            Dialog::Help { top } => help(top, key, context),
            Dialog::Grant(form) => form.on_key(key, context),
            Dialog::Revoke(dialog) => dialog.on_key(key, context),
            Dialog::RevokeMany(dialog) => dialog.on_key(key, context),
            Dialog::Revoking { top } => revoke_many::on_progress_key(top, key, context),
            Dialog::Adopt(dialog) => dialog.on_key(key, context),
            Dialog::Attach(dialog) => dialog.on_key(key, context),
            Dialog::Drill(dialog) => dialog.on_key(key, context),
            Dialog::Warp => warp::on_key(key, context),
            Dialog::Sort(menu) => menu.on_key(key, context),
            Dialog::Quit(focus) => quit::on_key(focus, key, context),
            // Enter is on Stay. Ctrl-z, which suspends, means the same wherever it is pressed: it is no key of a dialog.
            Dialog::Suspend(_) => close_on(is_over(context.dialog_action(KeyContext::Suspend, key))),
        }
    }

    /// What is open once it is closed.
    pub(super) fn below(self) -> Option<Dialog> {
        match self {
            Dialog::Suspend(below) => below.map(|dialog| *dialog),
            _ => None,
        }
    }
}

fn close_on(is_over: bool) -> DialogOutcome {
    if is_over { DialogOutcome::Close } else { DialogOutcome::Stay }
}

/// What moves the rows scrolls the help.
fn help(top: &mut usize, key: Key, context: DialogContext<'_>) -> DialogOutcome {
    let action = context.action(key);
    if is_over(context.dialog_action(KeyContext::Help, key)) || action == Some(Action::Help) {
        return DialogOutcome::Close;
    }
    *top = scrolled(*top, action);
    DialogOutcome::Stay
}
