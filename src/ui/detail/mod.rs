//! The selected lease in detail: tiled beside the table, or open in its place.
//!
//! A section is a function that writes lines, a row of [`SECTIONS`]. Charts of [`crate::app::History`] belong between the
//! rhythm and the keys, as a section of their own.

mod events;
mod facts;
mod keys;
mod loss;
mod rhythm;

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

/// What is told of a lease, from top to bottom.
const SECTIONS: &[fn(&Page<'_>) -> Vec<Line<'static>>] =
    &[loss::lines, facts::lines, rhythm::lines, keys::lines, events::lines];

/// The room of the names at the left.
const NAMES: usize = 10;

/// A detail being written.
struct Page<'a> {
    scene: Scene<'a>,
    lease: &'a Lease,
    width: usize,
}

/// Draws it; nothing where it has no place.
pub(super) fn draw(scene: Scene<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { area } else { frame(scene, area, buf) };
    let lines = lines(scene, inner.width, is_tiny);
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
    shown.is_open.then(|| spare(lines(scene, inner.width, places.is_tiny).len(), inner.height))
}

fn spare(lines: usize, room: u16) -> usize {
    lines.saturating_sub(usize::from(room))
}

fn lines(scene: Scene<'_>, width: u16, is_tiny: bool) -> Vec<Line<'static>> {
    let Some(lease) = scene.model.selected() else {
        return vec![Line::styled("No lease is selected.", scene.look.style(Role::Dim))];
    };
    let page = Page { scene, lease, width: usize::from(width) };
    let head = is_tiny.then(|| table::tiny(table::row(scene, lease), width).into());
    head.into_iter().chain(SECTIONS.iter().flat_map(|section| section(&page))).collect()
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
        Span::styled(format!(" {} ", lease.id), look.style(Role::Title)),
        Span::styled(format!("─ {} ─ ", lease.who.word()), look.style(Role::Dim)),
        Span::styled(format!("{sign} {} ", state.word()), look.style(role)),
    ])
}

impl Page<'_> {
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

    fn ago(&self, at: crate::domain::Moment) -> String {
        format!("{} ago", super::number::span((self.scene.now - at).as_secs_f64()))
    }

    fn look(&self) -> Look {
        self.scene.look
    }
}
