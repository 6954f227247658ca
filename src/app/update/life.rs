//! The death of a lease.

use crate::app::{Death, Gone, Lease, Model, Who, Word};
use crate::domain::{LeaseId, Moment};

use super::keys_in_words;

/// Notes that a lease is gone; what has died before stays as it died.
pub(super) fn bury(model: &mut Model, id: LeaseId, at: Moment, cause: Gone) {
    let Some(lease) = model.alive(id) else { return };
    lease.death = Some(Death { at, cause });
    lease.kept = false;
    let epitaph = epitaph(lease, cause);
    model.graves.push_back((at, id));
    model.log(at, word(cause), Some(id), epitaph);
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
    let keys = lease.keys.as_ref().map_or(String::new(), |keys| format!(", {} with it", keys_in_words(keys.count)));
    let how = match cause {
        Gone::Expired => "its time was over",
        Gone::Revoked => "before its time",
        Gone::Unknown => "expired or revoked",
    };
    let known = lease.loss.as_ref().map_or(String::new(), |loss| format!("; {}", loss.known(lease.granted_ttl)));
    format!("{whose}{ttl}: {how}{keys}{known}")
}
