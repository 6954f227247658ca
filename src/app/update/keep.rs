//! Keeping alive, on and off.

use crate::app::dialog::{AdoptDialog, Dialog};
use crate::app::{Effect, Model, What, Who};
use crate::domain::{LeaseId, Moment};

use super::is_refused;

/// Keeps the selected lease alive, or stops it; for another client's lease the question comes first.
pub(super) fn toggle(model: &mut Model, now: Moment) -> Vec<Effect> {
    let Some((id, who, kept)) = model.selected_alive().map(|lease| (lease.id, lease.who, lease.kept)) else {
        return Vec::new();
    };
    if is_refused(model, now) {
        return Vec::new();
    }
    match (kept, who) {
        (true, _) => leave(model, id, now),
        (false, Who::Own) => keep(model, id, Who::Own, now),
        (false, _) => {
            model.dialog = Some(Dialog::Adopt(AdoptDialog::new(id)));
            Vec::new()
        }
    }
}

/// Keeps another client's lease alive from now on.
pub(in crate::app) fn adopt(model: &mut Model, id: LeaseId, now: Moment) -> Vec<Effect> {
    keep(model, id, Who::Adopted, now)
}

fn keep(model: &mut Model, id: LeaseId, who: Who, now: Moment) -> Vec<Effect> {
    let Some(lease) = model.alive(id) else {
        model.say(now, true, format!("{id} is gone: nothing to keep alive"));
        return Vec::new();
    };
    (lease.who, lease.kept) = (who, true);
    // One of ours goes on at the pace that it had.
    let pace = lease.engine.as_ref().map(|status| status.pace);
    model.say(now, false, format!("keeping {id} alive"));
    vec![Effect::Keep { id, pace }]
}

/// An adopted lease is its owner's again, with nothing left of our renewals.
fn leave(model: &mut Model, id: LeaseId, now: Moment) -> Vec<Effect> {
    let Some(lease) = model.alive(id) else { return Vec::new() };
    lease.kept = false;
    if lease.who == Who::Adopted {
        (lease.who, lease.engine) = (Who::Other, None);
    }
    model.log(now, Some(id), What::Paused);
    model.say(now, false, format!("{id} is not kept alive any more: it expires by itself"));
    vec![Effect::Leave(id)]
}
