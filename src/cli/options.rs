//! The command line: every command with its options and their help. The options of every command are in
//! [`global_options`](super::global_options).
//!
//! The text of `--help` is the doc comment of each item. Further paragraphs of a command are in [`help`](super::help).

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use super::global_options::GlobalFlags;
use super::monitor::MonitorFlags;
use super::{help, values};
use crate::app::{Column, GroupBy, KeyTemplate, Sort, TypedFilter};
use crate::wait_condition::WaitCondition;
use etcd_lease::LeaseId;

/// top for etcd leases: list, watch, grant, renew and revoke
///
/// Without a command, opens the monitor.
#[derive(Debug, Parser)]
#[command(name = "leasetop", version, after_help = help::program(), disable_help_subcommand = true)]
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
    Demo(TableArgs),
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
    Revoke(RevokeArgs),
    /// Show a lease's remaining time
    #[command(name = "timetolive")]
    TimeToLive(TimeToLiveArgs),
    /// List leases, once or after watching them
    #[command(after_help = help::LIST)]
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
    /// Wait until a lease ends or is renewed
    #[command(after_help = help::WAIT)]
    Wait(WaitArgs),
    /// Keep leases alive until stopped
    KeepAlive(KeepAliveArgs),
    /// Measure how often leases are renewed
    #[command(after_help = help::EXERCISE)]
    Exercise(ExerciseArgs),
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
}

/// Options of `list` that need `--for`.
const WATCH_ONLY: [&str; 3] = ["prefix", "budget", "key_budget"];

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Monitor")]
pub(super) struct MonitorArgs {
    /// Grant leases of these TTLs, kept alive
    #[arg(long, value_name = "TTL,...", value_delimiter = ',', value_parser = values::ttl, allow_negative_numbers = true)]
    pub(super) ttl: Vec<i64>,
    #[arg(long = "put", value_name = "KEY=VALUE", help = help::PUT, requires = "ttl")]
    pub(super) puts: Vec<KeyTemplate>,
    /// Keep these leases of other clients alive
    #[arg(long, value_name = "ID,...", value_delimiter = ',', allow_negative_numbers = true)]
    pub(super) keep_alive: Vec<LeaseId>,
    #[command(flatten)]
    pub(super) rows: TableArgs,
    #[command(flatten)]
    pub(super) watch_args: WatchArgs,
    /// Leave responses unread, so that queues fill up
    #[arg(long)]
    pub(super) stall: bool,
    /// Which of these were given on the command line, not in the config file.
    #[arg(skip)]
    pub(super) flags: MonitorFlags,
}

/// Which leases are shown, in which order, with which columns.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct TableArgs {
    /// Show only leases matching FILTER
    #[arg(long, value_name = "FILTER")]
    pub(super) filter: Option<TypedFilter>,
    /// Sort by COLUMN, for example left:asc
    #[arg(long, value_name = "COLUMN[:asc|:desc]")]
    pub(super) sort: Option<Sort>,
    /// Show these columns, in this order
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub(super) columns: Vec<Column>,
    /// Group leases by service, ttl or owner
    #[arg(long, value_name = "BY")]
    pub(super) group: Option<GroupBy>,
}

/// What is read from the cluster, and how often.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct WatchArgs {
    /// Read only keys with this prefix (all leases are still listed)
    #[arg(long, value_name = "PREFIX")]
    pub(super) prefix: Option<String>,
    /// Max TimeToLive queries per second [default: 200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) budget: Option<u32>,
    /// Max data received for keys in any minute [default: 8MB]
    #[arg(long, value_name = "SIZE", value_parser = values::size)]
    pub(super) key_budget: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct GrantArgs {
    /// TTL in seconds, or a duration such as 2m
    #[arg(value_parser = values::ttl, allow_negative_numbers = true)]
    pub(super) ttl: i64,
    /// Lease id [default: chosen by etcd]
    #[arg(long, allow_negative_numbers = true)]
    pub(super) id: Option<LeaseId>,
    /// Number of leases
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) count: u32,
    #[arg(long = "put", value_name = "KEY=VALUE", help = help::PUT)]
    pub(super) puts: Vec<KeyTemplate>,
    /// Keep the leases alive until stopped
    #[arg(long)]
    pub(super) keep_alive: bool,
}

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// Lease ids
    #[arg(required = true, value_name = "ID", allow_negative_numbers = true)]
    pub(super) ids: Vec<LeaseId>,
}

