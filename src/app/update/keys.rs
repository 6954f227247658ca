//! Keys were read, or have changed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::events::When;
use crate::app::holdings::Arrival;
use crate::app::keys::Doom;
use crate::app::{Death, Model, Parted, Redraw, Trouble, What, polls};
use crate::inference::TimeRange;
use crate::inference::lease_inference::KeyDetachReason;
use etcd_lease::{KeyChange, KeyEntry, KeyState, LeaseId};
use simkit::Timestamp;

use super::life::begin_again;
use super::list::born;

/// The pages begin, from the first one on.
pub(super) fn begin(model: &mut Model) {
    model.holdings.begin();
    model.locks.start_reload();
}

/// A page.
pub(super) fn gather(model: &mut Model, page: Vec<KeyEntry>) {
    model.locks.add_page(&page);
    model.holdings.gather(page);
}

/// All keys are known, as of the pages. A lease that holds one lives, listed or not.
pub(super) fn read(model: &mut Model, revision: i64, now: Timestamp) {
    let is_first = !model.holdings.is_read();
    model.locks.finish_reload(now);
    let arrivals = model.holdings.arrivals();
    if !is_first {
        tell_loss(model, revision, now);
    }
    model.keys_revision = revision;
    for id in model.holdings.settle() {
        if model.holdings.count(id) > 0 {
            meet(model, id, revision, now);
        }
        show(model, id);
    }
    if is_first {
        show_all(model);
    }
    arrivals.into_iter().for_each(|arrival| arrive(model, arrival, now));
    model.keys_told_at = now;
    go_on(model, now);
}

/// etcd has forgotten what came between: only what stands now can be told.
fn tell_loss(model: &mut Model, revision: i64, now: Timestamp) {
    let first = model.keys_revision + 1;
    let lost = format!("what became of the keys from revision {first} to {revision} is lost, etcd has compacted it");
    model.log(now, None, What::error(format!("{lost}: they were read anew, and those that left a lease are not told")));
}

/// A key stands under a lease that it did not stand under when the watch told last.
fn arrive(model: &mut Model, Arrival { key, from, to }: Arrival, now: Timestamp) {
    let within = TimeRange { earliest: model.keys_told_at.min(now), latest: now };
    if let Some(from) = from {
        model.log(within, Some(from), What::Moved { key: key.clone(), to, revision: None });
    }
    model.log(within, Some(to), What::Attached { key, revision: None });
}

/// Where nothing was known of keys, something is now: many leases have none.
fn show_all(model: &mut Model) {
    let ids: Vec<LeaseId> = model.leases.ids().collect();
    ids.into_iter().for_each(|id| show(model, id));
}

/// Takes in changes in their order. What is deleted in one revision is looked at together, as a lease's end would be.
pub(super) fn changed(model: &mut Model, changes: Vec<KeyChange>, received: Timestamp) {
    let mut deleted: BTreeMap<LeaseId, Vec<Vec<u8>>> = BTreeMap::new();
    let mut revision = 0;
    (model.keys_told_at, model.keys_revision) =
        (received, changes.last().map_or(model.keys_revision, |last| last.revision));
    for change in changes {
        if change.revision != revision {
            bereave(model, std::mem::take(&mut deleted), revision, received);
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
                    model.holdings.release(id, &change.key);
                    deleted.entry(id).or_default().push(change.key);
                }
            }
        }
    }
    bereave(model, deleted, revision, received);
}

/// A key was put: it hangs on its lease from now on, and on no other.
fn put(model: &mut Model, change: &KeyChange, (to, created): (Option<LeaseId>, i64), at: Timestamp) {
    if let Some((from, fate)) = KeyDetachReason::of(change, false) {
        model.holdings.release(from, &change.key);
        part(model, from, &change.key, (fate, change.revision), at);
        show(model, from);
    }
    if let Some(id) = to {
        meet(model, id, change.revision, at);
        attach(model, id, &change.key, Some((created, change.revision)), at);
    }
}

/// A key hangs on a lease: told once, whoever tells it first. The revisions are those that made it and put it, where
/// they are known.
pub(super) fn attach(model: &mut Model, id: LeaseId, key: &[u8], revisions: Option<(i64, i64)>, at: Timestamp) {
    let was_told = model.holdings.was_told_early(id, key);
    if model.holdings.hold(id, key, revisions.map_or(0, |(created, _)| created)) {
        let revision = revisions.map(|(_, put)| put);
        if !was_told {
            let when = revision.map_or(at.into(), |revision| when(model, revision, at));
            model.log(when, Some(id), What::Attached { key: key.to_vec(), revision });
        }
        show(model, id);
    }
}

