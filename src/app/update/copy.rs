//! What is copied out of the monitor.

use crate::app::{Effect, Model};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Copies the id of the selected lease, as it is shown: of a dead one too, to look for it in logs.
pub(super) fn id(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let Some(id) = selected(model) else { return Vec::new() };
    let text = model.ids.name(id);
    let note = match model.ids {
        IdFormat::Hex => format!("copied {text}"),
        IdFormat::Decimal => format!("copied {text}, in decimal: leasetop takes that as dec:{text}"),
    };
    model.say(now, false, note);
    vec![Effect::Copy(text)]
}

/// Copies the etcdctl command that tells of the selected lease what the detail does.
pub(super) fn command(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let Some(id) = selected(model) else { return Vec::new() };
    let Some(etcdctl) = &model.setup.etcdctl else {
        model.say(now, true, "the embedded sandbox has no endpoint for etcdctl: `leasetop sandbox` has one");
        return Vec::new();
    };
    let text = format!("{etcdctl} lease timetolive --keys {}{id}", if id < LeaseId(0) { "-- " } else { "" });
    model.say(now, false, format!("copied {text}"));
    vec![Effect::Copy(text)]
}

fn selected(model: &Model) -> Option<LeaseId> {
    model.looking().selected().map(|lease| lease.id)
}
