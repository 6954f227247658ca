//! What the keepalive engine tells.

use crate::app::{Death, Gone, How, Loss, Model, Redraw, Renewed, Tick, What, Who};
use etcd_lease::{Ended, EngineEvent, EngineEventKind, LeaseId, LeaseStatus, QueueGauge};
use simkit::Timestamp;

use super::life::{self, bury_as};

/// Statuses that moved.
pub(super) fn statuses(model: &mut Model, statuses: Vec<LeaseStatus>) {
    if !statuses.is_empty() {
        model.show(Redraw::Soon);
    }
    for status in statuses {
        if is_of_another(model, &status) {
            replaced(model, &status);
            continue;
        }
        if model.lease(status.id).is_none() && status.ended.is_none() {
            ours(model, status.id);
        }
        count(model, &status);
        // A list may tell of a lease of ours before its grant is told, and the engine of it in between.
        let is_new = status.ended.is_none();
        if let Some(lease) = model.alive(status.id).filter(|lease| is_new || lease.kept || lease.who == Who::Own) {
            lease.kept &= !status.ended.as_ref().is_some_and(Ended::is_loss);
            lease.believe(status);
        }
    }
}

/// No lease has two TTLs: an answer with another than it had is that of a lease granted again under the same id.
fn is_of_another(model: &Model, status: &LeaseStatus) -> bool {
    let lease = model.lease(status.id).filter(|lease| lease.death.is_none() && lease.engine.is_some());
    let ttls = lease.and_then(|lease| lease.granted_ttl.zip(status.granted_ttl));
    ttls.is_some_and(|(old, new)| old != new)
}

fn replaced(model: &mut Model, status: &LeaseStatus) {
    if let Some(ttl) = status.granted_ttl {
        let at = status.last_answer.unwrap_or(model.events.now);
        life::replace(model, status.id, at, ttl);
    }
}

/// Counts what was seen of a lease that is kept: of an own one once it is told what was asked for, so that it comes into the
/// right series.
pub(super) fn count(model: &mut Model, status: &LeaseStatus) {
    let lease = model.lease(status.id);
    let asked = lease.and_then(|lease| lease.asked_ttl);
    let is_awaited = asked.is_none() && lease.is_some_and(|lease| lease.who == Who::Own);
    if !is_awaited || status.ended.is_some() {
        model.tally.follow(status, asked);
    }
}

/// The engine may tell of a lease of ours before its grant is told.
fn ours(model: &mut Model, id: LeaseId) {
    let lease = model.living(id);
    (lease.who, lease.kept) = (Who::Own, true);
}

/// Response queues that were read.
pub(super) fn queues(model: &mut Model, queues: Vec<(LeaseId, QueueGauge)>) {
    for (id, queue) in queues {
        model.tally.queue(id, queue);
        if let Some(status) = model.alive(id).and_then(|lease| lease.engine.as_mut()) {
            status.queue = queue;
            model.show(Redraw::Soon);
        }
    }
}

/// The monitor's own consumer has read responses.
pub(super) fn delivered(model: &mut Model, read: Vec<(LeaseId, u64)>) {
    for (id, responses) in read {
        if let Some(lease) = model.alive(id) {
            lease.read += responses;
            model.show(Redraw::Soon);
        }
    }
}

/// The engine had more to tell than was taken in time.
pub(super) fn events_lost(model: &mut Model, lost: u64, now: Timestamp) {
    model.mark_all(now, Tick::Unknown);
    model.log(now, None, What::error(format!("{lost} events came too fast to be told")));
}

fn remember(model: &mut Model, id: LeaseId, at: Timestamp, kind: &EngineEventKind) {
    let Some(lease) = model.alive(id).filter(|lease| lease.kept) else { return };
    if *kind == EngineEventKind::Kept {
        lease.loss = None;
    }
    let Some(history) = model.history_mut(id) else { return };
    match *kind {
        EngineEventKind::Renewed { ttl, interval, round_trip } => history.renewed(at, ttl, interval, round_trip),
        EngineEventKind::Dropped { .. } => history.dropped(at),
        EngineEventKind::Missed { .. } => history.push(at, Tick::Missed),
        _ => (),
    }
}

