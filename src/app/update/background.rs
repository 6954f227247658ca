//! Leases that are kept alive on other clusters.

use crate::app::verbs::{Done, quit};
use crate::app::{AppState, BackgroundLeases, Effect, KeptLease, Redraw};
use crate::plural::plural;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::lifecycle::get_or_create;
use super::report::report;

/// Takes over leases that the engine already keeps alive, because the monitor returned to their cluster.
pub(super) fn resumed(app: &mut AppState, leases: &[KeptLease]) {
    for kept in leases {
        let lease = get_or_create(app, kept.id);
        lease.ownership = kept.ownership;
        lease.is_kept_alive = true;
        lease.asked_ttl = kept.asked_ttl;
    }
}

/// Stores the leases that are kept alive on other clusters.
pub(super) fn changed(app: &mut AppState, leases: Vec<BackgroundLeases>) {
    app.view.background = leases;
    app.view.request_redraw(Redraw::Soon);
}

/// Reports that a lease ended that was kept alive on another cluster.
pub(super) fn ended(app: &mut AppState, cluster: &str, id: LeaseId, why: &str, now: Timestamp) {
    let name = app.view.id_format.name(id);
    report(app, Done::error(format!("{name} on {cluster} ended: {why}")), now);
    app.view.request_redraw(Redraw::Now);
}

/// Quits after the own leases on other clusters were revoked, unless a lease could not be revoked or own leases of this
/// cluster are still being revoked. `failed` is the number of leases that could not be revoked.
pub(super) fn revoked(app: &mut AppState, failed: usize, now: Timestamp) -> Vec<Effect> {
    let is_quitting = std::mem::take(&mut app.jobs.is_background_pending);
    if failed > 0 {
        // leasetop stays, so later replies to revokes must not quit it.
        app.jobs.quit_pending = None;
        let what = plural(failed as u64, "lease");
        let text = format!("{what} on other clusters could not be revoked; quit again to leave them");
        return report(app, Done::error(text), now);
    }
    if !is_quitting || app.jobs.quit_pending.as_ref().is_some_and(|pending| !pending.is_empty()) {
        return Vec::new();
    }
    vec![quit::quit(&app.leases, &app.config)]
}
