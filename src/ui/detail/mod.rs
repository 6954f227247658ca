//! Detail of the selected lease: beside the table, or open in its place.
//!
//! Each section is a function that returns lines. If the panel is wide enough, the charts go to the right of
//! [`TEXT_SECTIONS`] and [`LOWER_SECTIONS`] go below both. Otherwise the charts come first, because they show the
//! most in the fewest lines.

mod availability;
mod events;
mod group;
mod intervals;
mod keepalive_loss;
mod lease_keys;
mod observed_renewals;
mod own_renewals;
mod ttl;
mod ttl_chart;
mod verdict;
mod warnings;

use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::Lease;
use crate::width::DisplayWidth;

use super::layout::{self, ViewMode};
use super::line::wrap;
use super::{RenderContext, Role, Theme, pane, table, theme};

type Section = fn(&DetailPage<'_>) -> Vec<Line<'static>>;

/// Text sections, from top to bottom. The charts go beside or above them.
const TEXT_SECTIONS: &[Section] = &[ttl::lines, own_renewals::lines, observed_renewals::lines];
/// Sections below the text and the charts.
const LOWER_SECTIONS: &[Section] = &[lease_keys::lines, availability::lines, events::lines];

/// Width of the label column.
const LABEL_WIDTH: usize = 10;
/// Minimum width for the charts beside the text.
const SIDE_BY_SIDE_WIDTH: usize = 90;
/// Number of key lines shown above the charts in the tiled detail: the count and the first key.
const KEYS_FIRST: usize = 2;
/// Columns between text and charts.
const GAP: usize = 2;
/// Columns that a text keeps beside its label.
const LEAST_TEXT: usize = 12;
/// Fewest and most lines of the charts beside the text: with a plot of 4 rows, and of 10.
const CHART_LINES: RangeInclusive<usize> = 9..=16;
/// Lines of the charts besides the plot: its axis and legend, and the intervals with two rows of bars.
const AROUND_PLOT: usize = 5;

/// Context for rendering the sections.
struct DetailPage<'a> {
    ctx: RenderContext<'a>,
    lease: &'a Lease,
    width: usize,
    /// Number of visible lines.
    rows: usize,
}

/// Draws the detail; does nothing if `area` is empty.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { area } else { pane::draw(area, &title(ctx), &Line::default(), buf) };
    let lines = lines(ctx, inner, is_tiny);
    let skipped = ctx.app.view.scroll.min(spare(lines.len(), inner.height));
    let skipped = if ctx.app.view.is_open { skipped } else { 0 };
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(skipped)) {
        buf.set_line(inner.x, y, line, inner.width);
    }
}

/// Number of lines of the open detail that do not fit on a screen of this size, or `None` if it is not open.
pub(super) fn spare_lines(ctx: RenderContext<'_>, (width, height): (u16, u16)) -> Option<usize> {
    let shown = ViewMode::of(ctx.app);
    let places = layout::places(Rect::new(0, 0, width, height), shown);
    let inner = if places.is_tiny { places.detail } else { pane::inner(places.detail) };
    shown.is_open.then(|| spare(lines(ctx, inner, places.is_tiny).len(), inner.height))
}

fn spare(lines: usize, room: u16) -> usize {
    lines.saturating_sub(usize::from(room))
}

fn lines(ctx: RenderContext<'_>, area: Rect, is_tiny: bool) -> Vec<Line<'static>> {
    let Some(lease) = ctx.app.cursor_lease() else {
        return group::lines(ctx);
    };
    let page = DetailPage { ctx, lease, width: usize::from(area.width), rows: usize::from(area.height) };
    let head = is_tiny.then(|| table::one_line(table::row(ctx, lease), area.width).into());
    let main = if page.width >= SIDE_BY_SIDE_WIDTH { page.beside() } else { page.stacked() };
    head.into_iter()
        .chain(verdict::lines(&page))
        .chain(keepalive_loss::lines(&page))
        .chain(warnings::lines(&page))
        .chain(main)
        .chain(page.below())
        .collect()
}

/// Rounds down to an even number from 4 to 10, so that the middle of the scale falls on a row boundary.
fn even(rows: usize) -> usize {
    (rows & !1).clamp(4, 10)
}

/// Joins two lines; the second starts at `column`.
fn join(mut left: Line<'static>, column: usize, right: Line<'static>) -> Line<'static> {
    left.push_span(Span::raw(" ".repeat(column.saturating_sub(left.width()))));
    left.spans.extend(right.spans);
    left
}

