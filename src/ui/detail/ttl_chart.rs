//! Chart of the time left: it falls steadily and rises at each renewal. Events are marked on the time axis.
//!
//! ```text
//!     10 s ┤⡗⢤⡀   ⡗⢤⡀   ⡗⢤⡀    ⡗⢤
//!    3.5 s ┤┄┄⠙⠒⠦⠃┄⠙⠒⠦⠃┄⠙⠒⠤⣄⡇┄┄
//!      0 s ┼┴─────┴─────┴──▲───▢───
//!            last 24.5 s  ▲ 1 missed  ▢ 1 dropped  ┴ 3 renewals  ┄ one interval  now
//! ```
//!
//! Below the dashed line less than one interval is left: a renewal that fails there is the last one. Where renewals are
//! closer together than two columns, the lines merge into a band from the lowest to the highest time left.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Painter, Shape};

use super::{DetailPage, LABEL_WIDTH};
use crate::app::{DeadlineSegment, EventName, HistoryEntry, HistoryEvent, LeaseHistory};
use crate::ui::{Role, format, theme};
use crate::width::DisplayWidth;
use simkit::Timestamp;

/// Below this width the sawtooth cannot be recognised.
const LEAST_WIDTH: usize = 24;
/// Columns per renewal at the shortest span.
const TOOTH: usize = 8;
/// Factor between consecutive spans.
const STEP: u32 = 4;

/// Events on the axis, in ascending severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Renewed,
    Dropped,
    Missed,
    Unknown,
    Leader,
}

impl Sign {
    const ALL: [Sign; 5] = [Sign::Renewed, Sign::Dropped, Sign::Missed, Sign::Unknown, Sign::Leader];

    fn of(event: HistoryEvent) -> Option<Sign> {
        match event {
            HistoryEvent::Renewed(renewal) if renewal.is_dropped => Some(Sign::Dropped),
            HistoryEvent::Renewed(_) | HistoryEvent::Observed { is_renewal: true, .. } => Some(Sign::Renewed),
            HistoryEvent::Missed => Some(Sign::Missed),
            HistoryEvent::Unknown => Some(Sign::Unknown),
            HistoryEvent::Leader => Some(Sign::Leader),
            HistoryEvent::Observed { .. } | HistoryEvent::Known => None,
        }
    }

    fn glyph(self) -> (char, Role) {
        match self {
            Sign::Renewed => ('┴', Role::Good),
            Sign::Dropped => theme::event(EventName::Dropped),
            Sign::Missed => theme::event(EventName::Missed),
            Sign::Unknown => ('?', Role::Warning),
            Sign::Leader => theme::event(EventName::Leader),
        }
    }

    fn word(self, count: usize) -> &'static str {
        match self {
            Sign::Renewed if count == 1 => "renewal",
            Sign::Renewed => "renewals",
            Sign::Dropped => "dropped",
            Sign::Missed => "missed",
            Sign::Unknown if count == 1 => "gap",
            Sign::Unknown => "gaps",
            Sign::Leader if count == 1 => "leader",
            Sign::Leader => "leaders",
        }
    }
}

/// Time span of the chart. Column boundaries are fixed in time: the chart advances by whole columns, so it does not
/// flicker between them.
#[derive(Clone, Copy, Debug)]
struct ChartSpan {
    end: Timestamp,
    columns: usize,
    /// Seconds per column.
    step: f64,
}

impl ChartSpan {
    /// A span of this length. Its last column contains `last`.
    fn until(last: Timestamp, span: Duration, columns: usize) -> Self {
        let step = (span.as_nanos() / columns.max(1) as u128).clamp(1, u64::MAX.into()) as u64;
        let end = Timestamp::from_nanos(last.nanos().div_ceil(step).saturating_mul(step));
        ChartSpan { end, columns, step: step as f64 / 1e9 }
    }

    /// This span divided into dot columns, `across` per cell.
    fn fine(self, across: usize) -> Self {
        ChartSpan { columns: self.columns * across, step: self.step / across as f64, ..self }
    }

    /// Position in columns from the left edge; negative before the start.
    fn place(&self, at: Timestamp) -> f64 {
        self.columns as f64 - (self.end - at).as_secs_f64() / self.step
    }

    /// The column of a point in time, or `None` if it is before the start.
    fn column(&self, at: Timestamp) -> Option<usize> {
        let place = self.place(at);
        if place < 0.0 { None } else { Some((place as usize).min(self.columns.saturating_sub(1))) }
    }
}

