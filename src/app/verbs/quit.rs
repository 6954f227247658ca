//! Quitting. A dialog asks first if leases are kept alive on a real cluster.

use crate::app::bulk::RevokeTarget;
use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, Focus};
use crate::app::jobs::Jobs;
use crate::app::keymap::Action;
use crate::app::lease_store::LeaseStore;
use crate::app::selection::Selection;
use crate::app::{AppConfig, BackgroundLeases, DialogAction, Effect, Key, KeyContext, Ownership};
use crate::plural::plural;
use etcd_lease::LeaseId;

use super::{Done, revoke_many};

/// The answers: quit, revoke and quit, stay.
const ANSWERS: usize = 3;

/// Handles a key in the dialog. The first answer is to quit, and the quit key selects it too.
pub(in crate::app) fn on_key(focus: &mut Focus, key: Key, context: DialogContext<'_>) -> DialogOutcome {
    let action = context.dialog_action(KeyContext::Quit, key);
    match (action, focus.among(ANSWERS)) {
        (Some(DialogAction::QuitLeave), _) | (Some(DialogAction::Accept), 0) => DialogOutcome::Do(Command::Quit),
        (Some(DialogAction::QuitRevoke), _) | (Some(DialogAction::Accept), 1) => {
            DialogOutcome::Do(Command::RevokeAndQuit)
        }
        (Some(DialogAction::QuitStay | DialogAction::Accept), _) => DialogOutcome::Close,
        (action, _) => {
            *focus = focus.moved(action, ANSWERS).unwrap_or(*focus);
            DialogOutcome::Stay
        }
    }
}

/// Whether the dialog must ask: leases are kept alive on a real cluster, and they are not already being revoked before
/// quitting.
pub(in crate::app) fn needs_question(
    leases: &LeaseStore,
    jobs: &Jobs,
    config: &AppConfig,
    background: &[BackgroundLeases],
) -> bool {
    let is_kept = config.keeps_leases() && leases.kept_alive().next().is_some();
    let is_kept_elsewhere = background.iter().any(|kept| !kept.is_sandbox);
    !jobs.is_quitting() && (is_kept || is_kept_elsewhere)
}

/// Quits. Kept-alive leases expire by themselves.
pub(in crate::app) fn quit(leases: &LeaseStore, config: &AppConfig) -> Effect {
    Effect::Quit { still_alive: still_alive(leases, config) }
}

/// The kept-alive leases, to be reported at the exit. Those of a sandbox disappear with it and are not reported.
pub fn still_alive(leases: &LeaseStore, config: &AppConfig) -> Vec<LeaseId> {
    if !config.keeps_leases() {
        return Vec::new();
    }
    leases.kept_alive().map(|lease| lease.id).collect()
}

/// Revokes the own kept-alive leases, here and on other clusters, and quits after the last reply. Adopted leases belong to
/// other clients and are not revoked.
pub(in crate::app) fn revoke_and_quit(
    leases: &LeaseStore,
    jobs: &mut Jobs,
    selection: &mut Selection,
    config: &AppConfig,
    background: &[BackgroundLeases],
) -> Done {
    let is_own = |lease: &&crate::app::Lease| lease.ownership == Ownership::Own;
    let own: Vec<RevokeTarget> = leases.kept_alive().filter(is_own).map(RevokeTarget::of).collect();
    let elsewhere = background.iter().flat_map(|kept| &kept.leases).filter(|kept| kept.ownership == Ownership::Own);
    let elsewhere = elsewhere.count();
    if elsewhere > 0 {
        jobs.is_background_pending = true;
        let what = plural(elsewhere as u64, "lease");
        let status = Done::status(format!("Revoking {what} on other clusters")).with(Effect::RevokeBackground);
        return if own.is_empty() {
            status
        } else {
            status.then(revoke_before_quit(leases, jobs, selection, config, own))
        };
    }
    if own.is_empty() {
        return Done::effects(vec![quit(leases, config)]);
    }
    revoke_before_quit(leases, jobs, selection, config, own)
}

/// Revokes leases of this cluster, and quits after the last reply.
fn revoke_before_quit(
    leases: &LeaseStore,
    jobs: &mut Jobs,
    selection: &mut Selection,
    config: &AppConfig,
    own: Vec<RevokeTarget>,
) -> Done {
    jobs.quit_pending = Some(own.iter().map(|target| target.id).collect());
    let quit_key = config.keymap.key_label(Action::Quit);
    let what = plural(own.len() as u64, "lease");
    let status = Done::status(format!("Revoking {what} before quitting; {quit_key} quits at once"));
    status.then(revoke_many::add(leases, jobs, selection, own))
}

/// Records a revoke that succeeded or failed. Quits after the last one.
pub(in crate::app) fn on_revoke_reply(
    leases: &LeaseStore,
    jobs: &mut Jobs,
    config: &AppConfig,
    id: LeaseId,
) -> Option<Effect> {
    let quit_pending = jobs.quit_pending.as_mut()?;
    if !quit_pending.remove(&id) {
        return None;
    }
    if quit_pending.is_empty() && !jobs.is_background_pending { Some(quit(leases, config)) } else { None }
}
