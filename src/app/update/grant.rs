//! New leases of ours.

use std::time::Duration;

use crate::app::dialog::{Dialog, GrantForm};
use crate::app::{AppState, CallFailure, EventKind, Lease, Ownership, Redraw, TimeRange, View};
use etcd_lease::{Granted, LeaseId};
use simkit::Timestamp;

use super::lifecycle::get_or_create;
use super::{count, is_refused, lease_keys};

/// Opens the form; on an own lease that was lost it is filled as that was.
pub(super) fn open(app: &mut AppState, now: Timestamp) {
    if !is_refused(app, now) {
        let pace = app.config.pace;
        let like = |lease: &Lease| GrantForm::like(lease, app.keys.values(lease.id), pace);
        let form = lost(app).map_or_else(|| GrantForm::new(pace), like);
        app.view.dialog = Some(Dialog::Grant(Box::new(form)));
    }
}

/// The selected lease, if it is our own and was lost.
fn lost(app: &AppState) -> Option<&Lease> {
    let lease = app.active_view().cursor_lease().filter(|_| app.active_view().view.active == View::Leases)?;
    Some(lease).filter(|lease| lease.ownership == Ownership::Own && lease.loss.is_some())
}

/// A lease was granted: sent and received bound its deadline.
pub(super) fn granted(
    app: &mut AppState,
    answer: &Granted,
    (sent, received): (Timestamp, Timestamp),
    keep_alive: bool,
) {
    let ttl = Duration::from_secs(answer.ttl.unsigned_abs());
    let lease = get_or_create(app, answer.id);
    lease.ownership = Ownership::Own;
    lease.is_kept_alive = keep_alive;
    lease.asked_ttl = Some(answer.requested_ttl);
    if keep_alive {
        lease.history_mut().granted(sent + ttl);
    }
    if lease.bounds().is_none() {
        lease.set_deadline(TimeRange { earliest: sent + ttl, latest: received + ttl }, answer.ttl);
    }
    if let Some(status) = lease.engine.clone() {
        count(app, &status);
    }
    let granted =
        EventKind::Granted { ownership: Ownership::Own, ttl: Some(answer.ttl), asked: Some(answer.requested_ttl) };
    app.view.set_status(received, false, format!("Granted {}: {}", app.view.id_format.name(answer.id), granted.text()));
    app.log(received, Some(answer.id), granted);
}

/// It was not.
pub(super) fn failed(app: &mut AppState, ttl: i64, trouble: &CallFailure, now: Timestamp) {
    app.log(now, None, EventKind::error(format!("could not grant a lease of {ttl} s: {}", trouble.text)));
    app.view.set_status(now, true, format!("Could not grant a lease of {ttl} s: {}", trouble.text));
}

/// A key hangs on a lease. Which revision made it will be told by the watch.
pub(super) fn attached(app: &mut AppState, id: LeaseId, key: &[u8], now: Timestamp) {
    lease_keys::attach(app, id, key, None, now);
}

/// A key could not be attached.
pub(super) fn attach_failed(app: &mut AppState, id: LeaseId, key: &[u8], trouble: &CallFailure, now: Timestamp) {
    let text = format!("could not attach {}: {}", String::from_utf8_lossy(key), trouble.text);
    app.log(now, Some(id), EventKind::error(&text));
    app.view.set_status(now, true, text);
    app.view.request_redraw(Redraw::Soon);
}
