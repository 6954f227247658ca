//! Applying pages of keys and watch events.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::events::EventTime;
use crate::app::key_index::{ChangeOrder, KeyAttached};
use crate::app::key_revisits::KeyRevisits;
use crate::app::lease_keys::PendingDeletion;
use crate::app::{AppState, CallFailure, EventKind, Lease, LeaseEnd, Redraw};
use crate::inference::TimeRange;
use crate::inference::lease_inference::KeyDetachReason;
use crate::inference::locks::{LockPut, ReadKey};
use etcd_lease::{KeyChange, KeyEntry, KeyState, LeaseId};
use simkit::Timestamp;

use super::availability::{came_back, delete, push};
use super::detached_keys::{Detachment, deleted_without_lease, forget_detached, on_key_detached};
use super::handover::{record_attached, record_move};
use super::lifecycle::record_regrant;
use super::list::on_first_seen;

/// Starts a reload of all keys.
pub(super) fn start_reload(app: &mut AppState) {
    app.keys.index.start_reload();
    app.keys.locks.start_reload();
}

/// Adds a page of the reload.
pub(super) fn add_page(app: &mut AppState, page: Vec<KeyEntry>) {
    let page: Vec<ReadKey> = page.into_iter().map(ReadKey::from).collect();
    app.keys.locks.add_page(&page);
    app.keys.index.add_page(page);
}

/// Completes the reload: all keys are known as of `revision`. A lease with a key exists, whether it is listed or not.
pub(super) fn finish_reload(app: &mut AppState, revision: i64, now: Timestamp) {
    let is_first = !app.keys.index.is_read();
    app.keys.locks.finish_reload(now);
    let newly_attached = app.keys.index.newly_attached();
    let newly_unleased = app.keys.index.newly_unleased();
    if !is_first {
        report_compaction(app, revision, now);
    }
    app.keys.revision = revision;
    app.keys.queries.clear();
    app.keys.revisits = KeyRevisits::default();
    let lost = TimeRange { earliest: app.keys.reported_at.min(now), latest: now }.middle();
    for id in app.keys.index.finish_reload(revision, lost, now) {
        if app.keys.index.count(id) > 0 {
            on_holder_seen(app, id, revision, now);
        }
        refresh(app, id);
    }
    if is_first {
        refresh_all(app);
    }
    for attached in newly_attached {
        report_attached(app, attached, now);
    }
    let within = TimeRange { earliest: app.keys.reported_at.min(now), latest: now };
    for key in newly_unleased {
        came_back(app, None, &key, within.into(), None);
    }
    app.keys.reported_at = now;
    recovered(app, now);
}

/// Reports that etcd compacted the changes since the last known revision, so that only the current keys are known.
fn report_compaction(app: &mut AppState, revision: i64, now: Timestamp) {
    let first = app.keys.revision.saturating_add(1);
    let lost = format!("etcd compacted the key changes from revision {first} to {revision}");
    app.events.push(
        now,
        None,
        EventKind::error(format!("{lost}; the keys were read again, but keys detached in between are not reported")),
    );
}

/// Reports a key that the reload found newly attached to a lease.
fn report_attached(app: &mut AppState, KeyAttached { key, from, to }: KeyAttached, now: Timestamp) {
    let within = TimeRange { earliest: app.keys.reported_at.min(now), latest: now };
    if let Some(from) = from {
        app.events.push(within, Some(from), EventKind::Moved { key: key.clone(), to, revision: None });
        record_move(app, &key, (from, to), now);
    }
    app.events.push(within, Some(to), EventKind::Attached { key: key.clone(), revision: None });
    came_back(app, Some(to), &key, within.into(), None);
}

/// Updates all leases after the first load, because it shows that leases without keys have none.
fn refresh_all(app: &mut AppState) {
    let ids: Vec<LeaseId> = app.leases.ids().collect();
    ids.into_iter().for_each(|id| refresh(app, id));
}

