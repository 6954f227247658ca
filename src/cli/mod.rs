//! The command line: what can be asked for, one file a command.
//!
//! Commands without a screen run on one current-thread runtime, engine included: all that they write goes through
//! threads of its own, so that a reader that stops reading stops no renewal.

mod error;
mod exercise;
mod grant;
mod keep_alive;
mod list;
mod logging;
mod monitor;
mod options;
mod out;
mod revoke;
mod sandbox;
mod session;
mod signals;
mod timetolive;
mod values;

use std::time::Duration;

use clap::{Parser, Subcommand};

pub use self::error::{Error, Exit};
pub use self::options::{Format, Shared};

use self::out::Out;
use self::session::Session;

/// What is said at the end of `--help`.
const AFTER_HELP: &str = "\
Examples:
  leasetop demo                                  no etcd needed: look around
  leasetop --endpoints 127.0.0.1:2379            the monitor
  leasetop grant 60 --put /service/self=here     a lease with a key
  leasetop exercise --ttl 10,120 --for 2m        is the interval between renewals the same?

Lease ids are etcdctl's: hex, or dec:... for decimal; a negative one stands after `--`.
Exit codes: 0 done, 1 the answer is no (not found, lost), 2 an error or wrong usage.
etcdctl's ETCDCTL_... variables work for the options that it has too; a flag wins.";

/// top for etcd leases: grant, keep alive, watch and revoke them.
#[derive(Debug, Parser)]
#[command(name = "leasetop", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
#[command(
    long_about = "top for etcd leases: grant, keep alive, watch and revoke them.\n\nWithout a command: the monitor."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    monitor: monitor::Args,
    #[command(flatten)]
    shared: Shared,
}

/// The commands.
#[derive(Debug, Subcommand)]
enum Command {
    /// Grant leases, attach keys, and keep them alive if asked to
    Grant(grant::Args),
    /// Revoke leases: their keys are deleted with them
    Revoke(revoke::Args),
    /// Tell how long a lease has left
    #[command(name = "timetolive")]
    TimeToLive(timetolive::Args),
    /// Read every lease once, or the one that holds a key
    List(list::Args),
    /// Keep leases alive until stopped
    KeepAlive(keep_alive::Args),
    /// Keep leases of several TTLs alive, and tell how often they were renewed
    Exercise(exercise::Args),
    /// Serve a sandbox to any etcd client: it keeps nothing and is for learning and tests
    Sandbox(sandbox::Args),
}

/// Carries out what the command line says.
///
/// # Errors
/// A sentence for stderr; [`Error::ReaderGone`] alone is nothing to tell.
pub fn run(cli: Cli) -> Result<Exit, Error> {
    let Cli { command, monitor, shared } = cli;
    match command {
        Some(_) if monitor.is_some() => Err(Error::Usage(
            "--ttl and --put before a command are the monitor's: write the command first, then its options".to_owned(),
        )),
        Some(command) => {
            let _log = logging::start(&shared.general, false)?;
            on_runtime(headless(command, shared))
        }
        None => monitor::run(monitor, shared),
    }
}

/// Runs a command on a runtime of its own. Whatever still waits to be written is given up after a moment.
fn on_runtime<T>(command: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::System { tried: "start the runtime", error })?;
    let result = runtime.block_on(command);
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn headless(command: Command, shared: Shared) -> Result<Exit, Error> {
    let mut out = Out::new(shared.general.write_out);
    let out = &mut out;
    match command {
        Command::Grant(args) => grant::run(args, shared, out).await,
        Command::Revoke(args) => revoke::run(args, shared, out).await,
        Command::TimeToLive(args) => timetolive::run(args, shared, out).await,
        Command::List(args) => list::run(args, shared, out).await,
        Command::KeepAlive(args) => keep_alive::run(args, shared, out).await,
        Command::Exercise(args) => exercise::run(args, shared, out).await,
        Command::Sandbox(args) => sandbox::run(args, out).await,
    }
}
