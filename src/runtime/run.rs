//! The one event loop.

use std::io;
use std::time::{Duration, SystemTime};

use crossterm::event::Event;
use futures_util::stream::{Stream, StreamExt};
use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::canvas::Canvas;
use super::consumer::{Reader, Tally};
use super::driver::Driver;
use super::{MonitorOptions, Outside, Screen, keys};
use crate::app::{Effect, Model, Msg, Redraw, arrange, next_wake, update};
use crate::clock::Clock;
use crate::domain::{ClusterView, LeaseId, Moment};
use crate::engine::{Board, Engine};
use crate::ui::{self, Look, Scene, Wall};

/// Data is drawn this often at most; keys at once.
const FRAME: Duration = Duration::from_millis(33);
/// Drawing data takes at most one part in so many of the time: with 100,000 leases to sort frames come less often.
const LEISURE: u32 = 10;

/// Who wakes so much later than planned had no time to run at all.
const LATE: Duration = Duration::from_secs(1);

/// How the monitor ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Leases that were being kept alive and will expire by themselves.
    pub left: Vec<LeaseId>,
}

/// What wakes the loop.
enum Happening {
    Input(Option<io::Result<Event>>),
    Answer(Msg),
    Board,
    Read,
    View,
    Time,
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
    let engine = Engine::start(options.cluster.clone(), options.clock.clone(), options.engine);
    let reader = Reader::start(engine.consumer(), options.clock.clone(), options.stall_consumer);
    let range = options.setup.range.clone();
    let mut monitor = Monitor {
        model: Model::new(options.setup, options.clock.now()),
        board: engine.board(),
        tally: reader.tally(),
        view: options.cluster.watch(),
        driver: Driver::new(options.cluster, engine, options.clock.clone(), reader, range),
        input,
        outside,
        easel: Easel::new(screen, options.clock.clone(), options.look),
        clock: options.clock,
        stands_still: None,
        ended: None,
    };
    monitor.view.mark_changed();
    monitor.resize();
    monitor.live().await
}

/// All that the loop holds.
struct Monitor<S, I, O> {
    model: Model,
    board: Board,
    tally: Tally,
    view: watch::Receiver<ClusterView>,
    driver: Driver,
    input: I,
    outside: O,
    easel: Easel<S>,
    clock: Clock,
    /// Set when the program is to be suspended: with or without the rest of its job.
    stands_still: Option<Job>,
    ended: Option<Ended>,
}

/// Who is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Alone,
    Whole,
}

impl<S, I, O> Monitor<S, I, O>
where
    S: Screen,
    I: Stream<Item = io::Result<Event>> + Unpin,
    O: Stream<Item = Outside> + Unpin,
{
    async fn live(mut self) -> Ended {
        loop {
            let redraw = self.model.take_redraw();
            self.easel.plan(redraw, self.model.counts_down());
            self.easel.draw_if_due(&mut self.model);
            let happening = self.next().await;
            self.handle(happening);
            if let Some(job) = self.stands_still.take() {
                self.suspend(job).await;
            }
            if let Some(ended) = self.ended.take() {
                return ended;
            }
        }
    }

    async fn next(&mut self) -> Happening {
        let asleep = self.clock.now();
        let wake = next_wake(&self.model, asleep).min(self.easel.next_frame()).max(asleep);
        let happening = self.wait(wake).await;
        if self.clock.now() > wake + self.easel.real(LATE) {
            self.tell(Msg::StoodStill { since: asleep });
        }
        happening
    }

    async fn suspend(&mut self, job: Job) {
        let since = self.clock.now();
        self.easel.screen.suspend(job == Job::Whole).await;
        self.tell(Msg::StoodStill { since });
        // The window may have become another one meanwhile.
        self.resize();
    }

    async fn wait(&mut self, wake: Moment) -> Happening {
        tokio::select! {
            event = self.input.next() => Happening::Input(event),
            msg = self.driver.next() => Happening::Answer(msg),
            () = self.board.changed() => Happening::Board,
            () = self.tally.changed() => Happening::Read,
            Ok(()) = self.view.changed() => Happening::View,
            () = self.clock.sleep_until(wake) => Happening::Time,
            () = self.easel.screen.freed(), if !self.easel.screen.is_free() => Happening::Freed,
            outside = self.outside.next() => Happening::Outside(outside),
        }
    }

    fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Input(Some(Ok(event))) => self.input(&event),
            // A terminal that is gone, or that can no longer be read, ends the program as a signal does.
            Happening::Input(_) => self.ended = Some(self.leave()),
            Happening::Outside(outside) => self.obey(outside.unwrap_or(Outside::End)),
            Happening::Answer(msg) => self.tell(msg),
            Happening::Board => self.read_board(),
            Happening::Read => self.tell(Msg::Delivered(self.tally.take())),
            Happening::View => {
                let view = self.view.borrow_and_update().clone();
                self.tell(Msg::Cluster(view));
            }
            Happening::Time => self.tell(Msg::Tick),
            Happening::Freed => (),
        }
    }

    fn obey(&mut self, outside: Outside) {
        match outside {
            Outside::End => self.ended = Some(self.leave()),
            Outside::Suspend => self.stands_still = Some(Job::Alone),
            Outside::Continued => {
                self.easel.screen.retake();
                self.easel.canvas.forget();
                self.resize();
            }
            Outside::Slept(span) => {
                self.easel.wall.start += span;
                self.tell(Msg::Slept(span));
            }
        }
    }

    fn tell(&mut self, msg: Msg) {
        for effect in update(&mut self.model, msg, self.clock.now()) {
            match effect {
                Effect::Quit { left } => self.ended = Some(Ended { left }),
                Effect::Suspend => self.stands_still = Some(Job::Whole),
                effect => self.driver.act(effect),
            }
        }
    }

    fn input(&mut self, event: &Event) {
        match event {
            Event::Key(key) => {
                if let Some(key) = keys::translate(*key) {
                    self.measure();
                    self.tell(Msg::Key(key));
                }
            }
            Event::Paste(text) => self.tell(Msg::Pasted(text.clone())),
            Event::Resize(..) => {
                self.easel.canvas.forget();
                self.resize();
            }
            _ => (),
        }
    }

    fn resize(&mut self) {
        let (width, height) = self.easel.screen.size();
        self.tell(Msg::Resized(ui::room(width, height)));
    }

    /// How far the open detail, or the help, can be moved depends on its width and on what it says.
    fn measure(&mut self) {
        let scene = self.easel.scene(&self.model, self.clock.now());
        if let Some(spare) = ui::spare_lines(scene, self.easel.screen.size()) {
            self.tell(Msg::Measured { spare });
        }
    }

    fn read_board(&mut self) {
        let news = self.board.drain();
        self.tell(Msg::Statuses(news.statuses));
        self.tell(Msg::Queues(news.queues));
        news.events.into_iter().for_each(|event| self.tell(Msg::Engine(event)));
        if news.events_lost > 0 {
            self.tell(Msg::EventsLost(news.events_lost));
        }
    }

    fn leave(&self) -> Ended {
        let kept = self.model.kept().map(|lease| lease.id);
        Ended { left: if self.model.is_sandbox() { Vec::new() } else { kept.collect() } }
    }
}