pub(super) fn lines(page: &DetailPage<'_>, rows: usize) -> Vec<Line<'static>> {
    let columns = page.width.saturating_sub(LABEL_WIDTH);
    let history = page.lease.known_history();
    let (Some(ttl), Some(interval)) =
        (page.lease.granted_ttl, page.lease.expected_interval().filter(|every| !every.is_zero()))
    else {
        return Vec::new();
    };
    if page.width < LEAST_WIDTH || rows == 0 || history.entries().len() == 0 {
        return Vec::new();
    }
    let teeth = (columns / TOOTH).max(1) as u32 * STEP.pow(page.ctx.app.view.span.into());
    let end = page.lease.end().map_or(page.ctx.now, |death| death.at);
    let window = ChartSpan::until(end, interval.saturating_mul(teeth), columns);
    let chart = Chart { page, window, ttl: ttl.max(1) as f64, risk: interval.as_secs_f64() };
    chart.lines(&history, end, rows)
}

/// Time left, as vertical lines of dots.
struct Dots {
    /// For each dot column, one bit for each dot; the lowest bit is the lowest dot. In an hour of renewals many lines have
    /// the same dots.
    columns: Vec<u64>,
    window: ChartSpan,
    /// Time left at the upper edge, in seconds.
    ttl: f64,
    /// Number of dot rows, at most 64.
    height: usize,
}

impl Shape for Dots {
    fn draw(&self, painter: &mut Painter<'_, '_>) {
        for (column, dots) in self.columns.iter().enumerate() {
            let set = (0..self.height).filter(|dot| dots >> dot & 1 == 1);
            set.for_each(|dot| painter.paint(column, self.height - 1 - dot, Color::Reset));
        }
    }
}

impl Dots {
    /// Draws the falling line of one deadline. An uncertain deadline is drawn as thick as its range.
    fn fall(&mut self, segment: &DeadlineSegment) {
        let (from, until) = (self.window.place(segment.from).max(0.0), self.window.place(segment.until));
        let end = self.window.end;
        let deadline = segment.deadline;
        let (earliest, latest) = (deadline.earliest.signed_since(end), deadline.latest.signed_since(end));
        let before_end = |place: f64, window: &ChartSpan| (window.columns as f64 - place) * window.step;
        let mut column = from as usize;
        while (column as f64) < until {
            let most = latest + before_end(from.max(column as f64), &self.window);
            let least = earliest + before_end(until.min((column + 1) as f64), &self.window);
            self.line(column, self.dot(least), self.dot(most));
            column += 1;
        }
    }

    /// Draws the vertical rise at a renewal.
    fn rise(&mut self, before: &DeadlineSegment, after: &DeadlineSegment) {
        let Some(column) = self.window.column(after.from) else { return };
        let left = |segment: &DeadlineSegment| segment.deadline.middle().signed_since(after.from);
        let (one, other) = (self.dot(left(before)), self.dot(left(after)));
        self.line(column, one.min(other), one.max(other));
    }

    /// Sets the dots of a column from `lowest` to `highest`. Nothing outside of the chart is drawn.
    fn line(&mut self, column: usize, lowest: usize, highest: usize) {
        if let Some(dots) = self.columns.get_mut(column) {
            *dots |= u64::MAX << lowest & u64::MAX >> (u64::BITS as usize - 1 - highest);
        }
    }

    fn dot(&self, left: f64) -> usize {
        ((left / self.ttl * self.height as f64).max(0.0) as usize).min(self.height - 1)
    }
}

struct Chart<'a> {
    page: &'a DetailPage<'a>,
    window: ChartSpan,
    /// Time left at the upper edge, in seconds.
    ttl: f64,
    /// Less time left than this, in seconds, is a risk.
    risk: f64,
}

