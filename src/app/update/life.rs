//! The death of a lease.

use crate::app::{Death, Gone, Keys, Lease, Loss, Model, Obituary, What};
use crate::domain::{Ended, LeaseId, Moment};

use super::mark;

/// Notes that a lease was seen to be gone; what has died before stays as it died.
pub(super) fn bury(model: &mut Model, id: LeaseId, at: Moment, cause: Gone) {
    let Some(lease) = model.alive(id) else { return };
    if lease.kept && lease.loss.is_none() {
        lease.loss = Some(Box::new(unnoticed(lease, at, cause)));
    }
    lay_down(model, id, Death { at, cause, is_ours: false });
}

/// Notes that a lease was revoked from here: that is no loss.
pub(super) fn bury_revoked(model: &mut Model, id: LeaseId, at: Moment) {
    lay_down(model, id, Death { at, cause: Gone::Revoked, is_ours: true });
}

/// A loss that the server has told and the lease's renewals have not met yet.
fn unnoticed(lease: &Lease, at: Moment, cause: Gone) -> Loss {
    let why = if cause == Gone::Expired { Ended::Expired } else { Ended::NotFound };
    let next = lease.engine.as_ref().and_then(|status| status.next_due).map(|next| next.max(at));
    Loss { at, why, last_answer: lease.last_renewed(), next }
}

fn lay_down(model: &mut Model, id: LeaseId, death: Death) {
    let Some(lease) = model.alive(id) else { return };
    lease.death = Some(death);
    lease.kept = false;
    let obituary = obituary(lease, death);
    model.graves.push_back((death.at, id));
    mark::died(model, id, death.is_ours, death.at);
    model.log(death.at, Some(id), What::Died(Box::new(obituary)));
}

fn obituary(lease: &Lease, death: Death) -> Obituary {
    Obituary {
        cause: death.cause,
        is_ours: death.is_ours,
        who: lease.who,
        ttl: lease.granted_ttl,
        keys: lease.doom.as_ref().map(|doom| Keys::of(doom.keys.clone())).or_else(|| lease.keys.clone()),
        lag: None,
        revision: lease.doom.as_ref().map(|doom| doom.revision),
        loss: lease.loss.clone(),
    }
}
