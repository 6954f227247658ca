//! Reading the values of locks of one key.

use std::sync::Arc;

use crate::app::{AppState, Effect, KeyValues, Redraw, View};
use crate::inference::locks::{Candidate, KeyAttachment, LockQueue, Locks};
use simkit::Timestamp;

/// Stores values that were read.
pub(super) fn read(app: &mut AppState, pairs: KeyValues, bytes: u64, now: Timestamp) {
    app.keys.queries.count(bytes, now);
    app.keys.lock_values.answered(pairs, app.config.reads_lock_values);
    app.view.request_redraw(Redraw::Soon);
}

/// Starts the read that is due now. Returns its effect.
pub(super) fn start_read_if_due(app: &mut AppState, now: Timestamp) -> Option<Effect> {
    let keys = due(app, now);
    if keys.is_empty() {
        return None;
    }
    app.keys.lock_values.started(&keys);
    Some(Effect::ReadLockValues(keys.iter().map(|key| key.to_vec()).collect()))
}

/// When the next read is due: now or never.
pub(super) fn next_wake(app: &AppState, now: Timestamp) -> Timestamp {
    if due(app, now).is_empty() { Timestamp::NEVER } else { now }
}

/// Whether all locks, the leases of their candidates and the values of their keys are known, or cannot be.
pub fn knows_locks(app: &AppState) -> bool {
    let keys = &app.keys;
    if keys.failure.is_some() {
        return app.cluster.is_reached();
    }
    let is_read = keys.are_all_known() && keys.reads.is_idle();
    let is_lease_known = |candidate: &Candidate| {
        app.leases.get(candidate.lease).is_some_and(|lease| lease.end.is_some() || lease.last_ttl_reply.is_some())
    };
    let mut own = keys.locks.candidates().filter(|candidate| candidate.attachment == KeyAttachment::OwnLease);
    let is_all = app.cluster.has_listed() && is_read && own.all(is_lease_known);
    is_all && !keys.lock_values.is_reading() && keys.lock_values.due(holder_keys(&keys.locks)).is_empty()
}

/// The keys to read now: those of all locks if the configuration asks for them, else those in the visible part of the locks
/// view.
fn due(app: &AppState, now: Timestamp) -> Vec<Arc<[u8]>> {
    let is_wanted = app.config.reads_lock_values || app.view.active == View::Locks;
    if !is_wanted || !app.cluster.is_reached() || app.frozen.is_some() || !app.keys.queries.has_room(1, now) {
        return Vec::new();
    }
    let locks = &app.keys.locks;
    if app.config.reads_lock_values {
        return app.keys.lock_values.due(holder_keys(locks));
    }
    let shown = app.view.locks_view.around(locks, app.view.viewport.events);
    let shown = shown.filter(|candidate| locks.find(&candidate.key).is_some_and(|(queue, _)| queue.names_holder()));
    app.keys.lock_values.due(shown.map(|candidate| &candidate.key))
}

/// The keys whose values name the holder.
fn holder_keys(locks: &Locks) -> impl Iterator<Item = &Arc<[u8]>> {
    let holders = locks.queues().filter(|queue| queue.names_holder()).filter_map(LockQueue::holder);
    holders.map(|holder| &holder.key)
}
