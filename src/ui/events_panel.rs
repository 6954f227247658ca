//! Events, newest last: a pane beside the leases and a view of its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::line::{cut, wrap};
use super::{RenderContext, Role, filter_line, format, pane, table, tabs, theme};
use crate::app::keymap::Action;
use crate::app::{Event, EventCategory, EventName, View};
use crate::escape::printable;
use crate::plural::plural;
use crate::width::DisplayWidth;

/// Draws the newest events that fit, of the same category as the view.
pub(super) fn draw_pane(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let name = format!("{} {}", tabs::key(ctx, View::Events), View::Events.tab().name);
    let title = Line::from(vec![
        Span::styled(name, ctx.theme.style(Role::Title)),
        Span::styled(format!(" {}", category(ctx)), ctx.theme.style(Role::Dim)),
    ]);
    let inner = pane::draw(area, &title, &Line::default(), buf);
    let events = ctx.app.view.events_view.newest(&ctx.app.events, usize::from(inner.height));
    draw_newest(ctx, &events, inner, buf);
}

/// Draws the view from its scroll position. The tiny layout has no title; its first line shows the selected lease.
pub(super) fn draw_view(ctx: RenderContext<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { head(ctx, area, buf) } else { pane::draw(area, &title(ctx), &Line::default(), buf) };
    let view = &ctx.app.view.events_view;
    let events = view.lines(ctx.app.event_sources());
    if view.follows() {
        draw_newest(ctx, &events, inner, buf);
    } else {
        let top = view.top(events.len(), usize::from(inner.height));
        draw_held(ctx, &events[top..], inner, buf);
    }
    filter_line::draw_in_view(ctx, &plural(events.len() as u64, "event"), area, buf);
}

