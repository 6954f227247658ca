//! The strip above the table: totals by state, the renewals of all leases over the last ten minutes, and when leases
//! expire. In the cadence view: how many leases of each TTL class there were.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::{AppState, LeaseState, OverviewPoint, POINTS, SPANS, STEP, TTL_CLASSES, View};
use crate::plural::plural;
use crate::width::DisplayWidth;

use super::line::{Segment, draw_ends, ends_places};
use super::{RenderContext, Role, footer, format, theme};

/// Minimum width of a sparkline.
const LEAST: usize = 8;

pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let line = |place: u16| Rect { y: area.y + place, height: 1, ..area };
    match ctx.app.view.active {
        View::Cadence => {
            draw_classes(ctx, line(0), buf);
            draw_renewals(ctx, Vec::new(), line(1), buf);
        }
        _ => {
            draw_renewals(ctx, totals(ctx.app), line(0), buf);
            draw_expiring(ctx, line(1), buf);
        }
    }
}

/// `268 leases   1 own · 267 others   ✖ 1 at risk   ▲ 1 late   △ 24 warnings`
fn totals(app: &AppState) -> Vec<Segment> {
    let counts = app.leases.counts;
    let all = (counts.own + counts.adopted + counts.others) as u64;
    let mut owners = vec![format!("{} own", counts.own)];
    if counts.adopted > 0 {
        owners.push(format!("{} adopted", counts.adopted));
    }
    owners.push(plural(counts.others as u64, "other"));
    let mut parts =
        vec![Segment::new(0, Role::Title, plural(all, "lease")), Segment::new(3, Role::Text, owners.join(" · "))];
    for (count, state, what) in [(counts.risk, LeaseState::Risk, "at risk"), (counts.late, LeaseState::Late, "late")] {
        let (sign, role) = theme::state(state);
        if count > 0 {
            parts.push(Segment::new(1, role, format!("{sign} {count} {what}")));
        }
    }
    parts.extend(footer::dying(counts.dying, counts.perhaps_dying > 0));
    let warned = app.leases.lint_report().count() as u64;
    if warned > 0 {
        parts.push(Segment::new(2, Role::Warning, format!("△ {}", plural(warned, "warning"))));
    }
    if counts.dropped > 0 {
        parts.push(Segment::new(2, Role::Drop, format!("{} dropped", counts.dropped)));
    }
    parts
}

/// Draws `parts`, the renewals per second, and a sparkline of them in the rest of the line.
fn draw_renewals(ctx: RenderContext<'_>, mut parts: Vec<Segment>, area: Rect, buf: &mut Buffer) {
    let text = format!("renewals {}", format::renewals(&ctx.app.leases.counts));
    parts.push(Segment::new(1, Role::Text, text));
    let gaps = ("   ", "");
    let places = ends_places((parts.clone(), Vec::new()), gaps, area);
    draw_ends(ctx.theme, (parts, Vec::new()), gaps, area, buf);
    let x = places.last().map_or(area.x, |(_, place)| place.right() + 1);
    let room = usize::from(area.right().saturating_sub(x + 1));
    let values: Vec<f64> = ctx.app.view.overview().points().map(|point| point.renewals).collect();
    draw_history(ctx, &values, Rect { x, width: room as u16, ..area }, buf);
}

