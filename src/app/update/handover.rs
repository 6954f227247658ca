//! Recording keys that move from one lease to another.

use crate::app::succession::Succession;
use crate::app::{AppState, DetachedKey};
use crate::inference::lease_inference::KeyDetachReason;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Records that a key moved. The leases already have their new keys. If the new lease is the newer one, it takes over from
/// the old one. Otherwise the two leases contend for the key.
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
        succession.has_line_ended = false;
    }
}

/// Records in the leases whose keys a lease had taken that it has ended. Does nothing if its last key had moved to another
/// lease or had been put without one.
pub(super) fn record_end_of_line(app: &mut AppState, id: LeaseId) {
    let Some(ended) = app.leases.get(id) else { return };
    let moved = |key: &DetachedKey| matches!(key.fate, KeyDetachReason::Moved { .. } | KeyDetachReason::Detached);
    if ended.pending_deletion.is_none() && ended.detached_keys.last().is_some_and(moved) {
        return;
    }
    let mut next = ended.succession.as_ref().and_then(|succession| succession.before());
    while let Some(lease) = next.and_then(|id| app.leases.get_mut(id))
        && let Some(succession) = &mut lease.succession
        && succession.replaced_by.is_some()
        && !std::mem::replace(&mut succession.has_line_ended, true)
    {
        next = succession.before();
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
