//! The values of a lease's keys were read.

use crate::app::{AppState, KeyValues, Redraw};
use etcd_lease::LeaseId;

/// Takes in what was read.
pub(super) fn read(model: &mut AppState, id: LeaseId, pairs: KeyValues) {
    if model.values.answered(id, pairs) {
        model.request_redraw(Redraw::Soon);
    }
}
