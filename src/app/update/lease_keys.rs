//! Keys were read, or have changed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::events::EventTime;
use crate::app::key_index::KeyAttached;
use crate::app::lease_keys::PendingDeletion;
use crate::app::{AppState, CallFailure, DetachedKey, EventKind, LeaseEnd, Redraw, polls};
use crate::inference::TimeRange;
use crate::inference::lease_inference::KeyDetachReason;
use etcd_lease::{KeyChange, KeyEntry, KeyState, LeaseId};
use simkit::Timestamp;

use super::lifecycle::record_regrant;
use super::list::on_first_seen;

/// The pages begin, from the first one on.
pub(super) fn start_reload(model: &mut AppState) {
    model.key_index.start_reload();
    model.locks.start_reload();
}

/// A page.
pub(super) fn add_page(model: &mut AppState, page: Vec<KeyEntry>) {
    model.locks.add_page(&page);
    model.key_index.add_page(page);
}

/// All keys are known, as of the pages. A lease that holds one lives, listed or not.
pub(super) fn finish_reload(model: &mut AppState, revision: i64, now: Timestamp) {
    let is_first = !model.key_index.is_read();
    model.locks.finish_reload(now);
    let newly_attached = model.key_index.newly_attached();
    if !is_first {
        report_compaction(model, revision, now);
    }
    model.keys_revision = revision;
    for id in model.key_index.finish_reload() {
        if model.key_index.count(id) > 0 {
            on_holder_seen(model, id, revision, now);
        }
        refresh(model, id);
    }
    if is_first {
        refresh_all(model);
    }
    newly_attached.into_iter().for_each(|arrival| report_attached(model, arrival, now));
    model.keys_reported_at = now;
    go_on(model, now);
}

/// etcd has forgotten what came between: only what stands now can be told.
fn report_compaction(model: &mut AppState, revision: i64, now: Timestamp) {
    let first = model.keys_revision + 1;
    let lost = format!("what became of the keys from revision {first} to {revision} is lost, etcd has compacted it");
    model.log(
        now,
        None,
        EventKind::error(format!("{lost}: they were read anew, and those that left a lease are not told")),
    );
}

/// A key stands under a lease that it did not stand under when the watch told last.
fn report_attached(model: &mut AppState, KeyAttached { key, from, to }: KeyAttached, now: Timestamp) {
    let within = TimeRange { earliest: model.keys_reported_at.min(now), latest: now };
    if let Some(from) = from {
        model.log(within, Some(from), EventKind::Moved { key: key.clone(), to, revision: None });
    }
    model.log(within, Some(to), EventKind::Attached { key, revision: None });
}

/// Where nothing was known of keys, something is now: many leases have none.
fn refresh_all(model: &mut AppState) {
    let ids: Vec<LeaseId> = model.leases.ids().collect();
    ids.into_iter().for_each(|id| refresh(model, id));
}

/// Takes in changes in their order. What is deleted in one revision is looked at together, as a lease's end would be.
pub(super) fn changed(model: &mut AppState, changes: Vec<KeyChange>, received: Timestamp) {
    let mut deleted: BTreeMap<LeaseId, Vec<Vec<u8>>> = BTreeMap::new();
    let mut revision = 0;
    (model.keys_reported_at, model.keys_revision) =
        (received, changes.last().map_or(model.keys_revision, |last| last.revision));
    for change in changes {
        if change.revision != revision {
            on_keys_deleted(model, std::mem::take(&mut deleted), revision, received);
            revision = change.revision;
        }
        match change.now {
            KeyState::Put { lease, create_revision } => {
                model.locks.put(&change.key, lease, create_revision, received);
                put(model, &change, (lease, create_revision), received);
            }
            KeyState::Deleted => {
                model.locks.delete(&change.key, received);
                if let Some(id) = change.before {
                    model.key_index.detach(id, &change.key);
                    deleted.entry(id).or_default().push(change.key);
                }
            }
        }
    }
    on_keys_deleted(model, deleted, revision, received);
}

/// A key was put: it hangs on its lease from now on, and on no other.
fn put(model: &mut AppState, change: &KeyChange, (to, created): (Option<LeaseId>, i64), at: Timestamp) {
    if let Some((from, fate)) = KeyDetachReason::of(change, false) {
        model.key_index.detach(from, &change.key);
        on_key_detached(model, from, &change.key, (fate, change.revision), at);
        refresh(model, from);
    }
    if let Some(id) = to {
        on_holder_seen(model, id, change.revision, at);
        attach(model, id, &change.key, Some((created, change.revision)), at);
    }
}

/// A key hangs on a lease: told once, whoever tells it first. The revisions are those that made it and put it, where
/// they are known.
pub(super) fn attach(model: &mut AppState, id: LeaseId, key: &[u8], revisions: Option<(i64, i64)>, at: Timestamp) {
    let was_reported = model.key_index.confirm(id, key);
    if model.key_index.attach(id, key, revisions.map_or(0, |(created, _)| created)) {
        let revision = revisions.map(|(_, put)| put);
        if !was_reported {
            let when = revision.map_or(at.into(), |revision| when(model, revision, at));
            model.log(when, Some(id), EventKind::Attached { key: key.to_vec(), revision });
        }
        refresh(model, id);
    }
}

