//! Locks view: who holds each lock and who waits for it.
//!
//! ```text
//!        ID        WHO    STATE     LEFT              TTL  EVERY
//! /locks/nightly
//! Held by d4d4f304 for 42 s; 2 waiters; next: d4d4f30a, when d4d4f304 releases it or expires (~8 s).
//! holds  d4d4f304  other  ● ok     8.2 s  ▇▇▇▇▇▇▇▇░░  10 s  ~3.5 s
//! next   d4d4f30a  other  ● ok    19.0 s  ▇▇▇▇▇▇░░░░  30 s       -
//!        Not renewed for 41 s: looks dead; leaves the queue in 19.0 s unless renewed.
//! ```
//!
//! Only the lines around the cursor are built, so the cost does not depend on the number or length of the queues.

mod text;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::{LOCK_RECIPES, lock_display_name, lock_place, undecided_locks};
use crate::escape::printable;
use crate::inference::locks::{Candidate, LockQueue};
use crate::plural::plural;
use crate::width::DisplayWidth;

use super::columns::{self, TableColumn};
use super::format::UNKNOWN;
use super::line::{cut, wrap};
use super::{RenderContext, Role, filter_line, pane, table};

/// Width of the longest queue position and the gap after it: `released `.
const PLACE: usize = 9;

#[derive(Clone, Copy)]
enum LockListItem<'a> {
    /// The name of a lock and its summary sentence.
    Head(&'a LockQueue),
    /// A candidate and the number of candidates before it, `None` for a former holder.
    One(&'a Candidate, Option<usize>),
}

/// Draws the view. The tiny layout has one line per candidate, without title and sentences.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { area } else { frame(ctx, area, buf) };
    let list = LockList { ctx, width: usize::from(inner.width), is_tiny };
    for (y, line) in (inner.y..inner.bottom()).zip(list.page(usize::from(inner.height))) {
        buf.set_line(inner.x, y, &line, inner.width);
    }
    filter_line::draw_in_view(ctx, &counted(ctx), area, buf);
}

fn frame(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let count = format!("{}{}", counted(ctx), filter_line::of_view(ctx.app));
    pane::draw(area, &Line::styled(count, ctx.theme.style(Role::Dim)), &Line::default(), buf)
}

/// `2 locks, 3 waiters`: the queues that the filter shows.
fn counted(ctx: RenderContext<'_>) -> String {
    let shown = || ctx.app.keys.locks().queues().filter(|queue| ctx.app.view.locks_view.shows(queue));
    let waiters: u64 = shown().map(|queue| queue.wait_count() as u64).sum();
    format!("{}, {}", plural(shown().count() as u64, "lock"), plural(waiters, "waiter"))
}

struct LockList<'a> {
    ctx: RenderContext<'a>,
    width: usize,
    is_tiny: bool,
}

