//! Carries effects out. This `match` is the only place where an [`Effect`] becomes an act: the driver does what goes to the
//! cluster and to the engine, and the loop that owns the terminal finds the rest in [`LoopRequests`].

use super::driver::Driver;
use crate::app::Effect;
use etcd_lease::LeaseId;

/// How the monitor ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitState {
    /// Leases that were being kept alive and will expire by themselves.
    pub still_alive: Vec<LeaseId>,
}

/// Who is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SuspendScope {
    /// This process.
    Process,
    /// All processes that the shell started together with it.
    Job,
}

/// What the terminal does beside showing the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TerminalRequest {
    /// It takes a text into its clipboard.
    Copy(String),
    /// It sends mouse events, or stops doing so.
    Mouse(bool),
}

/// What the loop is asked to do once the message is taken in. Without a screen nobody looks at it.
#[derive(Debug, Default)]
pub(super) struct LoopRequests {
    /// What the terminal is asked for, in order.
    pub(super) terminal: Vec<TerminalRequest>,
    /// Suspend the program: with or without the rest of its job.
    pub(super) suspend: Option<SuspendScope>,
    /// Begin anew on another sandbox, whose clock runs at this speed.
    pub(super) restart: Option<u32>,
    /// End the program.
    pub(super) exit: Option<ExitState>,
}

/// Carries an effect out, or begins to.
pub(super) fn execute(effect: Effect, driver: &mut Driver, requests: &mut LoopRequests) {
    match effect {
        Effect::StartKeepAlive { id, pace } => driver.start_keep_alive(id, pace),
        Effect::StopKeepAlive(id) => driver.stop_keep_alive(id),
        Effect::Drill { id, drill } => driver.set_fault(id, drill),
        Effect::RenewNow(id) => driver.renew_now(id),
        Effect::RenewOnce(id) => driver.renew_once(id),
        Effect::Revoke(id) => driver.revoke(id),
        Effect::List => driver.list_now(),
        Effect::ReadValues { id, keys } => driver.read_values(id, keys),
        Effect::Probe(ids) => driver.probe(ids),
        Effect::ProbeKeys(id) => driver.probe_keys(id),
        Effect::Grant(request) => driver.grant(request),
        Effect::Attach { id, key, value } => driver.attach(id, key, value),
        Effect::Copy(text) => requests.terminal.push(TerminalRequest::Copy(text)),
        Effect::Mouse(is_ours) => requests.terminal.push(TerminalRequest::Mouse(is_ours)),
        Effect::Suspend => requests.suspend = Some(SuspendScope::Job),
        Effect::RestartSandbox { warp } => requests.restart = Some(warp),
        Effect::Quit { still_alive } => requests.exit = Some(ExitState { still_alive }),
    }
}
