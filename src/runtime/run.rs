//! The event loop.

mod displayed_cluster;
mod terminal_requests;

use std::time::Duration;
use std::{io, mem};

use crossterm::event::Event;
use futures_util::stream::{Stream, StreamExt};

use super::background::{BackgroundQuery, ReplyFilter};
use super::clusters::{BackgroundClusters, ClusterConnector, ClusterSetup};
use super::effects::{ExitState, LoopRequests, SuspendScope};
use super::files::UserFiles;
use super::frame_scheduler::FrameScheduler;
use super::mouse::{self, MouseAction};
use super::options::{Appearance, MonitorOptions, ReplayOptions};
use super::outputs::{OutputRequest, Outputs};
use super::session::{Session, Wakeup};
use super::{ExternalEvent, Screen, clipboard, input};
use crate::app::{Msg, RecordingChange};
use crate::ui::{self, Theme};
use simkit::Timestamp;

/// An event that wakes the loop.
enum LoopEvent {
    Input(Option<io::Result<Event>>),
    Wakeup(Wakeup),
    /// The screen has written the last frame.
    Freed,
    /// The engine of a cluster that is not displayed has news. The number is the cluster's index in the background.
    OtherCluster(usize),
    External(Option<ExternalEvent>),
    Output(OutputRequest),
}

/// Runs the monitor on any screen and input until the user quits, the input ends, or `external` yields `End` or ends.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn run<S, I, O>(options: MonitorOptions, screen: S, input: I, external: O) -> ExitState
where
    S: Screen,
    I: Stream<Item = io::Result<Event>> + Unpin,
    O: Stream<Item = ExternalEvent> + Unpin,
{
    let MonitorOptions { cluster, clock, resources, environments, engine, config, stall_consumer, .. } = options;
    let MonitorOptions { theme, command, connector, files, themes, asks_background, outputs, record, .. } = options;
    let setup = ClusterSetup {
        cluster: cluster.clone(),
        clock: clock.clone(),
        resources,
        environments,
        engine,
        config: config.clone(),
        command,
    };
    let mut session = Session::start(cluster, clock, engine, config, stall_consumer);
    session.keep_past();
    if let Some(Err(error)) = record.map(|file| session.record(file)) {
        session.send(Msg::Recording(RecordingChange::Failed(error.to_string())));
    }
    let clusters = Clusters { setup: Some(setup), connector, ..Clusters::default() };
    let look = Appearance { theme, themes, asks_background };
    let mut monitor = Monitor::new(session, (screen, input, external), look, files);
    monitor.stall_consumer = stall_consumer;
    monitor.clusters = clusters;
    monitor.outputs = outputs;
    monitor.run().await
}

/// Plays a recording on any screen and input until the user quits, the input ends, or `external` yields `End` or ends.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn run_replay<S, I, O>(options: ReplayOptions, screen: S, input: I, external: O) -> ExitState
where
    S: Screen,
    I: Stream<Item = io::Result<Event>> + Unpin,
    O: Stream<Item = ExternalEvent> + Unpin,
{
    let ReplayOptions { recording, config, clock, appearance, files } = options;
    let session = Session::replay(recording, config, clock);
    Monitor::new(session, (screen, input, external), appearance, files).run().await
}

/// The state of the event loop.
struct Monitor<S, I, O> {
    session: Session,
    input: I,
    external: O,
    frames: FrameScheduler<S>,
    stall_consumer: bool,
    clusters: Clusters,
    files: UserFiles,
    themes: Vec<(String, Theme)>,
    background: BackgroundQuery,
    replies: ReplyFilter,
    outputs: Outputs,
    /// Height of the playback line at the last resize. 0 if it was not displayed.
    playback_height: u16,
}

/// The displayed cluster, and the others.
#[derive(Default)]
struct Clusters {
    /// The displayed cluster. Its resources are kept until it is replaced. `None` while a recording is played.
    setup: Option<ClusterSetup>,
    connector: Option<ClusterConnector>,
    background: BackgroundClusters,
    /// Whether the user has switched clusters, so that the displayed one may not be the one of the start.
    has_switched: bool,
}

