//! Carries out effects. This is the only place where an [`Effect`] has side effects: the driver handles calls to the
//! cluster and the engine, and the event loop handles the rest through [`LoopRequests`].

use super::driver::Driver;
use crate::app::{AppState, Effect, KeptLease};
use etcd_lease::LeaseId;

/// The state in which the monitor exited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitState {
    /// Leases that were kept alive and now expire by themselves.
    pub still_alive: Vec<LeaseId>,
    /// The command line of the cluster of these leases. `None` for the cluster of the start.
    pub command: Option<String>,
    /// The same on other clusters, with the command line of each.
    pub elsewhere: Vec<(String, Vec<LeaseId>)>,
}

/// Which processes to suspend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SuspendScope {
    /// This process.
    Process,
    /// All processes in the shell's job.
    Job,
}

/// A request to the terminal besides drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TerminalRequest {
    /// Copy a text to the clipboard.
    Copy(String),
    /// Turn mouse events on or off.
    Mouse(bool),
    /// Draw in the colours of this theme.
    Theme(String),
}

/// Requests to the event loop, handled after the message is applied. Ignored without a screen.
#[derive(Debug, Default)]
pub(super) struct LoopRequests {
    /// Terminal requests, in order.
    pub(super) terminal: Vec<TerminalRequest>,
    /// Suspend the program, alone or with its job.
    pub(super) suspend: Option<SuspendScope>,
    /// Restart with a new sandbox at this clock speed.
    pub(super) restart: Option<u32>,
    /// Switch to the cluster of this name, and keep renewing these leases.
    pub(super) switch: Option<(String, Vec<KeptLease>)>,
    /// Revoke the own leases that are kept alive on other clusters.
    pub(super) revoke_background: bool,
    /// End the program.
    pub(super) exit: Option<ExitState>,
}

/// Carries out an effect, or starts to.
pub(super) fn execute(effect: Effect, app: &AppState, driver: &mut Driver, requests: &mut LoopRequests) {
    match effect {
        Effect::StartKeepAlive { id, pace } => driver.start_keep_alive(id, pace),
        Effect::StopKeepAlive(id) => driver.stop_keep_alive(id),
        Effect::Drill { id, drill } => driver.set_fault(id, drill),
        Effect::RenewNow(id) => driver.renew_now(id),
        Effect::RenewOnce(id) => driver.renew_once(id),
        Effect::Revoke(id) => driver.revoke(id),
        Effect::MeasureUndo(ids) => driver.measure_undo(ids),
        Effect::Restore(requests) => driver.restore(requests),
        Effect::ChangeTtl(request) => driver.change_ttl(request),
        Effect::List => driver.list_now(),
        Effect::RestartObserver => driver.restart_observer(&app.config),
        Effect::ReadValues { id, keys } => driver.read_values(id, keys),
        Effect::ReadLockValues(keys) => driver.read_lock_values(keys),
        Effect::ReadMembers { known, has_outside } => driver.read_members(known, has_outside),
        Effect::ReadServerCounters => driver.read_server_counters(),
        Effect::ProbeMembers(listed) => driver.probe_members(listed),
        Effect::Probe(ids) => driver.probe(ids),
        Effect::ProbeKeys(id) => driver.probe_keys(id),
        Effect::ReadKeys(reads) => driver.read_keys(reads),
        Effect::Grant(request) => driver.grant(request),
        Effect::Attach { id, key, value } => driver.attach(id, key, value),
        Effect::Export { name, text } => driver.export(name, text),
        Effect::Copy(text) => requests.terminal.push(TerminalRequest::Copy(text)),
        Effect::Mouse(is_ours) => requests.terminal.push(TerminalRequest::Mouse(is_ours)),
        Effect::Suspend => requests.suspend = Some(SuspendScope::Job),
        Effect::RestartSandbox { warp } => requests.restart = Some(warp),
        Effect::Quit { still_alive } => requests.exit = Some(ExitState { still_alive, ..ExitState::default() }),
        Effect::Theme(name) => requests.terminal.push(TerminalRequest::Theme(name)),
        Effect::Remember(kind, line) => driver.remember(kind, line),
        Effect::ExportRows { path, overwrite } => driver.export_rows(app, path, overwrite),
        Effect::ReadConfigFile => driver.read_config(),
        Effect::WriteConfigFile(change) => driver.write_config(change),
        Effect::SwitchCluster { to, keep } => requests.switch = Some((to, keep)),
        Effect::RevokeBackground => requests.revoke_background = true,
    }
}