/// Draws the lease under the cursor of the view on one line, or else that of the table, and returns the area below.
pub(super) fn head(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let selected = ctx.app.subject().and_then(|id| ctx.app.leases.get(id));
    if let Some(lease) = selected.or_else(|| ctx.app.cursor_lease()) {
        let text = table::one_line(table::row(ctx, lease), area.width);
        buf.set_stringn(area.x, area.y, text, usize::from(area.width), ctx.theme.style(Role::Text));
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// `problems`, or `all`.
fn category(ctx: RenderContext<'_>) -> &'static str {
    ctx.app.view.events_view.category.map_or("all", EventCategory::name)
}

/// `problems · f: all · newest last`, or `problems · f: all · 12 newer; G jumps to newest`
fn title(ctx: RenderContext<'_>) -> Line<'static> {
    let view = &ctx.app.view.events_view;
    let press = |action| ctx.app.config.keymap.key_label(action);
    let next = EventCategory::after(view.category).map_or("all", EventCategory::name);
    let place = if view.follows() {
        "newest last".to_owned()
    } else {
        let place = match view.newer(ctx.app.event_sources()) {
            0 => "paused".to_owned(),
            newer => format!("{newer} newer"),
        };
        format!("{place}; {} jumps to newest", press(Action::Last))
    };
    let filter = filter_line::of_view(ctx.app);
    let [title, dim] = [Role::Title, Role::Dim].map(|role| ctx.theme.style(role));
    let text = format!("{filter} · {}: {next} · {place}", press(Action::QuickFilter));
    Line::from(vec![Span::styled(category(ctx), title), Span::styled(text, dim)])
}

/// Draws the last events that fit.
fn draw_newest(ctx: RenderContext<'_>, events: &[&Event], area: Rect, buf: &mut Buffer) {
    let height = usize::from(area.height);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for event in events.iter().rev() {
        let more = entry(ctx, event, area.width);
        if lines.len() + more.len() > height {
            break;
        }
        lines.splice(0..0, more);
    }
    if events.is_empty() {
        lines = advice(ctx, area.width);
    }
    draw_lines(&lines, area, buf);
}

/// Draws the events from the first one on. The one under the cursor is always visible as a whole.
fn draw_held(ctx: RenderContext<'_>, events: &[&Event], area: Rect, buf: &mut Buffer) {
    let height = usize::from(area.height);
    let mut lines: Vec<Line<'_>> = Vec::new();
    let cursor = events.iter().position(|event| ctx.app.view.events_view.is_selected(event)).unwrap_or(0);
    for (row, event) in events.iter().enumerate() {
        lines.extend(entry(ctx, event, area.width));
        if row == cursor && lines.len() > height {
            lines.drain(..lines.len() - height);
        }
        if row >= cursor && lines.len() >= height {
            break;
        }
    }
    draw_lines(&lines, area, buf);
}

fn draw_lines(lines: &[Line<'_>], area: Rect, buf: &mut Buffer) {
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        buf.set_line(area.x, y, line, area.width);
    }
}

/// What to show instead of events.
fn advice(ctx: RenderContext<'_>, width: u16) -> Vec<Line<'static>> {
    let view = &ctx.app.view.events_view;
    let count = ctx.app.events.lines().len();
    let text = match view.category {
        _ if view.filter.is_active() => "No event matches the filter.".to_owned(),
        None => "No events yet.".to_owned(),
        Some(EventCategory::Link | EventCategory::Problems) if !ctx.app.cluster.was_reached() => {
            let target = printable(ctx.app.config.target.as_bytes());
            format!("Not connected yet. leasetop goes on trying {target}; the connection will be reported here.")
        }
        Some(category) if count == 0 => none(category),
        Some(category) if ctx.app.view.active == View::Events => {
            let key = ctx.app.config.keymap.key_label(Action::QuickFilter);
            let none = none(category);
            format!("{} {key} shows more kinds ({}).", none, plural(count as u64, "event"))
        }
        Some(category) => none(category),
    };
    let style = ctx.theme.style(Role::Dim);
    wrap(&text, usize::from(width)).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// `No problems yet.`
fn none(category: EventCategory) -> String {
    match category {
        EventCategory::Problems => "No problems yet.".to_owned(),
        EventCategory::Renewals => {
            "No renewals by leasetop yet; the cadence view shows those of other clients.".to_owned()
        }
        EventCategory::Lifecycle | EventCategory::Link => format!("No {} events yet.", category.name()),
    }
}

/// An event in the detail of its lease: `10:04:31 ● renewed   after 3.50 s (TTL 10 s)`
pub(super) fn line_of_its_lease(ctx: RenderContext<'_>, event: &Event, width: u16) -> Line<'static> {
    let start = start(ctx, event, false);
    let room = usize::from(width).saturating_sub(start.width());
    with_text(ctx, start, cut(&event.text(), room))
}

/// The lines of an event. It takes several if it is selected, or if it has Go's log line, which must stay whole.
///
/// `10:04:31 ● renewed   d4d4f304  after 3.50 s (TTL 10 s) x12`
fn entry(ctx: RenderContext<'_>, event: &Event, width: u16) -> Vec<Line<'static>> {
    let is_selected = ctx.app.view.active == View::Events && ctx.app.view.events_view.is_selected(event);
    let start = start(ctx, event, true);
    let width = usize::from(width);
    let room = width.saturating_sub(start.width());
    let repeats = if event.repeats() > 1 { format!(" x{}", event.repeats()) } else { String::new() };
    let mut text = event.text();
    let error = time_error(event);
    if is_selected || text.width() + repeats.width() + error.width() <= room {
        text += &error;
    }
    if !is_selected && event.name() != EventName::Dropped {
        let text = cut(&text, room.saturating_sub(repeats.width())) + &repeats;
        return vec![with_text(ctx, start, text)];
    }
    let mut lines = wrapped(ctx, start, &(text + &repeats), width);
    if is_selected {
        lines.iter_mut().for_each(|line| highlight(ctx, line, width));
    }
    lines
}

/// How far the time can be off, if that is a second or more.
fn time_error(event: &Event) -> String {
    let error = event.doubt.as_secs_f64();
    if error < 1.0 { String::new() } else { format!(" (time ±{})", format::span(error)) }
}

/// The text beside the start, or below it if there is too little room.
fn wrapped(ctx: RenderContext<'_>, start: Line<'static>, text: &str, width: usize) -> Vec<Line<'static>> {
    /// Minimum width for text beside the start.
    const LEAST_ROOM: usize = 24;
    let style = ctx.theme.style(Role::Text);
    let room = width.saturating_sub(start.width());
    let (indent, mut rest) =
        if room >= LEAST_ROOM { (start.width(), wrap(text, room)) } else { (2, wrap(text, width.saturating_sub(2))) };
    let first = if room >= LEAST_ROOM && !rest.is_empty() { rest.remove(0) } else { String::new() };
    let below = rest.into_iter().map(|text| Line::styled(" ".repeat(indent) + &text, style));
    std::iter::once(with_text(ctx, start, first)).chain(below).collect()
}

/// Reverses a line as a whole.
fn highlight(ctx: RenderContext<'_>, line: &mut Line<'static>, width: usize) {
    line.push_span(" ".repeat(width.saturating_sub(line.width())));
    line.spans.iter_mut().for_each(|span| span.style = ctx.theme.cursor());
    line.style = ctx.theme.cursor();
}

/// The time and the name of an event, and the lease if `shows_lease`.
fn start(ctx: RenderContext<'_>, event: &Event, shows_lease: bool) -> Line<'static> {
    let (sign, role) = theme::event(event.name());
    let lease = event.lease.map_or(String::new(), |id| ctx.app.view.id_format.short(id));
    let lease = if shows_lease { format!("{lease:<8}  ") } else { String::new() };
    let style = |role| ctx.theme.style(role);
    Line::from(vec![
        Span::styled(format!("{} ", ctx.wall.time_of_day(event.at)), style(Role::Dim)),
        Span::styled(format!("{sign} {:<8}  ", event.name().short()), style(role)),
        Span::styled(lease, style(Role::Text)),
    ])
}

fn with_text(ctx: RenderContext<'_>, mut start: Line<'static>, text: String) -> Line<'static> {
    start.push_span(Span::styled(text, ctx.theme.style(Role::Text)));
    start
}
