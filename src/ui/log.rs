//! The events panel, newest last.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Widget};

use crate::app::Event;
use crate::domain::printable;

use super::table::{AIRY, panel};
use super::{Role, Scene, theme};

/// Draws as many of the newest events as there is room for.
pub(super) fn draw(scene: Scene<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let mut block = panel(scene.look, " Events ");
    if area.width >= AIRY {
        block = block.padding(Padding::horizontal(1));
    }
    let inner = block.inner(area);
    block.render(area, buf);
    let lines = scene.model.events.lines();
    let skipped = lines.len().saturating_sub(usize::from(inner.height));
    for (y, event) in (inner.y..inner.bottom()).zip(lines.skip(skipped)) {
        buf.set_line(inner.x, y, &line(scene, event), inner.width);
    }
}

/// `10:04:31 ● renewed   d4d4f304  10 s, 3.50 s after the last`
fn line<'a>(scene: Scene<'_>, event: &Event) -> Line<'a> {
    let (sign, role) = theme::event(event.word);
    let lease = event.lease.map_or(String::new(), |id| id.short());
    let style = |role| scene.look.style(role);
    Line::from(vec![
        Span::styled(format!("{} ", scene.wall.time_of_day(event.at)), style(Role::Dim)),
        Span::styled(format!("{sign} {:<8}  ", event.word.word()), style(role)),
        Span::styled(format!("{lease:<8}  "), style(Role::Text)),
        Span::styled(printable(event.text.as_bytes()), style(Role::Text)),
    ])
}
