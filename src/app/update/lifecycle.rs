//! Recording the start and the end of leases.

use std::time::Duration;

use crate::app::events::EventTime;
use crate::app::{AppState, EndCause, EventKind, KeepaliveLoss, Lease, LeaseEnd, LeaseEnded, LeaseKeys, Ownership};
use crate::inference::TimeRange;
use crate::inference::lease_inference::{RemovalCause, RemovalWindow};
use etcd_lease::{Ended, LeaseId};
use simkit::Timestamp;

use super::handover::record_end_of_line;
use super::{freeze, selection};

/// Returns the record of a living lease. Creates it if the lease is unknown or has ended; a dialog about an earlier lease
/// with the same id closes.
pub(super) fn get_or_create(app: &mut AppState, id: LeaseId) -> &mut Lease {
    if app.leases.alive(id).is_none() {
        let now = app.events.now;
        app.keys.index.forget_former(id, now);
        let keys = app.keys.summary(id);
        app.view.close_superseded(id, now);
        let lease = app.leases.get_or_insert(id);
        *lease = Lease::new(id);
        lease.keys = keys;
        lease.poll.awaited = Some(now);
        lease.first_seen = now;
        app.polls.plan(&mut app.leases, id, Timestamp::START);
        if app.keys.index.is_by_lease() {
            // A lease that the last list did not contain had no keys then.
            let known_since = app.cluster.listed_at;
            app.keys.queries.add(id, known_since, known_since.is_some(), now);
        }
    }
    app.leases.get_or_insert(id)
}

/// The first evidence that a lease is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Absence {
    /// When the evidence arrived.
    pub(super) by: Timestamp,
    /// The key-value revision at which the lease was gone, if known.
    pub(super) revision: Option<i64>,
    /// When the last list that may contain the lease was requested.
    pub(super) listed: Option<Timestamp>,
}

impl Absence {
    /// Evidence at `by` without a revision.
    pub(super) fn by(by: Timestamp, app: &AppState) -> Self {
        Absence { by, revision: None, listed: app.cluster.listed_at }
    }
}

/// Records that a lease is gone, with the cause as far as it can be inferred. A lease that has already ended keeps its
/// recorded end.
pub(super) fn record_end(app: &mut AppState, id: LeaseId, absence: Absence) {
    let is_ours = app.jobs.revoking.contains(&id);
    if app.cluster.unconfirmed.contains_key(&id) && !is_ours {
        return record_end_as(app, id, absence.by, EndCause::NotRestored);
    }
    let hint = app.leases.cohort_hint(id, absence.by);
    let Some(lease) = app.leases.alive_mut(id) else { return };
    let removal = lease.removal(absence.by, absence.listed);
    let (cause, lag) = match lease.observed.removal_cause(removal, is_ours, hint) {
        RemovalCause::Expired(lag) => (lease.expiry(), Some(lag)),
        RemovalCause::RevokedHere | RemovalCause::Revoked => (EndCause::Revoked, None),
        RemovalCause::Unknown => (EndCause::Unknown, None),
    };
    let cause = if lease.is_replaced_at_end(cause) { EndCause::Replaced } else { cause };
    record_loss(lease, removal.by, cause, is_ours);
    store_end(app, id, LeaseEnd { at: removal.by, cause, is_ours, lag, revision: absence.revision }, when(removal));
}

/// Records that a lease ended as the engine reports. The engine knows the exact deadline. A lease that was not seen since
/// the cluster changed is not in the cluster that answers now.
pub(super) fn record_end_as(app: &mut AppState, id: LeaseId, at: Timestamp, cause: EndCause) {
    let absent = app.cluster.take_absent(id, at);
    let cause = if absent.is_some() { EndCause::NotRestored } else { cause };
    let Some(lease) = app.leases.alive_mut(id) else { return };
    record_loss(lease, at, cause, false);
    let end = LeaseEnd { at, cause, is_ours: false, lag: None, revision: None };
    let (when, keys) = absent.unwrap_or((at.into(), None));
    if cause == EndCause::NotRestored {
        // The user wants to know what is missing now.
        lease.keys = keys;
    }
    store_end(app, id, end, when);
}

/// Records that this program revoked a lease. That is not a loss.
pub(super) fn record_revoked(app: &mut AppState, id: LeaseId, revision: i64, at: Timestamp) {
    let end = LeaseEnd { at, cause: EndCause::Revoked, is_ours: true, lag: None, revision: Some(revision) };
    store_end(app, id, end, at.into());
}

/// Records that an ended lease was granted again under the same id. It is a new lease, and nothing is known about it
/// yet. Pending operations on the old one do not apply to it.
pub(super) fn record_regrant(app: &mut AppState, id: LeaseId, when: impl Into<EventTime>, ttl: Option<i64>) {
    let Some(old) = app.leases.get(id).filter(|lease| lease.end.is_some()) else { return };
    let is_listed = old.is_listed;
    if old.engine.as_ref().is_some_and(|status| status.ended.is_none()) {
        app.leases.superseded.push(id);
    }
    let lease = get_or_create(app, id);
    lease.is_listed = is_listed;
    lease.is_grant_seen = true;
    app.events.push(when, Some(id), EventKind::granted_elsewhere(ttl));
}

