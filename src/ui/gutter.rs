//! Marks to the left of the rows and pins to the right. They go on the frame or its padding, so no column moves.

use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{AppState, Lease, Selection, SelectionMark};

use super::{RenderContext, Role};

/// Sign of a row pinned to the top.
const PIN: (&str, Role) = ("↑", Role::Key);

/// Draws the pins of the visible rows. In the tiny layout they follow the id, unless a mark takes that cell.
pub(super) fn draw_pins(ctx: RenderContext<'_>, rows: Rect, is_tiny: bool, buf: &mut Buffer) {
    let x = if is_tiny { behind_id(rows) } else { rows.right() };
    let (sign, role) = PIN;
    let fits = x < buf.area.right();
    let pinned = lines(rows, is_tiny).zip(ctx.app.visible()).filter(|(_, lease)| lease.is_pinned);
    for (y, _) in pinned.filter(|_| fits) {
        buf.set_string(x, y, sign, ctx.theme.style(role));
    }
}

/// Draws the marks of the visible rows. In the tiny layout they follow the id.
pub(super) fn draw(ctx: RenderContext<'_>, marks: &Selection, rows: Rect, is_tiny: bool, buf: &mut Buffer) {
    if marks.is_empty() && marks.range().is_none() || rows.is_empty() {
        return;
    }
    let range = range_lines(ctx.app, marks);
    let x = if is_tiny { behind_id(rows) } else { rows.x - 1 };
    for ((line, y), lease) in lines(rows, is_tiny).enumerate().zip(ctx.app.visible()) {
        if let Some((sign, role)) = sign(marks, range.contains(&line), lease).filter(|_| x < rows.right()) {
            buf.set_string(x, y, sign, ctx.theme.style(role));
        }
    }
}

/// Highlights the rows that the range in progress would mark now: the living leases between its ends.
pub(super) fn highlight_range(ctx: RenderContext<'_>, marks: &Selection, rows: Rect, is_tiny: bool, buf: &mut Buffer) {
    let range = range_lines(ctx.app, marks);
    for ((line, y), lease) in lines(rows, is_tiny).enumerate().zip(ctx.app.visible()) {
        if lease.end.is_none() && range.contains(&line) {
            buf.set_style(Rect { y, height: 1, ..rows }, Style::reset().patch(ctx.theme.cursor()));
        }
    }
}

/// The blank column of a tiny row that can take a sign.
fn behind_id(rows: Rect) -> u16 {
    rows.x + if rows.width >= 27 { 8 } else { 4 }
}

/// The lines of the rows, without the column titles.
fn lines(rows: Rect, is_tiny: bool) -> std::ops::Range<u16> {
    rows.y + u16::from(!is_tiny)..rows.bottom()
}

/// The visible lines that the range in progress would mark now.
fn range_lines(app: &AppState, marks: &Selection) -> RangeInclusive<usize> {
    let rows = marks.range().zip(app.view.cursor).and_then(|(first, last)| app.view.rows_between(first, last));
    let top = app.view.window.top;
    match rows {
        Some(rows) if *rows.end() >= top => rows.start().saturating_sub(top)..=rows.end() - top,
        _ => RangeInclusive::new(1, 0),
    }
}

fn sign(marks: &Selection, is_in_range: bool, lease: &Lease) -> Option<(&'static str, Role)> {
    match marks.of(lease.id) {
        Some(SelectionMark::Failed) => Some(("!", Role::Danger)),
        Some(SelectionMark::Plain) => Some(("◆", Role::Key)),
        None if is_in_range && lease.end.is_none() => Some(("◇", Role::Key)),
        None => None,
    }
}
