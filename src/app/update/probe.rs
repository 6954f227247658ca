//! A lease's time to live was answered.

use crate::app::events::{RenewalSource, Renewed};
use crate::app::{AppState, CallFailure, EventKind, HistoryEvent, Lease, LeaseKeys, LeaseState, Redraw, polls};
use crate::inference::TimeRange;
use crate::inference::lease_inference::{Certainty, Inferred, ObservedRenewal, ObservedRenewals};
use etcd_lease::{LeaseId, TimeToLive};
use simkit::Timestamp;

use super::lease_keys;
use super::lifecycle::{Absence, record_end, record_regrant, record_replacement};
use super::tick::wants_keys;

/// What was known of a lease before an answer.
#[derive(Clone, Copy)]
struct PriorKnowledge {
    deadline: Option<TimeRange>,
    /// When it was asked for that.
    asked: Option<Timestamp>,
}

/// Takes in the answer. Only what is new asks for a frame: a lease counts down by itself.
pub(super) fn answered(
    app: &mut AppState,
    mut answer: TimeToLive,
    (sent, received): (Timestamp, Timestamp),
    has_keys: bool,
) {
    let id = answer.id;
    app.keys.revisions.record(answer.header.revision, sent, received);
    let told = has_keys.then(|| LeaseKeys::of(std::mem::take(&mut answer.keys)));
    let told = told.or_else(|| unreadable(app, id));
    if let Some(lease) = app.leases.get_mut(id) {
        lease.poll.in_flight = false;
    }
    detect_regrant(app, &answer, sent, received);
    let Some(lease) = app.leases.alive_mut(id) else { return };
    let known = PriorKnowledge { deadline: lease.bounds(), asked: lease.observed.seen_at() };
    let before = visible_state(lease, received);
    let noticed = lease.apply_ttl_reply(&answer, sent, received);
    if noticed == Inferred::Missing {
        return missing(app, id, &answer, (sent, received));
    }
    let look = Some((answer.granted_ttl, lease.observed.is_unrenewed())).filter(|_| !lease.is_kept_alive);
    let has_news = before != visible_state(lease, received);
    let due = polls::next_due(lease, sent);
    app.polls.plan(&mut app.leases, id, due);
    update_cohorts(app, look, noticed);
    if noticed != Inferred::Invalid {
        apply_keys(app, id, told);
        check_pending_deletion(app, id, sent);
    }
    if has_news {
        app.view.request_redraw(Redraw::Soon);
    }
    record_history(app, id, received);
    report_inferred(app, &answer, noticed, known, received);
}

/// What an answer says of all leases of this TTL.
fn update_cohorts(app: &mut AppState, look: Option<(i64, bool)>, noticed: Inferred) {
    match (look, noticed) {
        (Some((ttl, _)), Inferred::Renewed(_)) => app.leases.cohorts.renewed(ttl),
        (Some((ttl, true)), _) => app.leases.cohorts.left_alone(ttl),
        _ => (),
    }
}

