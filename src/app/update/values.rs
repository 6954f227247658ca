//! The values of a lease's keys were read.

use crate::app::{AppState, KeyValues, Redraw};
use etcd_lease::LeaseId;

/// Takes in what was read.
pub(super) fn read(app: &mut AppState, id: LeaseId, pairs: KeyValues) {
    if app.keys.value_cache.answered(id, pairs) {
        app.view.request_redraw(Redraw::Soon);
    }
}
