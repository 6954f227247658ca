//! Applies replies to LeaseTimeToLive queries.

use std::time::Duration;

use crate::app::{AppState, CallFailure, EventKind, HistoryEvent, LeaseKeys, LeaseState, Redraw, polls};
use crate::inference::lease_inference::{Change, DeadlineChange, Inferred};
use crate::inference::{Renewal, TimeRange};
use etcd_lease::{LeaseId, TimeToLive};
use simkit::Timestamp;

use super::lease_keys;
use super::lifecycle::{Absence, record_end, record_regrant, record_replacement};
use super::tick::wants_keys;

/// The time from a poll without a reply to the next one.
const RETRY: Duration = Duration::from_secs(1);

/// Applies a reply. Requests a frame only if something visible changed, because the countdown does not need a reply.
pub(super) fn answered(
    app: &mut AppState,
    mut answer: TimeToLive,
    (sent, received): (Timestamp, Timestamp),
    has_keys: bool,
) {
    let id = answer.id;
    if app.cluster.is_outdated(sent) {
        return;
    }
    if answer.is_alive() {
        app.cluster.unconfirmed.remove(&id);
    }
    app.keys.revisions.record(answer.header.revision, sent, received);
    let keys = if has_keys { Some(LeaseKeys::of(std::mem::take(&mut answer.keys))) } else { unreadable(app, id) };
    if let Some(lease) = app.leases.get_mut(id) {
        lease.poll.in_flight = false;
    }
    detect_regrant(app, &answer, sent, received);
    let Some(lease) = app.leases.alive_mut(id) else { return };
    let outcome = lease.apply_ttl_reply(&answer, sent, received);
    let change = outcome.change;
    if change.inferred == Inferred::Missing {
        return missing(app, id, &answer, (sent, received));
    }
    let due = polls::next_due(lease, sent);
    app.polls.plan(&mut app.leases, id, due);
    update_cohorts(app, &answer, &change);
    if change.inferred != Inferred::Invalid {
        apply_keys(app, id, keys);
        check_pending_deletion(app, id, sent);
    }
    if outcome.is_visible {
        app.view.request_redraw(Redraw::Soon);
    }
    record_history(app, id, &change, received);
    report_inferred(app, &answer, &change, received);
}

/// Updates the statistics of all leases with the same TTL.
fn update_cohorts(app: &mut AppState, answer: &TimeToLive, change: &Change) {
    let Some(lease) = app.leases.get(answer.id) else { return };
    if lease.is_kept_alive {
        return;
    }
    let is_unrenewed = lease.observed.is_unrenewed();
    if matches!(change.inferred, Inferred::Renewed(_)) {
        app.leases.cohorts.renewed(answer.granted_ttl);
    } else if is_unrenewed {
        app.leases.cohorts.left_alone(answer.granted_ttl);
    }
}

/// Detects a lease that was granted again under the same id: it replies to a query sent after its end, or its TTL
/// changed. The TTL of a lease never changes.
fn detect_regrant(app: &mut AppState, answer: &TimeToLive, sent: Timestamp, received: Timestamp) {
    let Some(lease) = app.leases.get(answer.id) else { return };
    if !answer.is_alive() {
        return;
    }
    match (lease.end, lease.granted_ttl) {
        (Some(end), _) if end.at < sent => {
            let within = TimeRange { earliest: end.at, latest: received };
            record_regrant(app, answer.id, within, Some(answer.granted_ttl));
        }
        (None, Some(ttl)) if ttl != answer.granted_ttl && lease.first_seen <= sent => {
            record_replacement(app, answer.id, received, answer.granted_ttl);
        }
        _ => (),
    }
}

/// Records that the lease is gone. If the query was sent before the lease was first seen, the reply is about an earlier
/// lease with the same id and is ignored.
fn missing(app: &mut AppState, id: LeaseId, answer: &TimeToLive, (sent, received): (Timestamp, Timestamp)) {
    if app.leases.get(id).is_some_and(|lease| sent < lease.first_seen) {
        return app.polls.prioritize(id);
    }
    let revision = if answer.header.revision > 0 { Some(answer.header.revision) } else { None };
    record_end(app, id, Absence { revision, ..Absence::by(received, app) });
}

/// Returns the unknown keys of a lease whose reply has none although they were requested. The user has no permission to
/// read them, so any number is possible.
fn unreadable(app: &AppState, id: LeaseId) -> Option<LeaseKeys> {
    let is_unknown = app.leases.get(id).is_some_and(|lease| lease.keys.is_none());
    if is_unknown && wants_keys(app, id) { Some(LeaseKeys::default()) } else { None }
}

