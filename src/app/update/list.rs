//! All leases were listed.

use crate::app::polls::Overdue;
use crate::app::{AppState, CallFailure, EventKind, Lease, Listing, Ownership, Redraw, polls};
use crate::inference::TimeRange;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::lifecycle::{Absence, record_end, record_regrant};

/// Takes in who was born and who is gone. Leases that were there at the start give no event.
pub(super) fn listed(model: &mut AppState, listing: Listing) {
    let Listing { sent, received, revision, born, gone, soonest, .. } = listing;
    if !born.is_empty() || !gone.is_empty() || !model.has_listed() {
        model.request_redraw(Redraw::Soon);
    }
    gone.into_iter().for_each(|id| on_unlisted(model, id, received));
    born.into_iter().for_each(|id| on_listed(model, id, sent, received));
    if let Some(soonest) = soonest {
        model.polls.set_soonest(soonest);
    }
    again(model, revision, (sent, received));
}

/// A list was answered.
pub(super) fn again(model: &mut AppState, revision: i64, (sent, received): (Timestamp, Timestamp)) {
    goes_on(model);
    model.revisions.record(revision, sent, received);
    (model.listed_at, model.list_took) = (Some(sent), received - sent);
    recheck_ended(model, sent);
    mark_overdue(model, sent);
}

/// What was listed after its latest possible deadline is dying, or was renewed and nobody saw it.
fn mark_overdue(model: &mut AppState, sent: Timestamp) {
    for id in polls::ended_before(model, sent) {
        let overdue = if model.is_unrenewed(id) { Overdue::Dying } else { Overdue::Unseen };
        let is_over = |lease: &&mut Lease| lease.is_listed && lease.bounds().is_some_and(|end| end.latest < sent);
        let Some(lease) = model.alive(id).filter(is_over) else { continue };
        lease.overdue = Some(overdue);
        let due = lease.poll.due;
        polls::plan(model, id, due);
        model.request_redraw(Redraw::Soon);
    }
}

/// What has died and is listed all the same is asked: either nobody knows it, or it was granted again.
fn recheck_ended(model: &mut AppState, sent: Timestamp) {
    let is_doubtful = |lease: &&Lease| lease.is_listed && lease.end.is_some_and(|end| end.at < sent);
    let dead = model.recently_ended.iter().filter_map(|(_, id)| model.lease(*id));
    let doubtful: Vec<LeaseId> = dead.filter(is_doubtful).map(|lease| lease.id).collect();
    doubtful.into_iter().for_each(|id| polls::prioritize(model, id));
}

/// The leases can be listed again.
pub(super) fn goes_on(model: &mut AppState) {
    if model.list_trouble.take().is_some() {
        model.request_redraw(Redraw::Soon);
    }
}

/// A list that was asked for before a lease died may still hold it.
fn on_listed(model: &mut AppState, id: LeaseId, sent: Timestamp, received: Timestamp) {
    match model.lease(id).map(|lease| lease.end) {
        None => on_first_seen(model, id, received),
        Some(Some(end)) if end.at < sent => {
            let within = since_list(model, received);
            record_regrant(model, id, within, None);
        }
        Some(_) => (),
    }
    model.leases.get_or_insert(id).is_listed = true;
}

/// A lease that was not known is there at a moment. What was there at the start gives no event.
pub(super) fn on_first_seen(model: &mut AppState, id: LeaseId, by: Timestamp) {
    model.get_or_create(id);
    if model.has_listed() {
        let within = since_list(model, by);
        model.log(within, Some(id), EventKind::Granted { ownership: Ownership::Other, ttl: None, asked: None });
    }
}

/// What the last list did not have came after that was asked for.
fn since_list(model: &AppState, latest: Timestamp) -> TimeRange {
    TimeRange { earliest: model.listed_at.unwrap_or(latest).min(latest), latest }
}

fn on_unlisted(model: &mut AppState, id: LeaseId, received: Timestamp) {
    record_end(model, id, Absence::by(received, model));
    if let Some(lease) = model.leases.get_mut(&id) {
        lease.is_listed = false;
    }
}

/// Says so once for each kind of trouble; it stands on the top line until a list succeeds.
pub(super) fn failed(model: &mut AppState, trouble: CallFailure, now: Timestamp) {
    let is_news = model.list_trouble.as_ref() != Some(&trouble);
    model.list_trouble = Some(trouble);
    if is_news {
        report_trouble(model, now);
    }
}

/// Tells why the leases cannot be listed, if so. Without a link nothing can be, and that is told of the link.
fn report_trouble(model: &mut AppState, now: Timestamp) {
    let Some(trouble) = &model.list_trouble else { return };
    model.is_list_error_unreported = !model.is_reached();
    if model.is_reached() {
        model.log(now, None, EventKind::error(format!("cannot list the leases: {}", trouble.text)));
    }
}

/// A member answers: what was refused before that was known is told now.
pub(super) fn reached(model: &mut AppState, now: Timestamp) {
    let is_forbidden = model.list_trouble.as_ref().is_some_and(|trouble| trouble.is_forbidden);
    if std::mem::take(&mut model.is_list_error_unreported) && is_forbidden {
        report_trouble(model, now);
    }
}
