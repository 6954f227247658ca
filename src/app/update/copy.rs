//! What is copied out of the monitor.

use crate::app::{AppState, Effect};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Copies the id of the selected lease, as it is shown: of a dead one too, to look for it in logs.
pub(super) fn id(model: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(id) = selected(model) else { return Vec::new() };
    let text = model.ids.name(id);
    let note = match model.ids {
        IdFormat::Hex => format!("copied {text}"),
        IdFormat::Decimal => format!("copied {text}, in decimal: leasetop takes that as dec:{text}"),
    };
    model.set_status(now, false, note);
    vec![Effect::Copy(text)]
}

/// Copies the etcdctl command that tells of the selected lease what the detail does.
pub(super) fn command(model: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(id) = selected(model) else { return Vec::new() };
    let Some(etcdctl) = &model.config.etcdctl else {
        model.set_status(now, true, "the embedded sandbox has no endpoint for etcdctl: `leasetop sandbox` has one");
        return Vec::new();
    };
    let text = format!("{etcdctl} lease timetolive --keys {}{id}", if id < LeaseId(0) { "-- " } else { "" });
    model.set_status(now, false, format!("copied {text}"));
    vec![Effect::Copy(text)]
}

fn selected(model: &AppState) -> Option<LeaseId> {
    model.active_view().cursor_lease().map(|lease| lease.id)
}
