//! The strip above the table: totals by state, the renewals of all leases over the last ten minutes, and when leases
//! expire. In the cadence view: how many leases of each TTL class there are, and how that changed.

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
    parts.push(Segment::new(1, Role::Text, text.as_str()));
    let gaps = ("   ", "");
    let places = ends_places((parts.clone(), Vec::new()), gaps, area);
    draw_ends(ctx.theme, (parts, Vec::new()), gaps, area, buf);
    // Without the rate beside it, the history would seem to be that of the last total.
    let Some((_, place)) = places.last().filter(|(part, _)| part.pieces[0].0 == text) else { return };
    let x = place.right() + 1;
    let values: Vec<f64> = ctx.app.view.overview().points().map(|point| point.renewals).collect();
    draw_history(ctx, &values, Rect { x, width: area.right().saturating_sub(x + 1), ..area }, buf);
}

/// A sparkline with its time span, if there is room.
fn draw_history(ctx: RenderContext<'_>, values: &[f64], area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width);
    if room < LEAST {
        return;
    }
    let span = format!(" last {}", span(values.len()));
    // Beside the span, at most two points share a column.
    let has_span = room >= POINTS / 2 + span.width();
    let width = if has_span { room - span.width() } else { room };
    let mut spans = vec![Span::styled(sparkline(values, width), ctx.theme.style(Role::Healthy))];
    if has_span {
        spans.push(Span::styled(span, ctx.theme.style(Role::Dim)));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// `expires in  < 5 s ▇▇ 3   5–30 s ▇▇▇▇▇▇ 121   …   unknown 4`. All bars have one scale. The place of a span depends only
/// on the number of digits of the number of leases.
fn draw_expiring(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    const LABEL: &str = "expires in";
    const GAP: usize = 3;
    /// The blanks before and after a bar.
    const BLANKS: usize = 2;
    /// Minimum width for the number of leases whose deadline is unknown.
    const UNKNOWN_FROM: u16 = 100;
    /// Room for `unknown 100000` and the gap before it.
    const UNKNOWN: u16 = 17;
    /// Minimum room for a number, so that small clusters do not move the spans with each power of ten.
    const LEAST_DIGITS: usize = 3;
    let overview = ctx.app.view.overview();
    let counts = overview.expiring(ctx.now);
    let unknown = overview.unknown();
    let has_unknown = area.width >= UNKNOWN_FROM;
    let all = counts.iter().sum::<usize>() + unknown;
    let digits = all.to_string().len().max(LEAST_DIGITS);
    let mut x = area.x + (LABEL.len() + GAP) as u16;
    let end = area.right().saturating_sub(if has_unknown { UNKNOWN } else { 0 });
    let texts: usize = SPANS.iter().map(|name| name.width() + digits + BLANKS + GAP).sum();
    let room = usize::from(end.saturating_sub(x)).saturating_sub(texts) / SPANS.len();
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    draw_label(ctx, LABEL, area, buf);
    for (name, count) in SPANS.into_iter().zip(counts) {
        let width = (name.width() + room + digits + BLANKS) as u16;
        let place = Rect { x, width: width.min(area.right().saturating_sub(x)), ..area };
        draw_cell(ctx, place, [name, &bar(count as f64 / most as f64, room), &count.to_string()], buf);
        x += width + GAP as u16;
    }
    if has_unknown && unknown > 0 {
        let place = Rect { x: end + GAP as u16, width: UNKNOWN - GAP as u16, ..area };
        draw_cell(ctx, place, ["unknown", "", &unknown.to_string()], buf);
    }
}

/// `leases by TTL   ≤ 10 s: 34 (+2 in 10 min)   ≤ 1 min: 38   ≤ 10 min: 19   > 10 min: 12`
fn draw_classes(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    const LABEL: &str = "leases by TTL";
    let points = ctx.app.view.overview().points();
    let span = span(points.len());
    let (first, last) = (points.clone().next(), points.last());
    let counts = |point: Option<&OverviewPoint>| point.map_or([0; TTL_CLASSES.len()], |point| point.by_ttl);
    draw_label(ctx, LABEL, area, buf);
    let cells = cells(area, LABEL).zip(TTL_CLASSES).zip(counts(first).into_iter().zip(counts(last)));
    for ((place, name), (before, count)) in cells {
        let name = format!("{name}:");
        let number = count.to_string();
        // The name and the number, each with a blank. Two more columns keep the cells apart.
        let taken = name.width() + number.len() + 2;
        let change = change(before, count, &span, usize::from(place.width).saturating_sub(taken + 2));
        draw_cell(ctx, place, [&name, "", &number], buf);
        let x = place.x + taken as u16;
        buf.set_stringn(x, place.y, change, usize::from(place.right().saturating_sub(x)), ctx.theme.style(Role::Dim));
    }
}

/// `(+2 in 10 min)`, or `(+2)` if there is less room. Empty if nothing changed.
fn change(before: usize, now: usize, span: &str, room: usize) -> String {
    let change = now as i64 - before as i64;
    let texts = [format!("({change:+} in {span})"), format!("({change:+})")];
    if change == 0 {
        return String::new();
    }
    texts.into_iter().find(|text| text.len() <= room).unwrap_or_default()
}

fn draw_label(ctx: RenderContext<'_>, label: &str, area: Rect, buf: &mut Buffer) {
    buf.set_stringn(area.x + 1, area.y, label, usize::from(area.width - 1), ctx.theme.style(Role::Dim));
}

/// Four equal cells to the right of a label.
fn cells(area: Rect, label: &str) -> impl Iterator<Item = Rect> {
    let x = area.x + (label.width() as u16 + 3).min(area.width);
    let width = area.right().saturating_sub(x) / TTL_CLASSES.len() as u16;
    (0..TTL_CLASSES.len() as u16).map(move |place| Rect { x: x + place * width, width, ..area })
}

/// A name, a bar if there is one, and a number.
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

/// The time that this many points cover: `40 s`, `10 min`.
fn span(points: usize) -> String {
    let seconds = points as u64 * STEP.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}

/// The values from left to right, the newest at the right. If [`POINTS`] values do not fit into `width`, several share a
/// column, which shows the highest of them.
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
    fn a_change_gives_its_time_span_if_there_is_room() {
        let texts = [(3, 5, 20), (5, 3, 5), (5, 3, 2), (3, 3, 20)]
            .map(|(before, now, room)| change(before, now, "10 min", room));
        assert_eq!(texts, ["(+2 in 10 min)", "(-2)", "", ""]);
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
