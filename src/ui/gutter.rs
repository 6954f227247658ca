//! The gutter at the left of the rows: a bar beside the selected row, then one sign per row.
//!
//! | sign | row |
//! |---|---|
//! | `!` | could not be revoked |
//! | `◆` | marked |
//! | `◇` | in the range that is being marked |
//! | `↑` | pinned |
//! | `★` | own, or adopted |
//!
//! The sign that matters most for the next action comes first. Own rows are bold as well.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{AppState, Lease, Ownership, Selection, SelectionMark};
use etcd_lease::LeaseId;

use super::{RenderContext, Role};

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
    let range = range(ctx.app, marks);
    let x = if is_tiny { behind_id(rows) } else { rows.x + 1 };
    for (y, lease) in lines(rows, is_tiny).zip(ctx.app.visible()) {
        let sign = mark(marks, range, lease.id).or(pin(lease));
        let sign = if is_tiny { sign } else { sign.or(own(lease)) };
        if let Some((sign, role)) = sign.filter(|_| x < rows.right()) {
            buf.set_stringn(x, y, sign, 1, ctx.theme.style(role));
        }
        if !is_tiny && Some(lease.id) == ctx.app.view.cursor {
            let bar = if ctx.theme.is_ascii { ">" } else { "▌" };
            buf.set_stringn(rows.x, y, bar, 1, ctx.theme.style(Role::Key));
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

fn mark(marks: &Selection, range: &[LeaseId], id: LeaseId) -> Option<Sign> {
    match marks.of(id) {
        Some(SelectionMark::Failed) => Some(("!", Role::Danger)),
        Some(SelectionMark::Plain) => Some(("◆", Role::Key)),
        None => range.contains(&id).then_some(("◇", Role::Key)),
    }
}

fn pin(lease: &Lease) -> Option<Sign> {
    lease.is_pinned.then_some(("↑", Role::Key))
}

fn own(lease: &Lease) -> Option<Sign> {
    let is_own = lease.ownership != Ownership::Other && lease.end.is_none();
    is_own.then_some(("★", Role::Key))
}
