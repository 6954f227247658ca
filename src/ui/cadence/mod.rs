//! Cadence view: whether the renewal interval is the same for every TTL, for the leases of all clients.
//!
//! ```text
//!  answer.rs    Is the renewal interval the same for every TTL?   NO: it is TTL/3, sent at the next 500 ms tick.
//!  clock.rs        10 s own    ┃ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵ ╵┃   3.50 s    35 %     0
//!  scatter.rs   100 % ┤                        table.rs   TTL    LEASES   MEAN    MIN    MAX    P99   EXPECTED
//!                33 % ┤┄●┄┄••┄┄┄•┄┄                       10 s     1+34  3.50 s ...
//!  queues.rs       10 s  ▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰ 16/16  ✖ FULL: 12 responses dropped   first drop after 56 s
//! ```
//!
//! The lines are built once and scroll as a whole. The clock and the table show the same rows.

mod answer;
mod clock;
mod queues;
mod scatter;
mod table;

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::cadence::{CadenceIndex, CadenceReport, CohortKey};
use crate::app::{CadenceCursor, View};
use crate::plural::plural;

use super::layout::{self, PanelAreas, ViewMode};
use super::line::wrap;
use super::{RenderContext, Role, events_panel, filter_line, pane};

/// Minimum width for the scatter plot beside the table.
const SIDE_BY_SIDE: usize = 110;
/// Lines around the rows of the clock and the table.
const AROUND_ROWS: usize = 9;
/// Rows that the clock and the table show even if the view then has to scroll.
const LEAST_ROWS: usize = 3;

/// A line of the view, and the row that a click on it selects.
struct ViewLine {
    line: Line<'static>,
    cohort: Option<CohortKey>,
}

impl From<Line<'static>> for ViewLine {
    fn from(line: Line<'static>) -> Self {
        ViewLine { line, cohort: None }
    }
}

/// What the parts of the view need.
struct Page<'a> {
    ctx: &'a RenderContext<'a>,
    width: usize,
    height: usize,
    index: &'a CadenceIndex,
    report: CadenceReport,
    /// All cohorts.
    rows: Vec<CohortKey>,
    /// The rows that fit, around the cursor.
    window: Range<usize>,
}

impl<'a> Page<'a> {
    fn new(ctx: &'a RenderContext<'a>, area: Rect) -> Self {
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        let index = &ctx.app.leases.cadence_index;
        let rows = ctx.app.view.cadence_cursor.rows(index);
        // The clock and the table have the same rows.
        let room = (height.saturating_sub(AROUND_ROWS) / 2).clamp(LEAST_ROWS, CadenceCursor::MOST_ROWS);
        let top = (ctx.app.view.cadence_cursor.row() + 1).saturating_sub(room);
        let window = top.min(rows.len())..(top + room).min(rows.len());
        Page { ctx, width, height, index, report: ctx.app.leases.cadence_report(ctx.app.config.pace), rows, window }
    }

    fn style(&self, role: Role) -> Style {
        self.ctx.theme.style(role)
    }

    fn shown(&self) -> &[CohortKey] {
        &self.rows[self.window.clone()]
    }

    /// Text in as many lines as it needs.
    fn wrapped(&self, role: Role, text: &str) -> Vec<ViewLine> {
        let lines = wrap(text, self.width.max(1)).into_iter();
        lines.map(|line| Line::styled(line, self.style(role)).into()).collect()
    }

    /// The line of a cohort, highlighted if it is selected.
    fn row(&self, key: CohortKey, line: Line<'static>) -> ViewLine {
        let is_selected = self.ctx.app.view.cadence_cursor.selected() == Some(key);
        let line = if is_selected { line.patch_style(self.ctx.theme.selected_row()) } else { line };
        ViewLine { line, cohort: Some(key) }
    }
}

/// Draws the view from the current scroll offset. The tiny layout has no frame; its first line shows the selected
/// lease.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { events_panel::head(ctx, area, buf) } else { pane::inner(area) };
    let lines = lines(&ctx, inner);
    let spare = lines.len().saturating_sub(usize::from(inner.height));
    let skipped = ctx.app.view.scroll.min(spare);
    if !is_tiny {
        frame(ctx, area, spare - skipped, buf);
    }
    for (y, line) in (inner.y..inner.bottom()).zip(&lines[skipped..]) {
        buf.set_line(inner.x, y, &line.line, inner.width);
    }
    filter_line::draw_in_view(ctx, "", area, buf);
}