#[derive(Debug, Args)]
pub(super) struct TimeToLiveArgs {
    /// Lease id
    #[arg(allow_negative_numbers = true)]
    pub(super) id: LeaseId,
    /// Include attached keys
    #[arg(long)]
    pub(super) keys: bool,
}

#[derive(Debug, Default, Args)]
#[command(mut_args(|arg| match arg.get_id().as_str() {
    "columns" => arg.conflicts_with("group"),
    id if WATCH_ONLY.contains(&id) => arg.requires("watch_for"),
    _ => arg,
}))]
pub(super) struct ListArgs {
    /// List only the lease that KEY is attached to
    // Not --key: that is the file of the private key, as in etcdctl.
    #[arg(long, value_name = "KEY", value_parser = values::key)]
    pub(super) holding: Option<String>,
    /// Watch for this long before listing
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration, allow_negative_numbers = true)]
    pub(super) watch_for: Option<Duration>,
    #[command(flatten)]
    pub(super) rows: TableArgs,
    #[command(flatten)]
    pub(super) watch_args: WatchArgs,
    /// Print only ids, one per line
    #[arg(short, long, conflicts_with = "group")]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct LocksArgs {
    /// Watch for this long before listing
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration, allow_negative_numbers = true)]
    pub(super) watch_for: Option<Duration>,
    #[command(flatten)]
    pub(super) watch_args: WatchArgs,
}

#[derive(Debug, Args)]
pub(super) struct MembersArgs {
    /// Grant, renew and revoke a lease of 10 s through each member
    #[arg(long)]
    pub(super) probe_members: bool,
}

#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// Stop after this time
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration, allow_negative_numbers = true)]
    pub(super) follow_for: Option<Duration>,
    /// Print only events of leases matching FILTER
    #[arg(long, value_name = "FILTER")]
    pub(super) filter: Option<TypedFilter>,
    #[command(flatten)]
    pub(super) watch_args: WatchArgs,
}

#[derive(Debug, Args)]
pub(super) struct WaitArgs {
    /// Lease id
    #[arg(allow_negative_numbers = true)]
    pub(super) id: LeaseId,
    /// Condition to wait for
    #[arg(long, value_name = "gone|renewed|left<5s")]
    pub(super) until: WaitCondition,
    /// Give up after this time [default: never]
    #[arg(long, value_name = "DURATION", value_parser = values::duration, allow_negative_numbers = true)]
    pub(super) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
pub(super) struct KeepAliveArgs {
    /// Lease ids
    #[arg(required = true, value_name = "ID", allow_negative_numbers = true)]
    pub(super) ids: Vec<LeaseId>,
    /// Renew each lease once and exit
    #[arg(long)]
    pub(super) once: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExerciseArgs {
    /// TTLs, in seconds or as 10s or 2m
    #[arg(long, value_name = "TTL,...", value_delimiter = ',', default_value = "10,120,3600")]
    #[arg(value_parser = values::ttl, allow_negative_numbers = true)]
    pub(super) ttl: Vec<i64>,
    /// Leases of each TTL
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) count: u32,
    /// Keep the leases alive for this long
    #[arg(long = "for", value_name = "DURATION", default_value = "2m")]
    #[arg(value_parser = values::duration, allow_negative_numbers = true)]
    pub(super) keep_for: Duration,
    /// Leave responses unread, so that queues fill up
    #[arg(long)]
    pub(super) stall: bool,
    #[arg(long = "put", value_name = "KEY=VALUE", help = help::PUT)]
    pub(super) puts: Vec<KeyTemplate>,
}

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// Address to listen on; port 0 picks a free port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:2379")]
    pub(super) listen: SocketAddr,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Shell to generate the script for
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Command to describe [default: leasetop itself]
    pub(super) command: Option<String>,
}
