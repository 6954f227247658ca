//! Marks to the left of the rows and pins to the right. They go on the frame or its padding, so no column moves.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{AppState, Selection, SelectionMark};
use etcd_lease::LeaseId;

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
    let range = range(ctx.app, marks);
    let x = if is_tiny { behind_id(rows) } else { rows.x - 1 };
    for (y, lease) in lines(rows, is_tiny).zip(ctx.app.visible()) {
        if let Some((sign, role)) = sign(marks, range, lease.id).filter(|_| x < rows.right()) {
            buf.set_string(x, y, sign, ctx.theme.style(role));
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

/// The rows that the range in progress would mark now.
fn range<'a>(app: &'a AppState, marks: &Selection) -> &'a [LeaseId] {
    let rows = marks.range().zip(app.view.cursor).and_then(|(first, last)| app.view.rows_between(first, last));
    rows.unwrap_or_default()
}

fn sign(marks: &Selection, range: &[LeaseId], id: LeaseId) -> Option<(&'static str, Role)> {
    match marks.of(id) {
        Some(SelectionMark::Failed) => Some(("!", Role::Danger)),
        Some(SelectionMark::Plain) => Some(("◆", Role::Key)),
        None => range.contains(&id).then_some(("◇", Role::Key)),
    }
}
