//! Renewing once.

use std::time::Duration;

use crate::app::{Effect, How, Model, Renewed, TimeRange, Trouble, What};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::life::{Miss, bury};
use super::{is_refused, mark};

/// Renews the leases that are meant: through the engine where it keeps them, else each with a request of its own.
pub(super) fn once(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let meant = mark::meant_or_told(model, now);
    if meant.is_empty() || is_refused(model, now) {
        return Vec::new();
    }
    if meant.len() > 1 {
        model.say(now, false, format!("renewing {} once", mark::leases_in_words(meant.len())));
    }
    let is_kept = |id: &LeaseId| model.lease(*id).is_some_and(|lease| lease.kept);
    meant.iter().map(|id| if is_kept(id) { Effect::RenewNow(*id) } else { Effect::RenewOnce(*id) }).collect()
}

/// It was renewed.
pub(super) fn done(model: &mut Model, id: LeaseId, ttl: i64, sent: Timestamp, received: Timestamp) {
    let span = Duration::from_secs(ttl.unsigned_abs());
    if let Some(lease) = model.alive(id) {
        lease.begin(TimeRange { earliest: sent + span, latest: received + span }, ttl);
    }
    let round_trip = Some(received - sent);
    model.log(received, Some(id), What::Renewed(Renewed { round_trip, ..Renewed::new(How::Once, Some(ttl)) }));
    model.say(received, false, format!("renewed {id} once: {ttl} s", id = model.ids.name(id)));
}

/// It was not; an unknown lease is gone.
pub(super) fn failed(model: &mut Model, id: LeaseId, trouble: &Trouble, now: Timestamp) {
    model.say(now, true, format!("{id} not renewed: {}", trouble.text, id = model.ids.name(id)));
    if trouble.is_not_found {
        return bury(model, id, Miss::by(now, model));
    }
    model.log(now, Some(id), What::error(format!("not renewed: {}", trouble.text)));
}
