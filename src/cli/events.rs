//! `events`: prints lease events of all clients, one per line, until stopped.

use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver};

use super::global_options::Format;
use super::options::EventsArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, headless};
use crate::app::{AppConfig, Event, EventKind};
use crate::report;
use crate::runtime::{self, HookOutput, TimedEvent};

/// Events that can wait for a slow reader of stdout.
const EVENT_BUFFER: usize = 65_536;
/// The shortest time between two writes. Each write wakes another thread, which costs more than the event, so events that
/// follow each other quickly are written together.
const WRITE_INTERVAL: Duration = Duration::from_millis(50);
/// Maximum number of events in one write.
const BATCH: usize = 1_024;

pub(super) async fn run(args: EventsArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    if shared.sandbox() {
        out.message(
            "--sandbox is private to this command, so nothing happens in it. Use `leasetop sandbox` to share one.",
        )
        .await;
    }
    let signals = Signals::catch()?;
    let is_filtered = args.filter.as_ref().is_some_and(|typed| !typed.filter().is_empty());
    let filter = args.filter.unwrap_or_default();
    let config = AppConfig { filter, ..headless::config(args.watch_args, &shared) };
    let outputs = args.alerts.outputs(&shared, HookOutput::Stderr)?.with_recording(args.record.options());
    let session = CommandSession::open(shared).await?;
    let (tell, told) = mpsc::channel(EVENT_BUFFER);
    let external = headless::external(signals, session.clock.clone(), args.follow_for);
    let following = runtime::follow_events(headless::options_with(&session, config, outputs), external, tell);
    let printing = print(told, is_filtered, out);
    tokio::pin!(following, printing);
    let known = tokio::select! {
        printed = &mut printing => return printed.map(|()| Exit::Done),
        known = &mut following => known?,
    };
    // If the output is not read, the last lines are dropped.
    tokio::time::timeout(headless::LAST_LINES_TIMEOUT, printing).await.unwrap_or(Ok(()))?;
    headless::reached(known, &session)?;
    Ok(Exit::Done)
}

/// Prints events. With a filter, events without a lease go to stderr: a script sees only what it asked for, and a person
/// sees why there is no output.
async fn print(mut told: Receiver<TimedEvent>, is_filtered: bool, out: &mut Out) -> Result<(), CliError> {
    let is_text = out.is_text();
    let show = match out.format {
        Format::Json => report::event_json,
        Format::Fields => |event: &Event, start| format!("{}\n", report::fields(&report::event_json(event, start))),
        _ => report::event_line,
    };
    let (mut events, mut lines, mut is_first) = (Vec::new(), String::new(), true);
    while told.recv_many(&mut events, BATCH).await > 0 {
        for TimedEvent { event, start } in events.drain(..) {
            let is_message = is_filtered && event.lease.is_none();
            if is_message {
                out.message(report::event_line(&event, start).trim_end()).await;
            } else {
                lines.push_str(&show(&event, start));
            }
            // A line of text says itself that the connection is retried.
            let needs_message = !is_text && !is_message && matches!(event.kind, EventKind::Unreached { .. });
            if std::mem::take(&mut is_first) && needs_message {
                out.message("No member has replied yet. Retrying.").await;
            }
        }
        if !lines.is_empty() {
            out.data(std::mem::take(&mut lines)).await?;
        }
        tokio::time::sleep(WRITE_INTERVAL).await;
    }
    Ok(())
}
