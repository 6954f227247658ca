//! The event loop.

use std::{io, mem};

use crossterm::event::Event;
use futures_util::stream::{Stream, StreamExt};

use super::effects::{ExitState, LoopRequests, SuspendScope, TerminalRequest};
use super::frame_scheduler::FrameScheduler;
use super::mouse::{self, MouseAction};
use super::options::MonitorOptions;
use super::session::{Session, Wakeup};
use super::{Environment, EnvironmentFactory, ExternalEvent, OwnedResources, Screen, clipboard, input};
use crate::app::{CopyOutcome, Msg};
use crate::ui;
use etcd_lease::engine;
use simkit::Timestamp;

/// An event that wakes the loop.
enum LoopEvent {
    Input(Option<io::Result<Event>>),
    Wakeup(Wakeup),
    Freed,
    External(Option<ExternalEvent>),
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
    let MonitorOptions { cluster, clock, resources, environments, engine, config, stall_consumer, theme, .. } = options;
    let frames = FrameScheduler::new(screen, clock.clone(), theme);
    let session = Session::start(cluster, clock, engine, config, stall_consumer);
    let mut monitor =
        Monitor { session, input, external, frames, engine, stall_consumer, environments, _resources: resources };
    monitor.resize();
    monitor.run().await
}

/// The state of the event loop.
struct Monitor<S, I, O> {
    session: Session,
    input: I,
    external: O,
    frames: FrameScheduler<S>,
    engine: engine::Options,
    stall_consumer: bool,
    environments: Option<EnvironmentFactory>,
    /// Resources of the current environment, kept until it is replaced.
    _resources: Option<OwnedResources>,
}

impl<S, I, O> Monitor<S, I, O>
where
    S: Screen,
    I: Stream<Item = io::Result<Event>> + Unpin,
    O: Stream<Item = ExternalEvent> + Unpin,
{
    async fn run(mut self) -> ExitState {
        loop {
            let redraw = self.session.app.view.reset_redraw();
            self.frames.schedule(redraw, self.session.app.counts_down());
            self.frames.draw_if_due(&mut self.session.app);
            let event = self.next().await;
            self.handle(event);
            if let Some(ended) = self.handle_requests().await {
                return ended;
            }
        }
    }

    /// Carries out the session's requests. Returns `Some` if the monitor exits.
    async fn handle_requests(&mut self) -> Option<ExitState> {
        let LoopRequests { terminal, suspend, restart, exit } = mem::take(&mut self.session.requests);
        terminal.into_iter().for_each(|request| self.on_terminal_request(request));
        if let Some(scope) = suspend {
            self.suspend(scope).await;
        }
        if let Some(warp) = restart {
            self.restart(warp).await;
        }
        exit.or_else(|| self.session.requests.exit.take())
    }

    async fn next(&mut self) -> LoopEvent {
        let asleep = self.session.clock.now();
        let wake = self.session.next_wake().min(self.frames.next_frame());
        let event = self.wait(wake).await;
        self.session.detect_stall(asleep, wake);
        event
    }

    async fn suspend(&mut self, scope: SuspendScope) {
        let since = self.session.clock.now();
        self.frames.screen.suspend(scope == SuspendScope::Job).await;
        self.session.send(Msg::ProcessStalled { since });
        // The window size may have changed meanwhile.
        self.resize();
    }

    /// Replaces the environment and the session. Only the displayed view is kept.
    async fn restart(&mut self, warp: u32) {
        let Some(environments) = &self.environments else { return };
        let Environment { cluster, clock, resources } = environments.make(warp).await;
        let app = self.session.app.restarted(clock.speed(), clock.now());
        self.frames.restart(clock.clone());
        self.session = Session::with_state(app, cluster, clock, self.engine, self.stall_consumer);
        self._resources = Some(resources);
        self.resize();
    }

    async fn wait(&mut self, wake: Timestamp) -> LoopEvent {
        tokio::select! {
            event = self.input.next() => LoopEvent::Input(event),
            wakeup = self.session.next_wakeup(wake) => LoopEvent::Wakeup(wakeup),
            () = self.frames.screen.until_free(), if !self.frames.screen.is_free() => LoopEvent::Freed,
            external = self.external.next() => LoopEvent::External(external),
        }
    }

    fn handle(&mut self, event: LoopEvent) {
        match event {
            LoopEvent::Input(Some(Ok(event))) => self.input(&event),
            // A terminal that is gone or cannot be read ends the program, as a signal does.
            LoopEvent::Input(_) => self.session.request_exit(),
            LoopEvent::External(external) => self.on_external(external.unwrap_or(ExternalEvent::End)),
            LoopEvent::Wakeup(wakeup) => {
                if let Wakeup::Answer(Msg::Copied { text, outcome }) = &wakeup {
                    self.frames.append_bytes(clipboard::sequence(text, *outcome));
                }
                self.session.on_wakeup(wakeup);
            }
            LoopEvent::Freed => (),
        }
    }

    /// Carries out a terminal request.
    fn on_terminal_request(&mut self, request: TerminalRequest) {
        match request {
            TerminalRequest::Copy(text) => self.copy(text),
            TerminalRequest::Mouse(is_ours) => {
                self.frames.screen.keep_mouse(is_ours);
                self.frames.append_bytes(if is_ours { mouse::ENABLE } else { mouse::DISABLE }.to_vec());
            }
        }
    }

    /// Copies a text. tmux is asked for a way, which may take a moment.
    fn copy(&mut self, text: String) {
        if self.frames.screen.is_in_tmux() {
            return self.session.copy_in_tmux(text);
        }
        let outcome = CopyOutcome::Terminal;
        self.frames.append_bytes(clipboard::sequence(&text, outcome));
        self.session.send(Msg::Copied { text, outcome });
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
            ExternalEvent::Slept(span) => {
                self.frames.wall.start += span;
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
                let ctx = self.frames.render_context(&self.session.app, self.session.clock.now());
                if let Some(hit) = ui::hit(ctx, self.frames.screen.size(), (column, row)) {
                    self.session.send(Msg::Clicked(hit));
                }
            }
        }
    }

    fn resize(&mut self) {
        let (width, height) = self.frames.screen.size();
        self.session.send(Msg::Resized(ui::viewport(width, height)));
    }
}
