//! Draws when it is time to.

use std::mem;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;

use super::Screen;
use super::canvas::Canvas;
use crate::app::{Model, Redraw, arrange};
use crate::ui::{self, Look, Scene, Wall};
use simkit::Clock;
use simkit::Timestamp;

/// Data is drawn this often at most; keys at once.
const FRAME: Duration = Duration::from_millis(33);
/// Drawing data takes at most one part in so many of the time: with 100,000 leases to sort frames come less often.
const LEISURE: u32 = 10;

/// A screen, and when it is drawn on.
pub(super) struct Easel<S> {
    pub(super) screen: S,
    pub(super) canvas: Canvas,
    clock: Clock,
    pub(super) wall: Wall,
    look: Look,
    /// Bytes that are no picture; they go with the next frame.
    aside: Vec<u8>,
    last: Option<Timestamp>,
    /// What the last frame cost, until its bytes were handed over.
    cost: Duration,
    due: Option<Timestamp>,
    /// When time alone changes what is shown: the next whole second.
    countdown: Timestamp,
}

impl<S: Screen> Easel<S> {
    pub(super) fn new(screen: S, clock: Clock, look: Look) -> Self {
        let start: SystemTime = clock.wall(Timestamp::START);
        let wall = Wall { start, zone: TimeZone::system() };
        Easel {
            screen,
            canvas: Canvas::default(),
            clock,
            wall,
            look,
            aside: Vec::new(),
            last: None,
            cost: Duration::ZERO,
            due: None,
            countdown: Timestamp::NEVER,
        }
    }

    /// Forgets all that it has drawn, and goes by another clock.
    pub(super) fn begin_anew(&mut self, clock: Clock) {
        self.canvas.forget();
        self.wall.start = clock.wall(Timestamp::START);
        (self.last, self.cost, self.due, self.countdown) = (None, Duration::ZERO, None, Timestamp::NEVER);
        self.clock = clock;
    }

    pub(super) fn scene<'a>(&'a self, model: &'a Model, now: Timestamp) -> Scene<'a> {
        Scene { model, now, wall: &self.wall, look: self.look }
    }

    /// A span of the wall, in the clock's time: frames do not run faster with it.
    fn real(&self, span: Duration) -> Duration {
        span * self.clock.speed()
    }

    /// Sets the time of the next frame.
    pub(super) fn plan(&mut self, redraw: Redraw, counts_down: bool) {
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
            true => self.countdown.min(Timestamp::from_nanos((now.nanos() / second + 1) * second)),
            false => Timestamp::NEVER,
        };
    }

    /// Has these bytes written with a frame that is due now, whether the picture changes or not.
    pub(super) fn aside(&mut self, bytes: Vec<u8>) {
        self.aside.extend(bytes);
        self.due = Some(self.clock.now());
    }

    /// When to draw next. A busy screen wakes the loop by itself.
    pub(super) fn next_frame(&self) -> Timestamp {
        let next = self.countdown.min(self.due.unwrap_or(Timestamp::NEVER));
        if self.screen.is_free() { next } else { Timestamp::NEVER }
    }

    pub(super) fn draw_if_due(&mut self, model: &mut Model) {
        let now = self.clock.now();
        let is_due = self.due.is_some_and(|due| due <= now) || self.countdown <= now;
        if !is_due || !self.screen.is_free() {
            return;
        }
        (self.due, self.last, self.countdown) = (None, Some(now), Timestamp::NEVER);
        self.plan(Redraw::No, model.counts_down());
        arrange(model, now);
        let scene = Scene { model, now, wall: &self.wall, look: self.look };
        let frame = self.canvas.frame(self.screen.size(), |area, buf| ui::draw(scene, area, buf));
        let bytes: Vec<u8> = mem::take(&mut self.aside).into_iter().chain(frame.into_iter().flatten()).collect();
        if !bytes.is_empty() {
            self.screen.show(bytes);
        }
        self.cost = self.clock.now() - now;
    }
}
