//! The selected lease in detail: tiled beside the table, or open in its place.
//!
//! A section is a function that writes lines. Where there is room the charts stand beside [`WORDS`] and [`BELOW`] below
//! both, else the charts go first: they say most in few lines.

mod events;
mod facts;
mod intervals;
mod keys;
mod loss;
mod others;
mod rhythm;
mod saw;
mod warnings;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Widget};
use unicode_width::UnicodeWidthStr;

use crate::app::Lease;

use super::layout::{self, Shown};
use super::line::wrap;
use super::table::{self, AIRY, panel};
use super::{Look, Role, Scene, theme};

/// Writes a part of the detail.
type Section = fn(&Page<'_>) -> Vec<Line<'static>>;

/// What is told in words of a lease, from top to bottom; the charts of its history have their place beside or above.
const WORDS: &[Section] = &[facts::lines, rhythm::lines, others::lines];
/// What is told below that.
const BELOW: &[Section] = &[keys::lines, events::lines];

/// The room of the names at the left.
const NAMES: usize = 10;
/// From this width on the charts stand beside the words.
const BESIDE: usize = 90;
/// Lines about the keys that go before the charts, where the detail stands beside the table: how many, and the first.
const KEYS_FIRST: usize = 2;
/// Between them.
const GAP: usize = 2;

/// A detail being written.
struct Page<'a> {
    scene: Scene<'a>,
    lease: &'a Lease,
    width: usize,
    /// How many lines can be seen at a time.
    rows: usize,
}

/// Draws it; nothing where it has no place.
pub(super) fn draw(scene: Scene<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { area } else { frame(scene, area, buf) };
    let lines = lines(scene, inner, is_tiny);
    let skipped = scene.model.scroll.min(spare(lines.len(), inner.height));
    let skipped = if scene.model.is_open { skipped } else { 0 };
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(skipped)) {
        buf.set_line(inner.x, y, line, inner.width);
    }
}

/// How many lines of the open detail there is no room for, on a screen of this size; none where it is not open.
pub(super) fn spare_lines(scene: Scene<'_>, (width, height): (u16, u16)) -> Option<usize> {
    let shown = Shown::of(scene.model);
    let places = layout::places(Rect::new(0, 0, width, height), shown);
    let inner = if places.is_tiny { places.detail } else { block(scene, places.detail).inner(places.detail) };
    shown.is_open.then(|| spare(lines(scene, inner, places.is_tiny).len(), inner.height))
}

fn spare(lines: usize, room: u16) -> usize {
    lines.saturating_sub(usize::from(room))
}

fn lines(scene: Scene<'_>, area: Rect, is_tiny: bool) -> Vec<Line<'static>> {
    let Some(lease) = scene.model.selected() else {
        return vec![Line::styled("No lease is selected.", scene.look.style(Role::Dim))];
    };
    let page = Page { scene, lease, width: usize::from(area.width), rows: usize::from(area.height) };
    let head = is_tiny.then(|| table::tiny(table::row(scene, lease), area.width).into());
    let main = if page.width >= BESIDE { page.beside() } else { page.stacked() };
    head.into_iter().chain(loss::lines(&page)).chain(warnings::lines(&page)).chain(main).chain(page.below()).collect()
}

/// The even number at or below this one, 4 at least and 10 at most: half the scale has a row of its own.
fn even(rows: usize) -> usize {
    (rows & !1).clamp(4, 10)
}

/// Two lines as one, the second from a column on.
fn join(mut left: Line<'static>, column: usize, right: Line<'static>) -> Line<'static> {
    left.push_span(Span::raw(" ".repeat(column.saturating_sub(left.width()))));
    left.spans.extend(right.spans);
    left
}