/// A lease that a key hangs on as of a revision is there, whether it was listed or not. One that has died and holds a key
/// later than that was granted again; where it may have been before, it is asked.
fn meet(model: &mut Model, id: LeaseId, revision: i64, at: Timestamp) {
    match model.lease(id).map(|lease| lease.death) {
        Some(None) => (),
        Some(Some(Death { at: died, revision: Some(gone), .. })) if gone < revision => {
            let since = died.before(delay(model)).min(at);
            begin_again(model, id, TimeRange { earliest: since, latest: at }, None);
        }
        Some(Some(_)) => polls::hurry(model, id),
        None => born(model, id, at),
    }
}

/// Keys were deleted together. A lease that has others left lives on; of one that has none that is to be asked.
fn bereave(model: &mut Model, deleted: BTreeMap<LeaseId, Vec<Vec<u8>>>, revision: i64, received: Timestamp) {
    let alive = Some(received.before(delay(model))).filter(|_| is_prompt(model, revision, received));
    for (id, keys) in deleted {
        survive(model, id);
        let Some(lease) = model.alive(id) else { continue };
        lease.doom = Some(Box::new(Doom { revision, received, alive, keys }));
        if model.holdings.count(id) > 0 {
            survive(model, id);
        }
        polls::hurry(model, id);
    }
}

/// When a change came that was told at a moment: just then, or, where the watch was behind, between the answers that knew
/// nothing of it and those that did.
fn when(model: &Model, revision: i64, told: Timestamp) -> When {
    match is_prompt(model, revision, told) {
        true => told.into(),
        false => model.revisions.reached(revision, told).into(),
    }
}

/// Whether a change was told as it came: the watch was not cut, and no answer knew of it long before.
fn is_prompt(model: &Model, revision: i64, told: Timestamp) -> bool {
    told >= model.prompt_from && told.before(delay(model)) <= model.revisions.reached(revision, told).latest
}

/// How long a change is on its way at most, while nothing is wrong with the watch.
fn delay(model: &Model) -> Duration {
    const AT_MOST: Duration = Duration::from_millis(20);
    model.member().and_then(|member| member.round_trip).unwrap_or_default() + AT_MOST
}

/// The lease lives: the keys that were deleted went without it.
pub(super) fn survive(model: &mut Model, id: LeaseId) {
    let Some(doom) = model.alive(id).and_then(|lease| lease.doom.take()) else { return };
    for key in &doom.keys {
        part(model, id, key, (KeyDetachReason::Deleted, doom.revision), doom.received);
    }
    show(model, id);
}

/// A key left a lease that lives on.
fn part(model: &mut Model, id: LeaseId, key: &[u8], (fate, of): (KeyDetachReason, i64), at: Timestamp) {
    let (key, revision) = (key.to_vec(), Some(of));
    if let Some(lease) = model.alive(id) {
        lease.part_with(Parted { at, key: key.clone(), fate });
    }
    let what = match fate {
        KeyDetachReason::Moved { to } => What::Moved { key, to, revision },
        KeyDetachReason::Detached => What::Detached { key, is_deleted: false, revision },
        KeyDetachReason::Deleted | KeyDetachReason::DiedWithLease => What::Detached { key, is_deleted: true, revision },
    };
    model.log(when(model, of, at), Some(id), what);
}

/// Shows the keys of a lease as they are known. Where it may have died with them, they stay until that is known.
pub(super) fn show(model: &mut Model, id: LeaseId) {
    let keys = model.keys_of(id);
    let Some(lease) = model.alive(id).filter(|lease| lease.doom.is_none() && lease.keys != keys) else { return };
    lease.keys = keys;
    model.show(Redraw::Soon);
}

/// The keys are not told. Says so once for each kind of trouble; without a link nothing is told anyway.
pub(super) fn failed(model: &mut Model, trouble: Trouble, now: Timestamp) {
    let is_news = model.keys_trouble.as_ref() != Some(&trouble);
    model.keys_trouble = Some(trouble);
    if is_news {
        tell_trouble(model, now);
    }
    model.show(Redraw::Soon);
}

fn tell_trouble(model: &mut Model, now: Timestamp) {
    let Some(trouble) = &model.keys_trouble else { return };
    model.are_keys_untold = !model.is_reached();
    if model.is_reached() {
        let hint = if trouble.is_forbidden { "; --prefix names keys that this user may read" } else { "" };
        model.log(now, None, What::error(format!("cannot follow the keys: {}{hint}", trouble.text)));
    }
}

/// A member answers: what was refused before that was known is told now.
pub(super) fn reached(model: &mut Model, now: Timestamp) {
    let is_forbidden = model.keys_trouble.as_ref().is_some_and(|trouble| trouble.is_forbidden);
    if std::mem::take(&mut model.are_keys_untold) && is_forbidden {
        tell_trouble(model, now);
    }
}

/// They are told again, and all that came between late.
pub(super) fn go_on(model: &mut Model, now: Timestamp) {
    model.keys_trouble = None;
    model.expect_late_news(now);
    model.show(Redraw::Soon);
}
