//! Reading the values of a lease's keys.

use crate::app::{AppState, Effect, KeyValues, Lease, Redraw};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Stores values that were read.
pub(super) fn read(app: &mut AppState, id: LeaseId, pairs: KeyValues) {
    if app.keys.value_cache.answered(id, pairs) {
        app.view.request_redraw(Redraw::Soon);
    }
}

/// The living lease whose values should be read: its detail is visible and it has keys. `None` while the display is
/// frozen.
fn wanted(app: &AppState) -> Option<&Lease> {
    if !app.cluster.is_reached() || !app.view.is_detail_visible() || app.frozen.is_some() {
        return None;
    }
    let lease = app.cursor_lease_alive()?;
    let has_keys = lease.keys.as_ref().is_some_and(|keys| !keys.first.is_empty());
    if has_keys { Some(lease) } else { None }
}

/// Starts the read that is due now. Returns its effect.
pub(super) fn start_read_if_due(app: &mut AppState, now: Timestamp) -> Option<Effect> {
    let id = wanted(app)?.id;
    let keys = app.keys.value_cache.start_read_if_due(app.leases.get(id)?, now)?;
    Some(Effect::ReadValues { id, keys })
}

/// When the next read is due.
pub(super) fn next_wake(app: &AppState) -> Timestamp {
    wanted(app).map_or(Timestamp::NEVER, |lease| app.keys.value_cache.due(lease))
}