/// Applies changes in order. Keys deleted in one revision are handled together, because the end of a lease deletes all
/// its keys in one revision.
pub(super) fn changed(app: &mut AppState, changes: Vec<KeyChange>, received: Timestamp) {
    let mut deleted: BTreeMap<LeaseId, Vec<Vec<u8>>> = BTreeMap::new();
    let mut revision = 0;
    app.keys.reported_at = received;
    if let Some(last) = changes.last() {
        app.keys.revision = last.revision;
    }
    for mut change in changes {
        if !complete(app, &mut change) {
            continue;
        }
        if change.revision != revision {
            on_keys_deleted(app, std::mem::take(&mut deleted), revision, received);
            revision = change.revision;
        }
        app.keys.lock_values.forget(&change.key);
        match change.now {
            KeyState::Put { lease, create_revision } => {
                let is_prompt = is_prompt(app, change.revision, received);
                put_lock(app, &change.key, (lease, create_revision), (received, is_prompt));
                put(app, &change, (lease, create_revision), received);
            }
            KeyState::Deleted => {
                let is_prompt = is_prompt(app, revision, received);
                app.keys.locks.delete(&change.key, change.before, received, is_prompt);
                let when = when(app, change.revision, received);
                if let Some(id) = change.before {
                    if app.keys.index.is_by_lease() {
                        app.keys.revisits.add(&change.key, received);
                    }
                    delete(app, id, &change.key, when, Some(change.revision));
                    deleted.entry(id).or_default().push(change.key);
                } else {
                    deleted_without_lease(app, &change.key, when.at);
                }
            }
        }
    }
    on_keys_deleted(app, deleted, revision, received);
}

/// Records a change. In a large key space, also fills in the previous lease of the key, which the watch does not report
/// there. Returns false if the change must not be applied, because the known state of the key is newer, or may be.
fn complete(app: &mut AppState, change: &mut KeyChange) -> bool {
    let index = &mut app.keys.index;
    if index.is_by_lease() {
        if index.changes.since(&change.key, change.revision).is_some() {
            return false;
        }
        change.before = index.holder(&change.key);
        let order = change.before.map_or(ChangeOrder::Newer, |id| index.compare_change(id, change.revision));
        if order != ChangeOrder::Newer {
            // The key may have been put again. If the reply does not show whether it was, the key is read.
            index.changes.record(&change.key, change.revision, None);
            if order == ChangeOrder::Unclear {
                app.keys.reads.add_if_room(change.key.clone());
            }
            return false;
        }
    }
    let lease = match change.now {
        KeyState::Put { lease, .. } => lease,
        KeyState::Deleted => None,
    };
    // A new value of a key with the same lease changes nothing here.
    if index.is_by_lease() || change.before != lease {
        index.changes.record(&change.key, change.revision, lease);
    }
    true
}

/// Applies a put to the locks. It was reported at `at`; `is_prompt` is whether that was as it happened. A lease with many
/// keys is used for data, so it does not show a waiting client.
pub(super) fn put_lock(
    app: &mut AppState,
    key: &[u8],
    (lease, create_revision): (Option<LeaseId>, i64),
    (at, is_prompt): (Timestamp, bool),
) {
    /// A client that waits for a lock has only a few keys on its lease.
    const MANY: usize = 8;
    let holder = lease.filter(|id| app.keys.index.count(*id) < MANY).and_then(|id| app.leases.alive(id));
    let known_since = holder.map(|lease| lease.first_seen());
    app.keys.locks.put(key, LockPut { lease, create_revision, known_since, at, is_prompt });
}

/// Applies a put: the key is attached to its new lease and detached from the old one.
pub(super) fn put(app: &mut AppState, change: &KeyChange, (to, created): (Option<LeaseId>, i64), at: Timestamp) {
    let mut since = at;
    if let Some((from, reason)) = KeyDetachReason::of(change, false) {
        let first_seen = app.keys.index.detach(from, &change.key, at);
        since = first_seen.unwrap_or(at);
        let when = when(app, change.revision, at);
        let detachment = Detachment { reason, revision: Some(change.revision), first_seen };
        on_key_detached(app, from, &change.key, detachment, when);
        refresh(app, from);
    }
    match to {
        Some(id) => {
            on_holder_seen(app, id, change.revision, at);
            attach(app, id, &change.key, Some((created, change.revision)), (at, since));
            if let Some(from) = change.before.filter(|from| *from != id) {
                record_move(app, &change.key, (from, id), when(app, change.revision, at).at);
            }
        }
        None => came_back(app, None, &change.key, when(app, change.revision, at), Some(change.revision)),
    }
}

