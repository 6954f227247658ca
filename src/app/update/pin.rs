//! Pinning leases to the top.

use crate::app::AppState;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::selection::{self, leases_in_words};

/// Pins the leases that are meant to the top; where all of them are pinned, lets them go. The cursor stays on its lease.
pub(super) fn toggle(app: &mut AppState, now: Timestamp) {
    let targets = selection::targets(app);
    if targets.is_empty() && app.cursor_lease().is_some() {
        app.view.set_status(now, true, "Only living leases can be pinned");
    }
    if targets.is_empty() {
        return;
    }
    let is_pinned = |id: &LeaseId| app.leases.get(*id).is_some_and(|lease| lease.is_pinned);
    let pins = !targets.iter().all(is_pinned);
    targets.iter().for_each(|id| pin(app, *id, pins));
    let what = match targets[..] {
        [id] => app.view.id_format.name(id),
        _ => leases_in_words(targets.len()),
    };
    let done = if pins { "Pinned" } else { "Unpinned" };
    app.view.set_status(now, false, format!("{done} {what}"));
}

/// Also in a frozen picture: it is what one looks at.
fn pin(app: &mut AppState, id: LeaseId, pins: bool) {
    if let Some(picture) = &mut app.frozen {
        pin(&mut picture.app, id, pins);
    }
    app.view.is_away = true;
    if let Some(lease) = app.leases.alive_mut(id) {
        lease.is_pinned = pins;
    }
}
