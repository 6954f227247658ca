//! The undo of a revoke: measuring before, and the replies of the restore.

use std::time::Duration;

use crate::app::jobs::Jobs;
use crate::app::undo::UndoOffer;
use crate::app::verbs::{Done, undo};
use crate::app::{AppState, CallFailure, Effect, EventKind, Ownership, Redraw, RestoredKeys, TimeRange};
use etcd_lease::{Granted, LeaseId};
use simkit::Timestamp;

use super::lifecycle::get_or_create;
use super::report::report;
use super::{freeze, lease_keys};

/// Shows the result of a revoke with the key that undoes it. The message stays until a key is pressed, for as long as
/// the undo is possible.
pub(super) fn report_with_hint(app: &mut AppState, mut done: Done, now: Timestamp) -> Vec<Effect> {
    let Some(status) = &mut done.status else { return report(app, done, now) };
    status.text.push_str(&undo::hint(&app.jobs, &app.config.keymap));
    let effects = report(app, done, now);
    let is_possible = matches!(app.jobs.undo.offer(), Some(UndoOffer::Whole | UndoOffer::Part { .. }));
    if is_possible
        && let Some(until) = app.jobs.undo.until(app.view.clock_speed)
        && let Some(status) = &mut app.view.status
    {
        status.until = until;
    }
    effects
}

/// Records that the own leases that are kept alive are revoked, before the program quits or leaves the cluster.
pub(super) fn begin_own(app: &mut AppState) {
    let Jobs { undo, revoking, .. } = &mut app.jobs;
    let own = app.leases.kept_alive().filter(|lease| lease.ownership == Ownership::Own).map(|lease| lease.id);
    undo.begin(&app.leases, revoking, own.filter(|id| !revoking.contains(id)));
}

/// Records a lease that was granted in place of another one. After an undo, it has the owner that the old one had.
pub(super) fn replaced(app: &mut AppState, id: LeaseId, answer: &Granted, (sent, received): (Timestamp, Timestamp)) {
    let old = app.jobs.undo.restoring.as_ref().and_then(|job| job.pending.get(&id)).cloned();
    let ttl = Duration::from_secs(answer.ttl.unsigned_abs());
    let is_undo = old.is_some();
    let lease = get_or_create(app, answer.id);
    lease.ownership = Ownership::Own;
    lease.asked_ttl = Some(answer.requested_ttl);
    if let Some(old) = old {
        lease.ownership = old.record.ownership;
        lease.is_kept_alive = old.request.keep_alive;
        lease.is_pinned = old.record.is_pinned;
        lease.asked_ttl = old.record.asked_ttl;
    }
    lease.set_deadline(TimeRange { earliest: sent + ttl, latest: received + ttl }, answer.ttl);
    let granted = EventKind::Granted {
        ownership: Ownership::Own,
        ttl: Some(answer.ttl),
        asked: Some(answer.requested_ttl),
        is_undo,
    };
    app.events.push(received, Some(answer.id), granted);
    freeze::overlay_restored(app, answer.id);
}

/// Records the keys of a lease that was granted again.
pub(super) fn restored(app: &mut AppState, id: LeaseId, new: LeaseId, keys: &RestoredKeys, now: Timestamp) {
    undo::on_restored(&mut app.jobs, id, new, keys);
    for key in &keys.created {
        lease_keys::attached_here(app, new, key, None, now);
    }
    conclude(app, now);
}

/// Records a lease that could not be granted again.
pub(super) fn restore_failed(app: &mut AppState, id: LeaseId, failure: &CallFailure, now: Timestamp) {
    undo::on_failure(&mut app.jobs, id, failure);
    app.events.push(now, Some(id), EventKind::error(format!("could not undo the revoke: {}", failure.text)));
    conclude(app, now);
}

/// Shows the summary once every lease of the undo is answered.
fn conclude(app: &mut AppState, now: Timestamp) {
    let done = undo::conclusion(&mut app.jobs, &app.config.keymap, app.view.id_format, now);
    report(app, done, now);
    app.view.request_redraw(Redraw::Soon);
}
