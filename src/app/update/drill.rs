//! Drills on own leases, begun and ended.

use crate::app::dialog::{Dialog, DrillDialog};
use crate::app::keymap::Action;
use crate::app::{AppState, Effect, Ownership};
use etcd_lease::{Fault, LeaseId};
use simkit::Timestamp;

/// Ends the drill of the selected lease, or offers the drills that there are. Why there is none is told in the dialog too:
/// a digit that was meant for it is not to mean something else.
pub(super) fn toggle(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let Some(lease) = app.cursor_lease_alive() else { return Vec::new() };
    let (id, ttl) = (lease.id, lease.granted_ttl.unwrap_or(1).unsigned_abs());
    if lease.drill().is_some() && !app.config.is_read_only {
        app.view.set_status(now, false, format!("Drill on {id} stopped", id = app.view.id_format.name(id)));
        return vec![Effect::Drill { id, drill: None }];
    }
    app.view.dialog = Some(Dialog::Drill(DrillDialog::new(id, ttl)));
    Vec::new()
}

/// Begins a drill, if the lease is still there and ours.
pub(in crate::app) fn start(app: &mut AppState, id: LeaseId, drill: Fault, now: Timestamp) -> Vec<Effect> {
    if !app.leases.alive_mut(id).is_some_and(|lease| lease.ownership == Ownership::Own && lease.is_kept_alive) {
        app.view.set_status(
            now,
            true,
            format!("{id} is no longer kept alive; nothing to drill", id = app.view.id_format.name(id)),
        );
        return Vec::new();
    }
    let key = app.config.keymap.key_label(Action::Drill);
    let end = if drill == Fault::CutStream { String::new() } else { format!(" ({key} stops it)") };
    app.view.set_status(now, false, format!("Drill: {drill} on {id}{end}", id = app.view.id_format.name(id)));
    vec![Effect::Drill { id, drill: Some(drill) }]
}
