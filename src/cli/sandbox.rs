//! `sandbox`: serves an in-memory etcd to clients on this machine.

use super::options::SandboxArgs;
use super::signals::Signals;
use super::{CliError, Exit, GlobalFlags, Out};
use etcd_sandbox::Sandbox;
use simkit::Clock;

pub(super) async fn run(args: SandboxArgs, shared: &GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    refuse_warp(shared)?;
    let mut signals = Signals::catch()?;
    let sandbox = Sandbox::builder().start(Clock::real());
    let at = sandbox.listen(0, args.listen).await?;
    out.message("In-memory etcd for testing; data is lost on exit. Press Ctrl-C to stop.").await;
    out.data(format!("serving on {at}\n")).await?;
    signals.next().await;
    Ok(Exit::Done)
}

/// Refuses `--warp`: clients in other processes use real time, so they would renew too late.
fn refuse_warp(shared: &GlobalFlags) -> Result<(), CliError> {
    if shared.warp() > 1 {
        return Err(CliError::Usage("--warp does not work with `sandbox`; its clients use real time".to_owned()));
    }
    Ok(())
}
