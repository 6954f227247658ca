//! The command line: every command and its output formats. Their options are in [`options`](super::options), those of every
//! command in [`global_options`](super::global_options).
//!
//! The text of `--help` is the doc comment of each item. Further paragraphs of a command are in [`help`](super::help).

use clap::{Parser, Subcommand};

use super::global_options::{Format, GlobalFlags};
use super::help;
use super::options::{
    CompletionsArgs, DemoArgs, EventsArgs, ExerciseArgs, GrantArgs, HelpArgs, KeepAliveArgs, ListArgs, LocksArgs,
    ManArgs, MembersArgs, MonitorArgs, RevokeArgs, RunArgs, SandboxArgs, ServeArgs, TimeToLiveArgs, WaitArgs,
};
use super::replay::ReplayArgs;
use super::report::ReportArgs;

/// top for etcd leases: list, watch, grant, renew and revoke
///
/// Without a command, opens the monitor.
#[derive(Debug, Parser)]
#[command(name = "leasetop", version = env!("LEASETOP_VERSION"), after_help = help::program(), disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<CliCommand>,
    #[command(flatten)]
    pub(super) monitor: MonitorArgs,
    #[command(flatten)]
    pub(super) shared: GlobalFlags,
}

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Open the monitor on a simulated cluster
    Demo(DemoArgs),
    /// Play a recording in the monitor
    #[command(after_help = help::REPLAY)]
    Replay(ReplayArgs),
    #[command(flatten)]
    Headless(HeadlessCommand),
}

/// Commands without a screen.
#[derive(Debug, Subcommand)]
pub(super) enum HeadlessCommand {
    /// Grant leases, optionally with keys
    #[command(after_help = help::GRANT)]
    Grant(GrantArgs),
    /// Revoke leases and delete their keys
    #[command(after_help = help::REVOKE)]
    Revoke(RevokeArgs),
    /// Show a lease's remaining time
    #[command(name = "timetolive", visible_alias = "ttl")]
    TimeToLive(TimeToLiveArgs),
    /// List leases, once or after watching them
    #[command(after_help = help::LIST, visible_alias = "ls")]
    List(ListArgs),
    /// List locks and elections with their holders and waiters
    #[command(after_help = help::LOCKS)]
    Locks(LocksArgs),
    /// List the members of the cluster with role, version and size
    #[command(after_help = help::MEMBERS)]
    Members(MembersArgs),
    /// Stream lease events of all clients, one per line
    #[command(after_help = help::EVENTS)]
    Events(EventsArgs),
    /// Wait for a condition on one or all leases
    #[command(after_help = help::WAIT)]
    Wait(WaitArgs),
    /// Keep leases alive until stopped
    #[command(visible_alias = "keepalive")]
    KeepAlive(KeepAliveArgs),
    /// Run a command while keeping its lease alive
    #[command(after_help = help::RUN)]
    Run(RunArgs),
    /// Measure how often leases are renewed
    #[command(after_help = help::EXERCISE)]
    Exercise(ExerciseArgs),
    /// Create a page from a recording or a result
    #[command(after_help = help::REPORT)]
    Report(ReportArgs),
    /// Serve metrics for Prometheus until stopped
    #[command(after_help = help::SERVE)]
    Serve(ServeArgs),
    /// Run an in-memory etcd for testing
    #[command(after_help = help::SANDBOX)]
    Sandbox(SandboxArgs),
    /// Print the current key bindings
    Keys,
    /// Print a commented config file with every default
    Config,
    /// Print a shell completion script
    Completions(CompletionsArgs),
    /// Print the manual page (view with man -l)
    Man(ManArgs),
    /// Print the version
    Version,
    /// Print the help of a command
    Help(HelpArgs),
    /// The commands of `etcdctl lease`
    #[command(subcommand, hide = true)]
    Lease(LeaseCommand),
}

/// The commands of `etcdctl lease`, as its users type them.
#[derive(Debug, Subcommand)]
pub(super) enum LeaseCommand {
    /// Grant leases, optionally with keys
    #[command(after_help = help::GRANT)]
    Grant(GrantArgs),
    /// Revoke leases and delete their keys
    #[command(after_help = help::REVOKE)]
    Revoke(RevokeArgs),
    /// Show a lease's remaining time
    #[command(name = "timetolive", visible_alias = "ttl")]
    TimeToLive(TimeToLiveArgs),
    /// List lease ids
    #[command(visible_alias = "ls")]
    List,
    /// Keep leases alive until stopped
    #[command(visible_alias = "keepalive")]
    KeepAlive(KeepAliveArgs),
}

/// Formats of `list` and of every command with a table.
pub(super) const LIST_FORMATS: [Format; 5] = [Format::Simple, Format::Json, Format::Table, Format::Fields, Format::Csv];

impl HeadlessCommand {
    /// The formats in which the command prints. Empty if it prints no data, or the same in every format.
    pub(super) fn formats(&self) -> &'static [Format] {
        match self {
            HeadlessCommand::List(_)
            | HeadlessCommand::Locks(_)
            | HeadlessCommand::Members(_)
            | HeadlessCommand::Exercise(_)
            | HeadlessCommand::Keys => &LIST_FORMATS,
            HeadlessCommand::Revoke(args) if args.dry_run => &LIST_FORMATS,
            HeadlessCommand::Grant(_)
            | HeadlessCommand::Revoke(_)
            | HeadlessCommand::TimeToLive(_)
            | HeadlessCommand::KeepAlive(_)
            | HeadlessCommand::Wait(_)
            | HeadlessCommand::Lease(_) => &[Format::Simple, Format::Json, Format::Fields, Format::Csv],
            HeadlessCommand::Events(_) => &[Format::Simple, Format::Json, Format::Fields],
            HeadlessCommand::Run(_)
            | HeadlessCommand::Report(_)
            | HeadlessCommand::Serve(_)
            | HeadlessCommand::Sandbox(_)
            | HeadlessCommand::Config
            | HeadlessCommand::Completions(_)
            | HeadlessCommand::Man(_)
            | HeadlessCommand::Version
            | HeadlessCommand::Help(_) => &[],
        }
    }
}
