//! What the keepalive engine tells.

use crate::app::{
    AppState, EndCause, EventKind, HistoryEvent, KeepaliveLoss, LeaseEnd, Ownership, Redraw, RenewalSource,
};
use crate::inference::Renewal;
use etcd_lease::{Ended, EngineEvent, EngineEventKind, LeaseId, LeaseStatus};
use simkit::Timestamp;

use super::lifecycle::{self, get_or_create, record_end_as};

/// Statuses that moved.
pub(super) fn statuses(app: &mut AppState, statuses: Vec<LeaseStatus>) {
    if !statuses.is_empty() {
        app.view.request_redraw(Redraw::Soon);
    }
    for status in statuses {
        if is_of_another(app, &status) {
            replaced(app, &status);
            continue;
        }
        if app.leases.get(status.id).is_none() && status.ended.is_none() {
            ours(app, status.id);
        }
        count(app, &status);
        // A list may tell of a lease of ours before its grant is told, and the engine of it in between.
        let is_new = status.ended.is_none();
        if let Some(lease) = app
            .leases
            .alive_mut(status.id)
            .filter(|lease| is_new || lease.is_kept_alive || lease.ownership == Ownership::Own)
        {
            lease.is_kept_alive &= !status.ended.as_ref().is_some_and(Ended::is_loss);
            lease.apply_engine_status(status);
        }
    }
}

/// No lease has two TTLs: an answer with another than it had is that of a lease granted again under the same id.
fn is_of_another(app: &AppState, status: &LeaseStatus) -> bool {
    let lease = app.leases.get(status.id).filter(|lease| lease.end.is_none() && lease.engine.is_some());
    let ttls = lease.and_then(|lease| lease.granted_ttl.zip(status.granted_ttl));
    ttls.is_some_and(|(old, new)| old != new)
}

fn replaced(app: &mut AppState, status: &LeaseStatus) {
    if let Some(ttl) = status.granted_ttl {
        let at = status.last_answer.unwrap_or(app.events.now);
        lifecycle::record_replacement(app, status.id, at, ttl);
    }
}

/// Counts what was seen of a lease that is kept: of an own one once it is told what was asked for, so that it comes into the
/// right series.
pub(super) fn count(app: &mut AppState, status: &LeaseStatus) {
    let lease = app.leases.get(status.id);
    let asked = lease.and_then(|lease| lease.asked_ttl);
    let is_awaited = asked.is_none() && lease.is_some_and(|lease| lease.ownership == Ownership::Own);
    if !is_awaited || status.ended.is_some() {
        app.leases.cadence_stats.follow(status, asked);
    }
}

/// The engine may tell of a lease of ours before its grant is told.
fn ours(app: &mut AppState, id: LeaseId) {
    let lease = get_or_create(app, id);
    (lease.ownership, lease.is_kept_alive) = (Ownership::Own, true);
}

/// The monitor's own consumer has read responses.
pub(super) fn delivered(app: &mut AppState, read: Vec<(LeaseId, u64)>) {
    for (id, responses) in read {
        if let Some(lease) = app.leases.alive_mut(id) {
            lease.responses_read += responses;
            app.view.request_redraw(Redraw::Soon);
        }
    }
}

/// The engine had more to tell than was taken in time.
pub(super) fn events_lost(app: &mut AppState, lost: u64, now: Timestamp) {
    app.leases.record_in_all(now, HistoryEvent::Unknown);
    app.events.push(now, None, EventKind::error(format!("{lost} events came too fast and were dropped")));
}

/// An event of the engine: about a lease, or about the connection that renews.
pub(super) fn event(app: &mut AppState, event: EngineEvent) {
    let EngineEvent { at, lease, kind } = event;
    if let EngineEventKind::Ended(ended) = &kind {
        if let Some(id) = lease {
            over(app, id, ended, at);
        }
        return;
    }
    let Some(kind) = event_kind(app, lease, at, kind) else { return };
    if let Some(id) = lease {
        record_history(app, id, at, &kind);
    }
    app.events.push(at, lease, kind);
}

