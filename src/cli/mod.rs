//! The command line: what can be asked for, one file a command.
//!
//! Commands without a screen run on one current-thread runtime, engine included: all that they write goes through
//! threads of its own, so that a reader that stops reading stops no renewal.

mod completions;
mod config;
mod error;
mod events;
mod exercise;
mod grant;
mod headless;
mod help;
mod keep_alive;
mod keymap;
mod list;
mod logging;
mod man;
mod monitor;
mod options;
mod out;
mod revoke;
mod sandbox;
mod session;
mod signals;
mod table_args;
mod timetolive;
mod values;
mod wait;
mod watch_args;

use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

pub use self::config::BadConfig;
pub use self::error::{CliError, Exit};
pub use self::options::{Format, GlobalFlags, ReadOnlyBy};

use self::config::Env;
use self::out::Out;
use self::session::CommandSession;

/// What is said at the end of `--help`.
const AFTER_HELP: &str = "\
Examples:
  leasetop demo                                  no etcd needed: look around
  leasetop --endpoints 127.0.0.1:2379            the monitor
  leasetop grant 60 --put /service/self=here     a lease with a key
  leasetop events -w json                        everything that happens, an object a line
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
    command: Option<CliCommand>,
    #[command(flatten)]
    monitor: monitor::MonitorArgs,
    #[command(flatten)]
    shared: GlobalFlags,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// The monitor on a sandbox with three leases of its own and other clients: no etcd needed
    Demo(table_args::TableArgs),
    #[command(flatten)]
    Headless(HeadlessCommand),
}

/// The commands without a screen.
#[derive(Debug, Subcommand)]
enum HeadlessCommand {
    /// Grant leases, attach keys, and keep them alive if asked to
    Grant(grant::GrantArgs),
    /// Revoke leases: their keys are deleted with them
    Revoke(revoke::RevokeArgs),
    /// Tell how long a lease has left
    #[command(name = "timetolive")]
    TimeToLive(timetolive::TimeToLiveArgs),
    /// List every lease, or the one that holds a key: read once, or watched for a while
    List(list::ListArgs),
    /// Tell everything that happens to everybody's leases, a line each, until stopped
    Events(events::EventsArgs),
    /// Wait until a lease is gone, is renewed, or has less left
    Wait(wait::WaitArgs),
    /// Keep leases alive until stopped
    KeepAlive(keep_alive::KeepAliveArgs),
    /// Keep leases of several TTLs alive, and tell how often they were renewed
    Exercise(exercise::ExerciseArgs),
    /// Serve a sandbox to any etcd client: it keeps nothing and is for learning and tests
    Sandbox(sandbox::SandboxArgs),
    /// Print what the keys of the monitor do
    Keys,
    /// Print a sample of the config file, with a word on each setting
    Config,
    /// Print what a shell needs to complete commands and options
    Completions(completions::CompletionsArgs),
    /// Print the manual page, for man -l
    Man(man::ManArgs),
}

impl Cli {
    /// Reads the command line of this process, its environment and the config file. Wrong usage ends the program, as
    /// does `--help`.
    ///
    /// # Errors
    /// What is wrong in the config file, by file, line and key.
    pub fn read() -> Result<Cli, CliError> {
        config::read(std::env::args_os().collect(), &Env::here())
    }
}

/// Carries out what the command line says.
///
/// # Errors
/// A sentence for stderr; [`CliError::ReaderGone`] alone is nothing to tell.
pub fn run(cli: Cli) -> Result<Exit, CliError> {
    let Cli { command, monitor, shared } = cli;
    match command {
        Some(_) if monitor.flags.anything => Err(CliError::Usage(
            "the monitor's options stand before a command: write the command first, then its own options".to_owned(),
        )),
        Some(CliCommand::Demo(rows)) => monitor::demo(&rows, shared),
        Some(CliCommand::Headless(command)) => {
            let _log = logging::start(&shared.general, false)?;
            on_runtime(&mut Builder::new_current_thread(), headless(command, shared))
        }
        None => monitor::run(monitor, shared),
    }
}

/// Runs a command on a runtime. Whatever still waits to be written is given up after a moment.
fn on_runtime<T>(kind: &mut Builder, command: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = kind.enable_all().build();
    let runtime = runtime.map_err(|error| CliError::System { tried: "start the runtime", error })?;
    let result = runtime.block_on(command);
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn headless(command: HeadlessCommand, shared: GlobalFlags) -> Result<Exit, CliError> {
    let mut out = Out::new(shared.general.write_out);
    let out = &mut out;
    match command {
        HeadlessCommand::Grant(args) => grant::run(args, shared, out).await,
        HeadlessCommand::Revoke(args) => revoke::run(args, shared, out).await,
        HeadlessCommand::TimeToLive(args) => timetolive::run(args, shared, out).await,
        HeadlessCommand::List(args) => list::run(args, shared, out).await,
        HeadlessCommand::Events(args) => events::run(args, shared, out).await,
        HeadlessCommand::Wait(args) => wait::run(args, shared, out).await,
        HeadlessCommand::KeepAlive(args) => keep_alive::run(args, shared, out).await,
        HeadlessCommand::Exercise(args) => exercise::run(args, shared, out).await,
        HeadlessCommand::Sandbox(args) => sandbox::run(args, &shared, out).await,
        HeadlessCommand::Keys => keymap::run(&shared.keymap, out).await,
        HeadlessCommand::Config => sample(out).await,
        HeadlessCommand::Completions(args) => completions::run(args, out).await,
        HeadlessCommand::Man(args) => man::run(args, out).await,
    }
}

async fn sample(out: &mut Out) -> Result<Exit, CliError> {
    out.data(config::sample()).await?;
    Ok(Exit::Done)
}
