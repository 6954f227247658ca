//! Switching to another cluster, and leases that are kept alive on the others.

use crate::app::command::Command;
use crate::app::dialog::{ClusterMenu, Dialog, LeaveDialog};
use crate::app::verbs::{Done, cluster, quit};
use crate::app::{AppState, BackgroundLeases, Effect, KeptLease, LeaveLeases, Redraw};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::execute::{execute, report};
use super::lifecycle::get_or_create;

/// Opens the menu of clusters.
pub(super) fn open_menu(app: &mut AppState) -> Done {
    if app.config.clusters.len() < 2 {
        return Done::error("No other cluster: add [cluster.NAME] to the config file");
    }
    app.view.dialog = Some(Dialog::Clusters(ClusterMenu::new(&app.config)));
    Done::default()
}

/// Switches to a cluster, or asks first what happens to the leases that are kept alive on this one.
pub(super) fn ask(app: &mut AppState, to: String, now: Timestamp) -> Vec<Effect> {
    if to == app.config.cluster_name() {
        return report(app, Done::status(format!("Already on {to}")), now);
    }
    if app.leases.kept_alive().next().is_some() {
        app.view.dialog = Some(Dialog::Leave(LeaveDialog::new(to)));
        return Vec::new();
    }
    execute(app, Command::SwitchCluster { to, leases: LeaveLeases::Stop }, now)
}

/// Reports that the monitor stays on its cluster.
pub(super) fn switch_failed(app: &mut AppState, why: String, now: Timestamp) {
    report(app, Done::error(why), now);
    app.view.request_redraw(Redraw::Now);
}

/// Takes over leases that the engine already keeps alive.
pub(super) fn resumed(app: &mut AppState, leases: &[KeptLease]) {
    for kept in leases {
        let lease = get_or_create(app, kept.id);
        lease.ownership = kept.ownership;
        lease.is_kept_alive = true;
        lease.asked_ttl = kept.asked_ttl;
    }
}

/// The leases that are kept alive on other clusters changed.
pub(super) fn background(app: &mut AppState, leases: Vec<BackgroundLeases>) {
    app.view.background = leases;
    app.view.request_redraw(Redraw::Soon);
}

/// Reports that a lease ended that was kept alive on another cluster.
pub(super) fn background_ended(app: &mut AppState, cluster: &str, id: LeaseId, why: &str, now: Timestamp) {
    let name = app.view.id_format.name(id);
    report(app, Done::error(format!("{name} on {cluster} ended: {why}")), now);
    app.view.request_redraw(Redraw::Now);
}

/// After the own leases on other clusters were revoked: quits, unless one could not be revoked or own leases of this
/// cluster are still being revoked.
pub(super) fn background_revoked(app: &mut AppState, failed: usize, now: Timestamp) -> Vec<Effect> {
    app.jobs.is_background_pending = false;
    if failed > 0 {
        let text = format!("{failed} leases on other clusters could not be revoked; quit again to leave them");
        return report(app, Done::error(text), now);
    }
    if app.jobs.quit_pending.as_ref().is_some_and(|pending| !pending.is_empty()) {
        return Vec::new();
    }
    vec![quit::quit(&app.leases, &app.config)]
}

/// Leaves the cluster.
pub(super) fn switch(app: &mut AppState, to: String, leases: LeaveLeases) -> Done {
    cluster::leave(&app.leases, &mut app.jobs, &mut app.view.selection, to, leases)
}
