//! The line of the tabs: every view in a fixed place, and at the right the filter, the sort order and the keys that
//! explain the rest.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::keymap::Action;
use crate::app::{AppState, Key, TABS, Tab, View};
use crate::width::DisplayWidth;

use super::line::{Segment, draw_right, right_places};
use super::{RenderContext, Role, filter_line};

/// Edges of the active tab.
const EDGES: [&str; 2] = ["▐", "▌"];
/// Width of the sort order and the key of the help. The tabs have gaps if there is room for these.
const HINTS: usize = 28;
/// Maximum width of the filter.
const FILTER_WIDTH: usize = 32;

pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let active = ctx.app.displayed(ctx.now).0.view.active;
    for (tab, place) in places(ctx, area) {
        let is_active = tab.view == active;
        let style = ctx.theme.style(if is_active { Role::ActiveTab } else { Role::Tab });
        let text = label(ctx, tab, place.width);
        buf.set_stringn(place.x + 1, place.y, text, usize::from(place.width.saturating_sub(2)), style);
        if is_active {
            let edge = ctx.theme.style(Role::Title);
            buf.set_string(place.x, place.y, EDGES[0], edge);
            buf.set_string(place.right() - 1, place.y, EDGES[1], edge);
        }
    }
    draw_right(ctx.theme, hints(ctx), GAP, right(ctx, area), buf);
}

/// The view whose tab is at a position.
pub(super) fn tab_at(ctx: RenderContext<'_>, area: Rect, position: Position) -> Option<View> {
    places(ctx, area).find(|(_, place)| place.contains(position)).map(|(tab, _)| tab.view)
}

/// The key of the hint at a position.
pub(super) fn key_at(ctx: RenderContext<'_>, area: Rect, position: Position) -> Option<Key> {
    let hints = right_places(hints(ctx), GAP, right(ctx, area));
    hints.into_iter().find(|(_, place)| place.contains(position))?.0.key
}

const GAP: &str = "   ";

/// The part of the line to the right of the tabs.
fn right(ctx: RenderContext<'_>, area: Rect) -> Rect {
    let x = places(ctx, area).last().map_or(area.x, |(_, place)| place.right());
    Rect { x, width: area.right().saturating_sub(x), ..area }
}

/// The tabs and their places. The places do not depend on the active tab, if all names fit.
fn places(ctx: RenderContext<'_>, area: Rect) -> impl Iterator<Item = (&'static Tab, Rect)> {
    let active = ctx.app.displayed(ctx.now).0.view.active;
    let all: usize = TABS.iter().map(|tab| full_width(ctx, tab)).sum();
    let room = usize::from(area.width);
    let [indent, gap] = if all + TABS.len() + HINTS <= room { [1, 1] } else { [0, 0] };
    let mut x = area.x + indent;
    TABS.iter().filter(move |_| !area.is_empty()).map_while(move |tab| {
        let has_name = all <= room || tab.view == active;
        let width = if has_name { full_width(ctx, tab) } else { key(ctx, tab.view).width() + EDGES.len() } as u16;
        let place = Rect { x, y: area.y, width, height: 1 };
        x += width + gap;
        if place.right() <= area.right() { Some((tab, place)) } else { None }
    })
}

/// Width of a tab with its name: the key, a blank, the name and the edges.
fn full_width(ctx: RenderContext<'_>, tab: &Tab) -> usize {
    key(ctx, tab.view).width() + 1 + tab.name.width() + EDGES.len()
}

/// `1 Leases`, or only the key if there is no room.
fn label(ctx: RenderContext<'_>, tab: &Tab, width: u16) -> String {
    let (key, name) = (key(ctx, tab.view), tab.name);
    if usize::from(width) < full_width(ctx, tab) { key } else { format!("{key} {name}") }
}

/// The key of a view, or its number if it has no key.
pub(super) fn key(ctx: RenderContext<'_>, view: View) -> String {
    let key = ctx.app.config.keymap.key(Action::Show(view));
    key.map_or_else(|| view.tab().number.to_string(), |key| key.to_string())
}

fn hints(ctx: RenderContext<'_>) -> Vec<Segment> {
    let shown = ctx.app.displayed(ctx.now).0;
    let mut hints = Vec::new();
    if shown.view.active == View::Leases {
        hints.push(filter(shown));
        let sort = shown.view.sort;
        let (label, text) = if shown.view.is_grouped() {
            ("groups: ", "problems".to_owned())
        } else {
            ("sort: ", format!("{} {}", sort.title(), sort.arrow()))
        };
        hints.push(Segment { pieces: vec![(label.to_owned(), Role::Dim), (text, Role::Text)], rank: 2, key: None });
    }
    let keymap = &ctx.app.config.keymap;
    hints.extend(keymap.key(Action::Help).map(|key| Segment::key(1, key, "help")));
    hints.extend(keymap.key(Action::CommandLine).map(|key| Segment::key(3, key, "command")));
    hints
}

fn filter(shown: &AppState) -> Segment {
    let text = filter_line::in_words(shown, FILTER_WIDTH);
    let (text, role, rank) = if text.is_empty() { ("none".to_owned(), Role::Dim, 4) } else { (text, Role::Warning, 2) };
    Segment { pieces: vec![("filter: ".to_owned(), Role::Dim), (text, role)], rank, key: None }
}
