//! Renewing once.

use std::time::Duration;

use crate::app::{AppState, CallFailure, Effect, EventKind, RenewalSource, Renewed, TimeRange};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::lifecycle::{Absence, record_end};
use super::{is_refused, selection};

/// Renews the leases that are meant: through the engine where it keeps them, else each with a request of its own.
pub(super) fn once(model: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let targets = selection::targets_or_report(model, now);
    if targets.is_empty() || is_refused(model, now) {
        return Vec::new();
    }
    if targets.len() > 1 {
        model.set_status(now, false, format!("renewing {} once", selection::leases_in_words(targets.len())));
    }
    let is_kept = |id: &LeaseId| model.lease(*id).is_some_and(|lease| lease.is_kept_alive);
    targets.iter().map(|id| if is_kept(id) { Effect::RenewNow(*id) } else { Effect::RenewOnce(*id) }).collect()
}

/// It was renewed.
pub(super) fn done(model: &mut AppState, id: LeaseId, ttl: i64, sent: Timestamp, received: Timestamp) {
    let span = Duration::from_secs(ttl.unsigned_abs());
    if let Some(lease) = model.alive(id) {
        lease.set_deadline(TimeRange { earliest: sent + span, latest: received + span }, ttl);
    }
    let round_trip = Some(received - sent);
    model.log(
        received,
        Some(id),
        EventKind::Renewed(Renewed { round_trip, ..Renewed::new(RenewalSource::Once, Some(ttl)) }),
    );
    model.set_status(received, false, format!("renewed {id} once: {ttl} s", id = model.ids.name(id)));
}

/// It was not; an unknown lease is gone.
pub(super) fn failed(model: &mut AppState, id: LeaseId, trouble: &CallFailure, now: Timestamp) {
    model.set_status(now, true, format!("{id} not renewed: {}", trouble.text, id = model.ids.name(id)));
    if trouble.is_not_found {
        return record_end(model, id, Absence::by(now, model));
    }
    model.log(now, Some(id), EventKind::error(format!("not renewed: {}", trouble.text)));
}
