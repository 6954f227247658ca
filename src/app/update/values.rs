//! The values of a lease's keys were read.

use crate::app::{Model, Pairs, Redraw};
use etcd_lease::LeaseId;

/// Takes in what was read.
pub(super) fn read(model: &mut Model, id: LeaseId, pairs: Pairs) {
    if model.values.answered(id, pairs) {
        model.show(Redraw::Soon);
    }
}
