//! Its own last events, newest first: where there is no room for all, the old ones are cut off.

use ratatui::text::Line;

use super::Page;
use crate::app::Event;
use crate::ui::{Role, log};

/// How many of them.
const MOST: usize = 12;

pub(super) fn lines(page: &Page<'_>) -> Vec<Line<'static>> {
    let id = Some(page.lease.id);
    let mut own: Vec<_> = page.scene.model.events.lines().rev().filter(|event| event.lease == id).take(MOST).collect();
    own.reverse();
    Event::sort(&mut own);
    let mut lines = page.say("events", Role::Dim, if own.is_empty() { "none yet" } else { "newest first" });
    lines.extend(own.into_iter().rev().map(|event| log::line_of_its_lease(page.scene, event, page.width as u16)));
    lines
}
