//! `leasetop` alone, and `demo`: the monitor.

use std::io::IsTerminal;
use std::sync::Arc;

use tokio::runtime::Builder;

use super::observing::Observing;
use super::options::General;
use super::rows::Rows;
use super::{Error, Exit, Out, Session, Shared, list, logging, on_runtime, values};
use crate::app::{Column, Place, Put, Setup, spread};
use crate::runtime::{self, MonitorOptions, World, Worlds};
use crate::ui::Look;
use etcd_lease::LeaseId;

/// The exercise's TTLs, and the key that each lease of the demo gets.
const DEMO_TTLS: [i64; 3] = [10, 120, 3600];
const DEMO_PUT: &str = "/service/{ttl}=127.0.0.1";

/// What the monitor does at its start.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Monitor")]
pub(super) struct Args {
    /// Grant leases of these TTLs at the start, and keep them alive
    #[arg(long, value_name = "TTL,...", value_delimiter = ',', value_parser = values::ttl, allow_negative_numbers = true)]
    ttl: Vec<i64>,
    #[arg(long = "put", value_name = "KEY=VALUE", help = values::PUT_HELP, requires = "ttl")]
    puts: Vec<Put>,
    /// Keep these leases of other clients alive from the start: each outlives its owner
    #[arg(long, value_name = "ID,...", value_delimiter = ',', allow_negative_numbers = true)]
    keep_alive: Vec<LeaseId>,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    observing: Observing,
    /// Leave the responses of kept leases unread: the queues fill, the leases live on
    #[arg(long)]
    stall: bool,
    /// What of this stands on the command line itself, and not in the config file.
    #[arg(skip)]
    pub(super) said: Said,
}

/// Whether anything was said for the monitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Anything at all.
    pub(super) anything: bool,
    /// Anything that only a monitor can do.
    monitors_alone: bool,
}

impl Args {
    /// What was said for the monitor here.
    pub(super) fn said(&self) -> Said {
        let Args { ttl, keep_alive, puts, rows, observing, stall, said: _ } = self;
        let monitors_alone =
            !ttl.is_empty() || !keep_alive.is_empty() || !puts.is_empty() || observing.is_some() || *stall;
        Said { anything: monitors_alone || rows.is_some(), monitors_alone }
    }
}

/// The monitor, or a list where no terminal could show it.
pub(super) fn run(args: Args, shared: Shared) -> Result<Exit, Error> {
    if !args.ttl.is_empty() {
        shared.writes("--ttl")?;
    }
    if !args.keep_alive.is_empty() {
        shared.writes("--keep-alive")?;
    }
    let keep = args.keep_alive.clone();
    let setup = Setup { keep, grants: spread(&args.ttl, 1, &args.puts)?, ..shown(&args.rows)? };
    if std::io::stdout().is_terminal() {
        let Setup { range, budget, .. } = args.observing.setup();
        return monitor(shared, Setup { range, budget, ..setup }, args.stall);
    }
    if args.said.monitors_alone {
        return Err(Error::Usage(
            "--ttl, --put, --prefix, --budget and --stall are the monitor's, which needs a terminal; `leasetop grant` and \
             `leasetop list` do not"
                .to_owned(),
        ));
    }
    let _log = logging::start(&shared.general, false)?;
    on_runtime(&mut Builder::new_current_thread(), list_instead(args.rows, shared))
}

/// The monitor on a sandbox of its own, with the exercise's leases and other clients.
pub(super) fn demo(rows: &Rows, mut shared: Shared) -> Result<Exit, Error> {
    shared.writes("demo")?;
    if !std::io::stdout().is_terminal() {
        let how = "the demo needs a terminal; `leasetop --sandbox exercise` shows the same leases without one";
        return Err(Error::Usage(how.to_owned()));
    }
    shared.use_sandbox();
    let grants = spread(&DEMO_TTLS, 1, &[Put::parse(DEMO_PUT)?])?;
    monitor(shared, Setup { grants, is_demo: true, ..shown(rows)? }, false)
}

/// A monitor that shows what was asked for.
fn shown(rows: &Rows) -> Result<Setup, Error> {
    let columns = rows.columns_or(&Column::ALL)?;
    let (filter, sort) = (rows.filter.clone().unwrap_or_default(), rows.sort.unwrap_or_default());
    Ok(Setup { filter, sort, columns, ..Setup::default() })
}

async fn list_instead(rows: Rows, shared: Shared) -> Result<Exit, Error> {
    let mut out = Out::new(shared.general.write_out);
    out.tell("There is no terminal for the monitor: this is `leasetop list`.").await;
    list::run(list::Args::of(rows), shared, &mut out).await
}

fn monitor(shared: Shared, setup: Setup, stall_consumer: bool) -> Result<Exit, Error> {
    let _log = logging::start(&shared.general, true)?;
    // The loop draws on this thread, the engine renews on another.
    on_runtime(Builder::new_multi_thread().worker_threads(2), async {
        let ours = setup.is_demo.then_some(setup.grants.len());
        let World { cluster, clock, held } = world(shared.clone(), ours).await?;
        let place = if shared.sandbox() { Place::Sandbox { warp: shared.warp() } } else { Place::Cluster };
        let is_read_only = shared.general.read_only;
        let (named, keymap) = (shared.named.clone(), shared.keymap.clone());
        let pace = shared.keeping.pace;
        let etcdctl = shared.etcdctl();
        let setup = Setup { target: shared.target(), named, etcdctl, place, is_read_only, pace, keymap, ..setup };
        let options = MonitorOptions {
            cluster,
            clock,
            held: Some(held),
            worlds: worlds(&shared, ours),
            engine: shared.engine(),
            setup,
            look: look(&shared.general),
            stall_consumer,
            command: shared.command_line(),
        };
        runtime::monitor(options).await?;
        Ok(Exit::Done)
    })
}

/// What this command line describes: a cluster, or a sandbox; in a demo with other clients beside so many leases of ours.
async fn world(shared: Shared, ours: Option<usize>) -> Result<World, Error> {
    let session = Session::open(shared).await?;
    let others = match ours {
        Some(ours) => session.populate(ours).await?,
        None => None,
    };
    Ok(World { cluster: session.cluster.clone(), clock: session.clock.clone(), held: Arc::new((session, others)) })
}

/// The same at any speed, where it is a sandbox.
fn worlds(shared: &Shared, ours: Option<usize>) -> Option<Worlds> {
    let shared = shared.sandbox().then(|| shared.clone())?;
    Some(Worlds::new(move |warp| {
        let shared = shared.clone().at_speed(warp);
        async move { world(shared, ours).await.expect("a sandbox in this program can be reached") }
    }))
}

/// `NO_COLOR`, if it is set and not empty, means what it says (no-color.org).
fn look(general: &General) -> Look {
    let is_no_color_set = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let term = std::env::var("TERM").ok();
    Look::for_terminal(term.as_deref(), general.palette(is_no_color_set), general.ascii)
}
