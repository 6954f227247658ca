//! Keeping alive, on and off.

use crate::app::dialog::{AdoptDialog, Dialog};
use crate::app::{AppState, Effect, EventKind, Ownership};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::is_refused;
use super::selection::{self, leases_in_words};

/// Keeps the leases that are meant alive; where all of them are kept, stops it. For other clients' leases the question
/// comes first.
pub(super) fn toggle(model: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let targets = selection::targets_or_report(model, now);
    if targets.is_empty() || is_refused(model, now) {
        return Vec::new();
    }
    let lease = |id: &LeaseId| model.lease(*id);
    let idle = targets.iter().copied().filter(|id| lease(id).is_some_and(|lease| !lease.is_kept_alive));
    let idle: Vec<LeaseId> = idle.collect();
    let are_ours = idle.iter().all(|id| lease(id).is_some_and(|lease| lease.ownership == Ownership::Own));
    match idle.is_empty() {
        true => stop(model, &targets, now),
        false if are_ours => adopt(model, &idle, now),
        false => {
            model.dialog = Some(Dialog::Adopt(AdoptDialog::new(idle)));
            Vec::new()
        }
    }
}

/// Keeps leases alive from now on: our own as our own, other clients' as adopted.
pub(in crate::app) fn adopt(model: &mut AppState, ids: &[LeaseId], now: Timestamp) -> Vec<Effect> {
    let effects: Vec<Effect> = ids.iter().filter_map(|id| start_one(model, *id)).collect();
    match (ids, effects.len()) {
        ([id], 0) => {
            model.set_status(now, true, format!("{id} is gone: nothing to keep alive", id = model.ids.name(*id)))
        }
        ([id], _) => model.set_status(now, false, format!("keeping {id} alive", id = model.ids.name(*id))),
        (ids, kept) if kept < ids.len() => {
            let gone = ids.len() - kept;
            model.set_status(now, true, format!("keeping {} alive; {gone} are gone", leases_in_words(kept)));
        }
        (_, kept) => model.set_status(now, false, format!("keeping {} alive", leases_in_words(kept))),
    }
    effects
}

/// Keeps a lease alive of which nothing is known yet but that somebody named it.
pub(super) fn adopt_at_start(model: &mut AppState, id: LeaseId) -> Effect {
    let lease = model.get_or_create(id);
    (lease.ownership, lease.is_kept_alive) = (Ownership::Adopted, true);
    Effect::StartKeepAlive { id, pace: None }
}

fn start_one(model: &mut AppState, id: LeaseId) -> Option<Effect> {
    let lease = model.alive(id)?;
    lease.ownership = if lease.ownership == Ownership::Own { Ownership::Own } else { Ownership::Adopted };
    lease.is_kept_alive = true;
    lease.loss = None;
    // One of ours goes on at the pace that it had.
    let pace = lease.engine.as_ref().map(|status| status.pace);
    Some(Effect::StartKeepAlive { id, pace })
}

/// Keeps leases alive no longer.
fn stop(model: &mut AppState, ids: &[LeaseId], now: Timestamp) -> Vec<Effect> {
    let effects = ids.iter().filter_map(|id| stop_one(model, *id, now)).collect();
    match ids {
        [id] => model.set_status(
            now,
            false,
            format!("{id} is not kept alive any more: it expires by itself", id = model.ids.name(*id)),
        ),
        ids => {
            let words = leases_in_words(ids.len());
            model.set_status(now, false, format!("{words} are not kept alive any more: they expire by themselves"));
        }
    }
    effects
}

/// An adopted lease is its owner's again, with nothing left of our renewals.
fn stop_one(model: &mut AppState, id: LeaseId, now: Timestamp) -> Option<Effect> {
    let lease = model.alive(id)?;
    lease.is_kept_alive = false;
    if lease.ownership == Ownership::Adopted {
        (lease.ownership, lease.engine) = (Ownership::Other, None);
    }
    model.log(now, Some(id), EventKind::Paused);
    Some(Effect::StopKeepAlive(id))
}
