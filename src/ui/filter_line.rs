//! Filter input, drawn above the rows while the user types: the text, the number of matches, and the
//! syntax error below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::{AppState, FilterLine, FilterPreset};
use crate::escape::printable;
use crate::filter::BadFilter;
use crate::width::DisplayWidth;

use super::line::{cut, wrap};
use super::{RenderContext, Role, field};

/// Draws the input over the first row of `area` and the error over the rows below. Does nothing if no filter is being
/// typed.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    let Some(line) = &ctx.app.view.row_filter.line else { return };
    if area.is_empty() {
        return;
    }
    let count = format!(" {} ", counted(ctx.app));
    let count = if area.width >= 24 { count } else { String::new() };
    let room = usize::from(area.width).saturating_sub(3 + count.width());
    let theme = ctx.theme;
    let mut spans = vec![Span::styled(" / ", theme.style(Role::Key))];
    spans.extend(field::spans(&line.input, room, Some(theme.cursor())));
    spans.push(Span::styled(count, theme.style(Role::Dim)));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
    if let Some(bad) = &line.bad {
        draw_fault(ctx, line, bad, Rect { y: area.y + 1, height: area.height - 1, ..area }, buf);
    }
}

/// A caret below the error position and the expected token: beside the caret if it fits, otherwise on lines of its
/// own.
fn draw_fault(ctx: RenderContext<'_>, line: &FilterLine, bad: &BadFilter, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let before: String = line.input.value().chars().take(bad.at).collect();
    let column = (3 + printable(before.as_bytes()).width()).min(width.saturating_sub(1));
    let caret = format!("{}^", " ".repeat(column));
    let rows = if caret.width() + 1 + bad.expected.width() <= width {
        vec![format!("{caret} {}", bad.expected)]
    } else {
        [vec![caret], wrap(&bad.to_string(), width)].concat()
    };
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        let text = format!("{:<width$}", cut(&row, width));
        buf.set_stringn(area.x, y, text, width, ctx.theme.style(Role::Warning));
    }
}

/// `12 of 300`: leases that match the filter.
pub(super) fn counted(app: &AppState) -> String {
    format!("{} of {}", app.view.order().len(), app.leases.len())
}

/// The active filter in `room` columns: `own · /left<5s`. Empty if every lease is shown.
pub(super) fn in_words(app: &AppState, room: usize) -> String {
    let row_filter = &app.view.row_filter;
    let mut parts = Vec::new();
    if row_filter.preset != FilterPreset::All {
        parts.push(row_filter.preset.name().to_owned());
    }
    if !row_filter.typed.text().is_empty() {
        parts.push(format!("/{}", printable(row_filter.typed.text().as_bytes())));
    }
    cut(&parts.join(" · "), room)
}
