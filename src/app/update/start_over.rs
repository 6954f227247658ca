//! Starting over when etcd was wiped, restored, or replaced by another cluster.
//!
//! Nothing that is known about times, keys and causes applies to the cluster that answers now. Its leases and keys are
//! read as at the start, and known leases that it lacks end as "not in the restored cluster".

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::cluster_state::{HeldEvidence, HeldMessage};
use crate::app::key_state::KeyState;
use crate::app::{AppState, Effect, EndCause, EventKind, HistoryEvent, Lease, Listing, Msg, Redraw};
use crate::plural::plural;
use etcd_lease::{ClusterChange, ClusterView, Ended, EngineEventKind, LeaseId};
use simkit::Timestamp;

use super::lifecycle::record_end_as;

/// How long evidence waits for a status that shows which cluster answers. A status takes longer only if etcd denies it.
const STATUS_WITHIN: Duration = Duration::from_secs(3);
/// How long the watch has to report the deletion of keys whose lease is gone.
const DELETION_WITHIN: Duration = Duration::from_secs(1);
/// How long the watch has to report the deletion if it must reconnect first.
const RECONNECTED_WITHIN: Duration = Duration::from_secs(3);

/// Holds evidence that a lease is gone while it may be evidence of a restore: until a status shows whose reply it was,
/// or, if keys of the lease are still attached, until the watch had time to report their deletion.
///
/// # Errors
/// The effects, if the message is held.
pub(super) fn hold(app: &mut AppState, msg: Msg, now: Timestamp) -> Result<Msg, Vec<Effect>> {
    let mut effects = Vec::new();
    let is_current = is_current(app, &msg);
    let until = match (&app.cluster.held, &msg) {
        _ if !is_evidence(&msg) => return Ok(msg),
        (Some(held), _) => held.until,
        (None, _) if app.cluster.has_started && !app.cluster.is_reached() => now + STATUS_WITHIN,
        (None, Msg::Listed(listing)) if is_current && has_unexplained_end(app, listing) => now + deletion_within(app),
        (None, Msg::Polled { answer, .. }) if is_unexplained(app, answer.id) => {
            effects.push(Effect::List);
            now + deletion_within(app)
        }
        (None, _) => return Ok(msg),
    };
    let held = app.cluster.held.get_or_insert_with(|| HeldEvidence { until, messages: Vec::new() });
    held.messages.push(HeldMessage { msg, is_current });
    Err(effects)
}

/// Whether a message can show that a lease is gone. Lists come in order, so all of them wait.
fn is_evidence(msg: &Msg) -> bool {
    match msg {
        Msg::Listed(_) | Msg::ListedAgain { .. } => true,
        Msg::Polled { answer, .. } => !answer.is_alive(),
        Msg::Engine(event) => matches!(event.kind, EngineEventKind::Ended(Ended::NotFound | Ended::Expired)),
        _ => false,
    }
}

/// Whether a message that just arrived is as recent as the watch of the keys. A list with a lower revision comes from a
/// member that lags and may not know the leases yet.
fn is_current(app: &AppState, msg: &Msg) -> bool {
    match msg {
        Msg::Listed(listing) => listing.revision >= app.keys.revision,
        _ => true,
    }
}

/// Whether a list lacks every known lease, and the watch has not reported the deletion of all their keys. A single lease
/// does not count: too little evidence to read everything again. Nor does a list during a revocation by leasetop.
fn has_unexplained_end(app: &AppState, listing: &Listing) -> bool {
    let is_none_left = listing.gone.len() >= 2 && listing.total == listing.born.len();
    let was_revoked_here = listing.gone.iter().any(|id| app.jobs.revoking.contains(id));
    is_none_left && !was_revoked_here && listing.gone.iter().any(|id| is_unexplained(app, *id))
}

fn is_watched(app: &AppState) -> bool {
    app.cluster.is_reached() && app.keys.failure.is_none()
}

/// Whether the end of a lease would have deleted keys, and the watch has not reported that.
fn is_unexplained(app: &AppState, id: LeaseId) -> bool {
    let is_watched = app.keys.failure.as_ref().is_none_or(|failure| !failure.is_forbidden);
    is_watched && app.keys.index.is_read() && app.keys.index.count(id) > 0 && app.leases.alive(id).is_some()
}

fn deletion_within(app: &AppState) -> Duration {
    if app.keys.failure.is_some() { RECONNECTED_WITHIN } else { DELETION_WITHIN }
}

/// When held evidence must be decided. A watch that is catching up reports the deletions soon.
pub(super) fn next_wake(app: &AppState) -> Option<Timestamp> {
    Some(app.cluster.held.as_ref()?.until.max(app.keys.prompt_from))
}

/// Decides about held evidence that has waited long enough.
pub(super) fn decide_if_due(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    if next_wake(app).is_none_or(|until| now < until) {
        return Vec::new();
    }
    let mut lists = app.cluster.held.iter().flat_map(|held| &held.messages).filter_map(|held| match &held.msg {
        Msg::Listed(listing) if held.is_current => Some(listing),
        _ => None,
    });
    match lists.find(|listing| has_unexplained_end(app, listing)).cloned() {
        Some(listing) if is_watched(app) => {
            let leases = plural(listing.gone.len() as u64, "lease");
            let with_keys = listing.gone.iter().filter(|id| is_unexplained(app, **id)).count();
            let keys = match with_keys {
                all if all == listing.gone.len() => "their keys".to_owned(),
                some => format!("the keys of {some} of them"),
            };
            let why = format!("all {leases} vanished by revision {}, but {keys} were not deleted", listing.revision);
            start_over(app, "restored", &format!("etcd was restored or wiped: {why}"), now)
        }
        _ => {
            release(app);
            Vec::new()
        }
    }
}