/// Records that a reply at `by` contradicts the known lease: it ended and another lease with this TTL in seconds was
/// granted under its id.
pub(super) fn record_replacement(app: &mut AppState, id: LeaseId, by: Timestamp, ttl: i64) {
    let known = app.leases.get(id).and_then(|lease| lease.observed.seen_at());
    // Lists received since then may refer to either lease.
    record_end(app, id, Absence { by, revision: None, listed: None });
    let within = TimeRange { earliest: known.unwrap_or(by).min(by), latest: by };
    record_regrant(app, id, within, Some(ttl));
}

/// When the lease ended: the middle of the possible range, or when it was noticed if the range is longer than 2 s.
fn when(RemovalWindow { after, by }: RemovalWindow) -> EventTime {
    const LONG: Duration = Duration::from_secs(2);
    let span = by - after;
    if span > LONG { EventTime { at: by, doubt: span } } else { TimeRange { earliest: after, latest: by }.into() }
}

/// Stores how keepalive was lost, if the lease was being kept alive and leasetop did not end it.
fn record_loss(lease: &mut Lease, at: Timestamp, cause: EndCause, is_ours: bool) {
    if lease.is_kept_alive && lease.loss.is_none() && !is_ours {
        lease.loss = Some(Box::new(unreported_loss(lease, at, cause)));
    }
}

/// Creates a loss that etcd reported before the next renewal could discover it.
fn unreported_loss(lease: &Lease, at: Timestamp, cause: EndCause) -> KeepaliveLoss {
    let why = if matches!(cause, EndCause::Expired | EndCause::RanOut) { Ended::Expired } else { Ended::NotFound };
    let next = lease.engine.as_ref().and_then(|status| status.next_due).map(|next| next.max(at));
    KeepaliveLoss { at, why, last_answer: lease.last_answer(), next }
}

/// Stores the end of a lease, updates everything that depends on it, and adds the event at `when`.
fn store_end(app: &mut AppState, id: LeaseId, end: LeaseEnd, when: EventTime) {
    let is_late = app.keys.failure.is_some() || app.events.now < app.keys.prompt_from;
    let are_keys_old = is_late || app.keys.index.is_by_lease();
    let Some(lease) = app.leases.alive_mut(id) else { return };
    let is_unused = lease.has_released_lock() || is_attempt(lease, end.at);
    lease.end = Some(Box::new(end));
    lease.is_kept_alive = false;
    if are_keys_old && lease.pending_deletion.is_none() && end.cause != EndCause::NotRestored {
        // The watch is catching up or reports only deletes, so the keys may already be attached to another lease.
        lease.keys = None;
    }
    app.keys.unleased.forget(id, &lease.detached_keys);
    let event = LeaseEnded { is_unused, ..end_event(lease, end, when.at) };
    if end.cause == EndCause::Revoked
        && let Some(ttl) = event.ttl
    {
        app.leases.cohorts.revoked(ttl, end.at);
    }
    record_end_of_line(app, id);
    app.keys.on_lease_ended(id, app.events.now);
    app.leases.push_ended(end.at, id);
    freeze::overlay_end(app, id, end);
    selection::on_end(app, id, end.is_ours, end.at);
    app.polls.plan(&mut app.leases, id, Timestamp::NEVER);
    app.events.push(when, Some(id), EventKind::LeaseEnded(Box::new(event)));
    app.events.release(id);
}

/// The facts of the event for the end of a lease. `at` is the time of the event.
fn end_event(lease: &Lease, end: LeaseEnd, at: Timestamp) -> LeaseEnded {
    let has_expired = matches!(end.cause, EndCause::Expired | EndCause::RanOut);
    let deletion = lease.pending_deletion.as_deref();
    LeaseEnded {
        cause: end.cause,
        is_ours: end.is_ours,
        ownership: lease.ownership,
        ttl: lease.granted_ttl,
        last_renewal: if has_expired { lease.last_renewal(at) } else { None },
        keys: match deletion {
            Some(deletion) => Some(LeaseKeys::of(deletion.keys.clone())),
            None => lease.keys.clone(),
        },
        lag: end.lag,
        revision: deletion.map(|deletion| deletion.revision),
        replaced_by: lease.replaced_by(),
        loss: lease.loss.clone(),
        is_unused: false,
    }
}

/// Whether another client's lease ended within seconds of its grant and was not seen with a key, as that of a client that
/// did not get a lock.
fn is_attempt(lease: &Lease, end: Timestamp) -> bool {
    const SHORT: Duration = Duration::from_secs(5);
    let is_short = lease.is_grant_seen && end - lease.first_seen < SHORT;
    let had_key = lease.pending_deletion.is_some()
        || !lease.detached_keys.is_empty()
        || lease.keys.as_ref().is_some_and(|keys| keys.count > 0);
    is_short && !had_key && lease.engine.is_none() && lease.ownership == Ownership::Other
}