/// A dead lease that answers a question from after its death was granted again, and so was one whose TTL is another:
/// no lease changes it.
fn detect_regrant(app: &mut AppState, answer: &TimeToLive, sent: Timestamp, received: Timestamp) {
    let Some(lease) = app.leases.get(answer.id).filter(|_| answer.is_alive()) else { return };
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

/// It is gone; unless it was asked before it was born, when another of its id had died.
fn missing(app: &mut AppState, id: LeaseId, answer: &TimeToLive, (sent, received): (Timestamp, Timestamp)) {
    if app.leases.get(id).is_some_and(|lease| sent < lease.first_seen) {
        return app.polls.prioritize(id);
    }
    let revision = Some(answer.header.revision).filter(|revision| *revision > 0);
    record_end(app, id, Absence { revision, ..Absence::by(received, app) });
}

/// What a poll can change of what is seen of a lease: corrections below a digit are none.
fn visible_state(lease: &Lease, now: Timestamp) -> (Option<i64>, Option<Timestamp>, LeaseState, u64) {
    (lease.granted_ttl, lease.deadline(), lease.state(now), lease.observed.renewals().cadence().answers)
}

/// What is known of the keys of a lease that was asked for them and did not tell: they may be many.
fn unreadable(app: &AppState, id: LeaseId) -> Option<LeaseKeys> {
    let is_unknown = app.leases.get(id).is_some_and(|lease| lease.keys.is_none());
    (is_unknown && wants_keys(app, id)).then(LeaseKeys::default)
}

fn apply_keys(app: &mut AppState, id: LeaseId, told: Option<LeaseKeys>) {
    let Some(lease) = app.leases.alive_mut(id).filter(|lease| told.is_some() && lease.keys != told) else { return };
    lease.keys = told;
    app.view.request_redraw(Redraw::Soon);
}

/// It lives: keys that went before it was asked went without it. An answer from before they went does not tell.
fn check_pending_deletion(app: &mut AppState, id: LeaseId, sent: Timestamp) {
    let went = app.leases.get(id).and_then(|lease| Some(lease.pending_deletion.as_ref()?.received));
    match went {
        Some(went) if went < sent => lease_keys::confirm_alive(app, id),
        Some(_) => app.polls.prioritize(id),
        None => (),
    }
}

/// Tells what the answer has shown.
fn report_inferred(
    app: &mut AppState,
    answer: &TimeToLive,
    noticed: Inferred,
    before: PriorKnowledge,
    received: Timestamp,
) {
    let (id, ttl) = (answer.id, Some(answer.granted_ttl));
    match noticed {
        Inferred::Renewed(renewal) => renewed(app, id, renewal),
        Inferred::Refilled => {
            let term = Some(answer.header.raft_term).filter(|term| *term > 0);
            let within = TimeRange { earliest: before.asked.unwrap_or(received).min(received), latest: received };
            app.events.push(within, Some(id), EventKind::Refilled { ttl, term });
        }
        Inferred::Contradiction => contradiction(app, id, before.deadline, received),
        Inferred::Nothing | Inferred::Dying | Inferred::Missing | Inferred::Invalid => (),
    }
}

/// Another client has renewed it. On the screen its row says so; the event is for who wants to know of each.
fn renewed(app: &mut AppState, id: LeaseId, renewal: ObservedRenewal) {
    let Some(lease) = app.leases.get(id) else { return };
    let (ttl, renewals) = (lease.granted_ttl, lease.observed.renewals());
    let what = || EventKind::Renewed(in_figures(ttl, renewal, renewals));
    app.events.push_verbose(renewal.at, Some(id), what);
}

fn in_figures(ttl: Option<i64>, renewal: ObservedRenewal, renewals: &ObservedRenewals) -> Renewed {
    Renewed {
        is_first: renewals.cadence().answers == 1,
        interval: renewal.interval.map(|interval| interval.value),
        interval_doubt: renewal.interval.map(|interval| interval.half_width),
        is_bound: renewal.certainty == Certainty::AtLeast,
        expected: renewal.expected,
        left: renewal.left.map(|left| left.value),
        left_doubt: renewal.left.map(|left| left.half_width),
        ..Renewed::new(RenewalSource::Inferred, ttl)
    }
}

/// The server gives a lease less time than it granted us.
fn contradiction(app: &mut AppState, id: LeaseId, before: Option<TimeRange>, at: Timestamp) {
    let lease = app.leases.get(id).filter(|lease| lease.is_kept_alive);
    let Some((new, old)) = lease.and_then(Lease::bounds).zip(before) else { return };
    let [said, believed] = [new, old].map(|bounds| bounds.middle().signed_since(at));
    let text = format!("the server says that {said:.1} s are left, our last renewal left {believed:.1} s");
    app.events.push(at, Some(id), EventKind::error(text));
}

/// What polls show of a lease that nobody keeps here is remembered from the first look at its detail on.
fn record_history(app: &mut AppState, id: LeaseId, at: Timestamp) {
    let is_seen = app.view.is_detail_visible_of(id);
    let Some(lease) = app.leases.get(id).filter(|lease| !lease.is_kept_alive && (is_seen || lease.history.is_some()))
    else {
        return;
    };
    if let (Some(deadline), Some(ttl)) = (lease.bounds(), lease.granted_ttl)
        && let Some(history) = app.history_mut(id)
    {
        history.observed(at, deadline, ttl);
    }
}

/// A planned poll without an answer. A lease that is kept goes on being known by its renewals.
pub(super) fn failed(app: &mut AppState, id: LeaseId, _trouble: &CallFailure, now: Timestamp) {
    let Some(lease) = app.leases.get_mut(id) else { return };
    lease.poll.in_flight = false;
    let is_unseen = lease.state(now) == LeaseState::Unseen && !lease.is_kept_alive;
    if let Some(history) = lease.history.as_mut().filter(|_| is_unseen) {
        history.push(now, HistoryEvent::Unknown);
    }
}
