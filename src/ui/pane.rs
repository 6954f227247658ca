//! A pane: a title in its first line and the content below, with a blank column at either side. Panes have no boxes;
//! the layout draws one line between them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Minimum width for a blank column at either side.
const PADDED_WIDTH: u16 = 30;
/// Minimum number of columns between the title and the text at the right.
const GAP: usize = 2;

/// The area below the title.
pub(super) fn inner(area: Rect) -> Rect {
    let below = padded(area);
    Rect { y: below.y + below.height.min(1), height: below.height.saturating_sub(1), ..below }
}

/// Draws the title, with `right` at its end if both fit, and returns the area below.
pub(super) fn draw(area: Rect, title: &Line<'_>, right: &Line<'_>, buf: &mut Buffer) -> Rect {
    if !area.is_empty() {
        draw_title(padded(area), title, right, buf);
    }
    inner(area)
}

/// Draws the title in the first line of `area`, with `right` at its end if both fit.
pub(super) fn draw_title(area: Rect, title: &Line<'_>, right: &Line<'_>, buf: &mut Buffer) {
    buf.set_line(area.x, area.y, title, area.width);
    let width = right.width() as u16;
    if title.width() + GAP + right.width() <= usize::from(area.width) {
        buf.set_line(area.right() - width, area.y, right, width);
    }
}

fn padded(area: Rect) -> Rect {
    if area.width < PADDED_WIDTH {
        return area;
    }
    Rect { x: area.x + 1, width: area.width - 2, ..area }
}
