//! All leases were listed.

use crate::app::poll_state::Overdue;
use crate::app::{AppState, CallFailure, EventKind, Lease, Listing, Ownership, Redraw};
use crate::inference::TimeRange;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::lifecycle::{Absence, get_or_create, record_end, record_regrant};

/// Takes in who was born and who is gone. Leases that were there at the start give no event.
pub(super) fn listed(app: &mut AppState, listing: Listing) {
    let Listing { sent, received, revision, born, gone, soonest, .. } = listing;
    if !born.is_empty() || !gone.is_empty() || !app.cluster.has_listed() {
        app.view.request_redraw(Redraw::Soon);
    }
    gone.into_iter().for_each(|id| on_unlisted(app, id, received));
    born.into_iter().for_each(|id| on_listed(app, id, sent, received));
    if let Some(soonest) = soonest {
        app.polls.set_soonest(soonest);
    }
    again(app, revision, (sent, received));
}

/// A list was answered.
pub(super) fn again(app: &mut AppState, revision: i64, (sent, received): (Timestamp, Timestamp)) {
    goes_on(app);
    app.keys.revisions.record(revision, sent, received);
    (app.cluster.listed_at, app.cluster.list_took) = (Some(sent), received - sent);
    recheck_ended(app, sent);
    mark_overdue(app, sent);
}

/// What was listed after its latest possible deadline is dying, or was renewed and nobody saw it.
fn mark_overdue(app: &mut AppState, sent: Timestamp) {
    for id in app.polls.ended_before(sent) {
        let overdue = if app.leases.is_unrenewed(id) { Overdue::Dying } else { Overdue::Unseen };
        let is_over = |lease: &&mut Lease| lease.is_listed && lease.bounds().is_some_and(|end| end.latest < sent);
        let Some(lease) = app.leases.alive_mut(id).filter(is_over) else { continue };
        lease.overdue = Some(overdue);
        let due = lease.poll.due;
        app.polls.plan(&mut app.leases, id, due);
        app.view.request_redraw(Redraw::Soon);
    }
}

/// What has died and is listed all the same is asked: either nobody knows it, or it was granted again.
fn recheck_ended(app: &mut AppState, sent: Timestamp) {
    let is_doubtful = |lease: &&Lease| lease.is_listed && lease.end.is_some_and(|end| end.at < sent);
    let dead = app.leases.recently_ended.iter().filter_map(|(_, id)| app.leases.get(*id));
    let doubtful: Vec<LeaseId> = dead.filter(is_doubtful).map(|lease| lease.id).collect();
    doubtful.into_iter().for_each(|id| app.polls.prioritize(id));
}

/// The leases can be listed again.
pub(super) fn goes_on(app: &mut AppState) {
    if app.cluster.list_failure.take().is_some() {
        app.view.request_redraw(Redraw::Soon);
    }
}

/// A list that was asked for before a lease died may still hold it.
fn on_listed(app: &mut AppState, id: LeaseId, sent: Timestamp, received: Timestamp) {
    match app.leases.get(id).map(|lease| lease.end) {
        None => on_first_seen(app, id, received),
        Some(Some(end)) if end.at < sent => {
            let within = since_list(app, received);
            record_regrant(app, id, within, None);
        }
        Some(_) => (),
    }
    app.leases.get_or_insert(id).is_listed = true;
}

/// A lease that was not known is there at a moment. What was there at the start gives no event.
pub(super) fn on_first_seen(app: &mut AppState, id: LeaseId, by: Timestamp) {
    get_or_create(app, id);
    if app.cluster.has_listed() {
        let within = since_list(app, by);
        app.events.push(within, Some(id), EventKind::Granted { ownership: Ownership::Other, ttl: None, asked: None });
    }
}

/// What the last list did not have came after that was asked for.
fn since_list(app: &AppState, latest: Timestamp) -> TimeRange {
    TimeRange { earliest: app.cluster.listed_at.unwrap_or(latest).min(latest), latest }
}

fn on_unlisted(app: &mut AppState, id: LeaseId, received: Timestamp) {
    record_end(app, id, Absence::by(received, app));
    if let Some(lease) = app.leases.get_mut(id) {
        lease.is_listed = false;
    }
}

/// Says so once for each kind of trouble; it stands on the top line until a list succeeds.
pub(super) fn failed(app: &mut AppState, trouble: CallFailure, now: Timestamp) {
    let is_news = app.cluster.list_failure.as_ref() != Some(&trouble);
    app.cluster.list_failure = Some(trouble);
    if is_news {
        report_trouble(app, now);
    }
}

/// Tells why the leases cannot be listed, if so. Without a link nothing can be, and that is told of the link.
fn report_trouble(app: &mut AppState, now: Timestamp) {
    let Some(trouble) = &app.cluster.list_failure else { return };
    app.cluster.is_list_failure_unreported = !app.cluster.is_reached();
    if app.cluster.is_reached() {
        app.events.push(now, None, EventKind::error(format!("could not list the leases: {}", trouble.text)));
    }
}

/// A member answers: what was refused before that was known is told now.
pub(super) fn reached(app: &mut AppState, now: Timestamp) {
    let is_forbidden = app.cluster.list_failure.as_ref().is_some_and(|trouble| trouble.is_forbidden);
    if std::mem::take(&mut app.cluster.is_list_failure_unreported) && is_forbidden {
        report_trouble(app, now);
    }
}
