//! The one event loop.

use std::{io, mem};

use crossterm::event::Event;
use futures_util::stream::{Stream, StreamExt};

use super::easel::Easel;
use super::mind::{Aside, Job, Mind, News};
use super::mouse::{self, Did};
use super::{Held, MonitorOptions, Outside, Screen, World, Worlds, clipboard, keys};
use crate::app::Msg;
use crate::ui;
use etcd_lease::LeaseId;
use etcd_lease::engine;
use simkit::Timestamp;

/// How the monitor ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Leases that were being kept alive and will expire by themselves.
    pub left: Vec<LeaseId>,
}

/// What wakes the loop.
enum Happening {
    Input(Option<io::Result<Event>>),
    News(News),
    Freed,
    Outside(Option<Outside>),
}

/// Runs the monitor on any screen and any input until it is quit, the input ends, or `outside` says so or ends.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn run<S, I, O>(options: MonitorOptions, screen: S, input: I, outside: O) -> Ended
where
    S: Screen,
    I: Stream<Item = io::Result<Event>> + Unpin,
    O: Stream<Item = Outside> + Unpin,
{
    let MonitorOptions { cluster, clock, held, worlds, engine, setup, stall_consumer, look, .. } = options;
    let easel = Easel::new(screen, clock.clone(), look);
    let mind = Mind::start(cluster, clock, engine, setup, stall_consumer);
    let mut monitor = Monitor { mind, input, outside, easel, engine, stall_consumer, worlds, _held: held };
    monitor.resize();
    monitor.live().await
}

/// All that the loop holds.
struct Monitor<S, I, O> {
    mind: Mind,
    input: I,
    outside: O,
    easel: Easel<S>,
    engine: engine::Options,
    stall_consumer: bool,
    worlds: Option<Worlds>,
    /// What the present world holds: it lives until the next is there.
    _held: Option<Held>,
}

impl<S, I, O> Monitor<S, I, O>
where
    S: Screen,
    I: Stream<Item = io::Result<Event>> + Unpin,
    O: Stream<Item = Outside> + Unpin,
{
    async fn live(mut self) -> Ended {
        loop {
            let redraw = self.mind.model.take_redraw();
            self.easel.plan(redraw, self.mind.model.counts_down());
            self.easel.draw_if_due(&mut self.mind.model);
            let happening = self.next().await;
            self.handle(happening);
            mem::take(&mut self.mind.asides).into_iter().for_each(|aside| self.ask(aside));
            if let Some(job) = self.mind.stands_still.take() {
                self.suspend(job).await;
            }
            if let Some(warp) = self.mind.begins_anew.take() {
                self.begin_anew(warp).await;
            }
            if let Some(ended) = self.mind.ended.take() {
                return ended;
            }
        }
    }

    async fn next(&mut self) -> Happening {
        let asleep = self.mind.clock.now();
        let wake = self.mind.next_wake().min(self.easel.next_frame());
        let happening = self.wait(wake).await;
        self.mind.awake(asleep, wake);
        happening
    }

    async fn suspend(&mut self, job: Job) {
        let since = self.mind.clock.now();
        self.easel.screen.suspend(job == Job::Whole).await;
        self.mind.tell(Msg::StoodStill { since });
        // The window may have become another one meanwhile.
        self.resize();
    }

    /// Another world takes the place of this one, and a mind that remembers nothing but where one looked.
    async fn begin_anew(&mut self, warp: u32) {
        let Some(worlds) = &self.worlds else { return };
        let World { cluster, clock, held } = worlds.make(warp).await;
        let model = self.mind.model.begun_anew(clock.speed(), clock.now());
        self.easel.begin_anew(clock.clone());
        self.mind = Mind::with(model, cluster, clock, self.engine, self.stall_consumer);
        self._held = Some(held);
        self.resize();
    }

    async fn wait(&mut self, wake: Timestamp) -> Happening {
        tokio::select! {
            event = self.input.next() => Happening::Input(event),
            news = self.mind.news(wake) => Happening::News(news),
            () = self.easel.screen.freed(), if !self.easel.screen.is_free() => Happening::Freed,
            outside = self.outside.next() => Happening::Outside(outside),
        }
    }

    fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Input(Some(Ok(event))) => self.input(&event),
            // A terminal that is gone, or that can no longer be read, ends the program as a signal does.
            Happening::Input(_) => self.mind.leave(),
            Happening::Outside(outside) => self.obey(outside.unwrap_or(Outside::End)),
            Happening::News(news) => self.mind.take_in(news),
            Happening::Freed => (),
        }
    }

    /// Asks the terminal for something beside the picture.
    fn ask(&mut self, aside: Aside) {
        match aside {
            Aside::Copy(text) => self.easel.aside(clipboard::take(&text)),
            Aside::Mouse(is_ours) => {
                self.easel.screen.keep_mouse(is_ours);
                self.easel.aside(if is_ours { mouse::TAKE } else { mouse::LEAVE }.to_vec());
            }
        }
    }

    fn obey(&mut self, outside: Outside) {
        match outside {
            Outside::End => self.mind.leave(),
            Outside::Suspend => self.mind.stands_still = Some(Job::Alone),
            Outside::Continued => {
                self.easel.screen.retake();
                self.easel.canvas.forget();
                self.resize();
            }
            Outside::Slept(span) => {
                self.easel.wall.start += span;
                self.mind.tell(Msg::Slept(span));
            }
        }
    }

    fn input(&mut self, event: &Event) {
        match event {
            Event::Key(key) => {
                if let Some(key) = keys::translate(*key) {
                    self.measure();
                    self.mind.tell(Msg::Key(key));
                }
            }
            Event::Mouse(event) => {
                if let Some(did) = mouse::translate(*event) {
                    self.mouse(did);
                }
            }
            Event::Paste(text) => self.mind.tell(Msg::Pasted(text.clone())),
            Event::Resize(..) => {
                self.easel.canvas.forget();
                self.resize();
            }
            _ => (),
        }
    }

    fn mouse(&mut self, did: Did) {
        match did {
            Did::Wheel { is_down } => {
                self.measure();
                self.mind.tell(Msg::Wheel { is_down });
            }
            Did::Click(column, row) => {
                let scene = self.easel.scene(&self.mind.model, self.mind.clock.now());
                if let Some(hit) = ui::hit(scene, self.easel.screen.size(), (column, row)) {
                    self.mind.tell(Msg::Clicked(hit));
                }
            }
        }
    }

    fn resize(&mut self) {
        let (width, height) = self.easel.screen.size();
        self.mind.tell(Msg::Resized(ui::room(width, height)));
    }

    /// How far the open detail, or the help, can be moved depends on its width and on what it says.
    fn measure(&mut self) {
        let scene = self.easel.scene(&self.mind.model, self.mind.clock.now());
        if let Some(spare) = ui::spare_lines(scene, self.easel.screen.size()) {
            self.mind.tell(Msg::Measured { spare });
        }
    }
}
