//! Replies to the requests of the verbs.

use std::time::Duration;

use crate::app::bulk::RevokeOutcome;
use crate::app::verbs::{Done, cluster, grant, quit, renew, revoke, revoke_many};
use crate::app::{
    AppState, CallFailure, Effect, EventKind, Ownership, Redraw, Renewal, RenewalSource, TimeRange, View,
};
use crate::escape::printable;
use etcd_lease::{Granted, LeaseId};
use simkit::Timestamp;

use super::engine::count;
use super::lease_keys;
use super::lifecycle::{Absence, get_or_create, record_end, record_revoked};
use super::navigation;
use super::report::report;

/// Records a granted lease. Its deadline is between `sent` and `received`, each plus the TTL. After the last lease of a
/// request of the user, shows the result.
pub(super) fn granted(
    app: &mut AppState,
    answer: &Granted,
    (sent, received): (Timestamp, Timestamp),
    keep_alive: bool,
    job: Option<u64>,
) {
    let ttl = Duration::from_secs(answer.ttl.unsigned_abs());
    // The leases that the demo starts with belong to no request of the user.
    let is_pinned = app.config.is_demo && job.is_none();
    let lease = get_or_create(app, answer.id);
    lease.ownership = Ownership::Own;
    lease.is_pinned |= is_pinned;
    lease.is_kept_alive = keep_alive;
    lease.asked_ttl = Some(answer.requested_ttl);
    lease.is_grant_seen = true;
    if lease.bounds().is_none() {
        lease.set_deadline(TimeRange { earliest: sent + ttl, latest: received + ttl }, answer.ttl);
    }
    if let Some(status) = lease.engine.clone() {
        count(app, &status);
    }
    let event = EventKind::Granted {
        ownership: Ownership::Own,
        ttl: Some(answer.ttl),
        asked: Some(answer.requested_ttl),
        is_undo: false,
    };
    let one = format!("Granted {}: {}", app.view.id_format.name(answer.id), event.text());
    app.events.push(received, Some(answer.id), event);
    if !grant::has_job(&app.jobs, job) {
        return app.view.set_status(received, false, one);
    }
    if let Some(result) = grant::on_granted(&mut app.jobs, job, answer) {
        let hidden = show_granted(app, result.first, received);
        app.view.set_status(received, false, format!("{}{hidden}", result.message.unwrap_or(one)));
    }
}

/// Moves the cursor to a granted lease, unless the user is busy elsewhere. Returns a note if the filter hides the lease.
fn show_granted(app: &mut AppState, first: Option<LeaseId>, now: Timestamp) -> &'static str {
    let Some(lease) = first.and_then(|id| app.leases.get(id)) else { return "" };
    if !app.view.row_filter.shows(lease, now) {
        return "; the filter hides it";
    }
    let id = lease.id;
    let is_free = app.frozen.is_none() && app.view.dialog.is_none() && app.view.selection.range().is_none();
    if is_free && app.view.active == View::Leases && !app.view.is_open {
        app.view.jump_back = app.view.cursor;
        navigation::select(&mut app.view, id);
        app.view.move_cursor_to(id, now);
    }
    ""
}

/// Reports a failed grant. `job` is the number of its request, and `ttl` the requested TTL in seconds.
pub(super) fn grant_failed(app: &mut AppState, job: Option<u64>, ttl: i64, failure: &CallFailure, now: Timestamp) {
    app.events.push(now, None, EventKind::error(format!("could not grant a lease of {ttl} s: {}", failure.text)));
    let one = format!("Could not grant a lease of {ttl} s: {}", failure.text);
    let result = grant::on_failure(&mut app.jobs, job, failure);
    if let Some(first) = result.as_ref().and_then(|result| result.first) {
        show_granted(app, Some(first), now);
    }
    app.view.set_status(now, true, result.and_then(|result| result.message).unwrap_or(one));
}

/// Records an attached key.
pub(super) fn attached(app: &mut AppState, id: LeaseId, key: &[u8], revision: i64, now: Timestamp) {
    lease_keys::attached_here(app, id, key, Some(revision), now);
    // Keys of granted leases are attached too, and the message about the grants stays.
    if app.jobs.attaching.take_if(|(of, asked)| *of == id && asked == key).is_some() {
        let text = format!("Attached {} to {}", printable(key), app.view.id_format.name(id));
        app.view.set_status(now, false, text);
    }
}

/// Reports a failed attach.
pub(super) fn attach_failed(app: &mut AppState, id: LeaseId, key: &[u8], failure: &CallFailure, now: Timestamp) {
    let text = format!("could not attach {}: {}", String::from_utf8_lossy(key), failure.text);
    app.events.push(now, Some(id), EventKind::error(&text));
    app.view.set_status(now, true, text);
    app.view.request_redraw(Redraw::Soon);
}

