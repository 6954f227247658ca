//! The exercise, as a view: a row for each TTL that is kept, and the answer in a sentence.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Padding, Widget};
use unicode_width::UnicodeWidthStr;

use crate::app::View;
use crate::app::exercise::{Series, human, plural};
use crate::app::keymap::Action;

use super::columns::share_bar;
use super::layout::{self, Shown};
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
    column("TTL", 9, 0, |_, series| series.ttl_in_words()),
    column("LEASES", 6, 6, |scene, series| scene.model.kept_of(series).0.to_string()),
    column("RENEWALS", 8, 5, |_, series| series.renewals.to_string()),
    column("MEAN", 8, 0, |_, series| known(series.intervals.mean, number::seconds)),
    column("MIN", 7, 7, |_, series| known(series.intervals.min, number::seconds)),
    column("MAX", 7, 7, |_, series| known(series.intervals.max, number::seconds)),
    column("P99", 7, 8, |_, series| known(series.intervals.p99, number::seconds)),
    column("EXPECTED", 8, 2, |_, series| known(series.intervals.expected, number::seconds)),
    column("OF TTL", 6, 1, |_, series| known(series.interval_to_ttl(), |share| format!("{:.0} %", share * 100.0))),
    column("NEXT IN", 8, 3, |scene, series| {
        let next = scene.model.kept_of(series).1;
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

/// Draws the view, from where one has moved to. Without frames the selected lease keeps the first line.
pub(super) fn draw(scene: Scene<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { log::head(scene, area, buf) } else { frame(scene, area, buf) };
    let lines = lines(&scene, inner);
    let skipped = scene.model.scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    for (y, line) in (inner.y..inner.bottom()).zip(&lines[skipped..]) {
        buf.set_line(inner.x, y, line, inner.width);
    }
}

/// How many lines there is no room for on a screen of this size; none where another view is shown.
pub(super) fn spare_lines(scene: Scene<'_>, (width, height): (u16, u16)) -> Option<usize> {
    let shown = Shown::of(scene.model);
    let places = layout::places(Rect::new(0, 0, width, height), shown);
    let area = places.cadence;
    let inner = match places.is_tiny {
        true => Rect { height: area.height.saturating_sub(1), ..area },
        false => block(scene, area).inner(area),
    };
    (shown.view == View::Cadence).then(|| lines(&scene, inner).len().saturating_sub(usize::from(inner.height)))
}

fn frame(scene: Scene<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let mut block = block(scene, area);
    let inner = block.inner(area);
    let below = lines(&scene, inner).len().saturating_sub(usize::from(inner.height) + scene.model.scroll);
    if below > 0 {
        let more = Line::styled(format!(" {} more below ", plural(below as u64, "line")), scene.look.style(Role::Dim));
        block = block.title_bottom(more.right_aligned());
    }
    block.render(area, buf);
    inner
}

fn block(scene: Scene<'_>, area: Rect) -> Block<'_> {
    let mut title = table::tab(scene, View::Cadence);
    if area.width >= 80 {
        let question = "is the interval between renewals the same? ";
        title.push_span(Span::styled(question, scene.look.style(Role::Dim)));
    }
    let tabs = table::other_tabs(scene, View::Cadence, &title, area.width);
    let block = panel(scene.look, title).title(tabs);
    if area.width >= AIRY { block.padding(Padding::horizontal(1)) } else { block }
}

/// The rows, the answer, the reason of what is odd in it, and a picture of the shares where there is room for it.
fn lines(scene: &Scene<'_>, area: Rect) -> Vec<Line<'static>> {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let exercise = scene.model.exercise();
    let said = |role, text: &str| -> Vec<Line<'static>> {
        wrap(text, width.max(1)).into_iter().map(|line| Line::styled(line, scene.look.style(role))).collect()
    };
    if exercise.series.is_empty() {
        return said(Role::Dim, &how_to_begin(scene));
    }
    let mut lines = rows(scene, &exercise.series, width);
    lines.push(Line::default());
    lines.extend(said(Role::Text, &exercise.answer()));
    if let Some(reason) = exercise.reason() {
        lines.push(Line::default());
        lines.extend(said(Role::Dim, reason));
    }
    let shares = shares(scene, &exercise.series, width);
    if lines.len() + shares.len() <= height {
        lines.extend(shares);
    }
    lines
}

fn how_to_begin(scene: &Scene<'_>) -> String {
    let press = |action| scene.model.setup.keymap.press(action);
    let (new, keep) = (press(Action::New), press(Action::KeepAlive));
    format!("No lease is kept alive here yet: {new} makes new ones, {keep} keeps the selected one alive.")
}

/// The header and a row for each series.
fn rows(scene: &Scene<'_>, series: &[Series], width: usize) -> Vec<Line<'static>> {
    let columns = fitting(width);
    let join = |says: &dyn Fn(&Column) -> String| -> String {
        columns.iter().map(|column| format!("{:>1$}  ", says(column), column.width)).collect()
    };
    let header = join(&|column| column.title.to_owned());
    let row = |one| cut(join(&|column| (column.says)(scene, one)).trim_end(), width);
    let style = |role| scene.look.style(role);
    let header = Line::styled(header, style(Role::Dim));
    let rows = series.iter().map(|one| Line::styled(row(one), style(Role::Text)));
    std::iter::once(header).chain(rows).collect()
}

/// Each TTL as a bar of the same length, and how much of it goes by from one renewal to the next: whoever asks whether that is
/// the same sees it.
fn shares(scene: &Scene<'_>, series: &[Series], width: usize) -> Vec<Line<'static>> {
    const NAME: usize = 12;
    const LEAST: usize = 60;
    let length = width.saturating_sub(NAME + 2 + 24).min(90);
    if width < LEAST {
        return Vec::new();
    }
    let style = |role| scene.look.style(role);
    let head = "How much of the TTL goes by from one renewal to the next:";
    let mut lines = vec![Line::default(), Line::styled(cut(head, width), style(Role::Dim)), Line::default()];
    lines.extend(series.iter().map(|one| {
        let (bar, said) = match (one.interval_to_ttl(), one.intervals.mean) {
            (Some(share), Some(mean)) => (share_bar(share, length), format!("{:.0} %, {}", share * 100.0, human(mean))),
            _ => ("░".repeat(length), "no interval seen yet".to_owned()),
        };
        Line::from(vec![
            Span::styled(format!("{:>NAME$}  ", one.ttl_in_words()), style(Role::Text)),
            Span::styled(bar, style(Role::Good)),
            Span::styled(format!("  {said}"), style(Role::Text)),
        ])
    }));
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