/// Draws when it is time to.
struct Easel<S> {
    screen: S,
    canvas: Canvas,
    clock: Clock,
    wall: Wall,
    look: Look,
    last: Option<Moment>,
    /// What the last frame cost, until its bytes were handed over.
    cost: Duration,
    due: Option<Moment>,
    /// When time alone changes what is shown: the next whole second.
    countdown: Moment,
}

impl<S: Screen> Easel<S> {
    fn new(screen: S, clock: Clock, look: Look) -> Self {
        let start: SystemTime = clock.wall(Moment::START);
        let wall = Wall { start, zone: TimeZone::system() };
        Easel {
            screen,
            canvas: Canvas::default(),
            clock,
            wall,
            look,
            last: None,
            cost: Duration::ZERO,
            due: None,
            countdown: Moment::FAR,
        }
    }

    fn scene<'a>(&'a self, model: &'a Model, now: Moment) -> Scene<'a> {
        Scene { model, now, wall: &self.wall, look: self.look }
    }

    /// A span of the wall, in the clock's time: frames do not run faster with it.
    fn real(&self, span: Duration) -> Duration {
        span * self.clock.speed()
    }

    /// Sets the time of the next frame.
    fn plan(&mut self, redraw: Redraw, counts_down: bool) {
        let now = self.clock.now();
        let wanted = match redraw {
            Redraw::No => None,
            Redraw::Soon => Some(self.last.map_or(now, |last| last + self.real(FRAME).max(self.cost * LEISURE))),
            Redraw::Now => Some(now),
            Redraw::Anew => {
                self.canvas.forget();
                Some(now)
            }
        };
        self.due = [self.due, wanted].into_iter().flatten().min();
        let second = self.real(Duration::from_secs(1)).as_nanos() as u64;
        self.countdown = match counts_down {
            true => self.countdown.min(Moment::from_nanos((now.nanos() / second + 1) * second)),
            false => Moment::FAR,
        };
    }

    /// When to draw next. A busy screen wakes the loop by itself.
    fn next_frame(&self) -> Moment {
        let next = self.countdown.min(self.due.unwrap_or(Moment::FAR));
        if self.screen.is_free() { next } else { Moment::FAR }
    }

    fn draw_if_due(&mut self, model: &mut Model) {
        let now = self.clock.now();
        let is_due = self.due.is_some_and(|due| due <= now) || self.countdown <= now;
        if !is_due || !self.screen.is_free() {
            return;
        }
        (self.due, self.last, self.countdown) = (None, Some(now), Moment::FAR);
        self.plan(Redraw::No, model.counts_down());
        arrange(model, now);
        let scene = Scene { model, now, wall: &self.wall, look: self.look };
        if let Some(frame) = self.canvas.frame(self.screen.size(), |area, buf| ui::draw(scene, area, buf)) {
            self.screen.show(frame);
        }
        self.cost = self.clock.now() - now;
    }
}