/// Records a single renewal. `ttl` is in seconds.
pub(super) fn renewed(app: &mut AppState, id: LeaseId, ttl: i64, sent: Timestamp, received: Timestamp) {
    let span = Duration::from_secs(ttl.unsigned_abs());
    let was_left = app.leases.alive(id).and_then(|lease| lease.left(received));
    if let Some(lease) = app.leases.alive_mut(id) {
        lease.set_renewed_once(TimeRange { earliest: sent + span, latest: received + span }, ttl);
    }
    let round_trip = Some(received - sent);
    app.events.push(
        received,
        Some(id),
        EventKind::Renewed(Renewal { round_trip, ..Renewal::new(RenewalSource::Once, received, Some(ttl)) }),
    );
    let was = was_left.map_or(String::new(), |left| format!(" (was {left:.1} s)"));
    let one = format!("Renewed {id} once: {ttl} s left{was}", id = app.view.id_format.name(id));
    let done = renew::on_renewed(&mut app.jobs, id, one);
    report(app, done, received);
}

/// Reports a failed renewal. If the server does not know the lease, it has ended.
pub(super) fn renew_failed(app: &mut AppState, id: LeaseId, failure: &CallFailure, now: Timestamp) {
    let one = format!("Could not renew {id}: {}", failure.text, id = app.view.id_format.name(id));
    let done = renew::on_failure(&mut app.jobs, id, &failure.text, one);
    report(app, done, now);
    if failure.is_not_found {
        return record_end(app, id, Absence::by(now, app));
    }
    app.events.push(now, Some(id), EventKind::error(format!("could not renew: {}", failure.text)));
}

/// Records a revoked lease. Continues a bulk revoke, quitting or the switch to another cluster, if it waits for the lease.
pub(super) fn revoked(
    app: &mut AppState,
    id: LeaseId,
    revision: i64,
    keys: Option<usize>,
    now: Timestamp,
) -> Vec<Effect> {
    app.jobs.revoking.remove(&id);
    app.jobs.undo.on_revoked(id, now);
    record_revoked(app, id, revision, now);
    let outcome = RevokeOutcome::Revoked(keys);
    let next = revoke_many::on_reply(&app.leases, &mut app.jobs, &mut app.view.selection, id, &outcome);
    let done = next.unwrap_or_else(|| revoke::revoked(app.view.id_format, id, revision, keys));
    let mut effects = super::undo::report_with_hint(app, done, now);
    effects.extend(settle(app, id, false));
    effects
}

/// Continues quitting or the switch to another cluster, if it waits for this lease or for leases that needed no request.
pub(super) fn settle(app: &mut AppState, id: LeaseId, exists: bool) -> Vec<Effect> {
    app.jobs.unrevoked.push((id, exists));
    settle_unrevoked(app)
}

/// Continues quitting or the switch to another cluster, if it waits for leases that needed no request.
pub(super) fn settle_unrevoked(app: &mut AppState) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (id, exists) in std::mem::take(&mut app.jobs.unrevoked) {
        effects.extend(quit::on_revoke_reply(&app.leases, &mut app.jobs, &app.config, id));
        effects.extend(cluster::on_revoke_reply(&mut app.jobs, id, exists));
    }
    effects
}

/// Reports a failed revoke. If the server does not know the lease, it has ended. Continues a bulk revoke, quitting or the
/// switch to another cluster, if it waits for the lease.
pub(super) fn revoke_failed(app: &mut AppState, id: LeaseId, failure: &CallFailure, now: Timestamp) -> Vec<Effect> {
    app.jobs.revoking.remove(&id);
    app.jobs.undo.on_failure(id);
    let why = revoke::failure_message(failure, &app.config.keymap);
    let outcome = if failure.is_not_found { RevokeOutcome::Gone } else { RevokeOutcome::Failed(why.clone()) };
    let next = revoke_many::on_reply(&app.leases, &mut app.jobs, &mut app.view.selection, id, &outcome);
    let done = next.map_or_else(
        || Err(Done::error(format!("Could not revoke {id}: {why}", id = app.view.id_format.name(id)))),
        Ok,
    );
    let mut effects = match done {
        Ok(bulk) => super::undo::report_with_hint(app, bulk, now),
        Err(one) => report(app, one, now),
    };
    if failure.is_not_found {
        record_end(app, id, Absence::by(now, app));
    } else {
        app.events.push(now, Some(id), EventKind::error(format!("could not revoke: {why}")));
    }
    // A revoke without a reply may have been carried out, so poll the lease soon.
    app.polls.prioritize(id);
    effects.extend(settle(app, id, !failure.is_not_found));
    effects
}
