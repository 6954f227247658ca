//! Keeping alive, on and off.

use crate::app::dialog::{AdoptDialog, Dialog};
use crate::app::{Effect, Model, What, Who};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::is_refused;
use super::mark::{self, leases_in_words};

/// Keeps the leases that are meant alive; where all of them are kept, stops it. For other clients' leases the question
/// comes first.
pub(super) fn toggle(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let meant = mark::meant_or_told(model, now);
    if meant.is_empty() || is_refused(model, now) {
        return Vec::new();
    }
    let lease = |id: &LeaseId| model.lease(*id);
    let idle = meant.iter().copied().filter(|id| lease(id).is_some_and(|lease| !lease.kept));
    let idle: Vec<LeaseId> = idle.collect();
    let are_ours = idle.iter().all(|id| lease(id).is_some_and(|lease| lease.who == Who::Own));
    match idle.is_empty() {
        true => leave(model, &meant, now),
        false if are_ours => adopt(model, &idle, now),
        false => {
            model.dialog = Some(Dialog::Adopt(AdoptDialog::new(idle)));
            Vec::new()
        }
    }
}

/// Keeps leases alive from now on: our own as our own, other clients' as adopted.
pub(in crate::app) fn adopt(model: &mut Model, ids: &[LeaseId], now: Timestamp) -> Vec<Effect> {
    let effects: Vec<Effect> = ids.iter().filter_map(|id| keep(model, *id)).collect();
    match (ids, effects.len()) {
        ([id], 0) => model.say(now, true, format!("{id} is gone: nothing to keep alive", id = model.ids.name(*id))),
        ([id], _) => model.say(now, false, format!("keeping {id} alive", id = model.ids.name(*id))),
        (ids, kept) if kept < ids.len() => {
            let gone = ids.len() - kept;
            model.say(now, true, format!("keeping {} alive; {gone} are gone", leases_in_words(kept)));
        }
        (_, kept) => model.say(now, false, format!("keeping {} alive", leases_in_words(kept))),
    }
    effects
}

/// Keeps a lease alive of which nothing is known yet but that somebody named it.
pub(super) fn take_up(model: &mut Model, id: LeaseId) -> Effect {
    let lease = model.living(id);
    (lease.who, lease.kept) = (Who::Adopted, true);
    Effect::Keep { id, pace: None }
}

fn keep(model: &mut Model, id: LeaseId) -> Option<Effect> {
    let lease = model.alive(id)?;
    lease.who = if lease.who == Who::Own { Who::Own } else { Who::Adopted };
    lease.kept = true;
    lease.loss = None;
    // One of ours goes on at the pace that it had.
    let pace = lease.engine.as_ref().map(|status| status.pace);
    Some(Effect::Keep { id, pace })
}

/// Keeps leases alive no longer.
fn leave(model: &mut Model, ids: &[LeaseId], now: Timestamp) -> Vec<Effect> {
    let effects = ids.iter().filter_map(|id| leave_one(model, *id, now)).collect();
    match ids {
        [id] => model.say(
            now,
            false,
            format!("{id} is not kept alive any more: it expires by itself", id = model.ids.name(*id)),
        ),
        ids => {
            let words = leases_in_words(ids.len());
            model.say(now, false, format!("{words} are not kept alive any more: they expire by themselves"));
        }
    }
    effects
}

/// An adopted lease is its owner's again, with nothing left of our renewals.
fn leave_one(model: &mut Model, id: LeaseId, now: Timestamp) -> Option<Effect> {
    let lease = model.alive(id)?;
    lease.kept = false;
    if lease.who == Who::Adopted {
        (lease.who, lease.engine) = (Who::Other, None);
    }
    model.log(now, Some(id), What::Paused);
    Some(Effect::Leave(id))
}
