//! What was known when a recording started.

use crate::app::{AppState, KnownLeases, Redraw};
use simkit::Timestamp;

use super::lease_keys::refresh;
use super::lifecycle::get_or_create;

/// Restores what was observed of the leases. This adds no events.
pub(super) fn restore(app: &mut AppState, known: KnownLeases, now: Timestamp) {
    let KnownLeases { leases, answered, cohorts } = known;
    for known in leases {
        let id = known.id;
        get_or_create(app, id).restore(known);
        app.polls.plan(&mut app.leases, id, now);
    }
    for (id, revisions) in answered {
        app.keys.index.restore_answered(id, revisions);
        refresh(app, id);
    }
    app.leases.cohorts = cohorts;
    app.view.request_redraw(Redraw::Soon);
}