impl<'a> LockList<'a> {
    /// Column titles and the lines around the cursor.
    fn page(&self, height: usize) -> Vec<Line<'static>> {
        match self.cursor() {
            None => self.advice(),
            Some((queue, candidate)) if self.is_tiny => self.lines(queue, candidate, height),
            Some((queue, candidate)) => {
                let mut page = self.top(height);
                page.extend(self.lines(queue, candidate, height.saturating_sub(page.len())));
                page
            }
        }
    }

    /// Column titles, and a warning if the list may be out of date. At most half of the height, so that the cursor is seen.
    fn top(&self, height: usize) -> Vec<Line<'static>> {
        let mut top = vec![self.header()];
        if let Some(failure) = &self.ctx.app.keys.failure {
            let error = printable(failure.text.as_bytes());
            let text = format!("The lock list may be out of date: {error}");
            top.extend(self.paragraph(&text, Role::Warning, 0));
        }
        top.truncate(height / 2);
        top
    }

    fn header(&self) -> Line<'static> {
        let (columns, gap) = self.columns();
        let titles = columns.into_iter().map(|(column, width)| aligned(column, column.title, width.into(), gap));
        let text = titles.fold(format!("{:<PLACE$}", ""), |text, title| text + &title);
        Line::styled(text, self.ctx.theme.style(Role::Title))
    }

    /// The lines around the cursor. The cursor is in the middle, except near the ends of the list.
    fn lines(&self, queue: &'a LockQueue, candidate: &'a Candidate, height: usize) -> Vec<Line<'static>> {
        let place = queue.place(candidate);
        let above = self.collect_lines(self.items_above(queue, candidate), height, |lines| lines.reverse());
        let mut below = self.lines_of(LockListItem::One(candidate, place));
        below.extend(self.collect_lines(self.items_below(queue, candidate), height, |_| ()));
        let before = above.len().min((height / 2).max(height.saturating_sub(below.len())));
        let mut lines: Vec<Line<'static>> = above.into_iter().take(before).rev().collect();
        lines.extend(below);
        lines
    }

    fn cursor(&self) -> Option<(&'a LockQueue, &'a Candidate)> {
        let candidate = self.ctx.app.candidate()?;
        self.ctx.app.keys.locks().find(&candidate.key)
    }

    /// Collects the lines of consecutive items until there are enough. `arrange` puts the lines of each item in order.
    fn collect_lines(
        &self,
        items: impl Iterator<Item = LockListItem<'a>>,
        enough: usize,
        arrange: impl Fn(&mut Vec<Line<'static>>),
    ) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for item in items {
            if lines.len() >= enough {
                break;
            }
            let mut more = self.lines_of(item);
            arrange(&mut more);
            lines.append(&mut more);
        }
        lines
    }

    /// Items from the cursor upwards.
    fn items_above(&self, queue: &'a LockQueue, candidate: &'a Candidate) -> impl Iterator<Item = LockListItem<'a>> {
        let ahead = queue.ahead_of(candidate);
        let here = ahead.map(|(one, place)| LockListItem::One(one, place)).chain([LockListItem::Head(queue)]);
        let before = self.ctx.app.keys.locks().before(queue).rev();
        let others = before.filter(|queue| self.shows(queue)).flat_map(|queue| {
            let line = queue.numbered().rev();
            line.map(|(one, place)| LockListItem::One(one, place)).chain([LockListItem::Head(queue)])
        });
        here.chain(others)
    }

    /// Items from the cursor downwards.
    fn items_below(&self, queue: &'a LockQueue, candidate: &'a Candidate) -> impl Iterator<Item = LockListItem<'a>> {
        let here = queue.behind(candidate).map(|(one, place)| LockListItem::One(one, place));
        let after = self.ctx.app.keys.locks().after(queue);
        let others = after.filter(|queue| self.shows(queue)).flat_map(|queue| {
            let line = queue.numbered().map(|(one, place)| LockListItem::One(one, place));
            [LockListItem::Head(queue)].into_iter().chain(line)
        });
        here.chain(others)
    }

    fn shows(&self, queue: &LockQueue) -> bool {
        self.ctx.app.view.locks_view.shows(queue)
    }

    fn lines_of(&self, item: LockListItem<'a>) -> Vec<Line<'static>> {
        match item {
            LockListItem::Head(queue) => self.head(queue),
            LockListItem::One(candidate, _) if self.is_tiny => vec![self.tiny(candidate)],
            LockListItem::One(candidate, place) => self.one(candidate, place),
        }
    }

    /// A blank line between queues, the name and the summary sentence.
    fn head(&self, queue: &LockQueue) -> Vec<Line<'static>> {
        let name = cut(&lock_display_name(queue), self.width);
        let name = Line::styled(name, self.ctx.theme.style(Role::Title));
        if self.is_tiny {
            return vec![name];
        }
        let is_first = !self.ctx.app.keys.locks().before(queue).any(|queue| self.shows(queue));
        let mut lines: Vec<Line<'static>> = if is_first { Vec::new() } else { vec![Line::default()] };
        lines.push(name);
        lines.extend(self.paragraph(&text::sentence(self.ctx, queue, self.has_long_ids()), Role::Text, 0));
        lines
    }

    /// The row of a candidate, and a note if it has a problem or seems to have released the lock.
    fn one(&self, candidate: &Candidate, place: Option<usize>) -> Vec<Line<'static>> {
        let Some((queue, _)) = self.ctx.app.keys.locks().find(&candidate.key) else { return Vec::new() };
        let mut lines = vec![self.row(candidate, lock_place(queue, place))];
        if let Some((text, role)) = text::note(self.ctx, queue, candidate) {
            lines.extend(self.paragraph(&text, role, PLACE.min(self.width / 2)));
        }
        lines
    }

    fn row(&self, candidate: &Candidate, place: String) -> Line<'static> {
        let style = |role| self.ctx.theme.style(role);
        let mut spans = vec![Span::styled(format!("{place:<PLACE$}"), style(Role::Title))];
        spans.extend(self.cells(candidate).into_iter().map(|(text, role)| Span::styled(text, style(role))));
        self.marked(Line::from(spans), candidate)
    }

    /// Cells of the candidate's lease, padded to the column widths. A missing lease has only an id.
    fn cells(&self, candidate: &Candidate) -> Vec<(String, Role)> {
        let lease = self.ctx.app.leases.get(candidate.lease);
        let (columns, gap) = self.columns();
        let cell = |(column, width): (&'static TableColumn, u16)| {
            let width = usize::from(width);
            let cell: columns::Cell = match lease {
                Some(lease) => columns::cell(column, table::row(self.ctx, lease), width),
                None => (text::unknown(self.ctx.app.view.id_format, column, candidate.lease, width), Role::Dim).into(),
            };
            if cell.track.is_empty() {
                return [(aligned(column, &cell.text, width, gap), cell.role), (String::new(), Role::Text)];
            }
            [(cell.text, cell.role), (cell.track + &" ".repeat(gap.into()), Role::Border)]
        };
        columns.into_iter().flat_map(cell).collect()
    }

    fn columns(&self) -> columns::ColumnWidths {
        columns::of_locks(self.width.saturating_sub(PLACE) as u16, self.ctx.app.view.id_format)
    }

    fn has_long_ids(&self) -> bool {
        self.columns().0.first().is_some_and(|(_, width)| usize::from(*width) >= self.ctx.app.view.id_format.width())
    }

    /// `d4d4f304   8.2 s ● ok`
    fn tiny(&self, candidate: &Candidate) -> Line<'static> {
        let lease = self.ctx.app.leases.get(candidate.lease);
        let text = match lease {
            Some(lease) => table::one_line(table::row(self.ctx, lease), self.width as u16),
            None => format!("{} {UNKNOWN}", self.ctx.app.view.id_format.short(candidate.lease)),
        };
        self.marked(Line::styled(text, self.ctx.theme.style(Role::Text)), candidate)
    }

    /// Reverses the line under the cursor as a whole.
    fn marked(&self, mut line: Line<'static>, candidate: &Candidate) -> Line<'static> {
        if self.ctx.app.candidate() == Some(candidate) {
            line.push_span(" ".repeat(self.width.saturating_sub(line.width())));
            line.spans.iter_mut().for_each(|span| span.style = self.ctx.theme.cursor());
            line.style = self.ctx.theme.cursor();
        }
        line
    }

    fn paragraph(&self, text: &str, role: Role, indent: usize) -> Vec<Line<'static>> {
        let lines = wrap(text, self.width.saturating_sub(indent).max(1));
        let style = self.ctx.theme.style(role);
        lines.into_iter().map(|line| Line::styled(" ".repeat(indent) + &line, style)).collect()
    }

    /// Message for an empty list.
    fn advice(&self) -> Vec<Line<'static>> {
        let app = self.ctx.app;
        if app.view.is_filtered() && app.keys.locks().queues().next().is_some() {
            return self.paragraph("No lock matches the filter.", Role::Dim, 0);
        }
        let prefix = app.config.range.as_prefix().map(printable);
        let index = app.keys.index();
        let is_loaded = index.is_read() || index.is_by_lease();
        let (text, role) = match (&app.keys.failure, is_loaded, prefix) {
            (Some(failure), ..) => (format!("No lock is known: {}", printable(failure.text.as_bytes())), Role::Warning),
            (_, false, _) => ("The keys are not loaded yet.".to_owned(), Role::Dim),
            (_, _, Some(prefix)) => {
                (format!("No locks or elections under the prefix {prefix}. leasetop recognises:"), Role::Dim)
            }
            _ if !app.keys.are_all_known() => {
                ("No lock or election is known yet: the keys of some leases are not known.".to_owned(), Role::Dim)
            }
            _ => ("No locks or elections. leasetop recognises:".to_owned(), Role::Dim),
        };
        let mut lines = self.paragraph(&text, role, 0);
        if app.keys.failure.is_none() && is_loaded {
            let recipes = LOCK_RECIPES.iter().map(|recipe| format!("- {recipe}"));
            lines.extend(recipes.flat_map(|recipe| self.paragraph(&recipe, Role::Dim, 0)));
            let undecided = undecided_locks(app.keys.locks()).map(|text| self.paragraph(&text, Role::Text, 0));
            lines.extend(undecided.into_iter().flat_map(|lines| [Line::default()].into_iter().chain(lines)));
        }
        lines
    }
}

/// Cuts or pads the text to the column width, with numbers at the right, and adds the gap.
fn aligned(column: &TableColumn, text: &str, width: usize, gap: u16) -> String {
    let text = cut(text, width);
    let free = " ".repeat(width.saturating_sub(text.width()));
    let text = if column.is_number { free + &text } else { text + &free };
    text + &" ".repeat(usize::from(gap))
}