fn record_history(app: &mut AppState, id: LeaseId, at: Timestamp, kind: &EventKind) {
    let Some(lease) = app.leases.alive_mut(id) else { return };
    if !lease.is_kept_alive {
        return;
    }
    if *kind == EventKind::Kept {
        lease.loss = None;
    }
    let Some(history) = app.history_mut(id) else { return };
    match kind {
        EventKind::Renewed(renewal) => history.renewed(at, renewal),
        EventKind::Dropped { .. } => history.dropped(at),
        EventKind::Missed { .. } => history.push(at, HistoryEvent::Missed),
        _ => (),
    }
}

/// The event as the log has it; `None` for an end, which is logged with its cause elsewhere.
fn event_kind(app: &AppState, lease: Option<LeaseId>, at: Timestamp, kind: EngineEventKind) -> Option<EventKind> {
    Some(match kind {
        EngineEventKind::Kept => EventKind::Kept,
        EngineEventKind::Renewed { ttl, interval, left, round_trip } => {
            let status = lease.and_then(|id| app.leases.get(id)?.engine.as_ref());
            EventKind::Renewed(Renewal {
                is_first: interval.is_none(),
                interval,
                expected: status.and_then(|status| status.expected),
                left,
                round_trip: Some(round_trip),
                ..Renewal::new(RenewalSource::Kept, at, Some(ttl))
            })
        }
        EngineEventKind::Dropped { queue_size, queue_capacity } => {
            EventKind::Dropped { depth: queue_size, capacity: queue_capacity }
        }
        EngineEventKind::Missed { waited } => EventKind::Missed { waited },
        EngineEventKind::FaultStarted(drill) => EventKind::Drill(Some(drill)),
        EngineEventKind::FaultEnded => EventKind::Drill(None),
        EngineEventKind::Connected { endpoint } => EventKind::RenewsAt { endpoint },
        EngineEventKind::Lost { endpoint, trouble } => {
            EventKind::Disconnected { endpoint: Some(endpoint), message: trouble }
        }
        EngineEventKind::Ended(_) => return None,
    })
}

/// What ended because it was asked to was told when it was asked.
fn over(app: &mut AppState, id: LeaseId, ended: &Ended, at: Timestamp) {
    let Some(lease) = app.leases.get_mut(id).filter(|_| ended.is_loss()) else { return };
    if let Some(end) = lease.end {
        return noticed(app, id, end, ended, at);
    }
    lease.is_kept_alive = false;
    let was_seen = lease.last_ttl_reply.is_some() || lease.ownership == Ownership::Own;
    let loss = KeepaliveLoss { at, why: ended.clone(), last_answer: lease.last_answer(), next: None };
    let told = EventKind::Lost { loss: Box::new(loss.clone()), ttl: lease.granted_ttl };
    lease.loss = Some(Box::new(loss));
    if lease.ownership == Ownership::Adopted && !matches!(ended, Ended::Expired | Ended::NotFound) {
        // It lives on, and nobody here keeps it alive: it is its owner's again.
        (lease.ownership, lease.engine) = (Ownership::Other, None);
    }
    app.view.set_status(at, true, format!("Lost {id}: {ended}", id = app.view.id_format.name(id)));
    match ended {
        Ended::Expired => record_end_as(app, id, at, EndCause::Expired),
        Ended::NotFound => record_end_as(app, id, at, if was_seen { EndCause::Revoked } else { EndCause::Unknown }),
        _ => app.events.push(at, Some(id), told),
    }
}

/// A renewal met what a poll had seen before: from now on a program knows. Whoever renewed it knows its deadline better than
/// polls do, and so why it is gone.
fn noticed(app: &mut AppState, id: LeaseId, end: LeaseEnd, ended: &Ended, at: Timestamp) {
    let Some(lease) = app.leases.get_mut(id).filter(|_| !end.is_ours) else { return };
    let Some(loss) = lease.loss.as_mut() else { return };
    if *ended == Ended::Expired && end.cause == EndCause::Unknown {
        loss.why = Ended::Expired;
        lease.end = Some(LeaseEnd { cause: EndCause::Expired, ..end });
    }
    if loss.next.take().is_none() {
        return;
    }
    loss.at = at;
    let told = EventKind::Lost { loss: loss.clone(), ttl: lease.granted_ttl };
    app.events.push(at, Some(id), told);
}
