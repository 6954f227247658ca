//! `serve`: serves metrics until stopped.

use tokio::sync::mpsc::{self, Receiver};

use super::options::ServeArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, headless};
use crate::app::{AppConfig, EventCategory, EventName};
use crate::report;
use crate::runtime::{self, HookOutput, MetricsServer, TimedEvent};

/// Events that can wait for a slow reader of stderr.
const EVENT_BUFFER: usize = 4_096;

pub(super) async fn run(args: ServeArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let signals = Signals::catch()?;
    let server = MetricsServer::listen(args.metrics).await?;
    let address = server.address;
    let outputs = args.alerts.outputs(&shared, HookOutput::Stderr)?.with_metrics(Some(server));
    let config = AppConfig { metrics: Some(args.services.config()), ..headless::config(args.watch_args, &shared) };
    let session = CommandSession::open(shared).await?;
    out.data(format!("serving metrics on http://{address}/metrics\n")).await?;
    let external = headless::external(signals, session.clock.clone(), None);
    let (sender, events) = mpsc::channel(EVENT_BUFFER);
    let serving = runtime::follow_events(headless::options_with(&session, config, outputs), external, sender);
    let reporting = report_connection(events, out);
    tokio::pin!(serving, reporting);
    tokio::select! {
        // If stderr is not read, the last lines are dropped.
        _ = serving => {
            let _ = tokio::time::timeout(headless::LAST_LINES_TIMEOUT, &mut reporting).await;
        }
        // Ends only when there are no more events, because `serving` has ended.
        () = &mut reporting => (),
    }
    Ok(Exit::Done)
}

/// Prints what happens to the connection, and errors, to stderr.
async fn report_connection(mut events: Receiver<TimedEvent>, out: &mut Out) {
    while let Some(TimedEvent { event, start }) = events.recv().await {
        if EventCategory::Link.has(&event.kind) || event.name() == EventName::Error {
            out.message(report::event_line(&event, start).trim_end()).await;
        }
    }
}
