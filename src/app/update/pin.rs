//! Pinning leases to the top.

use crate::app::Model;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::mark::{self, leases_in_words};

/// Pins the leases that are meant to the top; where all of them are pinned, lets them go. The cursor stays on its lease.
pub(super) fn toggle(model: &mut Model, now: Timestamp) {
    let meant = mark::meant(model);
    if meant.is_empty() && model.selected().is_some() {
        model.say(now, true, "it is gone: only living leases are pinned");
    }
    if meant.is_empty() {
        return;
    }
    let is_pinned = |id: &LeaseId| model.lease(*id).is_some_and(|lease| lease.is_pinned);
    let pins = !meant.iter().all(is_pinned);
    meant.iter().for_each(|id| pin(model, *id, pins));
    let (what, verb) = match meant[..] {
        [id] => (model.ids.name(id), "is"),
        _ => (leases_in_words(meant.len()), "are"),
    };
    let end = if pins { "pinned to the top" } else { "not pinned any more" };
    model.say(now, false, format!("{what} {verb} {end}"));
}

/// Also in a frozen picture: it is what one looks at.
fn pin(model: &mut Model, id: LeaseId, pins: bool) {
    if let Some(picture) = &mut model.frozen {
        pin(&mut picture.model, id, pins);
    }
    model.is_away = true;
    if let Some(lease) = model.alive(id) {
        lease.is_pinned = pins;
    }
}
