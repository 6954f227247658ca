//! The monitor without a screen: streams events, or returns the state after a while.

use std::io::IsTerminal;
use std::time::{Duration, SystemTime};

use futures_util::stream::{Stream, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::ExternalEvent;
use super::outputs::{OutputRequest, Outputs};
use super::session::{Session, Wakeup};
use crate::app::{self, AppConfig, AppState, Event, EventKind, Msg, run_lints};
use crate::recording::RecordError;
use etcd_lease::engine;
use etcd_lease::wire::Cluster;
use simkit::Clock;
use simkit::Timestamp;
use simkit::tasks::{Task, spawn};

/// What to watch.
#[derive(Debug)]
pub struct HeadlessOptions {
    /// The cluster or the sandbox.
    pub cluster: Cluster,
    /// The clock of polls and events. The sandbox's clock, if there is one.
    pub clock: Clock,
    /// The configuration. It must not grant leases or keep them alive.
    pub config: AppConfig,
    /// Metrics, commands that run on events, notifications, and the recording of [`follow_events`].
    pub outputs: Outputs,
}

/// An event, with the wall-clock time of the clock's start.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedEvent {
    /// The event.
    pub event: Event,
    /// The wall-clock time at which the clock started. Later for events after a sleep of the machine, which the clock
    /// did not count.
    pub start: SystemTime,
}

/// The state when watching ended.
#[derive(Clone, Debug)]
pub struct FinalState {
    /// The application state.
    pub app: AppState,
    /// The time of the state.
    pub now: Timestamp,
    /// The wall-clock time at which the clock started, plus any sleep of the machine.
    pub start: SystemTime,
}

/// Sends events of a cluster until `external` yields `End` or ends, or the receiver is dropped. Every renewal that
/// polls show is an event. Existing leases produce no event. Only events of leases that match the configured filter are
/// sent.
///
/// Never waits for the receiver: if the channel is full, events are dropped, and their number is reported as an event
/// later.
///
/// # Errors
/// The recording cannot be written.
pub async fn follow_events<O>(
    mut options: HeadlessOptions,
    external: O,
    events: Sender<TimedEvent>,
) -> Result<FinalState, RecordError>
where
    O: Stream<Item = ExternalEvent> + Unpin,
{
    let record = options.outputs.record.take();
    let mut run = HeadlessRun::start(options);
    if let Some(record) = record {
        run.session.record(record.create()?)?;
    }
    let mut sink = EventSink { events, lost: 0 };
    Ok(run.run(external, |session, events, start| sink.send_all(session, events, start)).await)
}

/// Watches a cluster until `external` yields `End` or ends. Returns the final state, and the events of leases that
/// ended meanwhile and match the configured filter.
pub async fn watch_leases(
    options: HeadlessOptions,
    external: impl Stream<Item = ExternalEvent> + Unpin,
) -> (FinalState, Vec<Event>) {
    let mut ended = Vec::new();
    let run = HeadlessRun::start(options);
    let keep = |session: &mut Session, events: Vec<Event>, _| {
        let (app, now) = (&session.app, session.clock.now());
        let is_end = |event: &Event| matches!(event.kind, EventKind::LeaseEnded(_)) && matches_filter(app, event, now);
        ended.extend(events.into_iter().filter(is_end));
        true
    };
    let mut last = run.run(external, keep).await;
    run_lints(&mut last.app, last.now);
    (last, ended)
}

/// Watches a cluster until `is_done` returns true, or until `external` yields `End` or ends.
pub async fn watch_until(
    options: HeadlessOptions,
    external: impl Stream<Item = ExternalEvent> + Unpin,
    mut is_done: impl FnMut(&AppState, Timestamp) -> bool,
) -> FinalState {
    let run = HeadlessRun::start(options);
    let more = |session: &mut Session, _, _| !is_done(&session.app, session.clock.now());
    run.run(external, more).await
}

/// How long the commands of `--on-event` may run at the end.
const LAST_RUNS: Duration = Duration::from_secs(3);

/// What the loop waits for.
enum HeadlessEvent {
    Wakeup(Wakeup),
    Output(OutputRequest),
    External(ExternalEvent),
}

pub(super) struct HeadlessRun {
    pub(super) session: Session,
    outputs: Outputs,
}