/// Number of lines that do not fit on a screen of this size, or `None` if another view is shown.
pub(super) fn spare_lines(ctx: RenderContext<'_>, (width, height): (u16, u16)) -> Option<usize> {
    let shown = ViewMode::of(ctx.app);
    if shown.view != View::Cadence {
        return None;
    }
    let inner = inner(layout::places(Rect::new(0, 0, width, height), shown));
    Some(lines(&ctx, inner).len().saturating_sub(usize::from(inner.height)))
}

/// The row at a position on the screen.
pub(super) fn hit(ctx: RenderContext<'_>, places: PanelAreas, (x, y): (u16, u16)) -> Option<CohortKey> {
    let inner = inner(places);
    if !inner.contains(Position { x, y }) {
        return None;
    }
    let lines = lines(&ctx, inner);
    let skipped = ctx.app.view.scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    lines.get(usize::from(y - inner.y) + skipped)?.cohort
}

fn inner(places: PanelAreas) -> Rect {
    let area = places.cadence;
    if places.is_tiny {
        return Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    }
    pane::inner(area)
}

fn frame(ctx: RenderContext<'_>, area: Rect, below: usize, buf: &mut Buffer) {
    let more = if below > 0 { format!("{} more below", plural(below, "line")) } else { String::new() };
    let title = Line::from(vec![
        Span::styled("Renewal intervals", ctx.theme.style(Role::Title)),
        Span::styled(filter_line::of_view(ctx.app), ctx.theme.style(Role::Dim)),
    ]);
    pane::draw(area, &title, &Line::styled(more, ctx.theme.style(Role::Dim)), buf);
}

/// All lines of the view.
fn lines(ctx: &RenderContext<'_>, area: Rect) -> Vec<ViewLine> {
    let page = Page::new(ctx, area);
    if page.rows.is_empty() {
        return answer::without_rows(&page);
    }
    let blank = || ViewLine::from(Line::default());
    let mut lines = answer::headline(&page);
    lines.push(blank());
    lines.extend(clock::lines(&page));
    lines.push(blank());
    let mut below: Vec<ViewLine> = Vec::new();
    let queues = queues::lines(&page);
    if !queues.is_empty() {
        below.push(blank());
        below.extend(queues);
    }
    below.extend(answer::footnotes(&page));
    // The scatter plot takes the lines that the other parts leave.
    let free = page.height.saturating_sub(lines.len() + below.len());
    if page.width >= SIDE_BY_SIDE {
        let table = table::lines(&page, table::WIDTH);
        let scatter = scatter::lines(&page, page.width - table::WIDTH - 3, free);
        lines.extend(beside(scatter, table, page.width - table::WIDTH));
    } else {
        let table = table::lines(&page, page.width);
        let free = free.saturating_sub(table.len() + 1);
        lines.extend(table);
        lines.push(blank());
        lines.extend(scatter::lines(&page, page.width, free).into_iter().map(ViewLine::from));
    }
    lines.extend(below);
    lines
}

/// Two blocks next to each other. The second one starts at `indent`.
fn beside(left: Vec<Line<'static>>, right: Vec<ViewLine>, indent: usize) -> Vec<ViewLine> {
    let height = left.len().max(right.len());
    let mut left = left.into_iter();
    let mut right = right.into_iter();
    let join = |_| {
        let mut line = left.next().unwrap_or_default();
        let other = right.next();
        line.push_span(Span::raw(" ".repeat(indent.saturating_sub(line.width()))));
        let cohort = other.as_ref().and_then(|other| other.cohort);
        if let Some(ViewLine { line: other, .. }) = other {
            let style = other.style;
            line.spans.extend(other.spans.into_iter().map(|span| span.patch_style(style)));
        }
        ViewLine { line, cohort }
    };
    (0..height).map(join).collect()
}

/// A number of seconds in words for axes: `30 s`, `2 min`, `1 h`, `1 d`.
fn words(seconds: u64) -> String {
    match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s >= 3_600 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s >= 60 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}
