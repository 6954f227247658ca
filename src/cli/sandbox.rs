//! `sandbox`: an etcd that keeps nothing, for any etcd client on this machine.

use std::net::SocketAddr;

use super::signals::Signals;
use super::{CliError, Exit, GlobalFlags, Out};
use etcd_sandbox::Sandbox;
use simkit::Clock;

/// `sandbox`.
///
/// It serves leases, keys, status and the member list as etcd does, to etcdctl and to any other client. It keeps
/// nothing: when it ends, everything in it is gone. It is for learning and for tests, and listens on loopback only.
#[derive(Debug, clap::Args)]
pub(super) struct SandboxArgs {
    /// Where to listen; port 0 takes any free port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:2379")]
    listen: SocketAddr,
}

pub(super) async fn run(args: SandboxArgs, shared: &GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    refuse_warp(shared)?;
    let mut signals = Signals::catch()?;
    let sandbox = Sandbox::builder().start(Clock::real());
    let at = sandbox.listen(0, args.listen).await?;
    out.message("A sandbox, not an etcd: it keeps nothing, and is for learning and tests. Ctrl-C ends it.").await;
    out.data(format!("serving on {at}\n")).await?;
    signals.next().await;
    Ok(Exit::Done)
}

/// Other clients live on the wall's clock.
fn refuse_warp(shared: &GlobalFlags) -> Result<(), CliError> {
    match shared.warp() {
        1 => Ok(()),
        warp => Err(CliError::Usage(format!(
            "--warp {warp} is not for `sandbox`: its clients would renew by their own clocks, and too late"
        ))),
    }
}
