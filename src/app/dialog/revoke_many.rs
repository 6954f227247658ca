//! Asks before several leases are revoked, and shows how that goes on.

use super::{ConfirmCount, Dialog, dialog_action, is_over, scrolled};
use crate::app::bulk::RevokeTarget;
use crate::app::update::bulk;
use crate::app::{AppState, DialogAction, Effect, Key, KeyContext, Lease};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The dialog, with the leases that were marked when it was opened.
#[derive(Clone, Debug)]
pub struct RevokeManyDialog {
    named: Vec<RevokeTarget>,
    /// How many of them had no row, for a filter.
    pub hidden: usize,
    /// The number that was typed.
    pub typed: ConfirmCount,
}

impl RevokeManyDialog {
    /// For these leases, of which so many have no row.
    pub(in crate::app) fn new<'a>(leases: impl Iterator<Item = &'a Lease>, hidden: usize) -> Self {
        RevokeManyDialog { named: leases.map(RevokeTarget::of).collect(), hidden, typed: ConfirmCount::default() }
    }

    /// How many it has named.
    pub fn total(&self) -> usize {
        self.named.len()
    }

    /// Those that live and are whose they were when it was opened: no others are revoked.
    pub fn leases<'a>(&'a self, app: &'a AppState) -> impl Iterator<Item = &'a Lease> {
        self.named.iter().filter_map(|named| app.leases.get(named.id).filter(|lease| named.is_unchanged(Some(lease))))
    }

    /// Their ids, dead or alive.
    pub fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.named.iter().map(|named| named.id)
    }
}

/// The number of leases that are left, typed, and Enter revoke them. Another number, or none, does nothing and is told.
pub(super) fn key(app: &mut AppState, mut dialog: RevokeManyDialog, key: Key, now: Timestamp) -> Vec<Effect> {
    let left: Vec<RevokeTarget> = dialog.leases(app).map(RevokeTarget::of).collect();
    let reply = dialog_action(app, KeyContext::RevokeMany, key);
    if reply == Some(DialogAction::Close) || is_over(reply) && left.is_empty() {
        return Vec::new();
    }
    if reply == Some(DialogAction::Accept) && dialog.typed.confirms(left.len()) {
        return bulk::start(app, left, now);
    }
    dialog.typed.on_key(key);
    app.view.dialog = Some(Dialog::RevokeMany(dialog));
    Vec::new()
}

/// While leases are being revoked: what closes a dialog stops it; then that, and Enter, close it. What moves the rows
/// moves through the results.
pub(super) fn progress_key(app: &mut AppState, top: usize, key: Key, now: Timestamp) -> Vec<Effect> {
    let reply = dialog_action(app, KeyContext::Results, key);
    let is_drained = app.jobs.bulk.as_ref().is_none_or(|bulk| bulk.is_drained());
    if is_drained && is_over(reply) {
        return Vec::new();
    }
    if reply == Some(DialogAction::Close) {
        bulk::stop(app, now);
    }
    let last = app.jobs.bulk.as_ref().map_or(0, |bulk| bulk.results().len().saturating_sub(1));
    app.view.dialog = Some(Dialog::Revoking { top: scrolled(top, app.config.keymap.action(key), last) });
    Vec::new()
}
