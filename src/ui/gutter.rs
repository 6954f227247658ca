//! The gutter at the left of the rows: a bar beside the selected row, then one sign per row.
//!
//! | sign | row |
//! |---|---|
//! | `!` | could not be revoked |
//! | `◆` | marked |
//! | `◇` | in the range that is being marked |
//! | `★` | own, or adopted |
//! | `↑` | pinned |
//!
//! The sign that matters most for the next action comes first. Own rows are bold as well.

use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{AppState, Lease, Ownership, Selection, SelectionMark};

use super::{RenderContext, Role};

/// Minimum width for tiny rows with a short id and aligned columns.
pub(super) const ALIGNED_WIDTH: u16 = 27;
/// Width of a short id.
const SHORT_ID: u16 = 8;
/// Digits of the id in narrower rows.
pub(super) const LAST_DIGITS: usize = 4;
/// From this width on a blank separates the signs from the rows.
const SPACIOUS: u16 = 60;

type Sign = (&'static str, Role);

/// The part of the rows beside the gutter.
pub(super) fn beside(rows: Rect) -> Rect {
    let width = if rows.width >= SPACIOUS { 3 } else { 2 }.min(rows.width);
    Rect { x: rows.x + width, width: rows.width - width, ..rows }
}

/// Draws the gutter. In the tiny layout, which has none, the marks and pins follow the id.
pub(super) fn draw(ctx: RenderContext<'_>, marks: &Selection, rows: Rect, is_tiny: bool, buf: &mut Buffer) {
    if rows.is_empty() {
        return;
    }
    let range = range_lines(ctx.app, marks);
    let x = if is_tiny { after_id(rows) } else { rows.x + 1 };
    for ((line, y), lease) in lines(rows, is_tiny).enumerate().zip(ctx.app.visible()) {
        // A pinned row is at the top anyway, so the star of an own one matters more.
        let own = if is_tiny { None } else { own(lease) };
        let sign = mark(marks, range.contains(&line), lease).or(own).or(pin(lease));
        if let Some((sign, role)) = sign.filter(|_| x < rows.right()) {
            buf.set_stringn(x, y, sign, 1, ctx.theme.style(role));
        }
        if !is_tiny && Some(lease.id) == ctx.app.view.cursor {
            let bar = if ctx.theme.is_ascii { ">" } else { "▌" };
            buf.set_stringn(rows.x, y, bar, 1, ctx.theme.style(Role::Key));
        }
    }
}

/// Highlights the rows that the range in progress would mark now: the living leases between its ends.
pub(super) fn highlight_range(ctx: RenderContext<'_>, marks: &Selection, rows: Rect, is_tiny: bool, buf: &mut Buffer) {
    let range = range_lines(ctx.app, marks);
    for ((line, y), lease) in lines(rows, is_tiny).enumerate().zip(ctx.app.visible()) {
        if lease.end.is_none() && range.contains(&line) {
            buf.set_style(Rect { y, height: 1, ..rows }, ctx.theme.selected_row());
        }
    }
}

/// The blank column after the id of a tiny row, which can take a sign.
fn after_id(rows: Rect) -> u16 {
    rows.x + if rows.width >= ALIGNED_WIDTH { SHORT_ID } else { LAST_DIGITS as u16 }
}

/// The lines of the rows, without the column titles.
fn lines(rows: Rect, is_tiny: bool) -> std::ops::Range<u16> {
    rows.y + u16::from(!is_tiny)..rows.bottom()
}

/// The lines of the range in progress, counted from the first visible one. Empty if there is no range or all of it is above.
fn range_lines(app: &AppState, marks: &Selection) -> RangeInclusive<usize> {
    let rows = marks.range().zip(app.view.cursor).and_then(|(first, last)| app.view.rows_between(first, last));
    let top = app.view.window.top;
    match rows {
        Some(rows) if *rows.end() >= top => rows.start().saturating_sub(top)..=rows.end() - top,
        _ => RangeInclusive::new(1, 0),
    }
}

fn mark(marks: &Selection, is_in_range: bool, lease: &Lease) -> Option<Sign> {
    match marks.of(lease.id) {
        Some(SelectionMark::Failed) => Some(("!", Role::Danger)),
        Some(SelectionMark::Plain) => Some(("◆", Role::Key)),
        None if is_in_range && lease.end.is_none() => Some(("◇", Role::Key)),
        None => None,
    }
}

fn pin(lease: &Lease) -> Option<Sign> {
    lease.is_pinned.then_some(("↑", Role::Key))
}

fn own(lease: &Lease) -> Option<Sign> {
    let is_own = lease.ownership != Ownership::Other && lease.end.is_none();
    is_own.then_some(("★", Role::Key))
}