fn frame(scene: Scene<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let block = block(scene, area);
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

fn block(scene: Scene<'_>, area: Rect) -> ratatui::widgets::Block<'_> {
    let block = panel(scene.look, title(scene));
    if area.width >= AIRY / 2 { block.padding(Padding::horizontal(1)) } else { block }
}

/// ` 694d9aa8d4d4f304 ─ own ─ ● ok `
fn title(scene: Scene<'_>) -> Line<'static> {
    let look = scene.look;
    let Some(lease) = scene.model.selected() else { return Line::from(" Detail ") };
    let state = lease.state(scene.now);
    let (sign, role) = theme::state(state);
    Line::from(vec![
        Span::styled(format!(" {} ", scene.model.ids.name(lease.id)), look.style(Role::Title)),
        Span::styled(format!("─ {} ─ ", lease.who.word()), look.style(Role::Dim)),
        Span::styled(format!("{sign} {} ", state.word()), look.style(role)),
    ])
}

impl Page<'_> {
    fn write(&self, sections: &[Section]) -> Vec<Line<'static>> {
        sections.iter().flat_map(|section| section(self)).collect()
    }

    /// What stands below charts and words; what stands above them already is left out.
    fn below(&self) -> Vec<Line<'static>> {
        let lines = self.write(BELOW);
        if self.keys_first() { lines.into_iter().skip(KEYS_FIRST).collect() } else { lines }
    }

    /// Whether keys go before the charts: beside the table there is no room below them, and nothing scrolls.
    fn keys_first(&self) -> bool {
        !self.scene.model.is_open && self.width < BESIDE && keys::lines(self).len() >= KEYS_FIRST
    }

    /// The charts above the words. On a small screen they leave room for what is told of renewals.
    fn stacked(&self) -> Vec<Line<'static>> {
        const LEAST: usize = 10;
        let rows = if self.rows < LEAST { 0 } else { even(self.rows / 3) };
        let mut lines: Vec<Line> = if self.keys_first() { keys::lines(self) } else { Vec::new() };
        lines.truncate(KEYS_FIRST);
        lines.extend(saw::lines(self, rows));
        lines.extend(intervals::lines(self));
        lines.extend(rhythm::lines(self));
        lines.extend(others::lines(self));
        lines.extend(facts::lines(self));
        lines
    }

    /// The words at the left, the charts at the right: as high as the screen allows, whatever the words are.
    fn beside(&self) -> Vec<Line<'static>> {
        let width = (self.width - GAP) / 2;
        let rows = (self.rows * 2 / 3).clamp(9, 16);
        let left = Page { width, ..*self }.write(WORDS);
        let page = Page { width: self.width - GAP - width, ..*self };
        let mut charts = saw::lines(&page, even(rows - 5));
        charts.extend(intervals::lines(&page));
        if charts.is_empty() {
            return self.write(WORDS);
        }
        let height = left.len().max(charts.len()).max(rows);
        let fill = |lines: Vec<Line<'static>>| lines.into_iter().chain(std::iter::repeat_n(Line::default(), height));
        fill(left).zip(fill(charts)).take(height).map(|(left, chart)| join(left, width + GAP, chart)).collect()
    }

    /// A name at the left, and what is to be said in as many lines as it takes.
    fn say(&self, name: &str, role: Role, text: &str) -> Vec<Line<'static>> {
        let indent = NAMES.min(self.width.saturating_sub(12));
        let name: String = name.chars().take(indent).collect();
        let look = self.scene.look;
        let mut name = format!("{name:<indent$}");
        wrap(text, self.width.saturating_sub(indent).max(1))
            .into_iter()
            .map(|line| {
                let name = std::mem::replace(&mut name, " ".repeat(indent));
                Line::from(vec![Span::styled(name, look.style(Role::Dim)), Span::styled(line, look.style(role))])
            })
            .collect()
    }

    /// The columns that are left after a text.
    fn room_after(&self, text: &str) -> usize {
        self.width.saturating_sub(text.width())
    }

    fn ago(&self, at: simkit::Timestamp) -> String {
        format!("{} ago", super::number::span((self.scene.now - at).as_secs_f64()))
    }

    fn look(&self) -> Look {
        self.scene.look
    }
}
