//! What was known when a recording started.

use crate::app::{AppState, KnownLeases, Redraw};
use crate::inference::locks::ReadKey;
use simkit::Timestamp;

use super::lease_keys::refresh;
use super::lifecycle::get_or_create;

/// Restores what was observed of the leases. This adds no events.
pub(super) fn restore(app: &mut AppState, known: KnownLeases, now: Timestamp) {
    let KnownLeases { leases, answered, keys, is_last, cohorts } = known;
    for known in leases {
        let id = known.id;
        get_or_create(app, id).restore(known);
        app.polls.plan(&mut app.leases, id, now);
    }
    let keys: Vec<ReadKey> = keys.into_iter().map(ReadKey::from).collect();
    app.keys.locks.add_page(&keys);
    for ReadKey { key, lease, create_revision } in keys {
        if let Some(id) = lease {
            app.keys.index.attach(id, &key, create_revision, now);
            refresh(app, id);
        }
    }
    for (id, revisions) in answered {
        app.keys.index.restore_answered(id, revisions);
        app.keys.queries.answered(id, &[], now);
        refresh(app, id);
    }
    if is_last && app.keys.index.is_by_lease() {
        app.keys.locks.finish_reload(now);
    }
    app.leases.cohorts = cohorts;
    app.view.request_redraw(Redraw::Soon);
}
