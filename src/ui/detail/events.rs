//! The latest events of the lease, newest first, so that the oldest are cut off when space runs out.

use ratatui::text::Line;

use super::DetailPage;
use crate::app::Event;
use crate::ui::{Role, events_panel};

/// Maximum number of events.
const MOST: usize = 12;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let id = Some(page.lease.id);
    let mut latest: Vec<_> = page.ctx.app.events.lines().rev().filter(|event| event.lease == id).take(MOST).collect();
    latest.reverse();
    Event::sort(&mut latest);
    let mut lines = page.labelled("events", Role::Dim, if latest.is_empty() { "none yet" } else { "newest first" });
    let newest_first = latest.into_iter().rev();
    lines.extend(newest_first.map(|event| events_panel::line_of_its_lease(page.ctx, event, page.width as u16)));
    lines
}
