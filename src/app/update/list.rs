//! All leases were listed.

use crate::app::{Listing, Model, Redraw, Trouble, What, Who};
use crate::domain::{LeaseId, Moment};

use super::life::bury;

/// Takes in who was born and who is gone. Leases that were there at the start give no event.
pub(super) fn listed(model: &mut Model, listing: Listing) {
    let Listing { sent, received, born, gone, head, .. } = listing;
    if !born.is_empty() || !gone.is_empty() || !model.has_listed() {
        model.show(Redraw::Soon);
    }
    gone.into_iter().for_each(|id| left(model, id, received));
    born.into_iter().for_each(|id| came(model, id, sent, received));
    if let Some(head) = head {
        model.polls.set_head(head);
    }
    again(model, sent);
}

/// A list was answered.
pub(super) fn again(model: &mut Model, sent: Moment) {
    goes_on(model);
    model.listed_at = Some(sent);
}

/// The leases can be listed again.
pub(super) fn goes_on(model: &mut Model) {
    if model.list_trouble.take().is_some() {
        model.show(Redraw::Soon);
    }
}

/// A list that was asked for before a lease died may still hold it.
fn came(model: &mut Model, id: LeaseId, sent: Moment, received: Moment) {
    let is_known = model.lease(id).is_some_and(|lease| lease.death.is_none_or(|death| death.at >= sent));
    let lease = if is_known { model.leases.get_or_new(id) } else { model.living(id) };
    lease.is_listed = true;
    if !is_known && model.has_listed() {
        model.log(received, Some(id), What::Granted { who: Who::Other, ttl: None, asked: None });
    }
}

fn left(model: &mut Model, id: LeaseId, received: Moment) {
    bury(model, id, received);
    if let Some(lease) = model.leases.get_mut(&id) {
        lease.is_listed = false;
    }
}

/// Says so once for each kind of trouble; it stands on the top line until a list succeeds.
pub(super) fn failed(model: &mut Model, trouble: Trouble, now: Moment) {
    if model.is_reached() && model.list_trouble.as_ref() != Some(&trouble) {
        model.log(now, None, What::error(format!("cannot list the leases: {}", trouble.text)));
    }
    model.list_trouble = Some(trouble);
}