impl Chart<'_> {
    fn lines(&self, history: &LeaseHistory, end: Timestamp, rows: usize) -> Vec<Line<'static>> {
        let (axis, counts) = self.axis(history);
        let plot = self.plot(history, end, rows).into_iter().enumerate();
        let mut lines: Vec<Line> = plot.map(|(row, dots)| self.row(row, rows, &dots)).collect();
        lines.push(axis);
        lines.push(self.legend(&counts, self.start_in_window()));
        lines
    }

    /// The dot rows as text: a falling line between renewals, and a vertical line at each renewal.
    fn plot(&self, history: &LeaseHistory, end: Timestamp, rows: usize) -> Vec<String> {
        let (marker, across, up) =
            if self.page.theme().is_ascii { (Marker::Dot, 1, 1) } else { (Marker::Braille, 2, 4) };
        let window = self.window.fine(across);
        let mut dots = Dots { columns: vec![0; window.columns], window, ttl: self.ttl, height: rows * up };
        let mut before: Option<DeadlineSegment> = None;
        for segment in history.segments(end) {
            dots.fall(&segment);
            if let Some(before) = before.filter(|before| before.until == segment.from) {
                dots.rise(&before, &segment);
            }
            before = Some(segment);
        }
        let area = Rect::new(0, 0, self.window.columns as u16, rows as u16);
        let mut buf = Buffer::empty(area);
        Canvas::default().marker(marker).paint(|ctx| ctx.draw(&dots)).render(area, &mut buf);
        let row = |cells: &[ratatui::buffer::Cell]| cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        buf.content.chunks(self.window.columns.max(1)).map(row).collect()
    }

    /// One row, labelled with the seconds at its upper edge. The dashed line is where one interval is left; from there
    /// on down the row changes colour. The middle has no label if its time is almost that of the dashed line.
    fn row(&self, row: usize, rows: usize, dots: &str) -> Line<'static> {
        let edge = |row: usize| self.ttl * (rows - row) as f64 / rows as f64;
        let is_danger_line = edge(row + 1) <= self.risk && self.risk < edge(row);
        let is_beside_danger_line = (edge(row) - self.risk).abs() < self.ttl / rows as f64 / 2.0;
        let label = match row {
            0 => scale(self.ttl),
            _ if is_danger_line => scale(self.risk),
            row if row * 2 == rows && !is_beside_danger_line => scale(edge(row)),
            _ => String::new(),
        };
        let theme = self.page.theme();
        let role = if edge(row) <= self.risk || is_danger_line { Role::Warning } else { Role::Good };
        let mut spans = vec![Span::styled(format!("{label:>8} ┤"), theme.style(Role::Dim))];
        let is_blank = |cell: char| matches!(cell, ' ' | '\u{2800}');
        for run in dots.chars().collect::<Vec<_>>().chunk_by(|one, next| is_blank(*one) == is_blank(*next)) {
            let is_dashed = is_danger_line && is_blank(run[0]);
            let text = if is_dashed { "┄".repeat(run.len()) } else { run.iter().collect() };
            spans.push(Span::styled(text, theme.style(if is_dashed { Role::Dim } else { role })));
        }
        Line::from(spans)
    }

    /// The axis with the most severe sign per column, and the number of visible events per sign.
    fn axis(&self, history: &LeaseHistory) -> (Line<'static>, [usize; Sign::ALL.len()]) {
        let mut cells: Vec<Option<Sign>> = vec![None; self.window.columns];
        let mut counts = [0; Sign::ALL.len()];
        let mut marks = history.entries().peekable();
        while let Some(mark) = marks.next() {
            let Some(sign) = Sign::of(mark.event) else { continue };
            let until = marks.peek().map(|next| next.at);
            if let Some((first, last)) = self.cells(mark, sign, until) {
                counts[sign as usize] += 1;
                cells[first..=last].iter_mut().for_each(|cell| *cell = (*cell).max(Some(sign)));
            }
        }
        (self.signs(&cells), counts)
    }

    /// First and last cell of a mark: one cell, or the whole range for a gap in the observations.
    fn cells(&self, mark: &HistoryEntry, sign: Sign, until: Option<Timestamp>) -> Option<(usize, usize)> {
        let last = match sign {
            Sign::Unknown => until.map_or(self.window.columns.checked_sub(1), |until| self.window.column(until)),
            _ => self.window.column(mark.at),
        }?;
        Some((self.window.column(mark.at).unwrap_or(0), last))
    }

    fn signs(&self, cells: &[Option<Sign>]) -> Line<'static> {
        let theme = self.page.theme();
        let mut spans = vec![Span::styled(format!("{:>8} ┼", "0 s"), theme.style(Role::Dim))];
        for run in cells.chunk_by(|one, next| one == next) {
            let (sign, role) = run[0].map_or(('─', Role::Dim), Sign::glyph);
            spans.push(Span::styled(sign.to_string().repeat(run.len()), theme.style(role)));
        }
        Line::from(spans)
    }

    /// When leasetop first saw another client's lease. `None` if that is not right of the first column.
    fn start_in_window(&self) -> Option<Timestamp> {
        let first = self.page.lease.first_seen();
        let is_shown = self.page.lease.engine.is_none() && self.window.column(first).is_some_and(|column| column > 0);
        if is_shown { Some(first) } else { None }
    }

    /// `last 28.0 s  ▢ 1 dropped  ┴ 6 renewals  watched since 14:03:12  ┄ one interval   now`: the most severe signs first,
    /// as many parts as fit.
    fn legend(&self, counts: &[usize; Sign::ALL.len()], since: Option<Timestamp>) -> Line<'static> {
        let theme = self.page.theme();
        let end = if self.page.lease.end.is_some() { "end" } else { "now" };
        let span = format::span(self.window.step * self.window.columns as f64);
        let mut parts = vec![(format!("{:>10} last {span}", ""), Role::Dim)];
        let signs = Sign::ALL.into_iter().zip(counts).rev().filter(|(_, count)| **count > 0);
        parts.extend(
            signs.map(|(sign, count)| (format!("  {} {count} {}", sign.glyph().0, sign.word(*count)), sign.glyph().1)),
        );
        parts.extend(
            since.map(|since| (format!("  watched since {}", self.page.ctx.wall.time_of_day(since)), Role::Dim)),
        );
        parts.push(("  ┄ one interval".to_owned(), Role::Dim));
        let mut room = self.page.width.saturating_sub(end.len() + 2);
        let mut spans = Vec::new();
        for (text, role) in parts {
            let Some(rest) = room.checked_sub(text.width()) else { break };
            room = rest;
            spans.push(Span::styled(text, theme.style(role)));
        }
        spans.push(Span::styled(format!("{:room$}  {end}", ""), theme.style(Role::Dim)));
        Line::from(spans)
    }
}

/// Scale label in seconds, without decimals if whole.
fn scale(seconds: f64) -> String {
    if seconds.fract() == 0.0 { format::ttl(seconds as i64) } else { format::span(seconds) }
}
