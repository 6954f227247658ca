//! Revoking many leases: bounded, stoppable, each with its result.

use crate::app::bulk::{BulkRevoke, RevokeOutcome, RevokeTarget};
use crate::app::dialog::Dialog;
use crate::app::{AppState, Effect, keys_in_words};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::selection::leases_in_words;

/// Begins to revoke these leases, and shows how that goes on.
pub(in crate::app) fn start(app: &mut AppState, named: Vec<RevokeTarget>, now: Timestamp) -> Vec<Effect> {
    app.view.dialog = Some(Dialog::Revoking { top: 0 });
    add(app, named, now)
}

/// Revokes these leases after those that are under way.
pub(super) fn add(app: &mut AppState, named: Vec<RevokeTarget>, now: Timestamp) -> Vec<Effect> {
    app.jobs.bulk.take_if(|bulk| bulk.is_over());
    app.jobs.bulk.get_or_insert_default().extend(named);
    go_on(app, now)
}

/// Sends no more; what was sent is answered all the same.
pub(in crate::app) fn stop(app: &mut AppState, now: Timestamp) {
    let Some(bulk) = &mut app.jobs.bulk else { return };
    let (rest, awaited) = (bulk.stop(), bulk.in_flight());
    app.view.set_status(now, false, format!("Stopped: {} skipped, {awaited} pending", leases_in_words(rest)));
}

/// A revoke was answered: notes what came of it and sends the next. None if it was a single one.
pub(super) fn on_reply(
    app: &mut AppState,
    id: LeaseId,
    outcome: &RevokeOutcome,
    now: Timestamp,
) -> Option<Vec<Effect>> {
    let bulk = app.jobs.bulk.as_mut()?;
    if !bulk.on_reply(id, outcome.clone()) {
        return None;
    }
    mark_failure(app, id, outcome);
    Some(go_on(app, now))
}

/// What could not be revoked stays marked, with the reason.
fn mark_failure(app: &mut AppState, id: LeaseId, outcome: &RevokeOutcome) {
    match outcome {
        RevokeOutcome::Failed(reason) => app.view.selection.fail(id, reason),
        RevokeOutcome::ChangedHands => app.view.selection.fail(id, "it now belongs to another client"),
        RevokeOutcome::Revoked(_) | RevokeOutcome::Gone => (),
    }
}

/// Sends as many as there is room for. What has died or changed hands since it was named is left alone.
fn go_on(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    while let Some(named) = app.jobs.bulk.as_mut().and_then(BulkRevoke::next) {
        let id = named.id;
        let lease = app.leases.get(id);
        let outcome = if lease.is_some_and(|lease| lease.end.is_none()) {
            RevokeOutcome::ChangedHands
        } else {
            RevokeOutcome::Gone
        };
        if !named.is_unchanged(lease) {
            app.jobs.bulk.get_or_insert_default().record_skipped(id, outcome.clone());
            mark_failure(app, id, &outcome);
            continue;
        }
        app.jobs.bulk.get_or_insert_default().record_sent(id);
        // What is being revoked already is answered all the same.
        if app.jobs.revoking.insert(id) {
            effects.push(Effect::Revoke(id));
        }
    }
    conclude(app, now);
    effects
}

/// Says what came of all of them.
fn conclude(app: &mut AppState, now: Timestamp) {
    let Some(bulk) = app.jobs.bulk.as_ref().filter(|bulk| bulk.is_over()) else { return };
    let ((revoked, keys), failed) = (bulk.revoked(), bulk.failures().count());
    let gone = bulk.results().len() - revoked - failed;
    let mut words = vec![format!("Revoked {}: {} deleted", leases_in_words(revoked), keys_in_words(keys))];
    words.extend((gone > 0).then(|| format!("{gone} already gone")));
    words.extend((bulk.skipped() > 0).then(|| format!("{} skipped", bulk.skipped())));
    words.extend((failed > 0).then(|| format!("{failed} failed (still marked)")));
    app.view.set_status(now, failed > 0, words.join(", "));
}