/// `694d9aa8d4d4f304 · own · ● ok`
fn title(ctx: RenderContext<'_>) -> Line<'static> {
    let theme = ctx.theme;
    let Some(lease) = ctx.app.cursor_lease() else { return Line::styled("Detail", theme.style(Role::Title)) };
    let state = lease.state(ctx.now);
    let (sign, role) = theme::state(state);
    Line::from(vec![
        Span::styled(ctx.app.view.id_format.name(lease.id), theme.style(Role::Title)),
        Span::styled(format!(" · {} · ", lease.ownership.word()), theme.style(Role::Dim)),
        Span::styled(format!("{sign} {}", state.word()), theme.style(role)),
    ])
}

impl DetailPage<'_> {
    fn write(&self, sections: &[Section]) -> Vec<Line<'static>> {
        sections.iter().flat_map(|section| section(self)).collect()
    }

    /// The lower sections, without the key lines already shown above the charts.
    fn below(&self) -> Vec<Line<'static>> {
        let lines = self.write(LOWER_SECTIONS);
        if self.keys_first() { lines.into_iter().skip(KEYS_FIRST).collect() } else { lines }
    }

    /// Whether key lines go above the charts. The tiled detail does not scroll, so keys below the charts would be cut
    /// off.
    fn keys_first(&self) -> bool {
        !self.ctx.app.view.is_open && self.width < SIDE_BY_SIDE_WIDTH && lease_keys::lines(self).len() >= KEYS_FIRST
    }

    /// Charts above the text. On a small screen they leave space for the renewal lines.
    fn stacked(&self) -> Vec<Line<'static>> {
        /// Minimum number of rows for a chart.
        const LEAST: usize = 10;
        let rows = if self.rows < LEAST { 0 } else { even(self.rows / 3) };
        let mut lines: Vec<Line> = if self.keys_first() { lease_keys::lines(self) } else { Vec::new() };
        lines.truncate(KEYS_FIRST);
        lines.extend(ttl_chart::lines(self, rows));
        lines.extend(intervals::lines(self));
        lines.extend(own_renewals::lines(self));
        lines.extend(observed_renewals::lines(self));
        lines.extend(ttl::lines(self));
        lines
    }

    /// Text at the left, charts at the right. The chart height depends on the screen only, so it does not change with
    /// the text.
    fn beside(&self) -> Vec<Line<'static>> {
        let width = (self.width - GAP) / 2;
        let rows = (self.rows * 2 / 3).clamp(*CHART_LINES.start(), *CHART_LINES.end());
        let left = DetailPage { width, ..*self }.write(TEXT_SECTIONS);
        let page = DetailPage { width: self.width - GAP - width, ..*self };
        let mut charts = ttl_chart::lines(&page, even(rows - AROUND_PLOT));
        charts.extend(intervals::lines(&page));
        if charts.is_empty() {
            return self.write(TEXT_SECTIONS);
        }
        let height = left.len().max(charts.len()).max(rows);
        let fill = |lines: Vec<Line<'static>>| lines.into_iter().chain(std::iter::repeat_n(Line::default(), height));
        fill(left).zip(fill(charts)).take(height).map(|(left, chart)| join(left, width + GAP, chart)).collect()
    }

    /// A label at the left and the text beside it, wrapped.
    fn labelled(&self, name: &str, role: Role, text: &str) -> Vec<Line<'static>> {
        let indent = LABEL_WIDTH.min(self.width.saturating_sub(LEAST_TEXT));
        let name: String = name.chars().take(indent).collect();
        let theme = self.ctx.theme;
        let mut name = format!("{name:<indent$}");
        wrap(text, self.width.saturating_sub(indent).max(1))
            .into_iter()
            .map(|line| {
                let name = std::mem::replace(&mut name, " ".repeat(indent));
                Line::from(vec![Span::styled(name, theme.style(Role::Dim)), Span::styled(line, theme.style(role))])
            })
            .collect()
    }

    /// Columns left after `text`.
    fn room_after(&self, text: &str) -> usize {
        self.width.saturating_sub(text.width())
    }

    fn ago(&self, at: simkit::Timestamp) -> String {
        format!("{} ago", super::format::span((self.ctx.now - at).as_secs_f64()))
    }

    fn theme(&self) -> Theme {
        self.ctx.theme
    }
}
