//! The death of a lease.

use std::time::Duration;

use crate::app::events::When;
use crate::app::{Death, Gone, Keys, Lease, Loss, Model, Obituary, What, Who, polls};
use crate::inference::TimeRange;
use crate::inference::lease_inference::{RemovalCause, RemovalWindow};
use etcd_lease::{Ended, LeaseId};
use simkit::Timestamp;

use super::mark;

/// The first sign that a lease is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Miss {
    /// When it came.
    pub(super) by: Timestamp,
    /// As of which revision of the keys it is gone, where that is told.
    pub(super) revision: Option<i64>,
    /// When the last list was asked for that could have it.
    pub(super) listed: Option<Timestamp>,
}

impl Miss {
    /// By then, and nothing is known of revisions.
    pub(super) fn by(by: Timestamp, model: &Model) -> Self {
        Miss { by, revision: None, listed: model.listed_at }
    }
}

/// Notes that a lease was seen to be gone by then, and why, as far as that follows from what was seen of it; what has
/// died before stays as it died.
pub(super) fn bury(model: &mut Model, id: LeaseId, miss: Miss) {
    let (is_ours, kind) = (model.revoking.contains(&id), model.kind(id, miss.by));
    let Some(lease) = model.alive(id) else { return };
    let removal = lease.removal(miss.by, miss.listed);
    let (cause, lag) = match lease.observed.removal_cause(removal, is_ours, kind) {
        RemovalCause::Expired(lag) => (Gone::Expired, Some(lag)),
        RemovalCause::RevokedHere | RemovalCause::Revoked => (Gone::Revoked, None),
        RemovalCause::Unknown => (Gone::Unknown, None),
    };
    lose(lease, removal.by, cause, is_ours);
    lay_down(model, id, Death { at: removal.by, cause, is_ours, lag, revision: miss.revision }, when(removal));
}

/// Notes that a lease is gone as its keeper says: it knows the deadline that the renewals have given.
pub(super) fn bury_as(model: &mut Model, id: LeaseId, at: Timestamp, cause: Gone) {
    let Some(lease) = model.alive(id) else { return };
    lose(lease, at, cause, false);
    lay_down(model, id, Death { at, cause, is_ours: false, lag: None, revision: None }, at.into());
}

/// Notes that a lease was revoked from here: that is no loss.
pub(super) fn bury_revoked(model: &mut Model, id: LeaseId, revision: i64, at: Timestamp) {
    let death = Death { at, cause: Gone::Revoked, is_ours: true, lag: None, revision: Some(revision) };
    lay_down(model, id, death, at.into());
}

/// A lease that had died is there again: another one was granted under its id, of which nothing is known but that. What
/// was to be done with the old one is not done with this one.
pub(super) fn begin_again(model: &mut Model, id: LeaseId, when: impl Into<When>, ttl: Option<i64>) {
    let Some(old) = model.lease(id).filter(|lease| lease.death.is_some()) else { return };
    let is_listed = old.is_listed;
    if old.engine.as_ref().is_some_and(|status| status.ended.is_none()) {
        model.outlived.push(id);
    }
    model.living(id).is_listed = is_listed;
    model.log(when, Some(id), What::Granted { who: Who::Other, ttl, asked: None });
}

/// What was heard of a lease by then is true of another of this TTL, granted under its id: the one that was known is gone.
pub(super) fn replace(model: &mut Model, id: LeaseId, by: Timestamp, ttl: i64) {
    let known = model.lease(id).and_then(|lease| lease.observed.seen_at());
    // A list since may have had this one or that.
    bury(model, id, Miss { by, revision: None, listed: None });
    let within = TimeRange { earliest: known.unwrap_or(by).min(by), latest: by };
    begin_again(model, id, within, Some(ttl));
}

/// In the middle of what is possible; where that says little, when it was noticed.
fn when(RemovalWindow { after, by }: RemovalWindow) -> When {
    const LITTLE: Duration = Duration::from_secs(2);
    match by - after {
        span if span > LITTLE => When { at: by, doubt: span },
        _ => TimeRange { earliest: after, latest: by }.into(),
    }
}

fn lose(lease: &mut Lease, at: Timestamp, cause: Gone, is_ours: bool) {
    if lease.kept && lease.loss.is_none() && !is_ours {
        lease.loss = Some(Box::new(unnoticed(lease, at, cause)));
    }
}

/// A loss that the server has told and the lease's renewals have not met yet.
fn unnoticed(lease: &Lease, at: Timestamp, cause: Gone) -> Loss {
    let why = if cause == Gone::Expired { Ended::Expired } else { Ended::NotFound };
    let next = lease.engine.as_ref().and_then(|status| status.next_due).map(|next| next.max(at));
    Loss { at, why, last_answer: lease.last_answer(), next }
}

fn lay_down(model: &mut Model, id: LeaseId, death: Death, when: When) {
    let are_keys_old = model.keys_trouble.is_some() || model.events.now < model.prompt_from;
    let Some(lease) = model.alive(id) else { return };
    lease.death = Some(death);
    lease.kept = false;
    if are_keys_old && lease.doom.is_none() {
        // The watch is catching up: they may stand under another lease by now.
        lease.keys = None;
    }
    let obituary = obituary(lease, death);
    if let Some(ttl) = obituary.ttl.filter(|_| death.cause == Gone::Revoked) {
        model.peers.revoked(ttl, death.at);
    }
    model.graves.push_back((death.at, id));
    mark::died(model, id, death.is_ours, death.at);
    polls::plan(model, id, Timestamp::NEVER);
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
