//! Asks before several leases are revoked, and shows how that goes on.

use super::{Dialog, TypedNumber, is_over, reply, scrolled};
use crate::app::bulk::Named;
use crate::app::update::bulk;
use crate::app::{Effect, Key, Lease, Model, Reply, Scope};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The dialog, with the leases that were marked when it was opened.
#[derive(Clone, Debug)]
pub struct RevokeManyDialog {
    named: Vec<Named>,
    /// How many of them had no row, for a filter.
    pub hidden: usize,
    /// The number that was typed.
    pub typed: TypedNumber,
}

impl RevokeManyDialog {
    /// For these leases, of which so many have no row.
    pub(in crate::app) fn new<'a>(leases: impl Iterator<Item = &'a Lease>, hidden: usize) -> Self {
        RevokeManyDialog { named: leases.map(Named::of).collect(), hidden, typed: TypedNumber::default() }
    }

    /// How many it has named.
    pub fn total(&self) -> usize {
        self.named.len()
    }

    /// Those that live and are whose they were when it was opened: no others are revoked.
    pub fn leases<'a>(&'a self, model: &'a Model) -> impl Iterator<Item = &'a Lease> {
        self.named.iter().filter_map(|named| model.lease(named.id).filter(|lease| named.holds(Some(lease))))
    }

    /// Their ids, dead or alive.
    pub fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.named.iter().map(|named| named.id)
    }
}

/// The number of leases that are left, typed, and Enter revoke them. Another number, or none, does nothing and is told.
pub(super) fn key(model: &mut Model, mut dialog: RevokeManyDialog, key: Key, now: Timestamp) -> Vec<Effect> {
    let left: Vec<Named> = dialog.leases(model).map(Named::of).collect();
    let reply = reply(model, Scope::RevokeMany, key);
    if reply == Some(Reply::Close) || is_over(reply) && left.is_empty() {
        return Vec::new();
    }
    if reply == Some(Reply::Accept) && dialog.typed.confirms(left.len()) {
        return bulk::begin(model, left, now);
    }
    dialog.typed.take(key);
    model.dialog = Some(Dialog::RevokeMany(dialog));
    Vec::new()
}

/// While leases are being revoked: what closes a dialog stops it; then that, and Enter, close it. What moves the rows
/// moves through the results.
pub(super) fn progress_key(model: &mut Model, top: usize, key: Key, now: Timestamp) -> Vec<Effect> {
    let reply = reply(model, Scope::Results, key);
    let is_drained = model.bulk.as_ref().is_none_or(|bulk| bulk.is_drained());
    if is_drained && is_over(reply) {
        return Vec::new();
    }
    if reply == Some(Reply::Close) {
        bulk::stop(model, now);
    }
    let last = model.bulk.as_ref().map_or(0, |bulk| bulk.results().len().saturating_sub(1));
    model.dialog = Some(Dialog::Revoking { top: scrolled(top, model.setup.keymap.action(key), last) });
    Vec::new()
}
