//! The command line: every command and option, with its help.
//!
//! The text of `--help` is the doc comment of each item. Further paragraphs of a command are in [`help`](super::help).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::config::ConfigFile;
use super::monitor::MonitorFlags;
use super::theme::ThemeParser;
use super::{ReadOnlyBy, help, values};
use crate::app::{ClusterLabel, Column, GroupBy, KeyTemplate, Keymap, MuteRule, Sort, TypedFilter};
use crate::ui::CustomPalette;
use crate::wait_condition::WaitCondition;
use etcd_lease::{LeaseId, RenewalSchedule};

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
    /// Max data received for keys per minute [default: 8MB]
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

/// Output format of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text and tables; like etcdctl's output for its commands
    Simple,
    /// JSON, one object per line
    Json,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct GlobalFlags {
    #[command(flatten)]
    pub(super) connection: ConnectionFlags,
    #[command(flatten)]
    pub(super) tls: TlsFlags,
    #[command(flatten)]
    pub(super) general: GeneralFlags,
    #[command(flatten)]
    pub(super) keeping: KeepAliveFlags,
    /// The selected cluster of the config file.
    #[arg(skip)]
    pub(super) named: Option<ClusterLabel>,
    /// Key bindings, with those of the config file.
    #[arg(skip)]
    pub(super) keymap: Keymap,
    /// The warnings that the config file mutes.
    #[arg(skip)]
    pub(super) mutes: Vec<MuteRule>,
    /// Where read-only mode is set, if it is on.
    #[arg(skip)]
    pub(super) read_only_by: ReadOnlyBy,
    /// The config file.
    #[arg(skip)]
    pub(super) config_file: ConfigFile,
    /// Whether `--pace` was given on the command line.
    #[arg(skip)]
    pub(super) is_pace_given: bool,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionFlags {
    /// Endpoints, comma-separated
    #[arg(long, global = true, env = "ETCDCTL_ENDPOINTS", hide_env_values = true, value_name = "URL,...")]
    #[arg(value_delimiter = ',', default_value = "127.0.0.1:2379", value_parser = values::endpoint)]
    pub(super) endpoints: Vec<String>,
    /// Named cluster from the config file, instead of --endpoints
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) cluster: Option<String>,
    /// Use a temporary in-process etcd instead of --endpoints
    #[arg(long, global = true)]
    pub(super) sandbox: bool,
    /// Run the sandbox clock N times faster; all durations use that clock
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) warp: u32,
    /// User to log in as; password prompted for if omitted
    #[arg(long, global = true, env = "ETCDCTL_USER", hide_env_values = true, value_name = "NAME[:PASSWORD]")]
    pub(super) user: Option<String>,
    /// Password, if not in --user
    #[arg(long, global = true, env = "ETCDCTL_PASSWORD", hide_env_values = true)]
    pub(super) password: Option<String>,
    /// Timeout for connecting
    #[arg(long, global = true, env = "ETCDCTL_DIAL_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "2s", value_parser = values::duration)]
    pub(super) dial_timeout: Duration,
    /// Timeout for a reply
    #[arg(long, global = true, env = "ETCDCTL_COMMAND_TIMEOUT", hide_env_values = true, value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = values::duration)]
    pub(super) command_timeout: Duration,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsFlags {
    /// CA certificates to trust, PEM [default: the system's]
    #[arg(long, global = true, env = "ETCDCTL_CACERT", hide_env_values = true, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,
    /// Client certificate, PEM
    #[arg(long, global = true, env = "ETCDCTL_CERT", hide_env_values = true, value_name = "FILE")]
    pub(super) cert: Option<PathBuf>,
    /// Private key of the client certificate, PEM
    #[arg(long, global = true, env = "ETCDCTL_KEY", hide_env_values = true, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// Skip verification of server certificates (for tests)
    #[arg(long, global = true, env = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY", hide_env_values = true)]
    #[arg(value_parser = values::switch)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) insecure_skip_tls_verify: bool,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "General")]
pub(super) struct GeneralFlags {
    /// Output format
    #[arg(short, long, global = true, env = "ETCDCTL_WRITE_OUT", hide_env_values = true, value_name = "FORMAT")]
    #[arg(value_enum, default_value_t = Format::Simple)]
    pub(super) write_out: Format,
    /// Refuse writes and renewals
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) read_only: bool,
    /// Disable colours; same as NO_COLOR
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) no_color: bool,
    /// Colours [default: dark or light, as the terminal]
    #[arg(long, global = true, value_name = "THEME", value_parser = ThemeParser)]
    pub(super) theme: Option<String>,
    /// Themes of the config file by name.
    #[arg(skip)]
    pub(super) themes: Vec<(String, CustomPalette)>,
    /// Use the mouse in the monitor [default: true]
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) mouse: bool,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub(super) ascii: bool,
    /// Config file [default: ~/.config/leasetop/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Log file [default: stderr, or none in the monitor]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
    /// Log more; -vv logs everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Keepalive")]
pub(super) struct KeepAliveFlags {
    /// Renew at TTL/3: on Go's 500 ms ticks, or exactly
    #[arg(long, global = true, default_value_t = RenewalSchedule::Clientv3, value_name = "clientv3|exact")]
    pub(super) pace: RenewalSchedule,
    /// Unread responses kept per lease; further responses are dropped
    #[arg(long, global = true, value_name = "N", default_value_t = 16)]
    pub(super) queue_capacity: usize,
}