/// Something happened to a lease, or to the link that renews.
pub(super) fn event(model: &mut Model, event: EngineEvent) {
    let EngineEvent { at, lease, kind } = event;
    if let Some(id) = lease {
        remember(model, id, at, &kind);
    }
    if let (EngineEventKind::Ended(ended), Some(id)) = (&kind, lease) {
        return over(model, id, ended, at);
    }
    if let Some(what) = what(model, lease, kind) {
        model.log(at, lease, what);
    }
}

/// What the event tells; none where the end of a lease is told elsewhere.
fn what(model: &Model, lease: Option<LeaseId>, kind: EngineEventKind) -> Option<What> {
    Some(match kind {
        EngineEventKind::Kept => What::Kept,
        EngineEventKind::Renewed { ttl, interval, round_trip } => {
            let lease = lease.and_then(|id| model.lease(id));
            let newest = lease.and_then(|lease| lease.history.as_ref()?.renewals().next());
            What::Renewed(Renewed {
                interval,
                expected: lease.and_then(|lease| lease.engine.as_ref()?.expected),
                left: newest.and_then(|(_, renewal)| renewal.left()),
                round_trip: Some(round_trip),
                ..Renewed::new(How::Kept, Some(ttl))
            })
        }
        EngineEventKind::Dropped { queue_size, queue_capacity } => {
            What::Dropped { depth: queue_size, capacity: queue_capacity }
        }
        EngineEventKind::Missed { waited } => What::Missed { waited },
        EngineEventKind::FaultStarted(drill) => What::Drill(Some(drill)),
        EngineEventKind::FaultEnded => What::Drill(None),
        EngineEventKind::Connected { endpoint } => What::RenewsAt { endpoint },
        EngineEventKind::Lost { endpoint, trouble } => {
            What::Disconnected { endpoint: Some(endpoint), message: trouble }
        }
        EngineEventKind::Ended(_) => return None,
    })
}

/// What ended because it was asked to was told when it was asked.
fn over(model: &mut Model, id: LeaseId, ended: &Ended, at: Timestamp) {
    let Some(lease) = model.leases.get_mut(&id).filter(|_| ended.is_loss()) else { return };
    if let Some(death) = lease.death {
        return noticed(model, id, death, ended, at);
    }
    lease.kept = false;
    let was_seen = lease.said.is_some() || lease.who == Who::Own;
    let loss = Loss { at, why: ended.clone(), last_answer: lease.last_answer(), next: None };
    let told = What::Lost { loss: Box::new(loss.clone()), ttl: lease.granted_ttl };
    lease.loss = Some(Box::new(loss));
    if lease.who == Who::Adopted && !matches!(ended, Ended::Expired | Ended::NotFound) {
        // It lives on, and nobody here keeps it alive: it is its owner's again.
        (lease.who, lease.engine) = (Who::Other, None);
    }
    model.say(at, true, format!("lost {id}: {ended}", id = model.ids.name(id)));
    match ended {
        Ended::Expired => bury_as(model, id, at, Gone::Expired),
        Ended::NotFound => bury_as(model, id, at, if was_seen { Gone::Revoked } else { Gone::Unknown }),
        _ => model.log(at, Some(id), told),
    }
}

/// A renewal met what a poll had seen before: from now on a program knows. Whoever renewed it knows its deadline better than
/// polls do, and so why it is gone.
fn noticed(model: &mut Model, id: LeaseId, death: Death, ended: &Ended, at: Timestamp) {
    let Some(lease) = model.leases.get_mut(&id).filter(|_| !death.is_ours) else { return };
    let Some(loss) = lease.loss.as_mut() else { return };
    if *ended == Ended::Expired && death.cause == Gone::Unknown {
        loss.why = Ended::Expired;
        lease.death = Some(Death { cause: Gone::Expired, ..death });
    }
    if loss.next.take().is_none() {
        return;
    }
    loss.at = at;
    let told = What::Lost { loss: loss.clone(), ttl: lease.granted_ttl };
    model.log(at, Some(id), told);
}
