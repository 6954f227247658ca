//! All leases were listed.

use crate::app::{Listing, Model, Redraw, Trouble, What, Who};
use crate::domain::{LeaseId, Moment};

use super::life::bury;

/// Takes in who was born and who is gone. Leases that were there at the start give no event.
pub(super) fn listed(model: &mut Model, listing: &Listing) {
    let has_news = !listing.born.is_empty() || !listing.gone.is_empty();
    if has_news || !model.has_listed {
        model.show(Redraw::Soon);
    }
    for id in &listing.gone {
        gone(model, *id, listing.received);
    }
    for id in &listing.born {
        born(model, *id, listing);
    }
    again(model);
}

/// A list was answered.
pub(super) fn again(model: &mut Model) {
    if model.list_trouble.take().is_some() {
        model.show(Redraw::Soon);
    }
    model.has_listed = true;
}

/// A list that was asked for before a lease died may still hold it.
fn born(model: &mut Model, id: LeaseId, listing: &Listing) {
    let known = model.lease(id);
    if known.is_some_and(|lease| lease.death.is_none_or(|death| death.at >= listing.sent)) {
        return;
    }
    model.living(id);
    if model.has_listed {
        model.log(listing.received, Some(id), What::Granted { who: Who::Other, ttl: None, asked: None });
    }
}

fn gone(model: &mut Model, id: LeaseId, at: Moment) {
    if let Some(cause) = model.alive(id).map(|lease| lease.cause_of_death(at)) {
        bury(model, id, at, cause);
    }
}

/// Says so once for each kind of trouble; it stands on the top line until a list succeeds.
pub(super) fn failed(model: &mut Model, trouble: Trouble, now: Moment) {
    if model.is_reached() && model.list_trouble.as_ref() != Some(&trouble) {
        model.log(now, None, What::error(format!("cannot list the leases: {}", trouble.text)));
    }
    model.list_trouble = Some(trouble);
}
