//! A key for a lease that is there.

use crate::app::dialog::{AttachDialog, Dialog};
use crate::app::{AppState, Effect};
use crate::escape::printable;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::is_refused;

/// Opens the form on the lease under the cursor.
pub(super) fn open(app: &mut AppState, now: Timestamp) {
    let Some(dialog) = app.cursor_lease_alive().map(AttachDialog::new) else { return };
    if !is_refused(app, now) {
        app.view.dialog = Some(Dialog::Attach(Box::new(dialog)));
    }
}

/// Puts the key on the lease.
pub(in crate::app) fn start(
    app: &mut AppState,
    id: LeaseId,
    key: Vec<u8>,
    value: Vec<u8>,
    now: Timestamp,
) -> Vec<Effect> {
    app.view.set_status(
        now,
        false,
        format!("Attaching {} to {id}…", printable(&key), id = app.view.id_format.name(id)),
    );
    vec![Effect::Attach { id, key, value }]
}
