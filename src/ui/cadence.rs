//! Cadence view: one row per TTL kept alive, and whether the renewal interval depends on the TTL.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::View;
use crate::app::cadence::{Series, human};
use crate::app::keymap::Action;
use crate::plural::plural;
use crate::width::DisplayWidth;

use super::bar::bar_text;
use super::format::{self, UNKNOWN};
use super::layout::{self, ViewMode};
use super::line::{cut, wrap};
use super::{RenderContext, Role, events_panel, pane};

struct CadenceColumn {
    title: &'static str,
    width: usize,
    /// The highest rank is hidden first when width runs out. Rank 0 is never hidden.
    rank: u8,
    says: fn(&RenderContext<'_>, &Series) -> String,
}

const fn column(
    title: &'static str,
    width: usize,
    rank: u8,
    says: fn(&RenderContext<'_>, &Series) -> String,
) -> CadenceColumn {
    CadenceColumn { title, width, rank, says }
}

/// Every column, from left to right. Intervals are measured from reply to reply.
const COLUMNS: &[CadenceColumn] = &[
    column("TTL", 9, 0, |_, series| series.ttl_in_words()),
    column("LEASES", 6, 6, |ctx, series| ctx.app.leases.kept_alive_in(series).0.to_string()),
    column("RENEWALS", 8, 5, |_, series| series.renewals.to_string()),
    column("MEAN", 7, 0, |_, series| known(series.intervals.mean, format::seconds)),
    column("MIN", 7, 7, |_, series| known(series.intervals.min, format::seconds)),
    column("MAX", 7, 7, |_, series| known(series.intervals.max, format::seconds)),
    column("P99", 7, 8, |_, series| known(series.intervals.p99, format::seconds)),
    column("EXPECTED", 8, 2, |_, series| known(series.intervals.expected, format::seconds)),
    column("% OF TTL", 8, 1, |_, series| known(series.interval_to_ttl(), |share| format!("{:.0} %", share * 100.0))),
    column("NEXT IN", 8, 3, |ctx, series| {
        let next = ctx.app.leases.kept_alive_in(series).1;
        known(next, |next| format::span((next - ctx.now).as_secs_f64()))
    }),
    column("LOWEST LEFT", 11, 4, |_, series| known(series.least_left, |left| format::span(left.as_secs_f64()))),
    column("DROPPED", 7, 9, |_, series| series.queue.dropped.to_string()),
    column("RTT P50", 8, 10, |_, series| known(series.round_trip, |(p50, _)| format::round_trip(p50))),
    column("RTT P99", 8, 11, |_, series| known(series.round_trip, |(_, p99)| format::round_trip(p99))),
];

fn known<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), show)
}

/// Draws the view from the current scroll offset. The tiny layout has no title; its first line shows the selected
/// lease.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { events_panel::head(ctx, area, buf) } else { frame(ctx, area, buf) };
    let lines = lines(&ctx, inner);
    let skipped = ctx.app.view.scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    for (y, line) in (inner.y..inner.bottom()).zip(&lines[skipped..]) {
        buf.set_line(inner.x, y, line, inner.width);
    }
}

/// Number of lines that do not fit on a screen of this size, or `None` if another view is shown.
pub(super) fn spare_lines(ctx: RenderContext<'_>, (width, height): (u16, u16)) -> Option<usize> {
    let shown = ViewMode::of(ctx.app);
    let places = layout::places(Rect::new(0, 0, width, height), shown);
    let area = places.cadence;
    if shown.view != View::Cadence {
        return None;
    }
    let inner = if places.is_tiny { Rect { height: area.height.saturating_sub(1), ..area } } else { pane::inner(area) };
    Some(lines(&ctx, inner).len().saturating_sub(usize::from(inner.height)))
}

fn frame(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let inner = pane::inner(area);
    let below = lines(&ctx, inner).len().saturating_sub(usize::from(inner.height)).saturating_sub(ctx.app.view.scroll);
    let more = if below > 0 { format!("{} more below", plural(below, "line")) } else { String::new() };
    let is_narrow = area.width < 72;
    let title = if is_narrow { "Intervals" } else { "Is the renewal interval the same for every TTL?" };
    let title = Line::styled(title, ctx.theme.style(Role::Title));
    pane::draw(area, &title, &Line::styled(more, ctx.theme.style(Role::Dim)), buf)
}

