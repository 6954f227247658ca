//! Pinning leases to the top.

use crate::app::AppState;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::selection::{self, leases_in_words};

/// Pins the leases that are meant to the top; where all of them are pinned, lets them go. The cursor stays on its lease.
pub(super) fn toggle(model: &mut AppState, now: Timestamp) {
    let targets = selection::targets(model);
    if targets.is_empty() && model.cursor_lease().is_some() {
        model.set_status(now, true, "it is gone: only living leases are pinned");
    }
    if targets.is_empty() {
        return;
    }
    let is_pinned = |id: &LeaseId| model.lease(*id).is_some_and(|lease| lease.is_pinned);
    let pins = !targets.iter().all(is_pinned);
    targets.iter().for_each(|id| pin(model, *id, pins));
    let (what, verb) = match targets[..] {
        [id] => (model.ids.name(id), "is"),
        _ => (leases_in_words(targets.len()), "are"),
    };
    let end = if pins { "pinned to the top" } else { "not pinned any more" };
    model.set_status(now, false, format!("{what} {verb} {end}"));
}

/// Also in a frozen picture: it is what one looks at.
fn pin(model: &mut AppState, id: LeaseId, pins: bool) {
    if let Some(picture) = &mut model.frozen {
        pin(&mut picture.model, id, pins);
    }
    model.is_away = true;
    if let Some(lease) = model.alive(id) {
        lease.is_pinned = pins;
    }
}