/// Applies held evidence once the watch has reported the deletion of all keys concerned.
pub(super) fn release_if_explained(app: &mut AppState) {
    let is_explained = |held: &HeldMessage| match &held.msg {
        Msg::Listed(listing) => !(held.is_current && has_unexplained_end(app, listing)),
        Msg::Polled { answer, .. } => !is_unexplained(app, answer.id),
        _ => true,
    };
    let is_due = app.cluster.held.as_ref().is_some_and(|held| held.messages.iter().all(is_explained));
    if is_due && app.cluster.is_reached() {
        release(app);
    }
}

/// Applies evidence that was held until a status arrived, unless it has to wait for the watch too.
pub(super) fn on_reached(app: &mut AppState, now: Timestamp) {
    release_if_explained(app);
    let until = now + deletion_within(app);
    if let Some(held) = &mut app.cluster.held {
        held.until = until;
    }
}

/// Releases the held evidence. `dispatch` applies it after the current message.
fn release(app: &mut AppState) {
    let held = take_held(app);
    app.cluster.released.extend(held);
}

fn take_held(app: &mut AppState) -> Vec<Msg> {
    let held = app.cluster.held.take().map(|held| held.messages).unwrap_or_default();
    held.into_iter().map(|held| held.msg).collect()
}

/// Starts over if the view shows another cluster or an older state, and reports two clusters that answer in turn.
pub(super) fn on_view(app: &mut AppState, before: &ClusterView, now: Timestamp) -> Vec<Effect> {
    let view = &app.cluster.view;
    let (cluster_id, mixed_with, change) = (view.cluster_id, view.mixed_with, view.last_change);
    if let Some(other) = mixed_with.filter(|_| before.mixed_with.is_none()) {
        let message = mixed(cluster_id, other);
        app.events.push(now, None, EventKind::ClusterChanged { cause: "mixed", message: message.clone() });
        app.view.set_status(now, true, message);
    }
    // The first view may be of a cluster that was known before the monitor switched to it.
    let is_first = before.members.is_empty();
    match change.filter(|_| !is_first && before.changes != app.cluster.view.changes) {
        Some(change @ ClusterChange::ClusterId { .. }) => {
            start_over(app, "replaced", &format!("another cluster answers: {change}"), now)
        }
        Some(change) => start_over(app, "restored", &format!("etcd was restored or wiped: {change}"), now),
        None => Vec::new(),
    }
}

fn mixed(known: u64, other: u64) -> String {
    if known == other {
        return format!("two clusters with the id {known:x} answer in turn; check the load balancer");
    }
    format!("two clusters answer in turn, {known:x} and {other:x}; check the endpoints and the load balancer")
}

/// Reports the change, forgets everything that does not apply to the cluster that answers now, and reads it again.
fn start_over(app: &mut AppState, cause: &'static str, what: &str, now: Timestamp) -> Vec<Effect> {
    let message = format!("{what}. Reading everything again.");
    app.events.push(now, None, EventKind::ClusterChanged { cause, message: message.clone() });
    app.leases.record_in_all(now, HistoryEvent::Unknown);
    forget_ended(app);
    let known: BTreeMap<_, _> = app.leases.living().map(|lease| (lease.id, lease.keys.clone())).collect();
    for id in known.keys() {
        app.leases.alive_mut(*id).into_iter().for_each(Lease::forget_cluster);
        app.events.release(*id);
        app.polls.plan(&mut app.leases, *id, now);
    }
    app.keys = KeyState::new(&app.config);
    app.cluster.start_over(known, now);
    app.view.set_status(now, true, message);
    app.view.request_redraw(Redraw::Full);
    let renewals: Vec<Effect> = app.leases.kept_alive().map(|lease| Effect::RenewNow(lease.id)).collect();
    // Lists and polls are repeated. An end of a keepalive is reported only once.
    let ended = take_held(app).into_iter().filter(|msg| matches!(msg, Msg::Engine(_)));
    app.cluster.released.extend(ended);
    std::iter::once(Effect::RestartObserver).chain(renewals).collect()
}

/// Removes the rows of leases that ended before. They say nothing about leases with the same ids now.
fn forget_ended(app: &mut AppState) {
    for (_, id) in std::mem::take(&mut app.leases.recently_ended) {
        if app.leases.get(id).is_some_and(|lease| lease.end.is_some()) {
            app.leases.remove(id);
        }
    }
}

/// Ends the known leases that the first list of the cluster that answers now lacks.
pub(super) fn end_absent(app: &mut AppState, received: Timestamp) {
    while let Some(id) = app.cluster.unconfirmed.keys().next().copied() {
        // It removes the lease from the unconfirmed ones.
        record_end_as(app, id, received, EndCause::NotRestored);
    }
}
