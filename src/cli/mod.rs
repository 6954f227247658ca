//! The command line: one file per command.
//!
//! Commands without a screen run on a current-thread runtime, with the engine. They write through tokio's blocking threads,
//! so a reader that stops reading does not delay renewals.

mod alerts;
mod clusters;
mod commands;
mod completions;
mod config;
mod discovery;
mod error;
mod events;
mod exercise;
mod global_flags;
mod global_options;
mod grant;
mod headless;
mod help;
mod keep_alive;
mod keymap;
mod lease;
mod list;
mod locks;
mod logging;
mod man;
mod members;
mod monitor;
mod options;
mod out;
mod password;
mod replay;
mod report;
mod revoke;
mod run;
mod sandbox;
mod serve;
mod session;
mod signals;
mod table_args;
mod theme;
mod timetolive;
mod values;
mod wait;
mod watch_args;

use std::time::Duration;

use clap::CommandFactory;
use tokio::runtime::Builder;

pub use self::commands::Cli;
pub use self::completions::complete;
pub use self::config::BadConfig;
pub use self::error::{CliError, Exit, ReadOnlyBy};
pub use self::global_options::{Format, GlobalFlags};

// For the fuzz targets.
#[doc(hidden)]
pub use self::config::check_text as check_config_text;
#[doc(hidden)]
pub use self::values::{duration as parse_duration, size as parse_size, ttl as parse_ttl};

use self::commands::{CliCommand, HeadlessCommand};
use self::config::Env;
use self::out::Out;
use self::session::CommandSession;

impl Cli {
    /// Reads the command line of this process, its environment and the config file. Exits on wrong usage and on `--help`.
    ///
    /// # Errors
    /// An error in the config file, with file, line and key.
    pub fn read() -> Result<Cli, CliError> {
        config::read(std::env::args_os().collect(), &Env::here())
    }
}

/// Runs the command.
///
/// # Errors
/// Any error is for stderr, except [`CliError::ReaderGone`], which is not reported.
pub fn run(cli: Cli) -> Result<Exit, CliError> {
    let Cli { command, monitor, shared } = cli;
    if shared.has_login() {
        password::protect_memory();
    }
    shared.connection.warn_of_exposed_password();
    match command {
        Some(_) if monitor.flags.anything => {
            let why = "options of the monitor cannot precede a command; give the command's own options after it";
            Err(CliError::Usage(why.to_owned()))
        }
        Some(CliCommand::Demo(args)) => monitor::demo(&args, shared),
        Some(CliCommand::Replay(args)) => replay::run(&args, &shared),
        Some(CliCommand::Headless(command)) => {
            let _log = logging::start(&shared.general, false)?;
            on_runtime(&mut Builder::new_current_thread(), headless(command, shared))
        }
        None => monitor::run(monitor, shared),
    }
}

/// Runs a command on a new runtime. Output that is still unwritten 100 ms after the command ended is dropped.
fn on_runtime<T>(builder: &mut Builder, command: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| CliError::System { tried: "start the runtime", error })?;
    let result = runtime.block_on(command);
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn headless(command: HeadlessCommand, shared: GlobalFlags) -> Result<Exit, CliError> {
    let mut out = Out::new(&shared);
    let out = &mut out;
    out.restrict(command.formats()).await?;
    match command {
        HeadlessCommand::Grant(args) => grant::run(args, shared, out).await,
        HeadlessCommand::Revoke(args) => revoke::run(args, shared, out).await,
        HeadlessCommand::TimeToLive(args) => timetolive::run(args, shared, out).await,
        HeadlessCommand::List(args) => list::run(args, shared, out).await,
        HeadlessCommand::Locks(args) => locks::run(args, shared, out).await,
        HeadlessCommand::Members(args) => members::run(args, shared, out).await,
        HeadlessCommand::Events(args) => events::run(args, shared, out).await,
        HeadlessCommand::Report(args) => report::run(args, &shared, out).await,
        HeadlessCommand::Serve(args) => serve::run(args, shared, out).await,
        HeadlessCommand::Wait(args) => wait::run(args, shared, out).await,
        HeadlessCommand::KeepAlive(args) => keep_alive::run(args, shared, out).await,
        HeadlessCommand::Run(args) => run::run(args, shared, out).await,
        HeadlessCommand::Exercise(args) => exercise::run(args, shared, out).await,
        HeadlessCommand::Sandbox(args) => sandbox::run(args, &shared, out).await,
        HeadlessCommand::Keys => keymap::run(&shared.keymap, out).await,
        HeadlessCommand::Config => sample(out).await,
        HeadlessCommand::Completions(args) => completions::run(args, out).await,
        HeadlessCommand::Man(args) => man::run(args, out).await,
        HeadlessCommand::Version => version(out).await,
        HeadlessCommand::Help(args) => help::run(&args.command),
        HeadlessCommand::Lease(command) => lease::run(command, shared, out).await,
    }
}

async fn version(out: &mut Out) -> Result<Exit, CliError> {
    out.data(Cli::command().render_version()).await?;
    Ok(Exit::Done)
}

async fn sample(out: &mut Out) -> Result<Exit, CliError> {
    out.data(config::sample()).await?;
    Ok(Exit::Done)
}