/// Records that a call by leasetop attached a key to a lease. The watch reports it too. `revision` is that of the reply, if
/// it is known. A reply that is older than a known change of the key is ignored. A key that the watch does not cover is
/// only reported, because its deletion would not be.
pub(super) fn attached_here(app: &mut AppState, id: LeaseId, key: &[u8], revision: Option<i64>, at: Timestamp) {
    if !app.config.range.contains(key) {
        return push(app, key, at.into(), id, EventKind::Attached { key: key.to_vec(), revision });
    }
    let changed = revision.unwrap_or(app.keys.latest_revision().saturating_add(1));
    if app.keys.index.changes.since(key, changed).is_some() {
        return;
    }
    app.keys.index.changes.record(key, changed, Some(id));
    let mut since = at;
    if let Some(from) = app.keys.index.holder(key).filter(|from| *from != id) {
        let order = revision.map_or(ChangeOrder::Newer, |revision| app.keys.index.compare_change(from, revision));
        if order == ChangeOrder::Unclear {
            app.keys.reads.add_if_room(key.to_vec());
        }
        if order != ChangeOrder::Newer {
            return;
        }
        let first_seen = app.keys.index.detach(from, key, at);
        since = first_seen.unwrap_or(at);
        let detachment = Detachment { reason: KeyDetachReason::Moved { to: id }, revision, first_seen };
        on_key_detached(app, from, key, detachment, at);
        refresh(app, from);
        attach(app, id, key, None, (at, since));
        return record_move(app, key, (from, id), at);
    }
    attach(app, id, key, None, (at, since));
}

/// Records that a key is attached to a lease at `at`; it was first seen at `since`. Only the first report creates an
/// event. `revisions` are the create and mod revisions, if known.
fn attach(
    app: &mut AppState,
    id: LeaseId,
    key: &[u8],
    revisions: Option<(i64, i64)>,
    (at, since): (Timestamp, Timestamp),
) {
    let was_reported = app.keys.index.confirm(id, key);
    if !app.keys.index.attach(id, key, revisions.map_or(0, |(created, _)| created), since) {
        return;
    }
    let revision = revisions.map(|(_, put)| put);
    let when = revision.map_or(at.into(), |revision| when(app, revision, at));
    if !was_reported {
        push(app, key, when, id, EventKind::Attached { key: key.to_vec(), revision });
    }
    came_back(app, Some(id), key, when, revision);
    record_attached(app, id);
    forget_detached(app, id, key);
    refresh(app, id);
}

/// Records that a lease existed at a revision because it has a key. If it ended before that revision, it was granted
/// again. If the order is not known, it is polled. Keys deleted before that revision were deleted individually; that is
/// reported first, so that the events of a key are in the order of their revisions.
fn on_holder_seen(app: &mut AppState, id: LeaseId, revision: i64, at: Timestamp) {
    let deleted = app.leases.alive(id).and_then(|lease| Some(lease.pending_deletion.as_ref()?.revision));
    if deleted.is_some_and(|deleted| deleted < revision) {
        confirm_alive(app, id);
    }
    match app.leases.get(id).map(Lease::end) {
        Some(None) => (),
        Some(Some(LeaseEnd { at: ended_at, revision: Some(gone), .. })) if gone < revision => {
            let since = ended_at.before(max_delay(app)).min(at);
            record_regrant(app, id, TimeRange { earliest: since, latest: at }, None);
        }
        Some(Some(_)) => app.polls.prioritize(id),
        None => on_first_seen(app, id, at),
    }
}

/// Handles keys deleted in one revision. A lease with other keys left is alive. Otherwise it is polled.
fn on_keys_deleted(app: &mut AppState, deleted: BTreeMap<LeaseId, Vec<Vec<u8>>>, revision: i64, received: Timestamp) {
    let alive = if is_prompt(app, revision, received) { Some(received.before(max_delay(app))) } else { None };
    for (id, keys) in deleted {
        confirm_alive(app, id);
        let Some(lease) = app.leases.alive_mut(id) else { continue };
        lease.pending_deletion = Some(Box::new(PendingDeletion { revision, received, alive, keys }));
        if app.keys.index.count(id) > 0 {
            confirm_alive(app, id);
        }
        app.polls.prioritize(id);
    }
}

