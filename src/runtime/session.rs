//! The state with its event sources and the driver. Used with and without a screen.

use std::future::pending;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::clipboard;
use super::driver::Driver;
use super::effects::{self, Executors, ExitState, LoopRequests, RecordingRequest};
use super::journal::Journal;
use super::local_calls::LocalCalls;
use super::playback::{self, PlayedRecording};
use super::response_reader::{ReadCounts, ResponseReader};
use super::rewind;
#[cfg(test)]
use crate::app::Past;
use crate::app::{AppConfig, AppState, Msg, next_wake, still_alive, update};
#[cfg(test)]
use crate::recording::Target;
use crate::recording::{RecordError, RecordFile, Recording};
use etcd_lease::ClusterView;
use etcd_lease::engine::{self, Engine, StatusFeed};
use etcd_lease::wire::Cluster;
use simkit::Clock;
use simkit::Timestamp;

/// Waking up this much later than planned means that the process was stalled.
const STALL_THRESHOLD: Duration = Duration::from_secs(1);

/// Waits of the clock are reported once they add up to more than this since the last report. Shorter ones do not
/// matter.
const WAIT_THRESHOLD: Duration = Duration::from_millis(100);

/// The cause of a wake-up.
pub(super) enum Wakeup {
    /// A reply or an observation from the driver.
    Answer(Msg),
    /// The engine has new statuses or events.
    Status,
    /// Responses were read.
    Read,
    /// The cluster view changed.
    Cluster,
    /// The planned time was reached.
    Time,
}

/// An engine, what reads its responses, and its status feed.
pub(super) struct RunningEngine {
    pub(super) engine: Engine,
    pub(super) reader: ResponseReader,
    pub(super) feed: StatusFeed,
}

impl RunningEngine {
    /// Replaces the feed by a new one, which reports every lease again.
    pub(super) fn with_new_feed(self) -> RunningEngine {
        let RunningEngine { engine, reader, feed } = self;
        // The feeds of an engine share the unread statuses. These are discarded with the last feed, so it is dropped first.
        drop(feed);
        RunningEngine { feed: engine.status_feed(), engine, reader }
    }
}

/// The state, its event sources and its driver.
pub(super) struct Session {
    pub(super) app: AppState,
    pub(super) clock: Clock,
    /// Requests to the event loop.
    pub(super) requests: LoopRequests,
    pub(super) local: LocalCalls,
    source: Source,
    journal: Journal,
}

/// Where the messages come from.
enum Source {
    Cluster(Box<ClusterSource>),
    Recording(Box<PlayedRecording>),
}

/// A cluster and an engine.
struct ClusterSource {
    feed: StatusFeed,
    counts: ReadCounts,
    view: watch::Receiver<ClusterView>,
    driver: Driver,
    /// How long the clock had waited when that was last reported.
    waited: Duration,
}

impl Session {
    /// Starts a session with a new state and a new engine.
    pub(super) fn start(
        cluster: Cluster,
        clock: Clock,
        engine_options: engine::Options,
        config: AppConfig,
        stall_consumer: bool,
    ) -> Session {
        let app = AppState::new(config, clock.now());
        Session::with_state(app, cluster, clock, engine_options, stall_consumer)
    }

    /// Starts a session with an existing state, which must not contain observations of another cluster.
    pub(super) fn with_state(
        mut app: AppState,
        cluster: Cluster,
        clock: Clock,
        engine_options: engine::Options,
        stall_consumer: bool,
    ) -> Session {
        app.config.is_reader_stalled = stall_consumer;
        let engine = Engine::start(cluster.clone(), clock.clone(), engine_options);
        let reader = ResponseReader::start(engine.consumer(), clock.clone(), stall_consumer);
        let feed = engine.status_feed();
        Session::with_engine(app, cluster, clock, RunningEngine { engine, reader, feed })
    }

    /// Starts a session on a cluster where an engine already runs.
    pub(super) fn with_engine(app: AppState, cluster: Cluster, clock: Clock, running: RunningEngine) -> Session {
        let RunningEngine { engine, reader, feed } = running;
        let mut view = cluster.watch();
        view.mark_changed();
        let counts = reader.counts();
        let driver = Driver::new(cluster, engine, clock.clone(), reader, &app.config);
        let source = Source::Cluster(Box::new(ClusterSource { feed, counts, view, driver, waited: clock.waited() }));
        Session::new(app, clock, source)
    }

