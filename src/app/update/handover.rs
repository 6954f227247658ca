//! Recording keys that move from one lease to another.

use crate::app::AppState;
use crate::app::succession::Succession;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Records that a key moved. The leases already have their new keys. If the new lease is the newer one, it takes over from
/// the old one. Otherwise they take the key from each other.
pub(super) fn record_move(app: &mut AppState, key: &[u8], (from, to): (LeaseId, LeaseId), at: Timestamp) {
    let (Some(old), Some(new)) = (app.leases.alive(from), app.leases.alive(to)) else { return };
    let is_newer = new.first_seen > old.first_seen;
    app.keys.contests.record(key, (from, to), is_newer, at);
    if !is_newer {
        return;
    }
    let was_renewed = old.is_kept_alive || old.observed.renewals().last().is_some();
    let known = if was_renewed { None } else { old.succession.as_deref() };
    let line = known.cloned().unwrap_or_else(|| Succession::first(if was_renewed { to } else { from }));
    let is_known_successor = new.succession.as_ref().is_some_and(|succession| succession.is_successor());
    let is_empty = app.keys.summary(from).is_some_and(|keys| keys.is_all && keys.count == 0);
    if !is_known_successor && let Some(new) = app.leases.alive_mut(to) {
        new.succession = Some(Box::new(line.next(from, at)));
    }
    if let Some(old) = app.leases.alive_mut(from) {
        let succession = old.succession.get_or_insert_with(|| Box::new(Succession::first(from)));
        succession.replaced_by = if is_empty { Some(to) } else { None };
    }
}

/// Records that a lease got a key, so that no newer lease has replaced it.
pub(super) fn record_attached(app: &mut AppState, id: LeaseId) {
    // `alive_mut` marks the lease as changed, so look first.
    if app.leases.alive(id).and_then(|lease| lease.replaced_by()).is_none() {
        return;
    }
    let succession = app.leases.alive_mut(id).and_then(|lease| lease.succession.as_mut());
    if let Some(succession) = succession {
        succession.replaced_by = None;
    }
}
