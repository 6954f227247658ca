//! `leasetop` alone, and `demo`: the monitor.

use std::io::IsTerminal;
use std::sync::Arc;

use tokio::runtime::Builder;

use super::options::GeneralFlags;
use super::table_args::TableArgs;
use super::watch_args::WatchArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, list, logging, on_runtime, values};
use crate::app::{AppConfig, Backend, Column, KeyTemplate, requests_for};
use crate::runtime::{self, Environment, EnvironmentFactory, MonitorOptions};
use crate::ui::Theme;
use etcd_lease::LeaseId;

/// The exercise's TTLs, and the key that each lease of the demo gets.
const DEMO_TTLS: [i64; 3] = [10, 120, 3600];
const DEMO_PUT: &str = "/service/{ttl}=127.0.0.1";

/// What the monitor does at its start.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Monitor")]
pub(super) struct MonitorArgs {
    /// Grant leases of these TTLs at the start, and keep them alive
    #[arg(long, value_name = "TTL,...", value_delimiter = ',', value_parser = values::ttl, allow_negative_numbers = true)]
    ttl: Vec<i64>,
    #[arg(long = "put", value_name = "KEY=VALUE", help = values::PUT_HELP, requires = "ttl")]
    puts: Vec<KeyTemplate>,
    /// Keep these leases of other clients alive from the start: each outlives its owner
    #[arg(long, value_name = "ID,...", value_delimiter = ',', allow_negative_numbers = true)]
    keep_alive: Vec<LeaseId>,
    #[command(flatten)]
    rows: TableArgs,
    #[command(flatten)]
    watch_args: WatchArgs,
    /// Leave the responses of kept leases unread: the queues fill, the leases live on
    #[arg(long)]
    stall: bool,
    /// What of this stands on the command line itself, and not in the config file.
    #[arg(skip)]
    pub(super) flags: MonitorFlags,
}

/// Whether anything was said for the monitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MonitorFlags {
    /// Anything at all.
    pub(super) anything: bool,
    /// Anything that only a monitor can do.
    monitor_only: bool,
}

impl MonitorArgs {
    /// What was said for the monitor here.
    pub(super) fn flags(&self) -> MonitorFlags {
        let MonitorArgs { ttl, keep_alive, puts, rows, watch_args, stall, flags: _ } = self;
        let monitor_only =
            !ttl.is_empty() || !keep_alive.is_empty() || !puts.is_empty() || watch_args.is_some() || *stall;
        MonitorFlags { anything: monitor_only || rows.is_some(), monitor_only }
    }
}

/// The monitor, or a list where no terminal could show it.
pub(super) fn run(args: MonitorArgs, shared: GlobalFlags) -> Result<Exit, CliError> {
    if !args.ttl.is_empty() {
        shared.writes("--ttl")?;
    }
    if !args.keep_alive.is_empty() {
        shared.writes("--keep-alive")?;
    }
    let keep = args.keep_alive.clone();
    let config = AppConfig { keep, grants: requests_for(&args.ttl, 1, &args.puts)?, ..table_setup(&args.rows)? };
    if std::io::stdout().is_terminal() {
        let AppConfig { range, budget, .. } = args.watch_args.config();
        return monitor(shared, AppConfig { range, budget, ..config }, args.stall);
    }
    if args.flags.monitor_only {
        return Err(CliError::Usage(
            "--ttl, --put, --prefix, --budget and --stall are the monitor's, which needs a terminal; `leasetop grant` and \
             `leasetop list` do not"
                .to_owned(),
        ));
    }
    let _log = logging::start(&shared.general, false)?;
    on_runtime(&mut Builder::new_current_thread(), list_instead(args.rows, shared))
}

/// The monitor on a sandbox of its own, with the exercise's leases and other clients.
pub(super) fn demo(rows: &TableArgs, mut shared: GlobalFlags) -> Result<Exit, CliError> {
    shared.writes("demo")?;
    if !std::io::stdout().is_terminal() {
        let how = "the demo needs a terminal; `leasetop --sandbox exercise` shows the same leases without one";
        return Err(CliError::Usage(how.to_owned()));
    }
    shared.use_sandbox();
    let grants = requests_for(&DEMO_TTLS, 1, &[KeyTemplate::parse(DEMO_PUT)?])?;
    monitor(shared, AppConfig { grants, is_demo: true, ..table_setup(rows)? }, false)
}

/// A monitor that shows what was asked for.
fn table_setup(rows: &TableArgs) -> Result<AppConfig, CliError> {
    let columns = rows.columns_or(&Column::ALL)?;
    let (filter, sort) = (rows.filter.clone().unwrap_or_default(), rows.sort.unwrap_or_default());
    Ok(AppConfig { filter, sort, columns, ..AppConfig::default() })
}

async fn list_instead(rows: TableArgs, shared: GlobalFlags) -> Result<Exit, CliError> {
    let mut out = Out::new(shared.general.write_out);
    out.message("There is no terminal for the monitor: this is `leasetop list`.").await;
    list::run(list::ListArgs::of(rows), shared, &mut out).await
}

fn monitor(shared: GlobalFlags, config: AppConfig, stall_consumer: bool) -> Result<Exit, CliError> {
    let _log = logging::start(&shared.general, true)?;
    // The loop draws on this thread, the engine renews on another.
    on_runtime(Builder::new_multi_thread().worker_threads(2), async {
        let ours = config.is_demo.then_some(config.grants.len());
        let Environment { cluster, clock, resources } = environment(shared.clone(), ours).await?;
        let place = if shared.sandbox() { Backend::Sandbox { warp: shared.warp() } } else { Backend::Cluster };
        let is_read_only = shared.general.read_only;
        let (named, keymap) = (shared.named.clone(), shared.keymap.clone());
        let pace = shared.keeping.pace;
        let etcdctl = shared.etcdctl();
        let config = AppConfig {
            target: shared.target(),
            label: named,
            etcdctl,
            backend: place,
            is_read_only,
            pace,
            keymap,
            ..config
        };
        let options = MonitorOptions {
            cluster,
            clock,
            resources: Some(resources),
            environments: environments(&shared, ours),
            engine: shared.engine(),
            config,
            theme: theme(&shared.general),
            stall_consumer,
            command: shared.command_line(),
        };
        runtime::monitor(options).await?;
        Ok(Exit::Done)
    })
}

/// What this command line describes: a cluster, or a sandbox; in a demo with other clients beside so many leases of ours.
async fn environment(shared: GlobalFlags, ours: Option<usize>) -> Result<Environment, CliError> {
    let session = CommandSession::open(shared).await?;
    let others = match ours {
        Some(ours) => session.populate(ours).await?,
        None => None,
    };
    Ok(Environment {
        cluster: session.cluster.clone(),
        clock: session.clock.clone(),
        resources: Arc::new((session, others)),
    })
}

/// The same at any speed, where it is a sandbox.
fn environments(shared: &GlobalFlags, ours: Option<usize>) -> Option<EnvironmentFactory> {
    let shared = shared.sandbox().then(|| shared.clone())?;
    Some(EnvironmentFactory::new(move |warp| {
        let shared = shared.clone().at_speed(warp);
        async move { environment(shared, ours).await.expect("a sandbox in this program can be reached") }
    }))
}

/// `NO_COLOR`, if it is set and not empty, means what it says (no-color.org).
fn theme(general: &GeneralFlags) -> Theme {
    let is_no_color_set = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let term = std::env::var("TERM").ok();
    Theme::for_terminal(term.as_deref(), general.palette(is_no_color_set), general.ascii)
}
