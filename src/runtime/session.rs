//! The state with its event sources and the driver. Used with and without a screen.

use std::time::Duration;

use tokio::sync::watch;

use super::clipboard;
use super::driver::Driver;
use super::effects::{self, ExitState, LoopRequests};
use super::response_reader::{ReadCounts, ResponseReader};
use crate::app::{AppConfig, AppState, Msg, next_wake, update};
use etcd_lease::ClusterView;
use etcd_lease::engine::{self, Engine, StatusFeed};
use etcd_lease::wire::Cluster;
use simkit::Clock;
use simkit::Timestamp;

/// Waking up this much later than planned means that the process was stalled.
const STALL_THRESHOLD: Duration = Duration::from_secs(1);

/// A clock that waited at least this much longer since the last look is reported. Shorter waits do not matter.
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
    /// The same engine with a feed that reports every lease again.
    pub(super) fn with_new_feed(self) -> RunningEngine {
        let RunningEngine { engine, reader, feed } = self;
        // The feeds of an engine share what is unread, which is forgotten with the last one.
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
    feed: StatusFeed,
    counts: ReadCounts,
    view: watch::Receiver<ClusterView>,
    pub(super) driver: Driver,
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
        Session { app, requests: LoopRequests::default(), feed, counts, view, waited: clock.waited(), driver, clock }
    }

    /// Stops observing the cluster. The engine continues to keep leases alive, and drills on them end.
    pub(super) fn park(self) -> RunningEngine {
        for lease in self.app.leases.kept_alive() {
            self.driver.set_fault(lease.id, None);
        }
        let (engine, reader) = self.driver.into_engine();
        RunningEngine { engine, reader, feed: self.feed }
    }

    /// When the state must be woken at the latest.
    pub(super) fn next_wake(&self) -> Timestamp {
        next_wake(&self.app, self.clock.now())
    }

    /// Waits for the next event, until `wake` at the latest.
    pub(super) async fn next_wakeup(&mut self, wake: Timestamp) -> Wakeup {
        tokio::select! {
            msg = self.driver.next() => Wakeup::Answer(msg),
            () = self.feed.changed() => Wakeup::Status,
            () = self.counts.changed() => Wakeup::Read,
            Ok(()) = self.view.changed() => Wakeup::Cluster,
            () = self.clock.sleep_until(wake) => Wakeup::Time,
        }
    }

    /// Detects a stall: the loop went to sleep at `asleep` to wake at `wake`, and now it is much later. Also detects that
    /// the clock has waited.
    pub(super) fn detect_stall(&mut self, asleep: Timestamp, wake: Timestamp) {
        if self.clock.now() > wake.max(asleep) + STALL_THRESHOLD * self.clock.speed() {
            self.send(Msg::ProcessStalled { since: asleep });
        }
        let waited = self.clock.waited();
        if waited > self.waited + WAIT_THRESHOLD {
            self.waited = waited;
            self.send(Msg::ClockWaits);
        }
    }

    /// Passes the cause of a wake-up to the state, as messages.
    pub(super) fn on_wakeup(&mut self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Answer(msg) => self.send(msg),
            Wakeup::Status => self.read_feed(),
            Wakeup::Read => self.send(Msg::Delivered(self.counts.drain())),
            Wakeup::Cluster => {
                let view = self.view.borrow_and_update().clone();
                self.apply(Msg::Cluster(view));
            }
            Wakeup::Time => self.send(Msg::Tick),
        }
    }

    /// Applies a message to the state and carries out the effects. A change of the members comes first, because the view
    /// changes before the reply that shows it arrives. If it shows another cluster, observations of the known one are
    /// dropped.
    pub(super) fn send(&mut self, msg: Msg) {
        if self.view.has_changed().unwrap_or_default() {
            let view = self.view.borrow_and_update().clone();
            let changes = self.app.cluster.view.changes;
            let is_replaced = changes != view.changes;
            self.apply(Msg::Cluster(view));
            if is_replaced && msg.is_observation() {
                return;
            }
        }
        self.apply(msg);
    }

    fn apply(&mut self, msg: Msg) {
        for effect in update(&mut self.app, msg, self.clock.now()) {
            effects::execute(effect, &self.app, &mut self.driver, &mut self.requests);
        }
    }

    /// Copies a text in a pane of tmux. Answered by [`Msg::Copied`].
    pub(super) fn copy_in_tmux(&mut self, text: String) {
        self.driver.run_other(clipboard::copy_in_tmux(text));
    }

    fn read_feed(&mut self) {
        let update = self.feed.drain();
        self.send(Msg::Statuses(update.statuses));
        for event in update.events {
            self.send(Msg::Engine(event));
        }
        if update.events_lost > 0 {
            self.send(Msg::EventsLost(update.events_lost));
        }
    }

    /// Requests an exit from outside, such as a signal.
    pub(super) fn request_exit(&mut self) {
        let mut exit = ExitState::default();
        if !self.app.config.is_sandbox() {
            exit.still_alive = self.app.leases.kept_alive().map(|lease| lease.id).collect();
        }
        self.requests.exit = Some(exit);
    }
}