/// How long the commands of `--on-event` may run at the end. After a second, a terminal that is gone ends the program.
const LAST_RUNS: Duration = Duration::from_millis(500);

impl<S, I, O> Monitor<S, I, O>
where
    S: Screen,
    I: Stream<Item = io::Result<Event>> + Unpin,
    O: Stream<Item = ExternalEvent> + Unpin,
{
    fn new(session: Session, (screen, input, external): (S, I, O), look: Appearance, files: UserFiles) -> Self {
        let Appearance { theme, themes, asks_background } = look;
        let frames = FrameScheduler::new(screen, session.clock.clone(), theme);
        let mut monitor = Monitor {
            session,
            input,
            external,
            frames,
            stall_consumer: false,
            clusters: Clusters::default(),
            files,
            themes,
            background: if asks_background { BackgroundQuery::Wanted } else { BackgroundQuery::Over },
            replies: ReplyFilter::default(),
            outputs: Outputs::default(),
            playback_height: 0,
        };
        monitor.session.local.files = monitor.files.clone();
        monitor.resize();
        monitor
    }

    async fn run(mut self) -> ExitState {
        loop {
            self.pass_events();
            self.fit_playback();
            let redraw = self.session.app.view.reset_redraw();
            self.frames.schedule(redraw);
            self.frames.wall.start = self.session.wall_start();
            let shown_at = self.session.now();
            self.frames.draw_if_due(&mut self.session.app, shown_at);
            self.ask_for_background();
            let event = self.next().await;
            self.handle(event);
            if let Some(ended) = self.handle_requests().await {
                self.session.local.finish().await;
                self.pass_events();
                self.outputs.finish(&self.session.clock, LAST_RUNS).await;
                return self.exit_state(ended);
            }
        }
    }

    /// Passes new events to the outputs, and their notifications to the terminal. In a session that just started, only
    /// starts to record events.
    fn pass_events(&mut self) {
        if !self.outputs.reads_events() {
            return;
        }
        let log = &mut self.session.app.events;
        if !log.is_recording() {
            log.record_all();
            return;
        }
        let events = log.drain_recorded();
        let bytes = self.outputs.on_events(&self.session, &events, self.frames.wall.start);
        if !bytes.is_empty() {
            self.frames.append_bytes(bytes);
        }
    }

    /// Carries out the session's requests. Returns `Some` if the monitor exits.
    async fn handle_requests(&mut self) -> Option<ExitState> {
        let LoopRequests { terminal, suspend, restart, switch, revoke_background, exit, .. } =
            mem::take(&mut self.session.requests);
        terminal.into_iter().for_each(|request| self.on_terminal_request(request));
        if let Some(scope) = suspend {
            self.suspend(scope).await;
        }
        if let Some(warp) = restart {
            self.restart(warp).await;
        }
        if let Some((to, keep)) = switch {
            self.switch(to, keep).await;
        }
        if revoke_background {
            let revoke = self.clusters.background.revoke_own();
            self.session.local.call(async move { Msg::BackgroundRevoked { failed: revoke.await } });
        }
        exit.or_else(|| self.session.requests.exit.take())
    }

    async fn next(&mut self) -> LoopEvent {
        let asleep = self.session.clock.now();
        let mut wake = self.session.next_wake().min(self.frames.next_frame());
        if let Some(due) = self.outputs.due_at(&self.session) {
            wake = wake.min(due);
        }
        let event = self.wait(wake).await;
        self.session.detect_stall(asleep, wake);
        event
    }

    async fn suspend(&mut self, scope: SuspendScope) {
        let since = self.session.clock.now();
        self.frames.screen.suspend(scope == SuspendScope::Job).await;
        self.session.on_stalled(since);
        // The window size may have changed meanwhile.
        self.resize();
    }

    async fn wait(&mut self, wake: Timestamp) -> LoopEvent {
        tokio::select! {
            event = self.input.next() => LoopEvent::Input(event),
            wakeup = self.session.next_wakeup(wake) => LoopEvent::Wakeup(wakeup),
            () = self.frames.screen.until_free(), if self.frames.is_pending => LoopEvent::Freed,
            external = self.external.next() => LoopEvent::External(external),
            index = self.clusters.background.changed() => LoopEvent::OtherCluster(index),
            request = self.outputs.next() => LoopEvent::Output(request),
        }
    }

    fn handle(&mut self, event: LoopEvent) {
        match event {
            LoopEvent::Input(Some(Ok(event))) => {
                let clock = &self.session.clock;
                // Real time: the bytes of a reply arrive together at any speed of the clock.
                let filtered =
                    self.replies.pass(event, Timestamp::from_nanos(clock.now().nanos() / u64::from(clock.speed())));
                filtered.events.iter().for_each(|event| self.input(event));
                filtered.background.into_iter().for_each(|background| self.on_background(background));
            }
            // A terminal that is gone or cannot be read ends the program, as a signal does.
            LoopEvent::Input(_) => self.session.request_exit(),
            LoopEvent::External(external) => self.on_external(external.unwrap_or(ExternalEvent::End)),
            LoopEvent::Wakeup(wakeup) => {
                if let Wakeup::Answer(Msg::Copied { text, outcome }) = &wakeup {
                    self.frames.append_bytes(clipboard::sequence(text, *outcome));
                }
                self.session.on_wakeup(wakeup);
            }
            LoopEvent::OtherCluster(index) => self.on_other_cluster(index),
            LoopEvent::Output(request) => request.serve(&mut self.session),
            LoopEvent::Freed => {
                self.frames.is_pending = false;
                self.session.app.frame_written(self.session.now());
            }
        }
    }

    fn on_external(&mut self, external: ExternalEvent) {
        match external {
            ExternalEvent::End => self.session.request_exit(),
            ExternalEvent::Suspend => self.session.requests.suspend = Some(SuspendScope::Process),
            ExternalEvent::Continued => {
                self.frames.screen.reenter();
                self.frames.encoder.reset();
                self.resize();
            }
            // A sleep of this machine does not change the times of a recording.
            ExternalEvent::Slept(_) if self.session.app.config.is_replay => (),
            ExternalEvent::Slept(span) => {
                self.session.send(Msg::SystemSlept(span));
            }
        }
    }

    fn input(&mut self, event: &Event) {
        match event {
            Event::Key(key) => {
                if let Some(key) = input::translate(*key) {
                    self.session.send(Msg::Key(key));
                }
            }
            Event::Mouse(event) => {
                if let Some(action) = mouse::translate(*event) {
                    self.mouse(action);
                }
            }
            Event::Paste(text) => self.session.send(Msg::Pasted(text.clone())),
            Event::Resize(..) => {
                self.frames.encoder.reset();
                self.resize();
            }
            _ => (),
        }
    }

    fn mouse(&mut self, action: MouseAction) {
        match action {
            MouseAction::Wheel { is_down } => self.session.send(Msg::Wheel { is_down }),
            MouseAction::Click(column, row) => {
                let ctx = self.frames.render_context(&self.session.app, self.session.now());
                if let Some(hit) = ui::hit(ctx, self.frames.screen.size(), (column, row)) {
                    self.session.send(Msg::Clicked(hit));
                }
            }
        }
    }

    fn resize(&mut self) {
        let (width, height) = self.frames.screen.size();
        self.playback_height = ui::playback_height(&self.session.app, height);
        self.session.send(Msg::Resized(ui::viewport(width, height - self.playback_height)));
    }

    /// Resizes the views when the playback line has appeared or disappeared.
    fn fit_playback(&mut self) {
        if ui::playback_height(&self.session.app, self.frames.screen.size().1) != self.playback_height {
            self.resize();
        }
    }
}
