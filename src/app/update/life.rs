//! The death of a lease.

use crate::app::{Death, Gone, Lease, Loss, Model, Who, Word};
use crate::domain::{Ended, LeaseId, Moment};

use super::keys_in_words;

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
    let epitaph = epitaph(lease, death.cause);
    model.graves.push_back((death.at, id));
    model.log(death.at, word(death.cause), Some(id), epitaph);
}

fn word(cause: Gone) -> Word {
    match cause {
        Gone::Expired => Word::Expired,
        Gone::Revoked => Word::Revoked,
        Gone::Unknown => Word::Gone,
    }
}

fn epitaph(lease: &Lease, cause: Gone) -> String {
    let whose = match lease.who {
        Who::Own => "own lease",
        Who::Adopted => "adopted lease",
        Who::Other => "another's lease",
    };
    let ttl = lease.granted_ttl.map_or(String::new(), |ttl| format!(" of {ttl} s"));
    let deleted = lease.doom.as_ref().map(|doom| doom.keys.len());
    let count = deleted.or(lease.keys.as_ref().map(|keys| keys.count));
    let keys = count.map_or(String::new(), |count| format!(", {} with it", keys_in_words(count)));
    let how = match cause {
        Gone::Expired => "its time was over",
        Gone::Revoked => "before its time",
        Gone::Unknown => "expired or revoked",
    };
    let known = lease.loss.as_ref().map_or(String::new(), |loss| format!("; {}", loss.known(lease.granted_ttl)));
    format!("{whose}{ttl}: {how}{keys}{known}")
}
