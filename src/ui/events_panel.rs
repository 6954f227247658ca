//! Events, newest last: a pane beside the leases and a view of its own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::line::cut;
use super::{RenderContext, Role, pane, table, tabs, theme};
use crate::app::keymap::Action;
use crate::app::{Event, View};

/// Draws the newest events that fit.
pub(super) fn draw_pane(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let name = format!("{} {}", tabs::key(ctx, View::Events), View::Events.tab().name);
    let inner = pane::draw(area, &Line::styled(name, ctx.theme.style(Role::Title)), &Line::default(), buf);
    let lines = ctx.app.events.lines();
    let skipped = lines.len().saturating_sub(usize::from(inner.height));
    draw_lines(ctx, lines.skip(skipped), inner, buf);
}

/// Draws the view: events of one kind, from the current scroll offset. The tiny layout has no title; its first line
/// shows the selected lease.
pub(super) fn draw_view(ctx: RenderContext<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { head(ctx, area, buf) } else { pane::draw(area, &title(ctx), &Line::default(), buf) };
    let lines = ctx.app.view.events_view.lines(&ctx.app.events, usize::from(inner.height));
    if lines.is_empty() && !inner.is_empty() {
        let style = ctx.theme.style(Role::Dim);
        buf.set_stringn(inner.x, inner.y, "No events yet.", usize::from(inner.width), style);
    }
    draw_lines(ctx, lines.into_iter(), inner, buf);
}

/// Draws the selected lease on one line and returns the area below.
pub(super) fn head(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    if let Some(lease) = ctx.app.cursor_lease() {
        let text = table::tiny(table::row(ctx, lease), area.width);
        buf.set_stringn(area.x, area.y, text, usize::from(area.width), ctx.theme.style(Role::Text));
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// `problems · newest last`
fn title(ctx: RenderContext<'_>) -> Line<'static> {
    let page = ctx.app.view.events_view;
    let kind = page.category.map_or("all", |kind| kind.name());
    let last = ctx.app.config.keymap.key_label(Action::Last);
    let place = if page.follows() { "newest last".to_owned() } else { format!("paused; {last} jumps to newest") };
    let [title, dim] = [Role::Title, Role::Dim].map(|role| ctx.theme.style(role));
    Line::from(vec![Span::styled(kind, title), Span::styled(format!(" · {place}"), dim)])
}

/// Draws events in the order in which they happened. The caller chose them by arrival order, so an event that arrives
/// late does not shift a scrolled view.
fn draw_lines<'a>(ctx: RenderContext<'_>, events: impl Iterator<Item = &'a Event>, area: Rect, buf: &mut Buffer) {
    let mut events: Vec<&Event> = events.take(usize::from(area.height)).collect();
    Event::sort(&mut events);
    for (y, event) in (area.y..area.bottom()).zip(events) {
        buf.set_line(area.x, y, &line(ctx, event, true, area.width), area.width);
    }
}

/// An event in the detail of its lease: `10:04:31 ● renewed   after 3.50 s (TTL 10 s)`
pub(super) fn line_of_its_lease(ctx: RenderContext<'_>, event: &Event, width: u16) -> Line<'static> {
    line(ctx, event, false, width)
}

/// `10:04:31 ● renewed   d4d4f304  after 3.50 s (TTL 10 s)`
fn line(ctx: RenderContext<'_>, event: &Event, has_lease: bool, width: u16) -> Line<'static> {
    let (sign, role) = theme::event(event.name());
    let lease = event.lease.map_or(String::new(), |id| ctx.app.view.id_format.short(id));
    let lease = if has_lease { format!("{lease:<8}  ") } else { String::new() };
    let room = usize::from(width).saturating_sub(21 + lease.len());
    let text = cut(&event.text(), room);
    let style = |role| ctx.theme.style(role);
    Line::from(vec![
        Span::styled(format!("{} ", ctx.wall.time_of_day(event.at)), style(Role::Dim)),
        Span::styled(format!("{sign} {:<8}  ", event.name().short()), style(role)),
        Span::styled(lease, style(Role::Text)),
        Span::styled(text, style(Role::Text)),
    ])
}
