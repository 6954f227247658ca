//! Decides when to draw a frame.

use std::mem;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;

use super::Screen;
use super::frame_encoder::FrameEncoder;
use crate::app::{AppState, Redraw, refresh_rows};
use crate::ui::{self, Palette, RenderContext, Theme, WallClock};
use simkit::Clock;
use simkit::Timestamp;

/// Minimum time between frames for changed data. Key presses are drawn at once.
const FRAME: Duration = Duration::from_millis(33);
/// Minimum time between frames for changed data, as a multiple of what the last frame cost. Drawing takes at most 1/10
/// of the time: with 100,000 leases to sort, frames are less frequent.
const MIN_COST_MULTIPLE: u32 = 10;

/// A screen and the time of its next frame.
pub(super) struct FrameScheduler<S> {
    pub(super) screen: S,
    pub(super) encoder: FrameEncoder,
    clock: Clock,
    pub(super) wall: WallClock,
    theme: Theme,
    /// Bytes that are not part of a frame. They are written with the next one.
    extra_bytes: Vec<u8>,
    last: Option<Timestamp>,
    /// How long the last frame took to compute and hand over.
    cost: Duration,
    due: Option<Timestamp>,
    /// When countdowns change: the next whole second.
    countdown: Timestamp,
    /// Whether [`AppState::frame_pending`] was called, and [`AppState::frame_written`] not yet. The screen does not
    /// show this, because it may have become free meanwhile.
    pub(super) is_pending: bool,
}

impl<S: Screen> FrameScheduler<S> {
    pub(super) fn new(screen: S, clock: Clock, theme: Theme) -> Self {
        let start: SystemTime = clock.wall(Timestamp::START);
        let wall = WallClock { start, zone: TimeZone::system() };
        FrameScheduler {
            screen,
            encoder: FrameEncoder::default(),
            clock,
            wall,
            theme,
            extra_bytes: Vec::new(),
            last: None,
            cost: Duration::ZERO,
            due: None,
            countdown: Timestamp::NEVER,
            is_pending: false,
        }
    }

    /// Starts again with another clock and a full redraw.
    pub(super) fn restart(&mut self, clock: Clock) {
        self.encoder.reset();
        self.wall.start = clock.wall(Timestamp::START);
        self.last = None;
        self.cost = Duration::ZERO;
        self.due = None;
        self.countdown = Timestamp::NEVER;
        self.clock = clock;
    }

    pub(super) fn render_context<'a>(&'a self, app: &'a AppState, now: Timestamp) -> RenderContext<'a> {
        RenderContext { app, now, wall: &self.wall, theme: self.theme }
    }

    /// Selects a theme and schedules a full redraw.
    pub(super) fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
        self.encoder.reset();
        self.due = Some(self.clock.now());
    }

    /// Whether a frame has been drawn.
    pub(super) fn has_drawn(&self) -> bool {
        self.last.is_some()
    }

    /// Selects a palette and schedules a frame.
    pub(super) fn set_palette(&mut self, palette: Palette) {
        self.theme.palette = palette;
        self.due = Some(self.clock.now());
    }

    /// Converts real time to the clock's time, so that the frame rate does not depend on the clock speed.
    fn clock_time(&self, span: Duration) -> Duration {
        span * self.clock.speed()
    }

    /// Schedules the next frame as `redraw` requires, and at the next whole second: the clock and countdowns change.
    pub(super) fn schedule(&mut self, redraw: Redraw) {
        let now = self.clock.now();
        let wanted = match redraw {
            Redraw::No => None,
            Redraw::Soon => {
                Some(self.last.map_or(now, |last| last + self.clock_time(FRAME).max(self.cost * MIN_COST_MULTIPLE)))
            }
            Redraw::Now => Some(now),
            Redraw::Full => {
                self.encoder.reset();
                Some(now)
            }
        };
        self.due = [self.due, wanted].into_iter().flatten().min();
        let second = self.clock_time(Duration::from_secs(1)).as_nanos() as u64;
        let next_second = Timestamp::from_nanos((now.nanos() / second + 1) * second);
        self.countdown = self.countdown.min(next_second);
    }

    /// Writes these bytes with a frame that is due now, even if nothing else changed.
    pub(super) fn append_bytes(&mut self, bytes: Vec<u8>) {
        self.extra_bytes.extend(bytes);
        self.due = Some(self.clock.now());
    }

    /// When to draw next. `NEVER` while the screen is busy: the loop wakes when it becomes free.
    pub(super) fn next_frame(&self) -> Timestamp {
        let next = self.countdown.min(self.due.unwrap_or(Timestamp::NEVER));
        if self.screen.is_free() { next } else { Timestamp::NEVER }
    }

    /// Limits the scroll offset, which depends on the width and the content of the text.
    fn clamp_scroll(&self, app: &mut AppState, now: Timestamp) {
        if app.scroll() == 0 {
            return;
        }
        if let Some(spare) = ui::spare_lines(self.render_context(app, now), self.screen.size()) {
            app.limit_scroll(spare, now);
        }
    }

    /// Draws a frame if one is due and the screen is free. `shown_at` is the time of the state, which differs from the
    /// present in a recording.
    pub(super) fn draw_if_due(&mut self, app: &mut AppState, shown_at: Timestamp) {
        let now = self.clock.now();
        let is_due = self.due.is_some_and(|due| due <= now) || self.countdown <= now;
        if !is_due || !self.screen.is_free() {
            return;
        }
        // The screen became free, and the loop has not handled that yet.
        if mem::take(&mut self.is_pending) {
            app.frame_written(shown_at);
        }
        self.due = None;
        self.last = Some(now);
        self.countdown = Timestamp::NEVER;
        self.schedule(Redraw::No);
        refresh_rows(app, shown_at);
        self.clamp_scroll(app, shown_at);
        let ctx = RenderContext { app, now: shown_at, wall: &self.wall, theme: self.theme };
        let frame = self.encoder.frame(self.screen.size(), |area, buf| ui::draw(ctx, area, buf));
        let mut bytes = mem::take(&mut self.extra_bytes);
        bytes.extend(frame.into_iter().flatten());
        if !bytes.is_empty() {
            self.screen.write_frame(bytes);
        }
        self.is_pending = !self.screen.is_free();
        if self.is_pending {
            app.frame_pending();
        }
        self.cost = self.clock.now() - now;
    }
}
