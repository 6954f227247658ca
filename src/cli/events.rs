//! `events`: everything that happens to everybody's leases, a line each, until stopped.

use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver};

use super::signals::Signals;
use super::watch_args::WatchArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, headless, values};
use crate::app::{AppConfig, EventKind, TypedFilter};
use crate::report;
use crate::runtime::{self, TimedEvent};

/// Events that wait for a reader who is slow.
const EVENT_BUFFER: usize = 65_536;
/// How long the last of them may take.
const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(1);

/// What is said at the end of `--help`.
const AFTER_HELP: &str = "\
Leases that are there at the start are no event. Renewals of other clients are inferred from polls: each says when it was, \
as far as known. Lines come as things become known: seen_at rises from line to line, at need not. It ends with Ctrl-C, \
after --for, or when nobody reads any more; with exit code 2 where no member has answered until then.

A filter is held against the lease as it is when something happens: of one that has just died its last keys and time left \
count, and `state:expired` or `state:revoked` says how it died. What is not known of a lease yet decides nothing: its grant \
is mostly told before its TTL and keys are known, and a filter on those leaves it out.";

/// `events`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct EventsArgs {
    /// Stop after this time
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration, allow_negative_numbers = true)]
    follow_for: Option<Duration>,
    /// Tell of the leases that this means when it happens, as in `leasetop list`; what is about no lease goes to stderr
    #[arg(long, value_name = "FILTER")]
    filter: Option<TypedFilter>,
    #[command(flatten)]
    watch_args: WatchArgs,
}

pub(super) async fn run(args: EventsArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    if shared.sandbox() {
        out.message("This sandbox is new, and nobody else can reach it: nothing will happen in it. `leasetop sandbox` serves one to others.").await;
    }
    let signals = Signals::catch()?;
    let is_filtered = args.filter.as_ref().is_some_and(|typed| !typed.filter().is_empty());
    let filter = args.filter.unwrap_or_default();
    let config = AppConfig { filter, ..headless::config(args.watch_args, &shared) };
    let session = CommandSession::open(shared).await?;
    let (tell, told) = mpsc::channel(EVENT_BUFFER);
    let external = headless::external(signals, session.clock.clone(), args.follow_for);
    let following = runtime::follow_events(headless::options(&session, config), external, tell);
    let printing = print(told, is_filtered, out);
    tokio::pin!(following, printing);
    let known = tokio::select! {
        printed = &mut printing => return printed.map(|()| Exit::Done),
        known = &mut following => known,
    };
    // Where nobody reads, the last lines are given up.
    tokio::time::timeout(LAST_LINES_TIMEOUT, printing).await.unwrap_or(Ok(()))?;
    headless::reached(known, &session)?;
    Ok(Exit::Done)
}

/// Prints what is told. Where leases are chosen, what is about none of them is told beside the data: a script that reads
/// on sees what it has asked for, and a person why nothing comes.
async fn print(mut told: Receiver<TimedEvent>, is_filtered: bool, out: &mut Out) -> Result<(), CliError> {
    let show = if out.is_json() { report::event_json } else { report::event_line };
    let mut is_hopeful = true;
    while let Some(TimedEvent { event, start }) = told.recv().await {
        if is_filtered && event.lease.is_none() {
            out.message(report::event_line(&event, start).trim_end()).await;
        } else {
            out.data(show(&event, start)).await?;
        }
        if std::mem::take(&mut is_hopeful) && matches!(event.kind, EventKind::Unreached { .. }) {
            out.message("No member answers yet; it is tried again until one does.").await;
        }
    }
    Ok(())
}
