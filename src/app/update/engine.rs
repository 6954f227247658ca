//! Statuses and events of the keepalive engine.

use crate::app::{
    AppState, EndCause, EventKind, HistoryEvent, KeepaliveLoss, LeaseEnd, Ownership, Redraw, RenewalSource,
};
use crate::inference::Renewal;
use etcd_lease::{Ended, EngineEvent, EngineEventKind, LeaseId, LeaseStatus};
use simkit::Timestamp;

use super::lifecycle::{get_or_create, record_end_as};

/// Applies changed statuses.
pub(super) fn statuses(app: &mut AppState, statuses: Vec<LeaseStatus>) {
    if !statuses.is_empty() {
        app.view.request_redraw(Redraw::Soon);
    }
    let is_reader_stalled = app.config.is_reader_stalled;
    for status in statuses {
        if has_another_ttl(app, &status) {
            // A poll decides whether this is another lease with the same id.
            app.polls.prioritize(status.id);
            continue;
        }
        if app.leases.get(status.id).is_none() && status.ended.is_none() {
            create_own(app, status.id);
        }
        count(app, &status);
        let Some(lease) = app.leases.alive_mut(status.id) else { continue };
        // A list may contain a new own lease before the reply to its grant arrives. The status may arrive in between.
        if status.ended.is_none() || lease.is_kept_alive || lease.ownership == Ownership::Own {
            lease.is_kept_alive &= !status.ended.as_ref().is_some_and(Ended::is_loss);
            lease.is_reader_stalled = is_reader_stalled;
            let id = status.id;
            lease.apply_engine_status(status);
            app.leases.refresh_queue_warning(id);
        }
    }
}

/// Whether the status has another TTL than the known lease, so that a poll must decide. If etcd never answered a poll, perhaps
/// because the user may not read the keys, the status counts.
fn has_another_ttl(app: &AppState, status: &LeaseStatus) -> bool {
    let Some(lease) = app.leases.alive(status.id) else { return false };
    let ttls = lease.granted_ttl.zip(status.granted_ttl);
    let can_be_polled = lease.last_ttl_reply.is_some() && status.ended.is_none();
    can_be_polled && lease.engine.is_some() && ttls.is_some_and(|(old, new)| old != new)
}

/// Adds a status to the cadence statistics. An own lease is added once its requested TTL is known, because that selects
/// the series.
pub(super) fn count(app: &mut AppState, status: &LeaseStatus) {
    let lease = app.leases.get(status.id);
    let asked = lease.and_then(|lease| lease.asked_ttl);
    let is_grant_pending = asked.is_none() && lease.is_some_and(|lease| lease.ownership == Ownership::Own);
    if !is_grant_pending || status.ended.is_some() {
        app.leases.cadence_stats.follow(status, asked);
    }
}

/// Creates an own lease whose first status arrives before the reply to its grant.
fn create_own(app: &mut AppState, id: LeaseId) {
    let lease = get_or_create(app, id);
    lease.ownership = Ownership::Own;
    lease.is_kept_alive = true;
}

/// Counts responses that leasetop's own reader has read.
pub(super) fn delivered(app: &mut AppState, read: Vec<(LeaseId, u64)>) {
    for (id, responses) in read {
        if let Some(lease) = app.leases.alive_mut(id) {
            lease.responses_read += responses;
            app.view.request_redraw(Redraw::Soon);
        }
    }
}

/// Records that the engine dropped events that were not read in time.
pub(super) fn events_lost(app: &mut AppState, lost: u64, now: Timestamp) {
    app.leases.record_in_all(now, HistoryEvent::Unknown);
    app.events.push(now, None, EventKind::error(format!("{lost} events came too fast and were dropped")));
}

/// Handles an engine event about a lease or about the connection used for renewals.
pub(super) fn event(app: &mut AppState, event: EngineEvent) {
    let EngineEvent { at, lease, kind } = event;
    if let EngineEventKind::Ended(ended) = &kind {
        if let Some(id) = lease {
            on_ended(app, id, ended, at);
        }
        return;
    }
    let Some(kind) = event_kind(app, lease, at, kind) else { return };
    if let Some(id) = lease {
        if matches!(kind, EventKind::Renewed(_)) && !app.cluster.is_outdated(at) {
            app.cluster.unconfirmed.remove(&id);
        }
        record_history(app, id, at, &kind);
    }
    app.events.push(at, lease, kind);
}

/// Adds an event to the history of a lease that is kept alive here. When keeping it alive starts, clears its loss.
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

/// Converts an engine event for the event log. Returns `None` for an end, which is logged elsewhere with its cause.
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

/// Records that the engine stopped keeping a lease alive. A requested stop was already reported at the request.
fn on_ended(app: &mut AppState, id: LeaseId, ended: &Ended, at: Timestamp) {
    if !ended.is_loss() {
        return;
    }
    let Some(lease) = app.leases.get_mut(id) else { return };
    if let Some(end) = lease.end() {
        return on_late_loss(app, id, end, ended, at);
    }
    lease.is_kept_alive = false;
    // Without a deadline, as after a sleep of the machine, it may have expired.
    let was_alive = lease.bounds().is_some() && (lease.last_ttl_reply.is_some() || lease.ownership == Ownership::Own);
    let loss = KeepaliveLoss { at, why: ended.clone(), last_answer: lease.last_answer(), next: None };
    let event = EventKind::Lost { loss: Box::new(loss.clone()), ttl: lease.granted_ttl };
    lease.loss = Some(Box::new(loss));
    if lease.ownership == Ownership::Adopted && !matches!(ended, Ended::Expired | Ended::NotFound) {
        // The lease still exists, so it belongs to the other client again.
        lease.ownership = Ownership::Other;
        lease.engine = None;
    }
    let name = app.view.id_format.name(id);
    app.view.set_status(
        at,
        true,
        match ended {
            Ended::NotStarted { .. } => format!("Could not keep {name} alive: {ended}"),
            _ => format!("Lost {name}: {ended}"),
        },
    );
    match ended {
        Ended::Expired => record_end_as(app, id, at, EndCause::Expired),
        Ended::NotFound => record_end_as(app, id, at, if was_alive { EndCause::Revoked } else { EndCause::Unknown }),
        _ => app.events.push(at, Some(id), event),
    }
}

/// Handles a renewal that failed because the lease had ended, after a poll already showed the end. A client would
/// notice only now. The engine knows the deadline more precisely than polls do, so its cause replaces an unknown one.
fn on_late_loss(app: &mut AppState, id: LeaseId, end: LeaseEnd, ended: &Ended, at: Timestamp) {
    if end.is_ours {
        return;
    }
    let Some(lease) = app.leases.get_mut(id) else { return };
    let Some(loss) = lease.loss.as_mut() else { return };
    if *ended == Ended::Expired && end.cause == EndCause::Unknown {
        loss.why = Ended::Expired;
        lease.end = Some(Box::new(LeaseEnd { cause: EndCause::Expired, ..end }));
    }
    if loss.next.take().is_none() {
        return;
    }
    loss.at = at;
    let event = EventKind::Lost { loss: loss.clone(), ttl: lease.granted_ttl };
    app.events.push(at, Some(id), event);
}
