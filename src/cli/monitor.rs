//! The monitor: `leasetop` without a command, and `demo`.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::Builder;

use super::commands::LIST_FORMATS;
use super::options::{AlertArgs, DemoArgs, ListArgs, MonitorArgs, TableArgs};
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, clusters, config, list, logging, on_runtime};
use crate::app::{AppConfig, Column, KeyTemplate, requests_for};
use crate::recording::RecordOptions;
use crate::runtime::{self, ClusterSetup, Environment, EnvironmentFactory, HookOutput, MetricsServer, MonitorOptions};

/// TTLs of the demo's own leases in seconds, as in the exercise.
const DEMO_TTLS: [i64; 3] = [10, 120, 3600];
/// Key and value of each of the demo's own leases.
const DEMO_PUT: &str = "/service/{ttl}=127.0.0.1";

/// The error for options that `list` does not have.
const NEEDS_TERMINAL: &str = "--ttl, --put, --keep-alive, --prefix, --budget, --key-budget, --stall, --record, --record-size, \
     --rewind, --metrics-listen, --metrics-services, --on-event, --on-event-rate, --notify and --bell need a terminal; \
     without one, use `leasetop grant`, `keep-alive`, `list`, `events` or `serve`";

/// Which options of the monitor were given on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MonitorFlags {
    /// Whether any option was given.
    pub(super) anything: bool,
    /// Whether an option was given that `list` does not have, so that a terminal is needed.
    monitor_only: bool,
}

impl MonitorArgs {
    /// Which options are set. Call it before the values of the config file are added.
    pub(super) fn flags(&self) -> MonitorFlags {
        let MonitorArgs {
            ttl,
            keep_alive,
            puts,
            rows,
            watch_args,
            stall,
            metrics_listen,
            metrics,
            alerts,
            past,
            flags: _,
        } = self;
        let has_outputs = metrics_listen.is_some() || metrics.metrics_services.is_some() || alerts.is_some();
        let monitor_only = !ttl.is_empty()
            || !keep_alive.is_empty()
            || !puts.is_empty()
            || watch_args.is_some()
            || *stall
            || past.is_some()
            || has_outputs;
        MonitorFlags { anything: monitor_only || rows.is_some(), monitor_only }
    }
}

/// Opens the monitor. If stdout is not a terminal, lists the leases instead, unless an option needs the monitor.
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
        let AppConfig { range, budget, key_budget, .. } = args.watch_args.config();
        let metrics = args.metrics_listen.map(|_| args.metrics.config());
        let rewind = args.past.rewind();
        let config = AppConfig { range, budget, key_budget, metrics, rewind, ..config };
        return open(
            shared,
            config,
            MonitorExtras {
                stall_consumer: args.stall,
                metrics_listen: args.metrics_listen,
                alerts: args.alerts,
                record: args.past.record.options(),
            },
        );
    }
    if args.flags.monitor_only {
        return Err(CliError::Usage(NEEDS_TERMINAL.to_owned()));
    }
    let _log = logging::start(&shared.general, false)?;
    on_runtime(&mut Builder::new_current_thread(), list_instead(args.rows, shared))
}

/// Opens the monitor on a sandbox with three own leases and simulated clients.
pub(super) fn demo(args: &DemoArgs, mut shared: GlobalFlags) -> Result<Exit, CliError> {
    shared.writes("demo")?;
    if !std::io::stdout().is_terminal() {
        let why = "the demo needs a terminal; without one, try `leasetop --sandbox exercise`";
        return Err(CliError::Usage(why.to_owned()));
    }
    shared.use_sandbox();
    let grants = requests_for(&DEMO_TTLS, 1, &[KeyTemplate::parse(DEMO_PUT)?])?;
    let config = AppConfig { grants, is_demo: true, rewind: args.past.rewind(), ..table_setup(&args.rows)? };
    open(shared, config, MonitorExtras { record: args.past.record.options(), ..MonitorExtras::default() })
}

/// A configuration with the filter, sort order, columns and grouping of the lease table.
pub(super) fn table_setup(rows: &TableArgs) -> Result<AppConfig, CliError> {
    let columns = rows.columns_or(&Column::ALL)?;
    let filter = rows.filter.clone().unwrap_or_default();
    let sort = rows.sort.unwrap_or_default();
    Ok(AppConfig { filter, sort, columns, group_by: rows.group.unwrap_or_default(), ..AppConfig::default() })
}

/// Runs `list`. As there, the filter and the groups of the config file do not count.
async fn list_instead(rows: TableArgs, shared: GlobalFlags) -> Result<Exit, CliError> {
    let filter = rows.filter.filter(|_| shared.is_given("filter"));
    let group = rows.group.filter(|_| shared.is_given("group"));
    let rows = TableArgs { filter, group, ..rows };
    let mut out = Out::new(&shared);
    out.message("No terminal; running `leasetop list`.").await;
    out.restrict(&LIST_FORMATS).await?;
    list::run(ListArgs { rows, ..ListArgs::default() }, shared, &mut out).await
}

