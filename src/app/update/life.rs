//! The death of a lease.

use std::time::Duration;

use crate::app::events::When;
use crate::app::{Death, Gone, Keys, Lease, Loss, Model, Obituary, What, polls};
use crate::domain::observed::{Cause, Removal};
use crate::domain::{Bounds, Ended, LeaseId, Moment};

use super::mark;

/// Notes that a lease was seen to be gone by then, and why, as far as that follows from what was seen of it; what has
/// died before stays as it died.
pub(super) fn bury(model: &mut Model, id: LeaseId, by: Moment) {
    let (listed, is_ours) = (model.listed_at, model.revoking.contains(&id));
    let Some(lease) = model.alive(id) else { return };
    let removal = lease.removal(by, listed);
    let (cause, lag) = match lease.observed.cause_of_death(removal, is_ours) {
        Cause::Expired(lag) => (Gone::Expired, Some(lag)),
        Cause::RevokedHere | Cause::Revoked => (Gone::Revoked, None),
        Cause::Unknown => (Gone::Unknown, None),
    };
    lose(lease, removal.by, cause, is_ours);
    lay_down(model, id, Death { at: removal.by, cause, is_ours, lag }, when(removal));
}

/// Notes that a lease is gone as its keeper says: it knows the deadline that the renewals have given.
pub(super) fn bury_as(model: &mut Model, id: LeaseId, at: Moment, cause: Gone) {
    let Some(lease) = model.alive(id) else { return };
    lose(lease, at, cause, false);
    lay_down(model, id, Death { at, cause, is_ours: false, lag: None }, at.into());
}

/// Notes that a lease was revoked from here: that is no loss.
pub(super) fn bury_revoked(model: &mut Model, id: LeaseId, at: Moment) {
    lay_down(model, id, Death { at, cause: Gone::Revoked, is_ours: true, lag: None }, at.into());
}

/// In the middle of what is possible; where that says little, when it was noticed.
fn when(Removal { after, by }: Removal) -> When {
    const LITTLE: Duration = Duration::from_secs(2);
    match by - after {
        span if span > LITTLE => When { at: by, doubt: span },
        _ => Bounds { earliest: after, latest: by }.into(),
    }
}

fn lose(lease: &mut Lease, at: Moment, cause: Gone, is_ours: bool) {
    if lease.kept && lease.loss.is_none() && !is_ours {
        lease.loss = Some(Box::new(unnoticed(lease, at, cause)));
    }
}

/// A loss that the server has told and the lease's renewals have not met yet.
fn unnoticed(lease: &Lease, at: Moment, cause: Gone) -> Loss {
    let why = if cause == Gone::Expired { Ended::Expired } else { Ended::NotFound };
    let next = lease.engine.as_ref().and_then(|status| status.next_due).map(|next| next.max(at));
    Loss { at, why, last_answer: lease.last_answer(), next }
}

fn lay_down(model: &mut Model, id: LeaseId, death: Death, when: When) {
    let Some(lease) = model.alive(id) else { return };
    lease.death = Some(death);
    lease.kept = false;
    let obituary = obituary(lease, death);
    model.graves.push_back((death.at, id));
    mark::died(model, id, death.is_ours, death.at);
    polls::plan(model, id, Moment::FAR);
    model.log(when, Some(id), What::Died(Box::new(obituary)));
}

fn obituary(lease: &Lease, death: Death) -> Obituary {
    Obituary {
        cause: death.cause,
        is_ours: death.is_ours,
        who: lease.who,
        ttl: lease.granted_ttl,
        keys: lease.doom.as_ref().map(|doom| Keys::of(doom.keys.clone())).or_else(|| lease.keys.clone()),
        lag: death.lag,
        revision: lease.doom.as_ref().map(|doom| doom.revision),
        loss: lease.loss.clone(),
    }
}
