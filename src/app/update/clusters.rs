//! Switching to another cluster.

use crate::app::dialog::{ClusterMenu, Dialog, LeaveDialog};
use crate::app::verbs::{Done, cluster};
use crate::app::{AppState, LeaveLeases};

use super::undo;

/// Opens the menu of clusters.
pub(super) fn open_menu(app: &mut AppState) -> Done {
    if app.config.clusters.len() < 2 {
        return Done::error("No other cluster: add [cluster.NAME] to the config file");
    }
    app.view.dialog = Some(Dialog::Clusters(ClusterMenu::new(&app.config)));
    Done::default()
}

/// Switches to a cluster, or asks first what happens to the leases that are kept alive on this one.
pub(super) fn ask(app: &mut AppState, to: String) -> Done {
    if to == app.config.cluster_name() {
        return Done::status(format!("Already on {to}"));
    }
    if app.leases.kept_alive().next().is_some() {
        app.view.dialog = Some(Dialog::Leave(LeaveDialog::new(to)));
        return Done::default();
    }
    switch(app, to, LeaveLeases::Stop)
}

/// Switches to the cluster `to`. `leases` is what happens to the leases that are kept alive on this one.
pub(super) fn switch(app: &mut AppState, to: String, leases: LeaveLeases) -> Done {
    if leases == LeaveLeases::Revoke {
        undo::begin_own(app);
    }
    cluster::leave(&app.leases, &mut app.jobs, &mut app.view.selection, to, leases)
}
