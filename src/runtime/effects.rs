//! Carries out effects. This is the only place where an [`Effect`] has side effects: the driver handles calls to the
//! cluster and the engine, [`LocalCalls`] handles files, and [`LoopRequests`] has the rest.

use std::time::SystemTime;

use super::driver::Driver;
use super::local_calls::LocalCalls;
use crate::app::{AppState, Effect, KeptLease, PlaybackControl};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The state in which the monitor exited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitState {
    /// Leases that were kept alive and now expire by themselves.
    pub still_alive: Vec<LeaseId>,
    /// The command line of the cluster of these leases. `None` for the cluster of the start.
    pub command: Option<String>,
    /// Leases on other clusters that were kept alive and now expire by themselves, with the command line of each
    /// cluster.
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

/// What to do about recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordingRequest {
    /// Record to this file, or to a new one.
    Start(Option<String>),
    /// End the recording.
    Stop,
}

/// Requests to the event loop, handled after the message is applied. The session itself handles `recording` and
/// `playback`; without a screen, the others are ignored.
#[derive(Debug, Default)]
pub(super) struct LoopRequests {
    /// Terminal requests, in order.
    pub(super) terminal: Vec<TerminalRequest>,
    /// Suspend the program, alone or with its job.
    pub(super) suspend: Option<SuspendScope>,
    /// Restart with a new sandbox at this clock speed.
    pub(super) restart: Option<u32>,
    /// Switch to the cluster of this name, and keep these leases of the present one alive.
    pub(super) switch: Option<(String, Vec<KeptLease>)>,
    /// Revoke the own leases that are kept alive on other clusters.
    pub(super) revoke_background: bool,
    /// Start or end a recording.
    pub(super) recording: Option<RecordingRequest>,
    /// Control the recording that is played, in order.
    pub(super) playback: Vec<PlaybackControl>,
    /// End the program.
    pub(super) exit: Option<ExitState>,
}

/// Everything that carries out effects.
pub(super) struct Executors<'a> {
    /// `None` while a recording is played: there is no cluster.
    pub(super) driver: Option<&'a mut Driver>,
    pub(super) local: &'a mut LocalCalls,
    pub(super) requests: &'a mut LoopRequests,
    /// The time, and the wall-clock time of the clock's start.
    pub(super) time: (Timestamp, SystemTime),
}

/// Carries out an effect, or starts to.
pub(super) fn execute(effect: Effect, app: &AppState, with: &mut Executors<'_>) {
    let Executors { driver, local, requests, time } = with;
    match effect {
        Effect::Export { name, text } => local.export(name, text),
        Effect::Remember(kind, line) => local.remember(kind, line),
        Effect::ExportRows { path, overwrite } => local.export_rows(app, (path, overwrite), *time),
        Effect::ReadConfigFile => local.read_config(),
        Effect::WriteConfigFile(change) => local.write_config(change),
        Effect::Copy(text) => requests.terminal.push(TerminalRequest::Copy(text)),
        Effect::Mouse(is_ours) => requests.terminal.push(TerminalRequest::Mouse(is_ours)),
        Effect::Theme(name) => requests.terminal.push(TerminalRequest::Theme(name)),
        Effect::Suspend => requests.suspend = Some(SuspendScope::Job),
        Effect::RestartSandbox { warp } => requests.restart = Some(warp),
        Effect::SwitchCluster { to, keep } => requests.switch = Some((to, keep)),
        Effect::RevokeBackground => requests.revoke_background = true,
        Effect::StartRecording(path) => requests.recording = Some(RecordingRequest::Start(path)),
        Effect::StopRecording => requests.recording = Some(RecordingRequest::Stop),
        Effect::Play(control) => requests.playback.push(control),
        Effect::Quit { still_alive } => requests.exit = Some(ExitState { still_alive, ..ExitState::default() }),
        effect => {
            if let Some(driver) = driver {
                call(effect, app, driver);
            }
        }
    }
}

/// Carries out an effect on the cluster or the engine.
fn call(effect: Effect, app: &AppState, driver: &mut Driver) {
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
        Effect::Poll(ids) => driver.poll(ids),
        Effect::PollWithKeys(id) => driver.poll_with_keys(id),
        Effect::ReadKeys(reads) => driver.read_keys(reads),
        Effect::Grant(request) => driver.grant(request),
        Effect::Attach { id, key, value } => driver.attach(id, key, value),
        // The others are carried out without the cluster.
        Effect::Export { .. }
        | Effect::Remember(..)
        | Effect::ExportRows { .. }
        | Effect::ReadConfigFile
        | Effect::WriteConfigFile(_)
        | Effect::Copy(_)
        | Effect::Mouse(_)
        | Effect::Theme(_)
        | Effect::Suspend
        | Effect::RestartSandbox { .. }
        | Effect::SwitchCluster { .. }
        | Effect::RevokeBackground
        | Effect::StartRecording(_)
        | Effect::StopRecording
        | Effect::Play(_)
        | Effect::Quit { .. } => (),
    }
}