/// A lease that a key hangs on as of a revision is there, whether it was listed or not. One that has died and holds a key
/// later than that was granted again; where it may have been before, it is asked.
fn on_holder_seen(model: &mut AppState, id: LeaseId, revision: i64, at: Timestamp) {
    match model.lease(id).map(|lease| lease.end) {
        Some(None) => (),
        Some(Some(LeaseEnd { at: died, revision: Some(gone), .. })) if gone < revision => {
            let since = died.before(delay(model)).min(at);
            record_regrant(model, id, TimeRange { earliest: since, latest: at }, None);
        }
        Some(Some(_)) => polls::prioritize(model, id),
        None => on_first_seen(model, id, at),
    }
}

/// Keys were deleted together. A lease that has others left lives on; of one that has none that is to be asked.
fn on_keys_deleted(model: &mut AppState, deleted: BTreeMap<LeaseId, Vec<Vec<u8>>>, revision: i64, received: Timestamp) {
    let alive = Some(received.before(delay(model))).filter(|_| is_prompt(model, revision, received));
    for (id, keys) in deleted {
        confirm_alive(model, id);
        let Some(lease) = model.alive(id) else { continue };
        lease.pending_deletion = Some(Box::new(PendingDeletion { revision, received, alive, keys }));
        if model.key_index.count(id) > 0 {
            confirm_alive(model, id);
        }
        polls::prioritize(model, id);
    }
}

/// When a change came that was told at a moment: just then, or, where the watch was behind, between the answers that knew
/// nothing of it and those that did.
fn when(model: &AppState, revision: i64, told: Timestamp) -> EventTime {
    match is_prompt(model, revision, told) {
        true => told.into(),
        false => model.revisions.reached(revision, told).into(),
    }
}

/// Whether a change was told as it came: the watch was not cut, and no answer knew of it long before.
fn is_prompt(model: &AppState, revision: i64, told: Timestamp) -> bool {
    told >= model.prompt_from && told.before(delay(model)) <= model.revisions.reached(revision, told).latest
}

/// How long a change is on its way at most, while nothing is wrong with the watch.
fn delay(model: &AppState) -> Duration {
    const AT_MOST: Duration = Duration::from_millis(20);
    model.member().and_then(|member| member.round_trip).unwrap_or_default() + AT_MOST
}

/// The lease lives: the keys that were deleted went without it.
pub(super) fn confirm_alive(model: &mut AppState, id: LeaseId) {
    let Some(pending_deletion) = model.alive(id).and_then(|lease| lease.pending_deletion.take()) else { return };
    for key in &pending_deletion.keys {
        on_key_detached(
            model,
            id,
            key,
            (KeyDetachReason::Deleted, pending_deletion.revision),
            pending_deletion.received,
        );
    }
    refresh(model, id);
}

/// A key left a lease that lives on.
fn on_key_detached(model: &mut AppState, id: LeaseId, key: &[u8], (fate, of): (KeyDetachReason, i64), at: Timestamp) {
    let (key, revision) = (key.to_vec(), Some(of));
    if let Some(lease) = model.alive(id) {
        lease.record_detached(DetachedKey { at, key: key.clone(), fate });
    }
    let what = match fate {
        KeyDetachReason::Moved { to } => EventKind::Moved { key, to, revision },
        KeyDetachReason::Detached => EventKind::Detached { key, is_deleted: false, revision },
        KeyDetachReason::Deleted | KeyDetachReason::DiedWithLease => {
            EventKind::Detached { key, is_deleted: true, revision }
        }
    };
    model.log(when(model, of, at), Some(id), what);
}

/// Shows the keys of a lease as they are known. Where it may have died with them, they stay until that is known.
pub(super) fn refresh(model: &mut AppState, id: LeaseId) {
    let keys = model.keys_of(id);
    let Some(lease) = model.alive(id).filter(|lease| lease.pending_deletion.is_none() && lease.keys != keys) else {
        return;
    };
    lease.keys = keys;
    model.request_redraw(Redraw::Soon);
}

/// The keys are not told. Says so once for each kind of trouble; without a link nothing is told anyway.
pub(super) fn failed(model: &mut AppState, trouble: CallFailure, now: Timestamp) {
    let is_news = model.keys_trouble.as_ref() != Some(&trouble);
    model.keys_trouble = Some(trouble);
    if is_news {
        report_trouble(model, now);
    }
    model.request_redraw(Redraw::Soon);
}

fn report_trouble(model: &mut AppState, now: Timestamp) {
    let Some(trouble) = &model.keys_trouble else { return };
    model.is_keys_error_unreported = !model.is_reached();
    if model.is_reached() {
        let hint = if trouble.is_forbidden { "; --prefix names keys that this user may read" } else { "" };
        model.log(now, None, EventKind::error(format!("cannot follow the keys: {}{hint}", trouble.text)));
    }
}

/// A member answers: what was refused before that was known is told now.
pub(super) fn reached(model: &mut AppState, now: Timestamp) {
    let is_forbidden = model.keys_trouble.as_ref().is_some_and(|trouble| trouble.is_forbidden);
    if std::mem::take(&mut model.is_keys_error_unreported) && is_forbidden {
        report_trouble(model, now);
    }
}

/// They are told again, and all that came between late.
pub(super) fn go_on(model: &mut AppState, now: Timestamp) {
    model.keys_trouble = None;
    model.expect_late_news(now);
    model.request_redraw(Redraw::Soon);
}
