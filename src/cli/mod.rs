//! The command line: what can be asked for, one file a command.
//!
//! Commands without a screen run on one current-thread runtime, engine included: all that they write goes through
//! threads of its own, so that a reader that stops reading stops no renewal.

mod completions;
mod config;
mod error;
mod events;
mod exercise;
mod following;
mod grant;
mod keep_alive;
mod keys;
mod list;
mod logging;
mod man;
mod monitor;
mod observing;
mod options;
mod out;
mod revoke;
mod rows;
mod sandbox;
mod session;
mod signals;
mod timetolive;
mod values;
mod wait;

use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

pub use self::config::BadConfig;
pub use self::error::{Error, Exit};
pub use self::options::{Format, ReadOnlyBy, Shared};

use self::config::Surroundings;
use self::out::Out;
use self::session::Session;

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
    command: Option<Command>,
    #[command(flatten)]
    monitor: monitor::Args,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Headless(Headless),
    /// The monitor on a sandbox with three leases of its own and other clients: no etcd needed
    Demo(rows::Rows),
}

/// The commands without a screen.
#[derive(Debug, Subcommand)]
enum Headless {
    /// Grant leases, attach keys, and keep them alive if asked to
    Grant(grant::Args),
    /// Revoke leases: their keys are deleted with them
    Revoke(revoke::Args),
    /// Tell how long a lease has left
    #[command(name = "timetolive")]
    TimeToLive(timetolive::Args),
    /// List every lease, or the one that holds a key: read once, or watched for a while
    List(list::Args),
    /// Tell everything that happens to everybody's leases, a line each, until stopped
    Events(events::Args),
    /// Wait until a lease is gone, is renewed, or has less left
    Wait(wait::Args),
    /// Keep leases alive until stopped
    KeepAlive(keep_alive::Args),
    /// Keep leases of several TTLs alive, and tell how often they were renewed
    Exercise(exercise::Args),
    /// Serve a sandbox to any etcd client: it keeps nothing and is for learning and tests
    Sandbox(sandbox::Args),
    /// Print what the keys of the monitor do
    Keys,
    /// Print a sample of the config file, with a word on each setting
    Config,
    /// Print what a shell needs to complete commands and options
    Completions(completions::Args),
    /// Print the manual page, for man -l
    Man(man::Args),
}

impl Cli {
    /// Reads the command line of this process, its environment and the config file. Wrong usage ends the program, as
    /// does `--help`.
    ///
    /// # Errors
    /// What is wrong in the config file, by file, line and key.
    pub fn read() -> Result<Cli, Error> {
        config::read(std::env::args_os().collect(), &Surroundings::here())
    }
}

/// Carries out what the command line says.
///
/// # Errors
/// A sentence for stderr; [`Error::ReaderGone`] alone is nothing to tell.
pub fn run(cli: Cli) -> Result<Exit, Error> {
    let Cli { command, monitor, shared } = cli;
    match command {
        Some(_) if monitor.said.anything => Err(Error::Usage(
            "the monitor's options stand before a command: write the command first, then its own options".to_owned(),
        )),
        Some(Command::Demo(rows)) => monitor::demo(&rows, shared),
        Some(Command::Headless(command)) => {
            let _log = logging::start(&shared.general, false)?;
            on_runtime(&mut Builder::new_current_thread(), headless(command, shared))
        }
        None => monitor::run(monitor, shared),
    }
}

/// Runs a command on a runtime. Whatever still waits to be written is given up after a moment.
fn on_runtime<T>(kind: &mut Builder, command: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = kind.enable_all().build();
    let runtime = runtime.map_err(|error| Error::System { tried: "start the runtime", error })?;
    let result = runtime.block_on(command);
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn headless(command: Headless, shared: Shared) -> Result<Exit, Error> {
    let mut out = Out::new(shared.general.write_out);
    let out = &mut out;
    match command {
        Headless::Grant(args) => grant::run(args, shared, out).await,
        Headless::Revoke(args) => revoke::run(args, shared, out).await,
        Headless::TimeToLive(args) => timetolive::run(args, shared, out).await,
        Headless::List(args) => list::run(args, shared, out).await,
        Headless::Events(args) => events::run(args, shared, out).await,
        Headless::Wait(args) => wait::run(args, shared, out).await,
        Headless::KeepAlive(args) => keep_alive::run(args, shared, out).await,
        Headless::Exercise(args) => exercise::run(args, shared, out).await,
        Headless::Sandbox(args) => sandbox::run(args, &shared, out).await,
        Headless::Keys => keys::run(&shared.keymap, out).await,
        Headless::Config => sample(out).await,
        Headless::Completions(args) => completions::run(args, out).await,
        Headless::Man(args) => man::run(args, out).await,
    }
}

async fn sample(out: &mut Out) -> Result<Exit, Error> {
    out.data(config::sample()).await?;
    Ok(Exit::Done)
}