impl HeadlessRun {
    pub(super) fn start(HeadlessOptions { cluster, clock, config, outputs }: HeadlessOptions) -> Self {
        let mut session = Session::start(cluster, clock, engine::Options::default(), config, false);
        session.app.events.record_all();
        HeadlessRun { session, outputs }
    }

    /// Runs until `external` yields `End` or ends, or `more` returns false. `more` is called after every change, with
    /// the new events and the wall-clock time of the clock's start.
    pub(super) async fn run<O>(
        mut self,
        mut external: O,
        mut more: impl FnMut(&mut Session, Vec<Event>, SystemTime) -> bool,
    ) -> FinalState
    where
        O: Stream<Item = ExternalEvent> + Unpin,
    {
        let mut terminal = StderrWriter::default();
        loop {
            let events = self.session.app.events.drain_recorded();
            let start = self.session.wall_start();
            terminal.write(self.outputs.on_events(&self.session, &events, start));
            if !more(&mut self.session, events, start) {
                break;
            }
            let session = &mut self.session;
            let (asleep, mut wake) = (session.clock.now(), session.next_wake());
            if let Some(due) = self.outputs.due_at(session) {
                wake = wake.min(due);
            }
            let event = tokio::select! {
                wakeup = session.next_wakeup(wake) => HeadlessEvent::Wakeup(wakeup),
                request = self.outputs.next() => HeadlessEvent::Output(request),
                external = external.next() => HeadlessEvent::External(external.unwrap_or(ExternalEvent::End)),
            };
            session.detect_stall(asleep, wake);
            match event {
                HeadlessEvent::Wakeup(wakeup) => session.on_wakeup(wakeup),
                HeadlessEvent::Output(request) => request.serve(session),
                HeadlessEvent::External(ExternalEvent::Slept(span)) => session.send(Msg::SystemSlept(span)),
                HeadlessEvent::External(ExternalEvent::Suspend | ExternalEvent::Continued) => (),
                HeadlessEvent::External(ExternalEvent::End) => break,
            }
        }
        let start = self.session.wall_start();
        for why in self.outputs.finish(&self.session.clock, LAST_RUNS).await {
            self.session.send(Msg::OutputFailed(why));
        }
        // The first call can add an event: how many events were lost.
        for _ in 0..2 {
            let last = self.session.app.events.drain_recorded();
            more(&mut self.session, last, start);
        }
        FinalState { now: self.session.clock.now(), app: self.session.app, start }
    }
}

/// Writes notifications to the terminal, without waiting for it.
#[derive(Default)]
struct StderrWriter {
    /// The task that writes, and what it writes next. A terminal that does not read loses notifications.
    running: Option<(mpsc::Sender<Vec<u8>>, Task)>,
}

impl StderrWriter {
    fn write(&mut self, bytes: Vec<u8>) {
        if bytes.is_empty() || !std::io::stderr().is_terminal() {
            return;
        }
        let (sender, _) = self.running.get_or_insert_with(|| {
            let (sender, mut waiting) = mpsc::channel::<Vec<u8>>(1);
            let write = async move {
                while let Some(bytes) = waiting.recv().await {
                    let _ = tokio::io::stderr().write_all(&bytes).await;
                }
            };
            (sender, spawn(write))
        });
        let _ = sender.try_send(bytes);
    }
}

struct EventSink {
    events: Sender<TimedEvent>,
    /// Number of dropped events that are not reported yet.
    lost: u64,
}

impl EventSink {
    /// Sends new events. Returns false if the receiver was dropped.
    fn send_all(&mut self, session: &mut Session, events: Vec<Event>, start: SystemTime) -> bool {
        if self.lost > 0 && self.events.capacity() > 0 {
            session.send(Msg::EventsLost(std::mem::take(&mut self.lost)));
        }
        let now = session.clock.now();
        let app = &session.app;
        for event in events {
            if !matches_filter(app, &event, now) {
                continue;
            }
            match self.events.try_send(TimedEvent { event, start }) {
                Ok(()) => (),
                Err(TrySendError::Full(_)) => self.lost += 1,
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        !self.events.is_closed()
    }
}

/// Whether an event matches the configured filter.
fn matches_filter(app: &AppState, event: &Event, now: Timestamp) -> bool {
    app::matches_filter(&app.leases, &app.keys, app.config.filter.filter(), event, now)
}
