//! All leases were listed.

use crate::app::polls::Overdue;
use crate::app::{Lease, Listing, Model, Redraw, Trouble, What, Who, polls};
use crate::inference::TimeRange;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::life::{Miss, begin_again, bury};

/// Takes in who was born and who is gone. Leases that were there at the start give no event.
pub(super) fn listed(model: &mut Model, listing: Listing) {
    let Listing { sent, received, revision, born, gone, head, .. } = listing;
    if !born.is_empty() || !gone.is_empty() || !model.has_listed() {
        model.show(Redraw::Soon);
    }
    gone.into_iter().for_each(|id| left(model, id, received));
    born.into_iter().for_each(|id| came(model, id, sent, received));
    if let Some(head) = head {
        model.polls.set_head(head);
    }
    again(model, revision, (sent, received));
}

/// A list was answered.
pub(super) fn again(model: &mut Model, revision: i64, (sent, received): (Timestamp, Timestamp)) {
    goes_on(model);
    model.revisions.record(revision, sent, received);
    (model.listed_at, model.list_took) = (Some(sent), received - sent);
    doubt_deaths(model, sent);
    doubt_lives(model, sent);
}

/// What was listed after its latest possible deadline is dying, or was renewed and nobody saw it.
fn doubt_lives(model: &mut Model, sent: Timestamp) {
    for id in polls::ended_before(model, sent) {
        let overdue = if model.is_unrenewed(id) { Overdue::Dying } else { Overdue::Unseen };
        let is_over = |lease: &&mut Lease| lease.is_listed && lease.bounds().is_some_and(|end| end.latest < sent);
        let Some(lease) = model.alive(id).filter(is_over) else { continue };
        lease.overdue = Some(overdue);
        let due = lease.poll.due;
        polls::plan(model, id, due);
        model.show(Redraw::Soon);
    }
}

/// What has died and is listed all the same is asked: either nobody knows it, or it was granted again.
fn doubt_deaths(model: &mut Model, sent: Timestamp) {
    let is_doubtful = |lease: &&Lease| lease.is_listed && lease.death.is_some_and(|death| death.at < sent);
    let dead = model.graves.iter().filter_map(|(_, id)| model.lease(*id));
    let doubtful: Vec<LeaseId> = dead.filter(is_doubtful).map(|lease| lease.id).collect();
    doubtful.into_iter().for_each(|id| polls::hurry(model, id));
}

/// The leases can be listed again.
pub(super) fn goes_on(model: &mut Model) {
    if model.list_trouble.take().is_some() {
        model.show(Redraw::Soon);
    }
}

/// A list that was asked for before a lease died may still hold it.
fn came(model: &mut Model, id: LeaseId, sent: Timestamp, received: Timestamp) {
    match model.lease(id).map(|lease| lease.death) {
        None => born(model, id, received),
        Some(Some(death)) if death.at < sent => {
            let within = since_list(model, received);
            begin_again(model, id, within, None);
        }
        Some(_) => (),
    }
    model.leases.get_or_new(id).is_listed = true;
}

/// A lease that was not known is there at a moment. What was there at the start gives no event.
pub(super) fn born(model: &mut Model, id: LeaseId, by: Timestamp) {
    model.living(id);
    if model.has_listed() {
        let within = since_list(model, by);
        model.log(within, Some(id), What::Granted { who: Who::Other, ttl: None, asked: None });
    }
}

/// What the last list did not have came after that was asked for.
fn since_list(model: &Model, latest: Timestamp) -> TimeRange {
    TimeRange { earliest: model.listed_at.unwrap_or(latest).min(latest), latest }
}

fn left(model: &mut Model, id: LeaseId, received: Timestamp) {
    bury(model, id, Miss::by(received, model));
    if let Some(lease) = model.leases.get_mut(&id) {
        lease.is_listed = false;
    }
}

/// Says so once for each kind of trouble; it stands on the top line until a list succeeds.
pub(super) fn failed(model: &mut Model, trouble: Trouble, now: Timestamp) {
    let is_news = model.list_trouble.as_ref() != Some(&trouble);
    model.list_trouble = Some(trouble);
    if is_news {
        tell_trouble(model, now);
    }
}

/// Tells why the leases cannot be listed, if so. Without a link nothing can be, and that is told of the link.
fn tell_trouble(model: &mut Model, now: Timestamp) {
    let Some(trouble) = &model.list_trouble else { return };
    model.is_list_untold = !model.is_reached();
    if model.is_reached() {
        model.log(now, None, What::error(format!("cannot list the leases: {}", trouble.text)));
    }
}

/// A member answers: what was refused before that was known is told now.
pub(super) fn reached(model: &mut Model, now: Timestamp) {
    let is_forbidden = model.list_trouble.as_ref().is_some_and(|trouble| trouble.is_forbidden);
    if std::mem::take(&mut model.is_list_untold) && is_forbidden {
        tell_trouble(model, now);
    }
}