/// Applies the keys of a reply. A reply can be older than a change that arrived before it. So while the watch works, it
/// has precedence over a reply with fewer keys, and over every reply if it covers all keys.
fn apply_keys(app: &mut AppState, id: LeaseId, keys: Option<LeaseKeys>) {
    let Some(keys) = keys else { return };
    let is_older = app.keys.failure.is_none() && keys.count < app.keys.index.count(id);
    if app.keys.follows_all() || is_older {
        return lease_keys::refresh(app, id);
    }
    if let Some(lease) = app.leases.alive_mut(id)
        && lease.keys.as_ref() != Some(&keys)
    {
        lease.keys = Some(keys);
        app.view.request_redraw(Redraw::Soon);
    }
}

/// Resolves a pending deletion for a lease that is alive: keys deleted before the query was sent did not end with it. A
/// reply to an earlier query is ignored.
fn check_pending_deletion(app: &mut AppState, id: LeaseId, sent: Timestamp) {
    let deleted = app.leases.get(id).and_then(|lease| Some(lease.pending_deletion.as_ref()?.received));
    match deleted {
        Some(deleted) if deleted < sent => lease_keys::confirm_alive(app, id),
        Some(_) => app.polls.prioritize(id),
        None => (),
    }
}

/// Logs what the reply shows.
fn report_inferred(app: &mut AppState, answer: &TimeToLive, change: &Change, received: Timestamp) {
    let (id, ttl) = (answer.id, Some(answer.granted_ttl));
    match change.inferred {
        Inferred::Renewed(renewal) => renewed(app, id, renewal),
        Inferred::Refilled { is_full } => {
            let term = if answer.header.raft_term > 0 { Some(answer.header.raft_term) } else { None };
            let earliest = change.previous_query.unwrap_or(received).min(received);
            let within = TimeRange { earliest, latest: received };
            let left = app.leases.get(id).and_then(|lease| lease.observed.bounds());
            let left = left.map(|deadline| (deadline.middle() - received, deadline.half_width()));
            let left = if is_full { None } else { left };
            app.events.push(within, Some(id), EventKind::Refilled { ttl, term, left });
        }
        Inferred::Contradiction => contradiction(app, id, change.deadline, received),
        Inferred::Nothing | Inferred::Dying | Inferred::Missing | Inferred::Invalid => (),
    }
}

/// Records a renewal by another client. The row already shows it; the event is for readers that want every renewal.
fn renewed(app: &mut AppState, id: LeaseId, renewal: Renewal) {
    app.events.push_verbose(renewal.at, Some(id), || EventKind::Renewed(renewal));
}

/// Reports that etcd has less time left for a lease that is kept alive here than its last renewal set.
fn contradiction(app: &mut AppState, id: LeaseId, change: DeadlineChange, at: Timestamp) {
    let is_kept_alive = app.leases.get(id).is_some_and(|lease| lease.is_kept_alive);
    let DeadlineChange::Replaced { before, after } = change else { return };
    if is_kept_alive {
        let [now, expected] = [after, before].map(|deadline| deadline.middle().signed_since(at));
        let text = format!("etcd reports {now:.1} s left, but the last renewal left {expected:.1} s");
        app.events.push(at, Some(id), EventKind::error(text));
    }
}

/// Adds the change to the history of a lease that is not kept alive here. The history starts when the detail first
/// opens.
fn record_history(app: &mut AppState, id: LeaseId, change: &Change, at: Timestamp) {
    let is_open = app.view.is_detail_visible_of(id);
    let Some(lease) = app.leases.get(id) else { return };
    if lease.is_kept_alive || !is_open && lease.history.is_none() {
        return;
    }
    // A new history starts with everything inferred so far, including this renewal.
    let is_new = lease.history.is_none();
    let Some(deadline) = lease.bounds() else { return };
    let Some(history) = app.history_mut(id) else { return };
    if is_new {
        let known = Change { inferred: Inferred::Nothing, deadline: DeadlineChange::Unchanged, ..*change };
        history.observed(at, deadline, &known);
    } else {
        history.observed(at, deadline, change);
    }
}

/// Handles a planned poll without a reply. It is repeated soon, even if the regular interval is minutes, unless it was
/// denied. The state of a lease that is kept alive here is still known from its renewals.
pub(super) fn failed(app: &mut AppState, id: LeaseId, failure: &CallFailure, now: Timestamp) {
    let Some(lease) = app.leases.get_mut(id) else { return };
    lease.poll.in_flight = false;
    let (asked, due) = (lease.poll.asked.unwrap_or(now), lease.poll.due);
    let is_unseen = !lease.is_kept_alive && lease.state(now) == LeaseState::Unseen;
    if is_unseen && let Some(history) = &mut lease.history {
        history.push(now, HistoryEvent::Unknown);
    }
    if !failure.is_forbidden {
        app.polls.plan(&mut app.leases, id, due.min((asked + RETRY).max(now)));
    }
}
