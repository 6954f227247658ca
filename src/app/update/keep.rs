//! Keeping alive, on and off.

use crate::app::dialog::{AdoptDialog, Dialog};
use crate::app::{AppState, Effect, EventKind, Ownership};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::is_refused;
use super::lifecycle::get_or_create;
use super::selection::{self, leases_in_words};

/// Keeps the leases that are meant alive; where all of them are kept, stops it. For other clients' leases the question
/// comes first.
pub(super) fn toggle(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let targets = selection::targets_or_report(app, now);
    if targets.is_empty() || is_refused(app, now) {
        return Vec::new();
    }
    let lease = |id: &LeaseId| app.leases.get(*id);
    let idle = targets.iter().copied().filter(|id| lease(id).is_some_and(|lease| !lease.is_kept_alive));
    let idle: Vec<LeaseId> = idle.collect();
    let are_ours = idle.iter().all(|id| lease(id).is_some_and(|lease| lease.ownership == Ownership::Own));
    match idle.is_empty() {
        true => stop(app, &targets, now),
        false if are_ours => adopt(app, &idle, now),
        false => {
            app.view.dialog = Some(Dialog::Adopt(AdoptDialog::new(idle)));
            Vec::new()
        }
    }
}

/// Keeps leases alive from now on: our own as our own, other clients' as adopted.
pub(in crate::app) fn adopt(app: &mut AppState, ids: &[LeaseId], now: Timestamp) -> Vec<Effect> {
    let effects: Vec<Effect> = ids.iter().filter_map(|id| start_one(app, *id)).collect();
    match (ids, effects.len()) {
        ([id], 0) => app.view.set_status(
            now,
            true,
            format!("{id} is gone; nothing to keep alive", id = app.view.id_format.name(*id)),
        ),
        ([id], _) => app.view.set_status(now, false, format!("Keeping {id} alive", id = app.view.id_format.name(*id))),
        (ids, kept) if kept < ids.len() => {
            let gone = ids.len() - kept;
            app.view.set_status(now, true, format!("Keeping {} alive; {gone} gone", leases_in_words(kept)));
        }
        (_, kept) => app.view.set_status(now, false, format!("Keeping {} alive", leases_in_words(kept))),
    }
    effects
}

/// Keeps a lease alive of which nothing is known yet but that somebody named it.
pub(super) fn adopt_at_start(app: &mut AppState, id: LeaseId) -> Effect {
    let lease = get_or_create(app, id);
    (lease.ownership, lease.is_kept_alive) = (Ownership::Adopted, true);
    Effect::StartKeepAlive { id, pace: None }
}

fn start_one(app: &mut AppState, id: LeaseId) -> Option<Effect> {
    let lease = app.leases.alive_mut(id)?;
    lease.ownership = if lease.ownership == Ownership::Own { Ownership::Own } else { Ownership::Adopted };
    lease.is_kept_alive = true;
    lease.loss = None;
    // One of ours goes on at the pace that it had.
    let pace = lease.engine.as_ref().map(|status| status.pace);
    Some(Effect::StartKeepAlive { id, pace })
}

/// Keeps leases alive no longer.
fn stop(app: &mut AppState, ids: &[LeaseId], now: Timestamp) -> Vec<Effect> {
    let effects = ids.iter().filter_map(|id| stop_one(app, *id, now)).collect();
    match ids {
        [id] => {
            let left = app.leases.get(*id).and_then(|lease| lease.left(now));
            let expires = left.map_or(String::new(), |left| format!("; expires in {left:.1} s"));
            let name = app.view.id_format.name(*id);
            app.view.set_status(now, false, format!("Stopped keeping {name} alive{expires}"));
        }
        ids => {
            let words = leases_in_words(ids.len());
            app.view.set_status(now, false, format!("Stopped keeping {words} alive; they will expire"));
        }
    }
    effects
}

/// An adopted lease is its owner's again, with nothing left of our renewals.
fn stop_one(app: &mut AppState, id: LeaseId, now: Timestamp) -> Option<Effect> {
    let lease = app.leases.alive_mut(id)?;
    lease.is_kept_alive = false;
    if lease.ownership == Ownership::Adopted {
        (lease.ownership, lease.engine) = (Ownership::Other, None);
    }
    app.log(now, Some(id), EventKind::Paused);
    Some(Effect::StopKeepAlive(id))
}
