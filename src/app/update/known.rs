//! What was known when a recording started.

use crate::app::{AppState, KnownLeases, Redraw};
use simkit::Timestamp;

use super::lifecycle::get_or_create;

/// Restores what was observed of the leases. This adds no events.
pub(super) fn restore(app: &mut AppState, known: KnownLeases, now: Timestamp) {
    let KnownLeases { leases, cohorts } = known;
    for known in leases {
        let id = known.id;
        get_or_create(app, id).restore(known);
        app.polls.plan(&mut app.leases, id, now);
    }
    app.leases.cohorts = cohorts;
    app.view.request_redraw(Redraw::Soon);
}
