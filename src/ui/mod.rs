//! Rendering of the monitor: a pure function from [`AppState`] to terminal cells.
//!
//! ```text
//!  header.rs        leasetop  prod ● healthy   3 members, leader m1   etcd 3.7.3   rtt 0.7 ms           07:24:56
//!  tabs.rs         ▐1 Leases▌ 2 Cadence  3 Events  4 Locks  5 Members   filter: none   sort: LEFT ↑   ? help   : command
//!  layout.rs       ──────────────────────────────────────────────────────────────────────────────────────────────
//!  strip.rs         268 leases  1 own · 267 others   ✖ 1 at risk   renewals 41/s ▂▃▅▅▄▅▆▅▅▃▅▅▆▅
//!  table.rs         ID                WHO    STATE      LEFT              TTL        EVERY   ...
//!  columns.rs       rows 1–7 of 268 · 1 marked
//!                  ───────────────────────────────────────────────┬──────────────────────────────────────────────
//!  detail/          694d9aa8d4d4f304 · own · ● ok                 │ 3 Events
//!  events_panel.rs                                                │
//!  footer.rs        n new  a keep alive  o renew once  x revoke                               ? all keys  q quit
//! ```
//!
//! [`dialogs`](self) and the help are drawn on top. Widgets use a [`Role`], never a colour. All text from etcd passes
//! through [`printable`](crate::escape::printable) before it is drawn. To add a column, edit `columns.rs`.

mod ascii;
mod bar;
mod cadence;
mod columns;
mod command_line;
mod detail;
mod dialogs;
mod events_panel;
mod field;
mod filter_line;
mod footer;
mod format;
mod group_rows;
mod gutter;
mod header;
mod help;
mod hit;
mod layout;
mod line;
mod locks;
mod members;
mod palette;
mod pane;
mod playback;
mod strip;
mod table;
mod tabs;
mod theme;
mod tour;

use std::time::SystemTime;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use hit::hit;
pub use layout::viewport;
pub use palette::{BadTheme, CustomPalette, Palette};
pub use playback::playback_height;
pub use theme::{Role, Theme};

use layout::ViewMode;

use crate::app::{AppState, View};
use simkit::Timestamp;

/// Converts timestamps of the program's clock to the local time of day.
#[derive(Clone, Debug)]
pub struct WallClock {
    /// Wall-clock time at [`Timestamp::START`].
    pub start: SystemTime,
    /// Time zone for display.
    pub zone: TimeZone,
}

impl WallClock {
    /// The system time at a timestamp.
    fn time(&self, moment: Timestamp) -> SystemTime {
        self.start + moment.since_start()
    }

    /// The time of day at a timestamp, `10:04:31`.
    fn time_of_day(&self, moment: Timestamp) -> String {
        self.format(self.time(moment), "%H:%M:%S")
    }

    /// The time of day at a timestamp, with the day if it is not that of `now`: `2026-11-29 10:04:31`.
    fn day_and_time(&self, moment: Timestamp, now: Timestamp) -> String {
        let (day, time) = (self.date(self.time(moment)), self.time_of_day(moment));
        if day == self.date(self.time(now)) { time } else { format!("{day} {time}") }
    }

    /// The day of a time, `2026-11-29`.
    fn date(&self, time: SystemTime) -> String {
        self.format(time, "%Y-%m-%d")
    }

    fn format(&self, time: SystemTime, format: &str) -> String {
        // A certificate without an end has one that is too late for jiff (RFC 5280, 4.1.2.5).
        let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::MAX);
        time.to_zoned(self.zone.clone()).strftime(format).to_string()
    }
}

/// Input of one frame.
#[derive(Clone, Copy, Debug)]
pub struct RenderContext<'a> {
    /// The application state.
    pub app: &'a AppState,
    /// The time to render.
    pub now: Timestamp,
    /// Converter to the time of day.
    pub wall: &'a WallClock,
    /// Colours and character set.
    pub theme: Theme,
}

impl<'a> RenderContext<'a> {
    /// The context to display: the frozen snapshot if there is one.
    fn displayed(self) -> RenderContext<'a> {
        let (app, now) = self.app.displayed(self.now);
        RenderContext { app, now, ..self }
    }
}

/// Number of lines of the open help, the open detail or the cadence view that do not fit on a screen of this size, or
/// `None` if none of them is shown.
pub fn spare_lines(ctx: RenderContext<'_>, size: (u16, u16)) -> Option<usize> {
    let (width, height) = size;
    let size = (width, height - playback_height(ctx.app, height));
    let shown = ctx.displayed();
    let below = || detail::spare_lines(shown, size).or_else(|| cadence::spare_lines(shown, size));
    dialogs::spare_lines(ctx, size.1).or_else(below)
}

/// Draws the whole screen. Any size works; smaller screens show less.
pub fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    let shown = ctx.displayed();
    let (area, line) = playback::split(ctx.app, area);
    playback::draw(ctx, line, buf);
    let places = layout::places(area, ViewMode::of(shown.app));
    header::draw(ctx, places.header, buf);
    tabs::draw(ctx, places.tabs, buf);
    layout::draw_rules(ctx, places, buf);
    strip::draw(shown, places.strip, buf);
    table::draw(shown, &ctx.app.view.selection, places, buf);
    detail::draw(shown, places.detail, places.is_tiny, buf);
    match shown.app.view.active {
        View::Leases => events_panel::draw_pane(shown, places.events, buf),
        View::Cadence => cadence::draw(shown, places.cadence, places.is_tiny, buf),
        View::Locks => locks::draw(shown, places.locks, places.is_tiny, buf),
        View::Members => members::draw(shown, places.members, places.is_tiny, buf),
        View::Events => events_panel::draw_view(shown, places.events, places.is_tiny, buf),
    }
    filter_line::draw(shown, places.input(), buf);
    footer::draw(ctx, places, buf);
    tour::draw(ctx, Rect { height: area.height.saturating_sub(places.footer.height), ..area }, buf);
    dialogs::draw(ctx, area, buf);
    if ctx.theme.is_ascii {
        ascii::fold(buf);
    }
}

#[cfg(test)]
mod tests;
