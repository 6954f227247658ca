//! The options of each command. The text of `--help` is the doc comment of each field.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use clap_complete::Shell;

use super::alerts::NotifyBy;
use super::monitor::MonitorFlags;
use super::replay::{PastArgs, RecordArgs};
use super::{help, values};
use crate::app::metrics::MetricsConfig;
use crate::app::{Column, GroupBy, KeyTemplate, Sort, TypedFilter};
use crate::runtime::RATES;
use crate::wait_condition::WaitTarget;
use etcd_lease::LeaseId;

/// The options of [`WatchArgs`]. `list` needs `--for` with them, and `wait` a condition on all leases.
pub(super) const WATCH_ONLY: [&str; 3] = ["prefix", "budget", "key_budget"];

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Monitor", mut_arg("metrics_services", |arg| arg.requires("metrics_listen")))]
pub(super) struct MonitorArgs {
    /// Grant leases with these TTLs and keep them alive
    #[arg(long, value_name = "TTL,...", value_delimiter = ',', value_parser = values::ttl, allow_hyphen_values = true)]
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
    /// Serve metrics for Prometheus at this address, for example 127.0.0.1:9709
    #[arg(long, value_name = "HOST:PORT", value_parser = values::listen_address)]
    pub(super) metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(super) metrics: MetricsArgs,
    #[command(flatten)]
    pub(super) alerts: AlertArgs,
    #[command(flatten)]
    pub(super) past: PastArgs,
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
#[command(
    override_usage = "leasetop revoke [OPTIONS] <ID>...\n       leasetop revoke [OPTIONS] --filter <FILTER> [--dry-run | --yes <COUNT>]"
)]
pub(super) struct RevokeArgs {
    /// Lease ids
    #[arg(required_unless_present = "filter", value_name = "ID", allow_negative_numbers = true)]
    pub(super) ids: Vec<LeaseId>,
    /// Revoke every lease matching FILTER; asks first
    #[arg(long, value_name = "FILTER", conflicts_with = "ids")]
    pub(super) filter: Option<TypedFilter>,
    /// List the matching leases without revoking them
    // clap drops `requires` if what is required conflicts with another argument.
    #[arg(long, requires = "filter", conflicts_with_all = ["yes", "ids"])]
    pub(super) dry_run: bool,
    /// Revoke without asking if exactly COUNT leases match
    #[arg(long, value_name = "COUNT", requires = "filter", conflicts_with = "ids")]
    pub(super) yes: Option<usize>,
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
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true)]
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
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true)]
    pub(super) watch_for: Option<Duration>,
    #[command(flatten)]
    pub(super) watch_args: WatchArgs,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    #[command(flatten)]
    pub(super) rows: TableArgs,
    #[command(flatten)]
    pub(super) past: PastArgs,
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
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true)]
    pub(super) follow_for: Option<Duration>,
    /// Print only events of leases matching FILTER
    #[arg(long, value_name = "FILTER")]
    pub(super) filter: Option<TypedFilter>,
    #[command(flatten)]
    pub(super) alerts: AlertArgs,
    #[command(flatten)]
    pub(super) record: RecordArgs,
    #[command(flatten)]
    pub(super) watch_args: WatchArgs,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address to serve metrics on; port 0 picks a free port
    #[arg(
        long,
        alias = "metrics-listen",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:9709",
        value_parser = values::listen_address
    )]
    pub(super) metrics: SocketAddr,
    #[command(flatten)]
    pub(super) services: MetricsArgs,
    #[command(flatten)]
    pub(super) alerts: AlertArgs,
    #[command(flatten)]
    pub(super) watch_args: WatchArgs,
}

/// What happens on events besides showing them.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct AlertArgs {
    /// Run CMD on each event that matches, with its JSON on stdin. Repeatable
    #[arg(long, num_args = 2, value_names = ["FILTER", "CMD"])]
    pub(super) on_event: Vec<String>,
    /// Max runs of each CMD per minute [default: 60]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(i64::from(*RATES.start())..=i64::from(*RATES.end())))]
    pub(super) on_event_rate: Option<u32>,
    /// Report problems as terminal notifications
    #[arg(long, value_name = "osc9|osc777", num_args = 0..=1, require_equals = true, default_missing_value = "osc9")]
    #[arg(hide_possible_values = true)]
    pub(super) notify: Option<NotifyBy>,
    /// Ring the terminal's bell on problems
    #[arg(long)]
    pub(super) bell: bool,
}

/// What the metrics contain besides counts of all leases.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct MetricsArgs {
    /// Also count leases by name for up to N services [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub(super) metrics_services: Option<u32>,
}

impl MetricsArgs {
    /// Which figures are counted.
    pub(super) fn config(self) -> MetricsConfig {
        MetricsConfig { services: self.metrics_services.unwrap_or_default() as usize }
    }
}

#[derive(Debug, Args)]
pub(super) struct WaitArgs {
    /// Lease id; omit for conditions on all leases
    #[arg(allow_negative_numbers = true)]
    pub(super) id: Option<LeaseId>,
    /// Condition to wait for
    #[arg(long, value_name = "CONDITION")]
    pub(super) until: WaitTarget,
    /// Give up after this time [default: never]
    #[arg(long, value_name = "DURATION", value_parser = values::duration, allow_hyphen_values = true)]
    pub(super) timeout: Option<Duration>,
    #[command(flatten)]
    pub(super) watch_args: WatchArgs,
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
pub(super) struct RunArgs {
    /// TTL in seconds, or a duration such as 2m
    #[arg(long, default_value = "10", value_parser = values::ttl, allow_hyphen_values = true)]
    pub(super) ttl: i64,
    #[arg(long = "put", value_name = "KEY=VALUE", help = help::PUT)]
    pub(super) puts: Vec<KeyTemplate>,
    /// Wait until none of the --put keys exist, as for a lock
    #[arg(long, requires = "puts")]
    pub(super) if_absent: bool,
    /// Command with its arguments, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct ExerciseArgs {
    /// TTLs in seconds, or durations such as 2m
    #[arg(long, value_name = "TTL,...", value_delimiter = ',', default_value = "10,120,3600")]
    #[arg(value_parser = values::ttl, allow_hyphen_values = true)]
    pub(super) ttl: Vec<i64>,
    /// Leases of each TTL
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) count: u32,
    /// Keep the leases alive for this long
    #[arg(long = "for", value_name = "DURATION", default_value = "2m")]
    #[arg(value_parser = values::duration, allow_hyphen_values = true)]
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
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:2379", value_parser = values::listen_address)]
    pub(super) listen: SocketAddr,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Shell to generate the script for
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct HelpArgs {
    /// Command to describe [default: leasetop itself]
    pub(super) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Command to describe [default: leasetop itself]
    pub(super) command: Option<String>,
}