/// What the monitor does besides showing leases.
#[derive(Clone, Debug, Default)]
struct MonitorExtras {
    /// Whether to leave responses unread.
    stall_consumer: bool,
    /// Where to serve metrics.
    metrics_listen: Option<SocketAddr>,
    alerts: AlertArgs,
    /// Where to record.
    record: Option<RecordOptions>,
}

/// Adds what the user sets for every session, live or replayed.
pub(super) fn with_user_settings(shared: &GlobalFlags, config: AppConfig) -> AppConfig {
    AppConfig {
        themes: shared.general.theme_names(),
        theme: shared.general.theme.clone(),
        has_group_setting: config::has_setting("group"),
        has_mouse: shared.general.mouse,
        mutes: shared.mutes.clone(),
        lock_patterns: shared.lock_patterns.clone(),
        ..config
    }
}

/// Opens the monitor. `config` has what the command sets; the rest comes from the global flags.
fn open(shared: GlobalFlags, config: AppConfig, extras: MonitorExtras) -> Result<Exit, CliError> {
    let _log = logging::start(&shared.general, true)?;
    // The loop draws on this thread; the engine renews on the others.
    on_runtime(Builder::new_multi_thread().worker_threads(2), async {
        // Prompts for the password now, because the screen has no prompt.
        let shared = shared.with_password()?;
        let metrics = match extras.metrics_listen {
            Some(address) => Some(MetricsServer::listen(address).await?),
            None => None,
        };
        let outputs = extras.alerts.outputs(&shared, HookOutput::Discarded)?.with_metrics(metrics);
        let config = with_user_settings(&shared, config);
        let ClusterSetup { cluster, clock, resources, environments, engine, config, command } =
            cluster_setup(shared.clone(), config).await?;
        let choices = clusters::choices(&shared, config.cluster_name());
        let config = AppConfig { clusters: choices, ..config };
        // Created before the terminal is entered, so that an error stays visible.
        let record = extras.record.map(RecordOptions::create).transpose()?;
        let (theme, asks_background) = shared.general.appearance();
        let options = MonitorOptions {
            cluster,
            clock,
            resources,
            environments,
            engine,
            connector: Some(clusters::connector(&shared, &config)),
            config,
            theme,
            asks_background,
            stall_consumer: extras.stall_consumer,
            command,
            files: clusters::user_files(&shared),
            themes: shared.general.all_themes(),
            outputs,
            record,
        };
        runtime::monitor(options).await?;
        Ok(Exit::Done)
    })
}

/// Connects to the cluster or starts a sandbox. `config` has what does not depend on the cluster.
pub(super) async fn cluster_setup(shared: GlobalFlags, config: AppConfig) -> Result<ClusterSetup, CliError> {
    let own_leases = if config.is_demo { Some(config.grants.len()) } else { None };
    let Environment { cluster, clock, resources } = environment(shared.clone(), own_leases).await?;
    let config = AppConfig {
        target: shared.target(),
        label: shared.named.clone(),
        etcdctl: shared.etcdctl(),
        backend: shared.backend(),
        is_read_only: shared.general.read_only,
        pace: shared.keeping.pace,
        keymap: shared.keymap.clone(),
        ..config
    };
    Ok(ClusterSetup {
        cluster,
        clock,
        resources: Some(resources),
        environments: environments(&shared, own_leases),
        engine: shared.engine(),
        config,
        command: shared.command_line(),
    })
}

/// Connects to the cluster or starts a sandbox. In a demo, `own_leases` is the number of own leases: simulated clients
/// start once these are granted.
async fn environment(shared: GlobalFlags, own_leases: Option<usize>) -> Result<Environment, CliError> {
    let session = CommandSession::open(shared).await?;
    let others = match own_leases {
        Some(own_leases) => session.populate(own_leases).await?,
        None => None,
    };
    Ok(Environment {
        cluster: session.cluster.clone(),
        clock: session.clock.clone(),
        resources: Arc::new((session, others)),
    })
}

/// A factory of sandboxes, for restarts at another clock speed. `None` on a real cluster.
fn environments(shared: &GlobalFlags, own_leases: Option<usize>) -> Option<EnvironmentFactory> {
    if !shared.sandbox() {
        return None;
    }
    let shared = shared.clone();
    Some(EnvironmentFactory::new(move |warp| {
        let shared = shared.clone().at_speed(warp);
        async move { environment(shared, own_leases).await.expect("an in-process sandbox can be reached") }
    }))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::*;

    #[test]
    fn the_error_names_every_option_that_needs_a_terminal() {
        let options = |command: Command| -> Vec<String> {
            command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect()
        };
        let of_list = options(TableArgs::augment_args(Command::new("list")));
        let named: Vec<&str> = NEEDS_TERMINAL.split([' ', ',']).collect();
        for option in options(MonitorArgs::augment_args(Command::new("monitor"))) {
            assert!(of_list.contains(&option) != named.contains(&option.as_str()), "{option}");
        }
    }
}