    /// Plays a recording. `config` has the user's settings; the rest comes from the recording.
    pub(super) fn replay(recording: Recording, config: AppConfig, clock: Clock) -> Session {
        let (played, app) = PlayedRecording::start(recording, config, &clock);
        Session::new(app, clock, Source::Recording(Box::new(played)))
    }

    fn new(app: AppState, clock: Clock, source: Source) -> Session {
        let journal = Journal::new(clock.clone());
        Session { app, clock, requests: LoopRequests::default(), local: LocalCalls::default(), source, journal }
    }

    /// Stops observing the cluster. The engine continues to keep leases alive, and drills on them end.
    /// `None` if a recording is played.
    pub(super) fn park(self) -> Option<RunningEngine> {
        let Source::Cluster(source) = self.source else { return None };
        for lease in self.app.leases.kept_alive() {
            source.driver.set_fault(lease.id, None);
        }
        let (engine, reader) = source.driver.into_engine();
        Some(RunningEngine { engine, reader, feed: source.feed })
    }

    /// The time of the state: that of the clock, or the place in the recording.
    pub(super) fn now(&self) -> Timestamp {
        match &self.source {
            Source::Cluster(_) => self.clock.now(),
            Source::Recording(played) => played.position(),
        }
    }

    /// The wall-clock time of offset 0 of the clock or of the recording that is played.
    pub(super) fn wall_start(&self) -> SystemTime {
        match &self.source {
            Source::Cluster(_) => self.clock.wall(Timestamp::START),
            Source::Recording(played) => played.wall_start(),
        }
    }

    /// When the state must be woken at the latest.
    pub(super) fn next_wake(&self) -> Timestamp {
        match &self.source {
            Source::Cluster(_) => next_wake(&self.app, self.clock.now()),
            Source::Recording(played) if played.is_still() => Timestamp::NEVER,
            Source::Recording(_) => self.clock.now() + playback::FRAME,
        }
    }

    /// Waits for the next event, until `wake` at the latest.
    pub(super) async fn next_wakeup(&mut self, wake: Timestamp) -> Wakeup {
        let Session { source, local, clock, .. } = self;
        let from_cluster = async {
            let Source::Cluster(source) = source else { return pending().await };
            tokio::select! {
                msg = source.driver.next() => Wakeup::Answer(msg),
                () = source.feed.changed() => Wakeup::Status,
                () = source.counts.changed() => Wakeup::Read,
                Ok(()) = source.view.changed() => Wakeup::Cluster,
            }
        };
        tokio::select! {
            wakeup = from_cluster => wakeup,
            msg = local.next() => Wakeup::Answer(msg),
            () = clock.sleep_until(wake) => Wakeup::Time,
        }
    }

    /// Detects a stall: the loop went to sleep at `asleep` to wake at `wake`, and now it is much later. Also detects that
    /// the clock has waited.
    pub(super) fn detect_stall(&mut self, asleep: Timestamp, wake: Timestamp) {
        let waited = self.clock.waited();
        let has_waited = match &mut self.source {
            Source::Cluster(source) => {
                let has_waited = waited > source.waited + WAIT_THRESHOLD;
                if has_waited {
                    source.waited = waited;
                }
                has_waited
            }
            Source::Recording(_) => false,
        };
        if self.clock.now() > wake.max(asleep) + STALL_THRESHOLD * self.clock.speed() {
            self.on_stalled(asleep);
        }
        if has_waited {
            self.send(Msg::ClockWaits);
        }
    }

    /// The process did not run since `since`. A recording goes on from where it was.
    pub(super) fn on_stalled(&mut self, since: Timestamp) {
        match &mut self.source {
            Source::Cluster(_) => self.send(Msg::ProcessStalled { since }),
            Source::Recording(played) => played.resume(&self.clock),
        }
    }

