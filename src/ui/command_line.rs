//! The command line on the last row of the screen: the text, the arguments of the command, and above it the words that
//! fit or the error.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use crate::app::DialogAction;
use crate::app::command_line::{BadCommand, Candidate};
use crate::app::dialog::CommandLine;
use crate::app::keymap::Action;
use crate::escape::printable;
use crate::width::DisplayWidth;

use super::line::{cut, wrap};
use super::{RenderContext, Role, field};

/// Maximum number of candidates shown at once.
const MOST_CANDIDATES: usize = 8;
/// What precedes the text.
const PROMPT: &str = " :";

/// Draws the command line over the last rows of `area`.
pub(super) fn draw(ctx: RenderContext<'_>, line: &CommandLine, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let row = Rect { y: area.bottom() - 1, height: 1, ..area };
    let above = Rect { height: area.height - 1, ..area };
    let hint = hint(ctx, line, row.width);
    let room = usize::from(row.width).saturating_sub(PROMPT.len() + hint.width());
    draw_input(ctx, line, (hint, room), row, buf);
    match &line.bad {
        Some(bad) => draw_fault(ctx, bad, field::column(&line.input, room, bad.at), above, buf),
        None => draw_candidates(ctx, line.candidates(), above, buf),
    }
}

/// The arguments of the command, or the key that completes it. Empty if it does not fit beside the text.
fn hint(ctx: RenderContext<'_>, line: &CommandLine, width: u16) -> String {
    let hint = match line.usage() {
        Some(usage) => format!(" {usage} "),
        None => {
            let key = ctx.app.config.keymap.key_label(Action::Dialog(DialogAction::CompleteNext));
            format!(" {key} completes ")
        }
    };
    // The text needs room more than the hint does.
    // Two columns are for the caret at its end and a blank.
    let needed = PROMPT.len() + line.input.value().width() + 2;
    if needed + hint.width() <= usize::from(width) { hint } else { String::new() }
}

/// Draws the text in `room` columns, and the hint right of it.
fn draw_input(ctx: RenderContext<'_>, line: &CommandLine, (hint, room): (String, usize), row: Rect, buf: &mut Buffer) {
    let theme = ctx.theme;
    let mut spans = vec![Span::styled(PROMPT, theme.style(Role::Key))];
    spans.extend(field::spans(&line.input, room, Some(theme.cursor())));
    spans.push(Span::styled(hint, theme.style(Role::Dim)));
    Clear.render(row, buf);
    buf.set_line(row.x, row.y, &Line::from(spans), row.width);
}

/// The rows above the command line, at most `count` of them.
fn rows_above(area: Rect, count: usize) -> Rect {
    let height = u16::try_from(count).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.bottom() - height, height, ..area }
}

/// Draws a caret above a column of the text. The error is beside the caret if it fits, otherwise on the lines above.
fn draw_fault(ctx: RenderContext<'_>, bad: &BadCommand, column: usize, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let column = (PROMPT.len() + column).min(width.saturating_sub(1));
    let caret = format!("{}v", " ".repeat(column));
    let text = printable(bad.to_string().as_bytes());
    let rows = if caret.width() + 1 + text.width() <= width {
        vec![format!("{caret} {text}")]
    } else {
        let mut rows: Vec<String> = wrap(&text, width.saturating_sub(1)).iter().map(|row| format!(" {row}")).collect();
        rows.push(caret);
        rows
    };
    let area = rows_above(area, rows.len());
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        let text = format!("{:<width$}", cut(&row, width));
        buf.set_stringn(area.x, y, text, width, ctx.theme.style(Role::Warning));
    }
}

/// Draws the candidates, the selected one reversed. If not all fit, those around the selected one.
fn draw_candidates(ctx: RenderContext<'_>, shown: (&[Candidate], Option<usize>), area: Rect, buf: &mut Buffer) {
    let (candidates, chosen) = shown;
    let area = rows_above(area, candidates.len().min(MOST_CANDIDATES));
    let rows = usize::from(area.height);
    if rows == 0 {
        return;
    }
    let first = chosen.map_or(0, |place| (place + 1).saturating_sub(rows));
    let rest = candidates.len() - (first + rows).min(candidates.len());
    let name_width = candidates.iter().map(|candidate| printable(candidate.text.as_bytes()).width()).max().unwrap_or(0);
    let width = usize::from(area.width);
    Clear.render(area, buf);
    for (place, (y, candidate)) in (first..).zip((area.y..area.bottom()).zip(&candidates[first..])) {
        let name = printable(candidate.text.as_bytes());
        let gap = " ".repeat(name_width - name.width());
        let is_last = y + 1 == area.bottom() && rest > 0;
        let more = if is_last { format!("  ({rest} more)") } else { String::new() };
        let help = format!("  {}{more}", printable(candidate.help.as_bytes()));
        let style = if chosen == Some(place) { ctx.theme.cursor() } else { ctx.theme.style(Role::Key) };
        let dim = if chosen == Some(place) { ctx.theme.cursor() } else { ctx.theme.style(Role::Dim) };
        let mut line = Line::from(vec![
            Span::styled(format!("  {name}{gap}"), style),
            Span::styled(cut(&help, width.saturating_sub(name_width + 2)), dim),
        ]);
        let used = line.width();
        line.spans.push(Span::styled(" ".repeat(width.saturating_sub(used)), Style::default()));
        buf.set_line(area.x, y, &line, area.width);
    }
}