/// Returns the time of a change reported at `reported`. If the watch was behind, it is between the last reply with an
/// older revision and the first reply that includes the change.
fn when(app: &AppState, revision: i64, reported: Timestamp) -> EventTime {
    if is_prompt(app, revision, reported) {
        return reported.into();
    }
    app.keys.revisions.reached(revision, reported).into()
}

/// Whether a change was reported as it happened: the watch was not interrupted, and no earlier reply included its
/// revision.
fn is_prompt(app: &AppState, revision: i64, reported: Timestamp) -> bool {
    let reached = app.keys.revisions.reached(revision, reported);
    reported >= app.keys.prompt_from && reported.before(max_delay(app)) <= reached.latest
}

/// Maximum delay of a change while the watch works.
fn max_delay(app: &AppState) -> Duration {
    /// Time that etcd and leasetop take beyond the round trip.
    const PROCESSING: Duration = Duration::from_millis(20);
    app.cluster.member().and_then(|member| member.round_trip).unwrap_or_default() + PROCESSING
}

/// Records that a lease is alive, so its pending deleted keys were deleted individually.
pub(super) fn confirm_alive(app: &mut AppState, id: LeaseId) {
    let Some(pending_deletion) = app.leases.alive_mut(id).and_then(|lease| lease.pending_deletion.take()) else {
        return;
    };
    for key in &pending_deletion.keys {
        let PendingDeletion { revision, received, .. } = *pending_deletion;
        let when = when(app, revision, received);
        on_key_detached(app, id, key, Detachment::deleted(Some(revision)), when);
    }
    app.events.release(id);
    if app.keys.index.count(id) == 0 {
        // In a large key space only a query shows whether the client attached the key again.
        app.keys.queries.query_now(id, app.events.now);
    }
    refresh(app, id);
}

/// Updates the displayed keys of a lease. While it is unclear whether the lease ended with its keys, they stay.
pub(super) fn refresh(app: &mut AppState, id: LeaseId) {
    let keys = app.keys.summary(id);
    // `alive_mut` marks the lease as changed, so look first.
    let Some(lease) = app.leases.alive(id) else { return };
    if lease.pending_deletion.is_some() || lease.keys == keys {
        return;
    }
    let Some(lease) = app.leases.alive_mut(id) else { return };
    lease.keys = keys;
    app.view.request_redraw(Redraw::Soon);
}

/// Records that keys cannot be watched and reports it once per distinct error.
pub(super) fn failed(app: &mut AppState, failure: CallFailure, now: Timestamp) {
    let is_new = app.keys.failure.as_ref() != Some(&failure);
    app.keys.failure = Some(failure);
    if is_new {
        report_failure(app, now);
    }
    app.view.request_redraw(Redraw::Soon);
}

/// Reports that keys cannot be watched. While no member is reachable, the failure stays unreported.
fn report_failure(app: &mut AppState, now: Timestamp) {
    let Some(failure) = &app.keys.failure else { return };
    app.keys.is_failure_unreported = !app.cluster.is_reached();
    if app.cluster.is_reached() {
        let hint = if failure.is_forbidden { "; use --prefix for keys that this user may read" } else { "" };
        app.events.push(now, None, EventKind::error(format!("{}{hint}", failure.text)));
    }
}

/// Reports a permission error that occurred before a member was reachable.
pub(super) fn reached(app: &mut AppState, now: Timestamp) {
    let is_forbidden = app.keys.failure.as_ref().is_some_and(|failure| failure.is_forbidden);
    if std::mem::take(&mut app.keys.is_failure_unreported) && is_forbidden {
        report_failure(app, now);
    }
}

/// Clears the failure. Changes made meanwhile arrive late.
pub(super) fn recovered(app: &mut AppState, now: Timestamp) {
    app.keys.failure = None;
    app.keys.expect_late_changes(now);
    app.view.request_redraw(Redraw::Soon);
}
