//! What is copied out of the monitor.

use crate::app::{AppState, Effect};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Copies the id of the selected lease, as it is shown: of a dead one too, to look for it in logs.
pub(super) fn id(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(id) = selected(app) else { return Vec::new() };
    let text = app.view.id_format.name(id);
    let note = match app.view.id_format {
        IdFormat::Hex => format!("Copied {text}"),
        IdFormat::Decimal => format!("Copied {text} (decimal; leasetop reads it as dec:{text})"),
    };
    app.view.set_status(now, false, note);
    vec![Effect::Copy(text)]
}

/// Copies the etcdctl command that tells of the selected lease what the detail does.
pub(super) fn command(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(id) = selected(app) else { return Vec::new() };
    let Some(etcdctl) = &app.config.etcdctl else {
        app.view.set_status(now, true, "The embedded sandbox has no endpoint for etcdctl; use `leasetop sandbox`");
        return Vec::new();
    };
    let text = format!("{etcdctl} lease timetolive --keys {}{id}", if id < LeaseId(0) { "-- " } else { "" });
    app.view.set_status(now, false, format!("Copied {text}"));
    vec![Effect::Copy(text)]
}

fn selected(app: &AppState) -> Option<LeaseId> {
    app.active_view().cursor_lease().map(|lease| lease.id)
}
