//! Filter input, drawn above the rows while the user types: the text, the number of matches, and below it the
//! completions or the syntax error.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use tui_input::Input;

use crate::app::keymap::Action;
use crate::app::{AppState, DialogAction, FilterPreset};
use crate::escape::printable;
use crate::filter::BadFilter;
use crate::width::DisplayWidth;

use super::line::{cut, wrap};
use super::{RenderContext, Role, field};

/// What precedes the text.
const PROMPT: &str = " / ";
/// Minimum width for the number of matches after the text.
const COUNT_FROM: u16 = 24;

/// Draws the input over the first row of `area`, and the completions or the error over the rows below. Does nothing if
/// no filter is being typed.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    let Some(line) = &ctx.app.view.row_filter.line else { return };
    if area.is_empty() {
        return;
    }
    let count = counted(ctx.app);
    draw_input(ctx, &line.input, &count, area, buf);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let (candidates, chosen) = line.offered();
    if !candidates.is_empty() {
        draw_candidates(ctx, &candidates, chosen, below, buf);
    } else if let Some(bad) = &line.bad {
        draw_fault(ctx, bad, field::column(&line.input, text_room(&count, area.width), bad.at), below, buf);
    }
}

/// Draws the input of a view other than the leases over the first row of `area`. `count` says how much the filter
/// shows.
pub(super) fn draw_in_view(ctx: RenderContext<'_>, count: &str, area: Rect, buf: &mut Buffer) {
    let Some(input) = ctx.app.view.view_filter().and_then(|filter| filter.line.as_ref()) else { return };
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if !area.is_empty() {
        draw_input(ctx, input, count, area, buf);
    }
}

/// The count with blanks around it. Empty if the screen is too narrow for it.
fn padded_count(count: &str, width: u16) -> String {
    if width >= COUNT_FROM { format!(" {count} ") } else { String::new() }
}

/// The width of the text between the prompt and the count.
fn text_room(count: &str, width: u16) -> usize {
    usize::from(width).saturating_sub(PROMPT.len() + padded_count(count, width).width())
}

fn draw_input(ctx: RenderContext<'_>, input: &Input, count: &str, area: Rect, buf: &mut Buffer) {
    let room = text_room(count, area.width);
    let theme = ctx.theme;
    let mut spans = vec![Span::styled(PROMPT, theme.style(Role::Key))];
    spans.extend(field::spans(input, room, Some(theme.cursor())));
    spans.push(Span::styled(padded_count(count, area.width), theme.style(Role::Dim)));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// ` · /late`: the filter of a view other than the leases. Empty if it shows everything.
pub(super) fn of_view(app: &AppState) -> String {
    match app.view.view_filter() {
        Some(filter) if filter.is_active() => format!(" · /{}", printable(filter.text().as_bytes())),
        _ => String::new(),
    }
}

/// The completions in one line, the inserted one reversed. If they do not fit, the inserted one comes first.
fn draw_candidates(ctx: RenderContext<'_>, candidates: &[String], chosen: Option<usize>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = ctx.theme;
    let key = ctx.app.config.keymap.key_label(Action::Dialog(DialogAction::CompleteNext));
    let width = usize::from(area.width);
    let room = width.saturating_sub(key.width() + 3);
    let needed: usize = candidates.iter().map(|candidate| candidate.width() + 2).sum();
    let first = if needed > room { chosen.unwrap_or(0) } else { 0 };
    let mut spans = vec![Span::styled(format!(" {key}  "), theme.style(Role::Key))];
    for (place, candidate) in candidates.iter().enumerate().skip(first) {
        let style = if chosen == Some(place) { theme.cursor() } else { theme.style(Role::Text) };
        spans.push(Span::styled(candidate.clone(), style));
        spans.push(Span::raw("  "));
    }
    buf.set_stringn(area.x, area.y, " ".repeat(width), width, theme.style(Role::Text));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Draws a caret below a column of the text. The error is beside the caret if it fits, otherwise on the lines below.
fn draw_fault(ctx: RenderContext<'_>, bad: &BadFilter, column: usize, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let column = (PROMPT.len() + column).min(width.saturating_sub(1));
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
    format!("{} of {}", app.view.living_rows(), app.leases.living_count())
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
