//! Reporting keys that vanish and come back.

use std::sync::Arc;

use crate::app::availability::{DeletedKey, ReturnedKey};
use crate::app::events::EventTime;
use crate::app::{AppState, DetachedKey, EndCause, EventKind, SHORTEST_OUTAGE};
use crate::inference::lease_inference::KeyDetachReason;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Records that a key of a lease was deleted, with the lease or individually.
pub(super) fn delete(app: &mut AppState, id: LeaseId, key: &[u8], when: EventTime, revision: Option<i64>) {
    let is_kept = is_kept(app, id, key);
    let is_lock = is_lock(app, id, key, when.at);
    let deleted = DeletedKey { lease: id, at: when.at, doubt: when.doubt, revision, is_kept, is_lock };
    app.keys.index.delete(key, deleted, app.events.now);
}

/// Whether a deleted key was a lock. A key that may belong to a lock or to a service was a lock if it was deleted on
/// purpose: while its lease had time left.
fn is_lock(app: &AppState, id: LeaseId, key: &[u8], at: Timestamp) -> bool {
    let deadline = app.leases.get(id).and_then(|lease| lease.bounds());
    let had_time_left = deadline.is_some_and(|deadline| at < deadline.earliest);
    app.keys.locks.is_lock(key, id) || had_time_left && app.keys.locks.may_be_lock(key, id)
}

/// Whether a client keeps a key: it renews the lease, or moved the key to it from another lease.
fn is_kept(app: &AppState, id: LeaseId, key: &[u8]) -> bool {
    let Some(lease) = app.leases.get(id) else { return false };
    // The key of a new lease can be known a moment before the lease.
    let new_from = lease.first_seen().before(SHORTEST_OUTAGE);
    let was_moved = app.keys.index.first_seen(id, key).is_some_and(|since| since < new_from);
    lease.is_kept_alive || lease.last_renewed().is_some() || was_moved
}

/// Records that a key exists, on the lease `to` or on none, and reports it if it was gone. Only two kinds of keys are
/// reported: kept keys that were gone for at least [`SHORTEST_OUTAGE`], and keys that are back without a lease, because
/// they never expire.
pub(super) fn came_back(app: &mut AppState, to: Option<LeaseId>, key: &[u8], when: EventTime, revision: Option<i64>) {
    let now = app.events.now;
    let Some(back) = app.keys.index.availability.come_back(key, to, when.at, now) else { return };
    let ReturnedKey { name, deleted, gone, is_reported } = back;
    let is_outage = deleted.is_kept && gone >= SHORTEST_OUTAGE;
    if is_outage && !is_reported && !is_undecided(app, deleted.lease) {
        report_gone(app, &name, deleted);
    }
    if !is_outage && to.is_some() {
        return;
    }
    let kind = EventKind::Back {
        key: name.to_vec(),
        from: deleted.lease,
        is_leased: to.is_some(),
        gone,
        gone_doubt: deleted.doubt + when.doubt,
        revision,
    };
    push(app, key, when, to.unwrap_or(deleted.lease), kind);
}

/// Reports kept keys that have been gone for a while.
pub(super) fn report_due(app: &mut AppState, now: Timestamp) {
    let mut undecided: Vec<Arc<[u8]>> = Vec::new();
    while let Some(key) = app.keys.index.availability.take_due(now) {
        let Some(deleted) = app.keys.index.availability.deletion(&key) else { continue };
        if is_undecided(app, deleted.lease) {
            undecided.push(key);
            continue;
        }
        report_gone(app, &key, deleted);
        app.keys.index.availability.set_reported(&key);
    }
    undecided.into_iter().for_each(|key| app.keys.index.availability.postpone(key, now));
}

/// Whether it is not known yet if a lease ended with its keys.
fn is_undecided(app: &AppState, id: LeaseId) -> bool {
    app.leases.alive(id).is_some_and(|lease| lease.pending_deletion.is_some())
}

fn report_gone(app: &mut AppState, key: &[u8], deleted: DeletedKey) {
    let DeletedKey { lease, at, doubt, revision, .. } = deleted;
    let was_deleted =
        |detached: &DetachedKey| detached.key == key && detached.fate == KeyDetachReason::Deleted && detached.at >= at;
    let end = match app.leases.get(lease) {
        // A client deleted it before the lease ended.
        Some(lease) if lease.detached_keys.iter().any(was_deleted) => None,
        Some(lease) => lease.end().map(|end| end.cause),
        None => Some(EndCause::Unknown),
    };
    let kind = EventKind::Down { key: key.to_vec(), end, revision };
    app.events.push(EventTime { at, doubt }, Some(lease), kind);
}

/// Adds an event of a key. If the key was deleted with all others of a lease and it is not known yet whether the lease
/// ended, the event is added once that is known.
pub(super) fn push(app: &mut AppState, key: &[u8], when: EventTime, id: LeaseId, kind: EventKind) {
    let deleted_from = app.keys.index.availability.deletion(key).map(|deleted| deleted.lease);
    let lease = deleted_from.and_then(|lease| app.leases.alive(lease));
    let pending = lease.and_then(|lease| Some((lease.id, lease.pending_deletion.as_ref()?)));
    match pending.filter(|(_, pending)| pending.keys.iter().any(|deleted| deleted == key)) {
        Some((lease, _)) => app.events.hold(lease, when, id, kind),
        None => app.events.push(when, Some(id), kind),
    }
}
