//! Recording keys that are detached from living leases.

use crate::app::events::EventTime;
use crate::app::{AppState, DetachedKey, EventKind, Lease};
use crate::inference::lease_inference::KeyDetachReason;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// How a key was detached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detachment {
    pub(super) reason: KeyDetachReason,
    /// The revision, if known.
    pub(super) revision: Option<i64>,
    /// When the key was first seen, if known.
    pub(super) first_seen: Option<Timestamp>,
}

impl Detachment {
    /// The deletion of a key.
    pub(super) fn deleted(revision: Option<i64>) -> Self {
        Detachment { reason: KeyDetachReason::Deleted, revision, first_seen: None }
    }
}

/// Records that a key was detached from a living lease.
pub(super) fn on_key_detached(
    app: &mut AppState,
    id: LeaseId,
    key: &[u8],
    detachment: Detachment,
    when: impl Into<EventTime>,
) {
    let Detachment { reason, revision, first_seen } = detachment;
    let key = key.to_vec();
    let when = when.into();
    let is_lock = app.keys.locks.may_be_lock(&key, id);
    if let Some(lease) = app.leases.alive_mut(id) {
        let detached = DetachedKey { at: when.at, key: key.clone(), fate: reason, is_lock, first_seen };
        let dropped = lease.record_detached(detached);
        app.keys.unleased.forget(id, &dropped);
        match reason {
            KeyDetachReason::Deleted => app.keys.locks.lost_only_key(&key, id, when.at),
            KeyDetachReason::Detached => app.keys.unleased.add(&key, id),
            KeyDetachReason::Moved { .. } | KeyDetachReason::DiedWithLease => (),
        }
    }
    let kind = match reason {
        KeyDetachReason::Moved { to } => EventKind::Moved { key, to, revision },
        KeyDetachReason::Detached => EventKind::Detached { key, is_deleted: false, revision },
        KeyDetachReason::Deleted | KeyDetachReason::DiedWithLease => {
            EventKind::Detached { key, is_deleted: true, revision }
        }
    };
    app.events.push(when, Some(id), kind);
}

/// Removes a key from the detached keys of a lease, because it is attached again. If it was detached from another lease by a
/// put without a lease, that lease records instead that the key moved.
pub(super) fn forget_detached(app: &mut AppState, id: LeaseId, key: &[u8]) {
    if let Some(from) = app.keys.unleased.take(key)
        && from != id
    {
        return change_fate(app, from, key, KeyDetachReason::Moved { to: id }, None);
    }
    // `alive_mut` marks the lease as changed, so look first.
    let was_detached = |lease: &Lease| lease.detached_keys.iter().any(|detached| detached.key == key);
    if !app.leases.alive(id).is_some_and(was_detached) {
        return;
    }
    let Some(lease) = app.leases.alive_mut(id) else { return };
    lease.detached_keys.retain(|detached| detached.key != key);
}

/// Records that a key without a lease was deleted, in the lease to which it was last attached.
pub(super) fn deleted_without_lease(app: &mut AppState, key: &[u8], at: Timestamp) {
    if let Some(id) = app.keys.unleased.take(key) {
        change_fate(app, id, key, KeyDetachReason::Deleted, Some(at));
    }
}

/// Replaces how a key was detached from a lease, and the time if it is given.
fn change_fate(app: &mut AppState, id: LeaseId, key: &[u8], fate: KeyDetachReason, at: Option<Timestamp>) {
    let Some(lease) = app.leases.alive_mut(id) else { return };
    for detached in lease.detached_keys.iter_mut().filter(|detached| detached.key == key) {
        detached.fate = fate;
        detached.at = at.unwrap_or(detached.at);
    }
}
