//! The exercise, as a view: a row for each TTL that is kept, and the answer in a sentence.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Widget};
use unicode_width::UnicodeWidthStr;

use crate::app::View;
use crate::app::exercise::Series;
use crate::app::keymap::Action;

use super::line::{cut, wrap};
use super::number::{self, UNKNOWN};
use super::table::{self, AIRY, panel};
use super::{Role, Scene, log};

/// What a column says of a series.
struct Column {
    title: &'static str,
    width: usize,
    /// Columns leave from the highest rank down; 0 stays.
    rank: u8,
    says: fn(&Scene<'_>, &Series) -> String,
}

const fn column(title: &'static str, width: usize, rank: u8, says: fn(&Scene<'_>, &Series) -> String) -> Column {
    Column { title, width, rank, says }
}

/// Every column, from left to right. Intervals go from answer to answer.
const COLUMNS: &[Column] = &[
    column("TTL", 7, 0, |_, series| number::ttl(series.effective_ttl())),
    column("LEASES", 6, 6, |scene, series| scene.model.kept_of(series.effective_ttl()).0.to_string()),
    column("RENEWALS", 8, 5, |_, series| series.renewals.to_string()),
    column("MEAN", 8, 0, |_, series| known(series.intervals.mean, number::seconds)),
    column("MIN", 7, 7, |_, series| known(series.intervals.min, number::seconds)),
    column("MAX", 7, 7, |_, series| known(series.intervals.max, number::seconds)),
    column("P99", 7, 8, |_, series| known(series.intervals.p99, number::seconds)),
    column("EXPECTED", 8, 2, |_, series| known(series.intervals.expected, number::seconds)),
    column("OF TTL", 6, 1, |_, series| known(series.interval_to_ttl(), |share| format!("{:.0} %", share * 100.0))),
    column("NEXT IN", 8, 3, |scene, series| {
        let next = scene.model.kept_of(series.effective_ttl()).1;
        known(next, |next| number::span((next - scene.now).as_secs_f64()))
    }),
    column("LEAST LEFT", 10, 4, |_, series| known(series.least_left, |left| number::span(left.as_secs_f64()))),
    column("DROPPED", 7, 9, |_, series| series.queue.dropped.to_string()),
    column("RTT P50", 8, 10, |_, series| known(series.round_trip, |(p50, _)| number::round_trip(p50))),
    column("RTT P99", 8, 11, |_, series| known(series.round_trip, |(_, p99)| number::round_trip(p99))),
];

fn known<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), show)
}

/// Draws the view. Without frames the selected lease keeps the first line.
pub(super) fn draw(scene: Scene<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { log::head(scene, area, buf) } else { frame(scene, area, buf) };
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    for (y, line) in (inner.y..inner.bottom()).zip(lines(&scene, width, height)) {
        buf.set_line(inner.x, y, &line, inner.width);
    }
}

fn frame(scene: Scene<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let mut title = table::tab(scene, View::Cadence);
    if area.width >= 80 {
        let question = "is the interval between renewals the same? ";
        title.push_span(Span::styled(question, scene.look.style(Role::Dim)));
    }
    let tabs = table::other_tabs(scene, View::Cadence, &title, area.width);
    let mut block = panel(scene.look, title).title(tabs);
    if area.width >= AIRY {
        block = block.padding(Padding::horizontal(1));
    }
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// The rows, the answer, and the reason of what is odd in it.
fn lines(scene: &Scene<'_>, width: usize, height: usize) -> Vec<Line<'static>> {
    let exercise = scene.model.exercise();
    let said = |role, text: &str| -> Vec<Line<'static>> {
        wrap(text, width.max(1)).into_iter().map(|line| Line::styled(line, scene.look.style(role))).collect()
    };
    if exercise.series.is_empty() {
        let press = |action| scene.model.setup.keymap.press(action);
        let (new, keep) = (press(Action::New), press(Action::KeepAlive));
        let how =
            format!("No lease is kept alive here yet: {new} makes new ones, {keep} keeps the selected one alive.");
        return said(Role::Dim, &how);
    }
    let answer = said(Role::Text, &exercise.answer());
    // Beside the answer stand the header and a blank line; where not all has room, the rows have half of it.
    let room = height.saturating_sub(answer.len() + 2).max((height / 2).min(exercise.series.len())).max(1);
    let mut lines = rows(scene, &exercise.series, width, room);
    lines.push(Line::default());
    lines.extend(answer);
    if let Some(reason) = exercise.reason() {
        lines.push(Line::default());
        lines.extend(said(Role::Dim, reason));
    }
    lines
}

/// The header and at most so many rows; says how many there is no room for.
fn rows(scene: &Scene<'_>, series: &[Series], width: usize, room: usize) -> Vec<Line<'static>> {
    let columns = fitting(width);
    let join = |says: &dyn Fn(&Column) -> String| -> String {
        columns.iter().map(|column| format!("{:>1$}  ", says(column), column.width)).collect()
    };
    let header = join(&|column| column.title.to_owned());
    let shown = if series.len() > room { room.saturating_sub(1) } else { series.len() };
    let style = |role| scene.look.style(role);
    let mut lines = vec![Line::styled(header, style(Role::Dim))];
    let row = |one| cut(join(&|column| (column.says)(scene, one)).trim_end(), width);
    lines.extend(series[..shown].iter().map(|one| Line::styled(row(one), style(Role::Text))));
    if shown < series.len() {
        lines.push(Line::styled(format!("and {} TTLs more", series.len() - shown), style(Role::Dim)));
    }
    lines
}

/// The columns that there is room for.
fn fitting(width: usize) -> Vec<&'static Column> {
    let mut columns: Vec<&Column> = COLUMNS.iter().collect();
    while columns.iter().map(|column| column.width.max(column.title.width()) + 2).sum::<usize>() > width + 2 {
        let highest = columns.iter().map(|column| column.rank).max().unwrap_or(0);
        if highest == 0 {
            break;
        }
        columns.retain(|column| column.rank != highest);
    }
    columns
}
