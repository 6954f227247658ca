//! Dialogs. A dialog stores the id of the lease it was opened on, and is never confirmed by the key that opened it.

mod confirm_count;
mod focus;
mod help;
mod outcome;

pub use confirm_count::ConfirmCount;
pub use focus::Focus;
pub use help::HelpDialog;
pub use outcome::DialogOutcome;
pub(super) use outcome::{DialogContext, is_no, is_over, moved, scrolled};

pub use super::command_line::CommandLine;
pub use super::verbs::attach::AttachDialog;
pub use super::verbs::change_ttl::ChangeTtlDialog;
pub use super::verbs::cluster::{ClusterMenu, LeaveDialog};
pub use super::verbs::columns::{ColumnChoice, ColumnMenu};
pub use super::verbs::drill::{DrillDialog, FaultChoice};
pub use super::verbs::grant::{Field, GrantForm, PRESETS};
pub use super::verbs::keep_alive::AdoptDialog;
pub use super::verbs::mute::MuteMenu;
pub use super::verbs::renew::RenewDialog;
pub use super::verbs::revoke::{ChangeSinceOpen, Confirmation, RevokeDialog};
pub use super::verbs::revoke_many::RevokeManyDialog;
pub use super::verbs::sort::SortMenu;
pub use super::verbs::warp::{ClockSpeed, no_speed, speeds};
pub use super::verbs::write_config::WriteConfigDialog;

use super::verbs::{quit, revoke_many, warp};
use super::{Key, KeyContext, Keymap};
use etcd_lease::LeaseId;

/// An open dialog.
#[derive(Clone, Debug)]
pub enum Dialog {
    /// The key bindings and the meaning of the states.
    Help(HelpDialog),
    /// The form for new leases.
    Grant(Box<GrantForm>),
    /// Confirms revoking a lease.
    Revoke(RevokeDialog),
    /// Confirms revoking several leases.
    RevokeMany(RevokeManyDialog),
    /// Progress of a bulk revoke.
    Revoking {
        /// Number of results scrolled past the top.
        top: usize,
    },
    /// Confirms adopting other clients' leases.
    Adopt(AdoptDialog),
    /// Confirms renewing other clients' leases once.
    Renew(RenewDialog),
    /// The form that attaches a key to a lease.
    Attach(Box<AttachDialog>),
    /// The form that changes the TTL of a lease.
    ChangeTtl(Box<ChangeTtlDialog>),
    /// The drill menu.
    Drill(DrillDialog),
    /// The menu that restarts the sandbox at another clock speed.
    Warp,
    /// The sort menu.
    Sort(SortMenu),
    /// The menu that mutes warnings.
    Mute(MuteMenu),
    /// The menu that selects and reorders columns.
    Columns(ColumnMenu),
    /// Confirms quitting while leases are kept alive. The answers are: quit, revoke and quit, stay.
    Quit(Focus),
    /// Confirms suspending while leases are kept alive. Contains the dialog that was open before.
    Suspend(Option<Box<Dialog>>),
    /// The command line.
    Command(Box<CommandLine>),
    /// The menu of clusters.
    Clusters(ClusterMenu),
    /// Asks what happens to the leases that are kept alive on the cluster that is left.
    Leave(LeaveDialog),
    /// Shows the change of the config file, and confirms it.
    WriteConfig(Box<WriteConfigDialog>),
}

impl Dialog {
    /// The lease that the dialog is about. `None` if it is about several, none, or a new one.
    pub(super) fn lease(&self) -> Option<LeaseId> {
        match self {
            Dialog::Revoke(dialog) => Some(dialog.id),
            Dialog::Adopt(dialog) => match dialog.ids[..] {
                [id] => Some(id),
                _ => None,
            },
            Dialog::Renew(dialog) => match dialog.ids[..] {
                [id] => Some(id),
                _ => None,
            },
            Dialog::Attach(dialog) => Some(dialog.id),
            Dialog::ChangeTtl(dialog) => Some(dialog.id),
            Dialog::Drill(dialog) => Some(dialog.id),
            Dialog::Mute(menu) => Some(menu.id),
            Dialog::Suspend(below) => below.as_ref()?.lease(),
            Dialog::Clusters(_) | Dialog::Leave(_) | Dialog::WriteConfig(_) | Dialog::Command(_) => None,
            Dialog::RevokeMany(_) | Dialog::Revoking { .. } => None,
            Dialog::Columns(_) => None,
            Dialog::Help(_) | Dialog::Grant(_) | Dialog::Sort(_) | Dialog::Warp | Dialog::Quit(_) => None,
        }
    }

