//! Renewing once.

use std::time::Duration;

use crate::app::{Bounds, Effect, How, Model, Renewed, Trouble, What};
use crate::domain::{LeaseId, Moment};

use super::is_refused;
use super::life::bury;

/// Renews the selected lease: through the engine where it keeps it, else with a request of its own.
pub(super) fn once(model: &mut Model, now: Moment) -> Vec<Effect> {
    let Some((id, kept)) = model.selected_alive().map(|lease| (lease.id, lease.kept)) else { return Vec::new() };
    if is_refused(model, now) {
        return Vec::new();
    }
    vec![if kept { Effect::RenewNow(id) } else { Effect::RenewOnce(id) }]
}

/// It was renewed.
pub(super) fn done(model: &mut Model, id: LeaseId, ttl: i64, sent: Moment, received: Moment) {
    let span = Duration::from_secs(ttl.unsigned_abs());
    if let Some(lease) = model.alive(id) {
        lease.begin(Bounds { earliest: sent + span, latest: received + span }, ttl);
    }
    let round_trip = Some(received - sent);
    model.log(received, Some(id), What::Renewed(Renewed { round_trip, ..Renewed::new(How::Once, Some(ttl)) }));
    model.say(received, false, format!("renewed {id} once: {ttl} s"));
}

/// It was not; an unknown lease is gone.
pub(super) fn failed(model: &mut Model, id: LeaseId, trouble: &Trouble, now: Moment) {
    model.say(now, true, format!("{id} not renewed: {}", trouble.text));
    if trouble.is_not_found {
        return bury(model, id, now);
    }
    model.log(now, Some(id), What::error(format!("not renewed: {}", trouble.text)));
}
