//! The latest events of the lease, newest first, so that the oldest are cut off when space runs out.

use ratatui::text::Line;

use super::DetailPage;
use crate::app::Event;
use crate::ui::{Role, events_panel};

/// Maximum number of events.
const MOST: usize = 12;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let id = Some(page.lease.id);
    let mut own: Vec<_> = page.ctx.app.events.lines().rev().filter(|event| event.lease == id).take(MOST).collect();
    own.reverse();
    Event::sort(&mut own);
    let mut lines = page.labelled("events", Role::Dim, if own.is_empty() { "none yet" } else { "newest first" });
    lines
        .extend(own.into_iter().rev().map(|event| events_panel::line_of_its_lease(page.ctx, event, page.width as u16)));
    lines
}
