//! Renewing once.

use std::time::Duration;

use crate::app::{AppState, CallFailure, Effect, EventKind, RenewalSource, Renewed, TimeRange};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::lifecycle::{Absence, record_end};
use super::{is_refused, selection};

/// Renews the leases that are meant: through the engine where it keeps them, else each with a request of its own.
pub(super) fn once(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let targets = selection::targets_or_report(app, now);
    if targets.is_empty() || is_refused(app, now) {
        return Vec::new();
    }
    if targets.len() > 1 {
        app.view.set_status(now, false, format!("Renewing {} once", selection::leases_in_words(targets.len())));
    }
    let is_kept = |id: &LeaseId| app.leases.get(*id).is_some_and(|lease| lease.is_kept_alive);
    targets.iter().map(|id| if is_kept(id) { Effect::RenewNow(*id) } else { Effect::RenewOnce(*id) }).collect()
}

/// It was renewed.
pub(super) fn done(app: &mut AppState, id: LeaseId, ttl: i64, sent: Timestamp, received: Timestamp) {
    let span = Duration::from_secs(ttl.unsigned_abs());
    if let Some(lease) = app.leases.alive_mut(id) {
        lease.set_deadline(TimeRange { earliest: sent + span, latest: received + span }, ttl);
    }
    let round_trip = Some(received - sent);
    app.log(
        received,
        Some(id),
        EventKind::Renewed(Renewed { round_trip, ..Renewed::new(RenewalSource::Once, Some(ttl)) }),
    );
    app.view.set_status(received, false, format!("Renewed {id} once (TTL {ttl} s)", id = app.view.id_format.name(id)));
}

/// It was not; an unknown lease is gone.
pub(super) fn failed(app: &mut AppState, id: LeaseId, trouble: &CallFailure, now: Timestamp) {
    app.view.set_status(now, true, format!("Could not renew {id}: {}", trouble.text, id = app.view.id_format.name(id)));
    if trouble.is_not_found {
        return record_end(app, id, Absence::by(now, app));
    }
    app.log(now, Some(id), EventKind::error(format!("could not renew: {}", trouble.text)));
}