    /// Passes the cause of a wake-up to the state, as messages.
    pub(super) fn on_wakeup(&mut self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Answer(msg) => self.send(msg),
            Wakeup::Status => self.read_feed(),
            Wakeup::Read => {
                if let Source::Cluster(source) = &mut self.source {
                    let read = source.counts.drain();
                    self.send(Msg::Delivered(read));
                }
            }
            Wakeup::Cluster => self.apply_view(),
            Wakeup::Time => match &mut self.source {
                Source::Cluster(_) => self.send(Msg::Tick),
                Source::Recording(played) => played.advance(&mut self.app, &self.clock),
            },
        }
    }

    /// Applies the view of the cluster.
    fn apply_view(&mut self) {
        if let Source::Cluster(source) = &mut self.source {
            let view = source.view.borrow_and_update().clone();
            self.apply(Msg::Cluster(view));
        }
    }

    /// Applies a message to the state and carries out the effects. A changed view of the cluster is applied first,
    /// because it changes before the reply that caused the change arrives. If it shows that the cluster was replaced or
    /// restored, an observation is dropped: it may be about the old state.
    pub(super) fn send(&mut self, msg: Msg) {
        let has_changed = match &self.source {
            Source::Cluster(source) => source.view.has_changed().unwrap_or_default(),
            Source::Recording(_) => false,
        };
        if has_changed {
            let changes = self.app.cluster.view.changes;
            self.apply_view();
            if changes != self.app.cluster.view.changes && msg.is_observation() {
                return;
            }
        }
        self.apply(msg);
    }

    /// Applies a message without looking at the view of the cluster: updates the state, carries out the effects, and
    /// records the message.
    fn apply(&mut self, msg: Msg) {
        let now = self.now();
        self.journal.on_message(&msg, now);
        let start = self.wall_start();
        let effects = update(&mut self.app, msg, now);
        let driver = match &mut self.source {
            Source::Cluster(source) => Some(&mut source.driver),
            Source::Recording(_) => None,
        };
        let Session { local, requests, .. } = self;
        let mut executors = Executors { driver, local, requests, time: (now, start) };
        for effect in effects {
            effects::execute(effect, &self.app, &mut executors);
        }
        let failed = self.journal.write(&self.app, now);
        let changed = match self.requests.recording.take() {
            Some(RecordingRequest::Start(typed)) => {
                let path = typed.map(|typed| self.local.files.place(&typed));
                Some(self.journal.start_typed(path, &self.app, now))
            }
            Some(RecordingRequest::Stop) => self.journal.stop(),
            None => None,
        };
        for change in failed.into_iter().chain(changed) {
            update(&mut self.app, Msg::Recording(change), now);
        }
        for control in std::mem::take(&mut self.requests.playback) {
            match &mut self.source {
                Source::Recording(played) => played.control(control, &mut self.app, &self.clock),
                Source::Cluster(_) => rewind::control(control, &mut self.app, &mut self.journal, now),
            }
        }
    }

    /// Keeps the last minutes in memory.
    pub(super) fn keep_past(&mut self) {
        let now = self.now();
        self.journal.keep_past(self.app.config.rewind, &self.app, now);
    }

    /// The state at another time, if it is kept.
    #[cfg(test)]
    pub(super) fn past(&mut self, target: Target) -> Option<Past> {
        let now = self.now();
        self.journal.past(target, now)
    }

    /// Starts to record.
    pub(super) fn record(&mut self, file: RecordFile) -> Result<(), RecordError> {
        let now = self.now();
        let started = self.journal.start(file, &self.app, now)?;
        update(&mut self.app, Msg::Recording(started), now);
        Ok(())
    }

    /// Copies a text in a pane of tmux. Answered by [`Msg::Copied`].
    pub(super) fn copy_in_tmux(&mut self, text: String) {
        self.local.call(clipboard::copy_in_tmux(text));
    }

    fn read_feed(&mut self) {
        let Source::Cluster(source) = &mut self.source else { return };
        let update = source.feed.drain();
        self.send(Msg::Statuses(update.statuses));
        for event in update.events {
            self.send(Msg::Engine(event));
        }
        if update.events_lost > 0 {
            self.send(Msg::EventsLost(update.events_lost));
        }
    }

    /// Requests an exit that the user did not choose in the monitor, for example after a signal. Leases are left alive.
    pub(super) fn request_exit(&mut self) {
        let still_alive = still_alive(&self.app.leases, &self.app.config);
        self.requests.exit = Some(ExitState { still_alive, ..ExitState::default() });
    }
}