/// A sparkline with its time span, if there is room.
fn draw_history(ctx: RenderContext<'_>, values: &[f64], area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width);
    if room < LEAST {
        return;
    }
    let span = format!(" last {}", span(values.len()));
    let has_span = room >= POINTS / 2 + span.width();
    let width = if has_span { room - span.width() } else { room };
    let mut spans = vec![Span::styled(sparkline(values, width), ctx.theme.style(Role::Healthy))];
    if has_span {
        spans.push(Span::styled(span, ctx.theme.style(Role::Dim)));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// `expires in  < 5 s ▇▇ 3   5–30 s ▇▇▇▇▇▇ 121`. Each span has a fixed place.
fn draw_expiring(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    let overview = ctx.app.view.overview();
    let counts = overview.expiring(ctx.now);
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let unknown = overview.unknown();
    let label =
        if unknown > 0 && area.width >= 100 { format!("expires in (? {unknown})") } else { "expires in".to_owned() };
    let places = cells(area, &label);
    buf.set_stringn(area.x + 1, area.y, &label, usize::from(area.width - 1), ctx.theme.style(Role::Dim));
    for ((place, name), count) in places.zip(SPANS).zip(counts) {
        let number = count.to_string();
        let room = usize::from(place.width).saturating_sub(name.width() + number.len() + 4);
        let bar = bar(count as f64 / most as f64, room);
        draw_cell(ctx, place, [name, &bar, &number], buf);
    }
}

/// `leases by TTL  ≤ 10 s ▃▃▅▅ 34   ≤ 1 min ▂▂▂▂ 38`
fn draw_classes(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    const LABEL: &str = "leases by TTL";
    let points: Vec<&OverviewPoint> = ctx.app.view.overview().points().collect();
    buf.set_stringn(area.x + 1, area.y, LABEL, usize::from(area.width - 1), ctx.theme.style(Role::Dim));
    for (class, (place, name)) in cells(area, LABEL).zip(TTL_CLASSES).enumerate() {
        let values: Vec<f64> = points.iter().map(|point| point.by_ttl[class] as f64).collect();
        let number = points.last().map_or(0, |point| point.by_ttl[class]).to_string();
        let room = usize::from(place.width).saturating_sub(name.width() + number.len() + 4);
        draw_cell(ctx, place, [name, &sparkline(&values, room), &number], buf);
    }
}

/// Four equal cells to the right of a label.
fn cells(area: Rect, label: &str) -> impl Iterator<Item = Rect> {
    let x = area.x + (label.width() as u16 + 3).min(area.width);
    let width = area.right().saturating_sub(x) / SPANS.len() as u16;
    (0..SPANS.len() as u16).map(move |place| Rect { x: x + place * width, width, ..area })
}

fn draw_cell(ctx: RenderContext<'_>, place: Rect, [name, bar, number]: [&str; 3], buf: &mut Buffer) {
    let style = |role| ctx.theme.style(role);
    let line = Line::from(vec![
        Span::styled(name, style(Role::Dim)),
        Span::raw(" "),
        Span::styled(bar, style(Role::Healthy)),
        Span::raw(if bar.is_empty() { "" } else { " " }),
        Span::styled(number, style(Role::Text)),
    ]);
    buf.set_line(place.x, place.y, &line, place.width);
}

/// A bar in eighths of a column. A share above 0 is always visible.
fn bar(share: f64, width: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share * width as f64 * 8.0).round() as usize;
    let eighths = if share > 0.0 && width > 0 { eighths.max(1) } else { eighths };
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

/// How long this many points are: `40 s`, `10 min`.
fn span(points: usize) -> String {
    let seconds = points as u64 * STEP.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}

/// The values from left to right, the newest at the right. If they do not fit, several share a column, which shows the
/// highest of them.
fn sparkline(values: &[f64], width: usize) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    if width == 0 {
        return String::new();
    }
    let most = values.iter().copied().fold(0.0, f64::max);
    let per_column = POINTS.div_ceil(width).max(1);
    let level = |values: &[f64]| {
        let value = values.iter().copied().fold(0.0, f64::max);
        let part = if most > 0.0 { value / most } else { 0.0 };
        LEVELS[((part * 7.0).round() as usize).min(7)]
    };
    values.rchunks(per_column).map(level).collect::<Vec<_>>().into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_eighths_and_is_never_empty_by_rounding() {
        assert_eq!([bar(1.0, 3), bar(0.5, 3), bar(0.0, 3), bar(0.001, 3), bar(0.5, 0)], ["███", "█▌", "", "▏", ""]);
    }

    #[test]
    fn a_sparkline_ends_with_the_newest_value() {
        assert_eq!(sparkline(&[0.0, 7.0, 3.5], POINTS), "▁█▅");
        let many: Vec<f64> = (0..POINTS).map(|value| value as f64).collect();
        let line = sparkline(&many, 20);
        assert!(line.starts_with('▁') && line.ends_with('█') && line.chars().count() == 20, "{line}");
        assert_eq!(sparkline(&[0.0; 3], 4), "▁", "nothing is renewed");
        assert_eq!(sparkline(&[1.0], 0), "");
    }
}
