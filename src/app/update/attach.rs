//! A key for a lease that is there.

use crate::app::dialog::{AttachDialog, Dialog};
use crate::app::{AppState, Effect};
use crate::escape::printable;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::is_refused;

/// Opens the form on the lease under the cursor.
pub(super) fn open(model: &mut AppState, now: Timestamp) {
    let Some(dialog) = model.cursor_lease_alive().map(AttachDialog::new) else { return };
    if !is_refused(model, now) {
        model.dialog = Some(Dialog::Attach(Box::new(dialog)));
    }
}

/// Puts the key on the lease.
pub(in crate::app) fn start(
    model: &mut AppState,
    id: LeaseId,
    key: Vec<u8>,
    value: Vec<u8>,
    now: Timestamp,
) -> Vec<Effect> {
    model.set_status(now, false, format!("attaching {} to {id} …", printable(&key), id = model.ids.name(id)));
    vec![Effect::Attach { id, key, value }]
}