    /// The context in which the dialog looks up its keys.
    pub(super) fn key_context(&self) -> KeyContext {
        match self {
            Dialog::Help(_) => KeyContext::Help,
            Dialog::Grant(_) => KeyContext::Grant,
            Dialog::Revoke(_) => KeyContext::Revoke,
            Dialog::RevokeMany(_) => KeyContext::RevokeMany,
            Dialog::Revoking { .. } => KeyContext::Results,
            Dialog::Adopt(_) => KeyContext::Adopt,
            Dialog::Renew(_) => KeyContext::Renew,
            Dialog::Attach(_) => KeyContext::Attach,
            Dialog::ChangeTtl(_) => KeyContext::ChangeTtl,
            Dialog::Drill(_) => KeyContext::Drill,
            Dialog::Warp => KeyContext::Warp,
            Dialog::Sort(_) => KeyContext::Sort,
            Dialog::Mute(_) => KeyContext::Mute,
            Dialog::Columns(_) => KeyContext::Columns,
            Dialog::Quit(_) => KeyContext::Quit,
            Dialog::Suspend(_) => KeyContext::Suspend,
            Dialog::Command(_) => KeyContext::Command,
            Dialog::Clusters(_) => KeyContext::Clusters,
            Dialog::Leave(_) => KeyContext::Leave,
            Dialog::WriteConfig(_) => KeyContext::WriteConfig,
        }
    }

    /// Whether a key has a function in the dialog: it is bound there, or it types text. In a menu whose digits select an
    /// entry, a digit without an entry has no function.
    pub(super) fn knows(&self, key: Key, keymap: &Keymap) -> bool {
        let context = self.key_context();
        let is_menu = matches!(self, Dialog::Drill(_) | Dialog::Warp | Dialog::Clusters(_));
        let is_typed = matches!(self, Dialog::Help(help) if help.is_searching) || !is_menu && context.edits(key);
        is_typed
            || keymap.dialog_action(context, key).is_some()
            || keymap.action(key).is_some_and(|action| action.contexts().contains(&context))
    }

    /// Whether its decision changes leases that exist.
    pub(super) fn decides_about_leases(&self) -> bool {
        let is_about_one =
            matches!(self, Dialog::Revoke(_) | Dialog::Attach(_) | Dialog::ChangeTtl(_) | Dialog::Drill(_));
        is_about_one || matches!(self, Dialog::RevokeMany(_) | Dialog::Adopt(_) | Dialog::Renew(_))
    }

    /// Handles a lease that ended and was granted again under the same id: what the user decides about the old lease
    /// must not apply to the new one. A dialog about several leases drops it. Returns whether the dialog must close.
    pub(super) fn drop_superseded(&mut self, id: LeaseId) -> bool {
        match self {
            Dialog::Suspend(below) => {
                below.take_if(|below| below.drop_superseded(id));
                false
            }
            Dialog::Command(line) => {
                if line.lease() == Some(id) {
                    line.forget_lease();
                }
                false
            }
            Dialog::Adopt(adopt) => {
                adopt.ids.retain(|one| *one != id);
                adopt.ids.is_empty()
            }
            Dialog::Renew(renew) => {
                renew.ids.retain(|one| *one != id);
                renew.ids.is_empty()
            }
            dialog => dialog.lease() == Some(id),
        }
    }

    /// Handles a key press.
    pub(super) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match self {
            Dialog::Help(help) => help.on_key(key, context),
            Dialog::Grant(form) => form.on_key(key, context),
            Dialog::Revoke(dialog) => dialog.on_key(key, context),
            Dialog::RevokeMany(dialog) => dialog.on_key(key, context),
            Dialog::Revoking { top } => revoke_many::on_progress_key(top, key, context),
            Dialog::Adopt(dialog) => dialog.on_key(key, context),
            Dialog::Renew(dialog) => dialog.on_key(key, context),
            Dialog::Attach(dialog) => dialog.on_key(key, context),
            Dialog::ChangeTtl(dialog) => dialog.on_key(key, context),
            Dialog::Drill(dialog) => dialog.on_key(key, context),
            Dialog::Warp => warp::on_key(key, context),
            Dialog::Sort(menu) => menu.on_key(key, context),
            Dialog::Mute(menu) => menu.on_key(key, context),
            Dialog::Columns(menu) => menu.on_key(key, context),
            Dialog::Quit(focus) => quit::on_key(focus, key, context),
            Dialog::Command(line) => line.on_key(key, context),
            Dialog::Clusters(menu) => menu.on_key(key, context),
            Dialog::Leave(dialog) => dialog.on_key(key, context),
            Dialog::WriteConfig(dialog) => dialog.on_key(key, context),
            // Enter selects Stay. Ctrl-z is handled before dialogs, because it suspends everywhere.
            Dialog::Suspend(_) => close_on(is_over(context.dialog_action(KeyContext::Suspend, key))),
        }
    }

    /// The dialog to show after this one closes.
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
