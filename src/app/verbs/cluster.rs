//! Switching to another cluster of the config file. A dialog asks what happens to the leases that are kept alive.

use crate::app::bulk::RevokeTarget;
use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, Focus, moved};
use crate::app::jobs::Jobs;
use crate::app::lease_store::LeaseStore;
use crate::app::selection::Selection;
use crate::app::{AppConfig, DialogAction, Effect, KeptLease, Key, KeyContext, LeaveLeases, Ownership};
use crate::plural::plural;
use etcd_lease::LeaseId;

use super::{Done, revoke_many};

/// The menu of clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterMenu {
    /// The index of the selected cluster in [`AppConfig::clusters`].
    pub place: usize,
}

/// The dialog before leaving a cluster on which leases are kept alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveDialog {
    /// The name of the cluster to switch to.
    pub to: String,
    /// The focused answer: keep renewing, stop, revoke, cancel.
    pub focus: Focus,
}

/// The answers: keep renewing, stop, revoke, cancel.
const ANSWERS: usize = 4;

impl ClusterMenu {
    /// A menu with the current cluster selected.
    pub(in crate::app) fn new(config: &AppConfig) -> Self {
        let present = config.cluster_name();
        let place = config.clusters.iter().position(|cluster| cluster.name == present);
        ClusterMenu { place: place.unwrap_or(0) }
    }

    /// Handles a key: movement keys select, digits and Enter switch.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let clusters = &context.config.clusters;
        if let Key::Char(digit @ '1'..='9') = key
            && let Some(cluster) = clusters.get(digit as usize - '1' as usize)
        {
            return DialogOutcome::Do(Command::AskSwitchCluster(cluster.name.clone()));
        }
        match context.dialog_action(KeyContext::Clusters, key) {
            Some(DialogAction::Accept) => match clusters.get(self.place) {
                Some(cluster) => DialogOutcome::Do(Command::AskSwitchCluster(cluster.name.clone())),
                None => DialogOutcome::Close,
            },
            Some(DialogAction::Close) => DialogOutcome::Close,
            _ => {
                self.place = moved(self.place, clusters.len(), context.action(key));
                DialogOutcome::Stay
            }
        }
    }
}

impl LeaveDialog {
    /// A dialog before switching to the cluster called `to`.
    pub(in crate::app) fn new(to: String) -> Self {
        LeaveDialog { to, focus: Focus::default() }
    }

    /// Handles a key. Enter keeps renewing the leases, unless another answer has the focus.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.dialog_action(KeyContext::Leave, key);
        let leave = |leases| DialogOutcome::Do(Command::SwitchCluster { to: self.to.clone(), leases });
        match (action, self.focus.among(ANSWERS)) {
            (Some(DialogAction::LeaveKeep), _) | (Some(DialogAction::Accept), 0) => leave(LeaveLeases::Keep),
            (Some(DialogAction::LeaveStop), _) | (Some(DialogAction::Accept), 1) => leave(LeaveLeases::Stop),
            (Some(DialogAction::LeaveRevoke), _) | (Some(DialogAction::Accept), 2) => leave(LeaveLeases::Revoke),
            (Some(DialogAction::Close | DialogAction::Accept), _) => DialogOutcome::Close,
            (action, _) => {
                self.focus = self.focus.moved(action, ANSWERS).unwrap_or(self.focus);
                DialogOutcome::Stay
            }
        }
    }
}

/// The leases that the engine keeps alive.
pub(in crate::app) fn kept(leases: &LeaseStore) -> Vec<KeptLease> {
    let kept = leases.kept_alive();
    kept.map(|lease| KeptLease { id: lease.id, ownership: lease.ownership, asked_ttl: lease.asked_ttl }).collect()
}

/// Switches to the cluster `to`. `wanted` is what happens to the leases that are kept alive here. With
/// [`LeaveLeases::Revoke`], the switch follows after the last own lease is revoked.
pub(in crate::app) fn leave(
    leases: &LeaseStore,
    jobs: &mut Jobs,
    selection: &mut Selection,
    to: String,
    wanted: LeaveLeases,
) -> Done {
    let kept = kept(leases);
    match wanted {
        LeaveLeases::Keep => Done::effects(vec![Effect::SwitchCluster { to, keep: kept }]),
        LeaveLeases::Stop => Done::effects(vec![Effect::SwitchCluster { to, keep: Vec::new() }]),
        LeaveLeases::Revoke => {
            let is_own = |lease: &&crate::app::Lease| lease.ownership == Ownership::Own;
            let own: Vec<RevokeTarget> = leases.kept_alive().filter(is_own).map(RevokeTarget::of).collect();
            if own.is_empty() {
                return Done::effects(vec![Effect::SwitchCluster { to, keep: Vec::new() }]);
            }
            let status = Done::status(format!("Revoking {}, then switching", plural(own.len() as u64, "lease")));
            jobs.switch_pending = Some((own.iter().map(|target| target.id).collect(), to));
            status.then(revoke_many::add(leases, jobs, selection, own))
        }
    }
}

/// Records a revoke that succeeded or failed. Switches after the last one, unless one failed: then its lease is kept
/// alive, and the monitor stays.
pub(in crate::app) fn on_revoke_reply(jobs: &mut Jobs, id: LeaseId, is_failure: bool) -> Option<Effect> {
    let (pending, _) = jobs.switch_pending.as_mut()?;
    if !pending.remove(&id) {
        return None;
    }
    if is_failure {
        jobs.switch_pending = None;
        return None;
    }
    if !pending.is_empty() {
        return None;
    }
    let (_, to) = jobs.switch_pending.take()?;
    Some(Effect::SwitchCluster { to, keep: Vec::new() })
}
