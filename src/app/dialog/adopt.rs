//! Asks before other clients' leases are kept alive: that keeps a dead owner alive.

use super::{Dialog, Focus, dialog_action, is_over};
use crate::app::update::keep;
use crate::app::{AppState, DialogAction, Effect, Key, KeyContext, Lease};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Cancel, and to keep them alive.
const ANSWERS: usize = 2;

/// The question, about the lease that was under the cursor when it was opened, or about those that were marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptDialog {
    /// Which leases; one at least.
    pub ids: Vec<LeaseId>,
    /// Which answer Enter means: Cancel, or to keep them alive.
    pub focus: Focus,
}

impl AdoptDialog {
    /// For these leases.
    pub fn new(ids: Vec<LeaseId>) -> Self {
        AdoptDialog { ids, focus: Focus::default() }
    }

    /// Those that live.
    pub fn leases<'a>(&'a self, app: &'a AppState) -> impl Iterator<Item = &'a Lease> {
        self.ids.iter().filter_map(|id| app.leases.get(*id)).filter(|lease| lease.end.is_none())
    }
}

/// A key adopts, and Enter once the focus is there; it begins on Cancel. What has died meanwhile cannot be adopted.
pub(super) fn key(app: &mut AppState, mut dialog: AdoptDialog, key: Key, now: Timestamp) -> Vec<Effect> {
    let is_alive = dialog.leases(app).next().is_some();
    let (focus, reply) = (dialog.focus, dialog_action(app, KeyContext::Adopt, key));
    match reply {
        Some(DialogAction::Confirm) if is_alive => return keep::adopt(app, &dialog.ids, now),
        Some(DialogAction::Accept) if is_alive && focus.among(ANSWERS) == 1 => {
            return keep::adopt(app, &dialog.ids, now);
        }
        reply if is_over(reply) => return Vec::new(),
        _ => (),
    }
    dialog.focus = focus.moved(reply, ANSWERS).unwrap_or(focus);
    app.view.dialog = Some(Dialog::Adopt(dialog));
    Vec::new()
}
