//! Applying the keys that single leases reply, and reads of single keys, in a large key space.

use crate::app::key_index::lease_reply::LeaseReply;
use crate::app::{AppState, EventKind, KeyRead, LoadedKeys};
use crate::inference::TimeRange;
use crate::inference::lease_inference::KeyDetachReason;
use crate::inference::locks::{is_lock_key, lock_name};
use etcd_lease::{KeyChange, KeyEntry, KeyState, LeaseId};
use simkit::Timestamp;

use super::availability::{came_back, delete};
use super::detached_keys::{Detachment, deleted_without_lease, forget_detached, on_key_detached};
use super::handover::{record_attached, record_move};
use super::lease_keys::{put, put_lock, recovered, refresh};

/// Switches to a large key space: from `revision` on, the watch reports only deletions, so every lease is queried for its
/// keys.
pub(super) fn start(app: &mut AppState, revision: i64, now: Timestamp) {
    let was_complete = app.keys.index.is_read() && !app.keys.index.is_by_lease();
    let known_since = if was_complete { Some(app.keys.reported_at) } else { None };
    app.keys.index.start_by_lease(revision);
    app.keys.revision = revision;
    app.keys.reported_at = now;
    let living: Vec<LeaseId> = app.leases.living().map(|lease| lease.id).collect();
    for id in living {
        if app.keys.queries.contains(id) {
            app.keys.queries.query_now(id, now);
        } else {
            app.keys.queries.add(id, known_since, false, now);
        }
        refresh(app, id);
    }
    recovered(app, now);
}

/// Applies the keys of a lease. Its keys were known up to `since`, if at all.
pub(super) fn apply(app: &mut AppState, mut reply: LeaseReply, since: Option<Timestamp>, at: Timestamp) {
    let id = reply.id;
    reply.keys.retain(|key| app.config.range.contains(key));
    let news = app.keys.index.apply_reply(reply);
    let within = TimeRange { earliest: since.unwrap_or(at).min(at), latest: at };
    for (key, from) in news.moved {
        let first_seen = app.keys.index.detach(from, &key, at);
        let detachment = Detachment { reason: KeyDetachReason::Moved { to: id }, revision: None, first_seen };
        on_key_detached(app, from, &key, detachment, within);
        refresh(app, from);
        attach(app, id, &key, first_seen.unwrap_or(at), Some(within));
        record_move(app, &key, (from, id), at);
    }
    for key in news.attached {
        attach(app, id, &key, at, since.map(|_| within));
    }
    for key in news.missing {
        app.keys.reads.add_if_room(key);
    }
    for id in news.doubtful {
        app.keys.queries.doubt(id, at);
        if app.leases.alive(id).is_none() {
            app.keys.index.forget(id, at);
        }
    }
    refresh(app, id);
}

/// Attaches a key to the lease whose reply contains it. The key was first seen at `since`. Adds an event if `when` is known.
/// The key of a lock is read, because the reply has no create revision.
fn attach(app: &mut AppState, id: LeaseId, key: &[u8], since: Timestamp, when: Option<TimeRange>) {
    let has_room = app.keys.index.attach(id, key, 0, since);
    record_attached(app, id);
    forget_detached(app, id, key);
    if let Some(when) = when {
        app.events.push(when, Some(id), EventKind::Attached { key: key.to_vec(), revision: None });
    }
    if let Some(deleted) = app.keys.index.availability.gone(key, Some(id)) {
        let latest = app.events.now;
        let when = when.unwrap_or(TimeRange { earliest: deleted.at.min(latest), latest });
        came_back(app, Some(id), key, when.into(), None);
    }
    if !has_room {
        return;
    }
    if is_lock_key(key, Some(id))
        && let Some(lock) = lock_name(key)
    {
        let is_known = app.keys.locks.contains(lock);
        app.keys.reads.add(if is_known { KeyRead::Key(key.to_vec()) } else { KeyRead::Lock(lock.to_vec()) });
    } else if app.keys.locks.is_one_key_lock(key, Some(id)) {
        app.keys.reads.add(KeyRead::Key(key.to_vec()));
    }
}

/// Applies the result of a read, unless the keys are no longer queried by lease, or the read was for the cluster before. A
/// recording can begin while a read is in flight.
pub(super) fn loaded(app: &mut AppState, loaded: LoadedKeys, now: Timestamp) {
    let LoadedKeys { read, entries, revision, bytes } = loaded;
    app.keys.queries.count(bytes, now);
    app.keys.reads.succeeded();
    let is_planned = app.keys.end_read(&read) || app.config.is_replay;
    if !is_planned || !app.keys.index.is_by_lease() {
        return;
    }
    if let KeyRead::Key(key) = &read
        && entries.is_empty()
    {
        absent(app, key, revision, now);
    }
    for (entry, changed) in entries {
        found(app, entry, changed, (revision, now));
    }
}

/// Ends a read that failed. It is repeated, because nothing else would find what it was for. A deleted key that no lease has
/// is read again anyway.
pub(super) fn not_loaded(app: &mut AppState, read: KeyRead, now: Timestamp) {
    if !app.keys.end_read(&read) || !app.keys.index.is_by_lease() {
        return;
    }
    if let KeyRead::Key(key) = &read
        && app.keys.revisits.end_read(key)
        && app.keys.index.holder(key).is_none()
    {
        return;
    }
    app.keys.reads.repeat(read, now);
}

/// Ends a read that this user may not do.
pub(super) fn denied(app: &mut AppState, read: &KeyRead) {
    app.keys.end_read(read);
    if let KeyRead::Key(key) = read {
        app.keys.revisits.end_read(key);
    }
}

/// Applies a key that was read, unless a later change of it is known.
fn found(app: &mut AppState, entry: KeyEntry, changed: i64, (revision, now): (i64, Timestamp)) {
    if app.keys.index.changes.since(&entry.key, revision).is_some() {
        return;
    }
    let KeyEntry { key, lease, create_revision } = entry;
    let was_deleted = app.keys.revisits.remove(&key);
    if let Some(holder) = app.keys.index.holder(&key)
        && was_deleted
        && lease != Some(holder)
    {
        // The holder replied after the read.
        return app.keys.queries.doubt(holder, now);
    }
    app.keys.index.changes.record(&key, changed, lease);
    if was_deleted {
        // It was deleted lately, so it was put between its end and now.
        put_lock(app, &key, (lease, create_revision), (now, true));
    } else {
        app.keys.locks.found(&key, lease, create_revision, now);
    }
    let before = app.keys.index.holder(&key);
    let change = KeyChange { key, before, now: KeyState::Put { lease, create_revision }, revision: changed };
    put(app, &change, (lease, create_revision), now);
}

/// Records that a key that was read does not exist. The watch reports its deletion too, except after an interruption.
fn absent(app: &mut AppState, key: &[u8], revision: i64, now: Timestamp) {
    // The deletion that caused the read is known, and a lease that has the key by now replied later.
    if app.keys.revisits.end_read(key) || app.keys.index.changes.since(key, revision).is_some() {
        return;
    }
    app.keys.index.changes.record(key, revision, None);
    let holder = app.keys.index.holder(key);
    app.keys.locks.delete(key, holder, now, false);
    let Some(id) = holder else { return deleted_without_lease(app, key, now) };
    let within = TimeRange { earliest: app.keys.reported_at.min(now), latest: now };
    delete(app, id, key, within.into(), None);
    on_key_detached(app, id, key, Detachment::deleted(None), within);
    refresh(app, id);
}
