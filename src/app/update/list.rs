//! Applying lease lists.

use std::time::Duration;

use crate::app::poll_state::Overdue;
use crate::app::{AppState, CallFailure, EventKind, Lease, Listing, Redraw};
use crate::inference::TimeRange;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::lifecycle::{Absence, get_or_create, record_end, record_regrant};
use super::start_over;

/// How long a list that fails because of a missing login is not reported. Within this time, the connection is refused and
/// reported for the same reason, except where etcd shows the status to everyone.
const LOGIN_GRACE: Duration = Duration::from_secs(3);

/// Applies the changes in a list. Leases that exist at the start produce no event.
pub(super) fn listed(app: &mut AppState, listing: Listing) {
    let Listing { sent, received, revision, born, gone, soonest, .. } = listing;
    if !born.is_empty() || !gone.is_empty() || !app.cluster.has_listed() {
        app.view.request_redraw(Redraw::Soon);
    }
    for id in gone {
        on_unlisted(app, id, received);
    }
    let new = born.len();
    for id in born {
        on_listed(app, id, sent, received);
    }
    app.leases.compact(new);
    app.polls.compact(new);
    start_over::end_absent(app, received);
    if let Some(soonest) = soonest {
        app.polls.set_soonest(soonest);
    }
    again(app, revision, (sent, received));
}

/// Applies a list, whether it changed or not.
pub(super) fn again(app: &mut AppState, revision: i64, (sent, received): (Timestamp, Timestamp)) {
    recovered(app);
    app.keys.revisions.record(revision, sent, received);
    app.cluster.listed_at = Some(sent);
    app.cluster.lists += 1;
    app.cluster.list_took = received - sent;
    recheck_ended(app, sent);
    mark_overdue(app, sent);
}

/// Marks leases that are listed after their latest possible deadline as dying, or as unseen if they may have been
/// renewed.
fn mark_overdue(app: &mut AppState, sent: Timestamp) {
    for id in app.polls.ended_before(sent) {
        let overdue = if app.leases.is_unrenewed(id) { Overdue::Dying } else { Overdue::Unseen };
        let is_over = |lease: &&mut Lease| lease.is_listed && lease.bounds().is_some_and(|end| end.latest < sent);
        let Some(lease) = app.leases.alive_mut(id).filter(is_over) else { continue };
        lease.overdue = Some(overdue);
        // Removes it from the possible ends, because it is known to be overdue now.
        let due = lease.poll.due;
        app.polls.plan(&mut app.leases, id, due);
        app.view.request_redraw(Redraw::Soon);
    }
}

/// Polls ended leases that are still listed: either the server does not know them, or they were granted again.
fn recheck_ended(app: &mut AppState, sent: Timestamp) {
    let is_doubtful = |lease: &&Lease| lease.is_listed && lease.end().is_some_and(|end| end.at < sent);
    let ended = app.leases.recently_ended.iter().filter_map(|(_, id)| app.leases.get(*id));
    for lease in ended.filter(is_doubtful) {
        app.polls.prioritize(lease.id);
    }
}

/// Clears a list failure.
pub(super) fn recovered(app: &mut AppState) {
    if app.cluster.list_failure.take().is_some() {
        app.view.request_redraw(Redraw::Soon);
    }
}

/// Handles a lease that is new in the list. A list requested before a lease ended may still contain it.
fn on_listed(app: &mut AppState, id: LeaseId, sent: Timestamp, received: Timestamp) {
    app.cluster.unconfirmed.remove(&id);
    match app.leases.get(id).map(|lease| lease.end()) {
        None => on_first_seen(app, id, received),
        Some(Some(end)) if end.at < sent => {
            let within = since_list(app, received);
            record_regrant(app, id, within, None);
        }
        Some(_) => (),
    }
    app.leases.get_or_insert(id).is_listed = true;
}

/// Records a new lease. Leases that exist at the start produce no event.
pub(super) fn on_first_seen(app: &mut AppState, id: LeaseId, by: Timestamp) {
    /// A lease that appears longer than this after the last list may have been renewed before it was seen.
    const SOON: Duration = Duration::from_secs(5);
    get_or_create(app, id);
    if app.cluster.has_listed() {
        let within = since_list(app, by);
        app.leases.get_or_insert(id).is_grant_seen = within.latest - within.earliest <= SOON;
        app.events.push(within, Some(id), EventKind::granted_elsewhere(None));
    }
}

/// The range in which a lease that the previous list did not contain was granted.
fn since_list(app: &AppState, latest: Timestamp) -> TimeRange {
    TimeRange { earliest: app.cluster.listed_at.unwrap_or(latest).min(latest), latest }
}

fn on_unlisted(app: &mut AppState, id: LeaseId, received: Timestamp) {
    record_end(app, id, Absence::by(received, app));
    if let Some(lease) = app.leases.get_mut(id) {
        lease.is_listed = false;
    }
}

/// Records a list failure and reports it once per distinct error. A missing login is reported only if it lasts for
/// [`LOGIN_GRACE`]. The failure is shown in the header until a list succeeds.
pub(super) fn failed(app: &mut AppState, failure: CallFailure, now: Timestamp) {
    let is_login = failure.is_unauthenticated;
    if app.cluster.list_failure.as_ref() != Some(&failure) {
        app.cluster.list_failure = Some(failure);
        app.cluster.list_failed_at = now;
        app.cluster.is_list_failure_unreported = true;
        if !is_login {
            report_failure(app, now);
        }
    } else if is_login && now >= app.cluster.list_failed_at + LOGIN_GRACE {
        report_failure(app, now);
    }
}

/// Reports the list failure if it has no event yet, unless no member is reachable, which is reported separately.
fn report_failure(app: &mut AppState, now: Timestamp) {
    let Some(failure) = &app.cluster.list_failure else { return };
    if app.cluster.is_reached() && std::mem::take(&mut app.cluster.is_list_failure_unreported) {
        app.events.push(now, None, EventKind::error(failure.text.clone()));
    }
}

/// Reports a permission error that occurred before a member was reachable.
pub(super) fn reached(app: &mut AppState, now: Timestamp) {
    if app.cluster.list_failure.as_ref().is_some_and(|failure| failure.is_forbidden) {
        report_failure(app, now);
    }
}