/// The rows, the answer, the reason for irregularities, and the chart of shares if it fits.
fn lines(ctx: &RenderContext<'_>, area: Rect) -> Vec<Line<'static>> {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let exercise = ctx.app.leases.cadence_report(ctx.app.config.pace);
    let said = |role, text: &str| -> Vec<Line<'static>> {
        wrap(text, width.max(1)).into_iter().map(|line| Line::styled(line, ctx.theme.style(role))).collect()
    };
    if exercise.series.is_empty() {
        return said(Role::Dim, &how_to_begin(ctx));
    }
    let mut lines = rows(ctx, &exercise.series, width);
    lines.push(Line::default());
    lines.extend(said(Role::Text, &exercise.answer()));
    if let Some(reason) = exercise.reason() {
        lines.push(Line::default());
        lines.extend(said(Role::Dim, reason));
    }
    let shares = shares(ctx, &exercise.series, width);
    if lines.len() + shares.len() <= height {
        lines.extend(shares);
    }
    lines
}

fn how_to_begin(ctx: &RenderContext<'_>) -> String {
    let press = |action| ctx.app.config.keymap.key_label(action);
    let (new, keep) = (press(Action::New), press(Action::KeepAlive));
    format!("You are not keeping any lease alive. {new} grants one; {keep} keeps the selected one alive.")
}

fn rows(ctx: &RenderContext<'_>, series: &[Series], width: usize) -> Vec<Line<'static>> {
    let columns = fitting(width);
    let join = |says: &dyn Fn(&CadenceColumn) -> String| -> String {
        columns.iter().map(|column| format!("{:>1$}  ", says(column), column.width)).collect()
    };
    let header = join(&|column| column.title.to_owned());
    let row = |one| cut(join(&|column| (column.says)(ctx, one)).trim_end(), width);
    let style = |role| ctx.theme.style(role);
    let header = Line::styled(header, style(Role::Dim));
    let rows = series.iter().map(|one| Line::styled(row(one), style(Role::Text)));
    std::iter::once(header).chain(rows).collect()
}

/// One bar of equal length per TTL, filled by the share of the TTL between renewals, so that the shares can be
/// compared at a glance.
fn shares(ctx: &RenderContext<'_>, series: &[Series], width: usize) -> Vec<Line<'static>> {
    const NAME: usize = 12;
    const LEAST: usize = 60;
    let length = width.saturating_sub(NAME + 2 + 24).min(90);
    if width < LEAST {
        return Vec::new();
    }
    let style = |role| ctx.theme.style(role);
    let head = "Share of the TTL between renewals";
    let mut lines = vec![Line::default(), Line::styled(cut(head, width), style(Role::Dim)), Line::default()];
    lines.extend(series.iter().map(|one| {
        let (bar, said) = match (one.interval_to_ttl(), one.intervals.mean) {
            (Some(share), Some(mean)) => (bar_text(share, length), format!("{:.0} %, {}", share * 100.0, human(mean))),
            _ => ("░".repeat(length), "not measured yet".to_owned()),
        };
        Line::from(vec![
            Span::styled(format!("{:>NAME$}  ", one.ttl_in_words()), style(Role::Text)),
            Span::styled(bar, style(Role::Good)),
            Span::styled(format!("  {said}"), style(Role::Text)),
        ])
    }));
    lines
}

/// The columns that fit into `width`.
fn fitting(width: usize) -> Vec<&'static CadenceColumn> {
    let mut columns: Vec<&CadenceColumn> = COLUMNS.iter().collect();
    while columns.iter().map(|column| column.width.max(column.title.width()) + 2).sum::<usize>() > width + 2 {
        let highest = columns.iter().map(|column| column.rank).max().unwrap_or(0);
        if highest == 0 {
            break;
        }
        columns.retain(|column| column.rank != highest);
    }
    columns
}
