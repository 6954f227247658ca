//! What acts on a session besides its screen: metrics, commands that run on events, notifications, a recording.

use std::future::pending;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::event_hook::{EventHook, HookOutput, Runner, RunningHook, shell};
use super::metrics_server::{MetricsServer, Scrape};
use super::notification::{NotificationOptions, Notifier};
use super::session::Session;
use crate::app::{Event, Msg, metrics_snapshot, triggers};
use crate::recording::RecordOptions;
use crate::report;
use simkit::{Clock, Timestamp};

/// What acts on a session besides its screen.
#[derive(Debug, Default)]
pub struct Outputs {
    metrics: Option<MetricsServer>,
    hooks: Vec<RunningHook>,
    notifier: Notifier,
    /// Where to record.
    pub(super) record: Option<RecordOptions>,
    failures: Option<mpsc::UnboundedReceiver<String>>,
}

/// What an output wants from the event loop.
pub(super) enum OutputRequest {
    /// The figures for the metrics.
    Scrape(Scrape),
    /// A failure is to be reported.
    Failed(String),
}

impl Outputs {
    /// Serves the metrics.
    pub fn with_metrics(self, metrics: Option<MetricsServer>) -> Self {
        Outputs { metrics, ..self }
    }

    /// Runs commands on events.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn with_hooks(self, hooks: Vec<EventHook>, output: HookOutput) -> Self {
        self.with_runners(hooks.into_iter().map(|hook| (hook.clone(), shell(hook.command, output))).collect())
    }

    /// Runs commands on events, each with its own runner instead of a shell.
    pub(super) fn with_runners(self, hooks: Vec<(EventHook, Runner)>) -> Self {
        let (sender, failures) = mpsc::unbounded_channel();
        let start = |(hook, runner)| RunningHook::start(hook, runner, sender.clone());
        let hooks = hooks.into_iter().map(start).collect();
        Outputs { hooks, failures: Some(failures), ..self }
    }

    /// Reports problems through the terminal.
    pub fn with_notifications(self, options: NotificationOptions) -> Self {
        Outputs { notifier: Notifier::new(options), ..self }
    }

    /// Records the messages.
    pub fn with_recording(self, record: Option<RecordOptions>) -> Self {
        Outputs { record, ..self }
    }

    /// The next request of an output. Waits forever if there is none.
    pub(super) async fn next(&mut self) -> OutputRequest {
        let Outputs { metrics, failures, .. } = self;
        let scrape = async {
            match metrics {
                Some(server) => server.next().await,
                None => pending().await,
            }
        };
        let failure = async {
            match failures {
                Some(failures) => failures.recv().await,
                None => None,
            }
        };
        tokio::select! {
            scrape = scrape => OutputRequest::Scrape(scrape),
            Some(why) = failure => OutputRequest::Failed(why),
        }
    }

    /// Runs the commands for the events that wait for them, for up to this real time. Returns the failures.
    pub(super) async fn finish(&mut self, clock: &Clock, limit: Duration) -> Vec<String> {
        let deadline = clock.instant(clock.now() + limit * clock.speed());
        let skipped = join_all(self.hooks.drain(..).map(|hook| hook.finish(deadline))).await;
        let failed = std::iter::from_fn(|| self.failures.as_mut()?.try_recv().ok());
        skipped.into_iter().flatten().chain(failed).collect()
    }

    /// Whether there are outputs that need every event.
    pub(super) fn reads_events(&self) -> bool {
        !self.hooks.is_empty() || self.notifier.is_on()
    }

    /// When [`on_events`](Self::on_events) must be called even without a new event.
    pub(super) fn due_at(&self, session: &Session) -> Option<Timestamp> {
        self.notifier.due_at(session.clock.speed())
    }

    /// Passes new events to the commands and to the notifications. Returns the bytes to write to the terminal. `start`
    /// is the wall-clock time of the clock's start.
    pub(super) fn on_events(&mut self, session: &Session, events: &[Event], start: SystemTime) -> Vec<u8> {
        let (app, clock) = (&session.app, &session.clock);
        let now = clock.now();
        for event in events {
            for hook in &mut self.hooks {
                if triggers(&app.leases, &app.keys, hook.filter.filter(), event, now) {
                    hook.trigger(report::event_json(event, start));
                }
            }
            self.notifier.on_event(event);
        }
        self.notifier.take_due(now, clock.speed())
    }
}

impl OutputRequest {
    /// Serves the request.
    pub(super) fn serve(self, session: &mut Session) {
        match self {
            OutputRequest::Scrape(scrape) => scrape.answer(metrics_snapshot(&mut session.app, session.clock.now())),
            OutputRequest::Failed(why) => session.send(Msg::OutputFailed(why)),
        }
    }
}
