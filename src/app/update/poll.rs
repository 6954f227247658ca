//! Applies replies to LeaseTimeToLive queries.

use std::time::Duration;

use crate::app::key_index::lease_reply::LeaseReply;
use crate::app::{AppState, CallFailure, EventKind, HistoryEvent, LeaseKeys, LeaseState, Redraw, polls};
use crate::inference::lease_inference::{Change, DeadlineChange, Inferred};
use crate::inference::{Renewal, TimeRange};
use etcd_lease::{KeyRange, LeaseId, TimeToLive};
use simkit::Timestamp;

use super::lifecycle::{Absence, record_end, record_regrant, record_replacement};
use super::{lease_keys, lease_replies};

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
    app.polls.answered += 1;
    if app.cluster.is_outdated(sent) {
        return;
    }
    if answer.is_alive() {
        app.cluster.unconfirmed.remove(&id);
    }
    app.keys.revisions.record(answer.header.revision, sent, received);
    app.cluster.terms.on_ttl_reply(answer.header.raft_term, sent, received);
    let keys = KeysReply::record(app, &mut answer, (sent, received), has_keys);
    if let Some(lease) = app.leases.get_mut(id) {
        lease.is_poll_in_flight = false;
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
    if change.inferred == Inferred::Invalid {
        // The keys of such a reply are old, too.
        app.keys.queries.doubt(id, received);
    } else {
        apply_keys(app, id, keys, received);
        check_pending_deletion(app, id, sent);
    }
    if outcome.is_visible && app.view.shows(id, &app.leases, &app.keys.locks) {
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

/// Detects a lease that was granted again under the same id: it replies to a query sent after its end, or its TTL changed
/// without an election or a restart. These can change the TTL, because each member raises it to its own minimum, which
/// follows from its election timeout (`Grant` and `initAndRecover` in etcd's `server/lease/lessor.go`).
fn detect_regrant(app: &mut AppState, answer: &TimeToLive, sent: Timestamp, received: Timestamp) {
    let Some(lease) = app.leases.get(answer.id) else { return };
    if !answer.is_alive() {
        return;
    }
    match (lease.end(), lease.granted_ttl) {
        (Some(end), _) if end.at < sent => {
            let within = TimeRange { earliest: end.at, latest: received };
            record_regrant(app, answer.id, within, Some(answer.granted_ttl));
        }
        (None, Some(ttl))
            if ttl != answer.granted_ttl
                && lease.first_seen <= sent
                && lease.observed.term() == Some(answer.header.raft_term) =>
        {
            record_replacement(app, answer.id, received, answer.granted_ttl);
        }
        _ => (),
    }
}

/// Records that the lease is gone. If the query was sent before the lease was first seen, the reply is about an earlier
/// lease with the same id and is ignored.
fn missing(app: &mut AppState, id: LeaseId, answer: &TimeToLive, (sent, received): (Timestamp, Timestamp)) {
    if is_for_earlier(app, id, sent) {
        return app.polls.prioritize(id);
    }
    let revision = if answer.header.revision > 0 { Some(answer.header.revision) } else { None };
    record_end(app, id, Absence { revision, ..Absence::by(received, app) });
}

/// Whether a query was sent before the lease was first seen: its reply is about an earlier lease with the same id.
fn is_for_earlier(app: &AppState, id: LeaseId, sent: Timestamp) -> bool {
    app.leases.get(id).is_some_and(|lease| sent < lease.first_seen)
}

/// The keys in a reply.
enum KeysReply {
    /// They were not requested, were denied and are known otherwise, or are those of an earlier lease with the same id.
    None,
    /// They were requested, and the user may not read them.
    Unreadable,
    /// All keys of the lease.
    All {
        reply: LeaseReply,
        /// The keys were known before, up to this time.
        since: Option<Timestamp>,
    },
}

impl KeysReply {
    /// Takes the keys from a reply and counts their bytes. The query for them has ended, unless it was for an earlier lease
    /// with the same id.
    fn record(
        app: &mut AppState,
        answer: &mut TimeToLive,
        (sent, received): (Timestamp, Timestamp),
        has_keys: bool,
    ) -> Self {
        let id = answer.id;
        if is_for_earlier(app, id, sent) {
            if has_keys {
                app.keys.queries.discarded(&answer.keys, received);
            }
            return KeysReply::None;
        }
        if !has_keys {
            let is_unknown = app.leases.get(id).is_some_and(|lease| lease.keys.is_none());
            let is_refused = app.keys.queries.refused(id) && is_unknown && !app.keys.index.is_by_lease();
            return if is_refused { KeysReply::Unreadable } else { KeysReply::None };
        }
        let keys = std::mem::take(&mut answer.keys);
        let since = app.keys.queries.answered(id, &keys, received);
        let to = app.keys.latest_revision().max(answer.header.revision);
        KeysReply::All { reply: LeaseReply { id, keys, from: app.keys.known_at(sent), to }, since }
    }
}

/// Applies the keys of a reply. A reply can be older than a change that arrived before it, so the changes since the query
/// was sent have precedence. The watch of all keys has precedence over every reply.
fn apply_keys(app: &mut AppState, id: LeaseId, keys: KeysReply, received: Timestamp) {
    let keys = match keys {
        KeysReply::None => return,
        KeysReply::Unreadable => LeaseKeys::default(),
        KeysReply::All { .. } if app.keys.follows_all() => return lease_keys::refresh(app, id),
        KeysReply::All { reply, since } if app.keys.index.is_by_lease() && app.config.range == KeyRange::all() => {
            // This stores all keys.
            return lease_replies::apply(app, reply, since, received);
        }
        KeysReply::All { reply, since } => {
            let keys = app.keys.newest(id, reply.keys.clone(), reply.from);
            if app.keys.index.is_by_lease() {
                lease_replies::apply(app, reply, since, received);
            }
            keys
        }
    };
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

/// Adds an event for what a reply shows, if it is worth one.
fn report_inferred(app: &mut AppState, answer: &TimeToLive, change: &Change, received: Timestamp) {
    let (id, ttl) = (answer.id, Some(answer.granted_ttl));
    match change.inferred {
        Inferred::Renewed(renewal) => renewed(app, id, renewal),
        Inferred::Refilled { is_full } => {
            let term = if answer.header.raft_term > 0 { Some(answer.header.raft_term) } else { None };
            let earliest = change.previous_query.unwrap_or(received).min(received);
            let polls = TimeRange { earliest, latest: received };
            // An election resets all leases at once.
            let election = term.and_then(|term| app.cluster.terms.elected(term, received)?.intersect(polls));
            let left = app.leases.get(id).and_then(|lease| lease.observed.bounds());
            let left = left.map(|deadline| (deadline.middle() - received, deadline.half_width()));
            let left = if is_full { None } else { left };
            app.events.push(election.unwrap_or(polls), Some(id), EventKind::Refilled { ttl, term, left });
        }
        Inferred::Contradiction => contradiction(app, id, change.deadline, received),
        Inferred::Nothing | Inferred::Dying | Inferred::Missing | Inferred::Invalid => (),
    }
}

/// Adds an event for a renewal by another client, but not to the screen, because the row shows the renewal.
fn renewed(app: &mut AppState, id: LeaseId, renewal: Renewal) {
    app.events.push_verbose(renewal.at, Some(id), || EventKind::Renewed(renewal));
}

/// Reports that etcd has less time left for a lease that is kept alive here than its last renewal set.
fn contradiction(app: &mut AppState, id: LeaseId, change: DeadlineChange, at: Timestamp) {
    let is_kept_alive = app.leases.get(id).is_some_and(|lease| lease.is_kept_alive);
    let DeadlineChange::Replaced { before, after } = change else { return };
    if is_kept_alive {
        let [now, expected] = [after, before].map(|deadline| deadline.middle().signed_since(at).max(0.0));
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
    app.polls.failed += 1;
    app.keys.queries.failed(id, now);
    let Some(lease) = app.leases.get_mut(id) else { return };
    lease.is_poll_in_flight = false;
    let (asked, due) = (lease.poll.asked.unwrap_or(now), lease.poll.due);
    let is_unseen = !lease.is_kept_alive && lease.state(now) == LeaseState::Unseen;
    if is_unseen && let Some(history) = &mut lease.history {
        history.push(now, HistoryEvent::Unknown);
    }
    if !failure.is_forbidden {
        app.polls.plan(&mut app.leases, id, due.min((asked + RETRY).max(now)));
    }
}
