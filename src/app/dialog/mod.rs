//! What opens above the table. A dialog carries the id that it was opened on; a key that acts in one is another key
//! than the one that opened it.

mod adopt;
pub(super) mod attach;
mod confirm_count;
mod drill;
mod focus;
pub(super) mod grant;
mod quit;
mod revoke;
mod revoke_many;
mod sort;
mod suspend;
mod warp;

pub use adopt::AdoptDialog;
pub use attach::AttachDialog;
pub use confirm_count::ConfirmCount;
pub use drill::{DrillDialog, FaultChoice};
pub use focus::Focus;
pub use grant::{Field, GrantForm, PRESETS};
pub use revoke::{ChangeSinceOpen, Confirmation, RevokeDialog};
pub use revoke_many::RevokeManyDialog;
pub use sort::SortMenu;
pub use warp::{ClockSpeed, no_speed, speeds};

use super::keymap::Action;
use super::{AppState, DialogAction, Effect, Key, KeyContext, Redraw};
use etcd_lease::LeaseId;
use simkit::Timestamp;

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
}

/// The lease that a dialog may be about is gone, and another is granted under its id: nothing that was asked about the one
/// is to be done with the other. A dialog on several goes on without it.
pub(super) fn close_superseded(app: &mut AppState, id: LeaseId) {
    let Some(dialog) = &mut app.view.dialog else { return };
    let is_over = match dialog {
        Dialog::Suspend(below) => {
            below.take_if(|below| below.lease() == Some(id));
            false
        }
        Dialog::Adopt(adopt) => {
            adopt.ids.retain(|one| *one != id);
            adopt.ids.is_empty()
        }
        dialog => dialog.lease() == Some(id),
    };
    if is_over {
        app.view.dialog = None;
        let name = app.view.id_format.name(id);
        let told = format!("{name} ended and was granted again: that is a different lease, so nothing was done");
        app.view.set_status(app.events.now, true, told);
    }
}

/// Gives a key to the open dialog, which is closed unless it opens itself again.
pub(super) fn key(app: &mut AppState, dialog: Dialog, key: Key, now: Timestamp) -> Vec<Effect> {
    app.view.request_redraw(Redraw::Now);
    match dialog {
        Dialog::Help { top } => help(app, top, key),
        Dialog::Grant(form) => grant::key(app, form, key, now),
        Dialog::Revoke(dialog) => revoke::key(app, dialog, key, now),
        Dialog::RevokeMany(dialog) => revoke_many::key(app, dialog, key, now),
        Dialog::Revoking { top } => revoke_many::progress_key(app, top, key, now),
        Dialog::Adopt(dialog) => adopt::key(app, dialog, key, now),
        Dialog::Attach(dialog) => attach::key(app, dialog, key, now),
        Dialog::Drill(dialog) => drill::key(app, dialog, key, now),
        Dialog::Warp => warp::key(app, key),
        Dialog::Sort(menu) => sort::key(app, menu, key),
        Dialog::Quit(focus) => quit::key(app, focus, key, now),
        Dialog::Suspend(below) => suspend::key(app, below, key),
    }
}

/// What moves the rows scrolls the help, as far as it does not fit.
fn help(app: &mut AppState, top: usize, key: Key) -> Vec<Effect> {
    let action = app.config.keymap.action(key);
    if is_over(dialog_action(app, KeyContext::Help, key)) || action == Some(Action::Help) {
        return Vec::new();
    }
    let max_scroll = app.active_view_mut().view.max_scroll;
    app.view.dialog = Some(Dialog::Help { top: scrolled(top, action, max_scroll) });
    Vec::new()
}

/// The first line of a text in a dialog after what moves the rows has moved it, down to the last that can be first.
fn scrolled(top: usize, action: Option<Action>, last: usize) -> usize {
    const PAGE: usize = 10;
    let top = match action {
        Some(Action::Up) => top.saturating_sub(1),
        Some(Action::Down) => top + 1,
        Some(Action::PageUp | Action::HalfUp) => top.saturating_sub(PAGE),
        Some(Action::PageDown | Action::HalfDown) => top + PAGE,
        Some(Action::First) => 0,
        Some(Action::Last) => last,
        _ => top,
    };
    top.min(last)
}

/// What a key means in a dialog.
fn dialog_action(app: &AppState, context: KeyContext, key: Key) -> Option<DialogAction> {
    app.config.keymap.dialog_action(context, key)
}

/// Whether a reply ends a dialog that has nothing to be done.
fn is_over(reply: Option<DialogAction>) -> bool {
    matches!(reply, Some(DialogAction::Close | DialogAction::Accept))
}

/// Whether a press of this key edits a line of text, and how.
pub(super) fn edit(key: Key) -> Option<tui_input::InputRequest> {
    use tui_input::InputRequest as Edit;
    Some(match key {
        Key::Char(c) => Edit::InsertChar(c),
        Key::Backspace => Edit::DeletePrevChar,
        Key::Delete => Edit::DeleteNextChar,
        Key::Left => Edit::GoToPrevChar,
        Key::Right => Edit::GoToNextChar,
        Key::Home | Key::Ctrl('a') => Edit::GoToStart,
        Key::End | Key::Ctrl('e') => Edit::GoToEnd,
        Key::Ctrl('u') => Edit::DeleteFromStart,
        Key::Ctrl('w') => Edit::DeletePrevWord,
        _ => return None,
    })
}
