//! Hit testing: maps a screen position to what the layout drew there.

use ratatui::layout::{Position, Rect};

use crate::app::{ClickTarget, GroupedRow, View};

use super::layout::{self, ViewMode};
use super::{RenderContext, cadence, dialogs, footer, playback, table, tabs};

/// What is at a position on a screen of this size, or `None` if nothing there can be clicked.
pub fn hit(ctx: RenderContext<'_>, (width, height): (u16, u16), (x, y): (u16, u16)) -> Option<ClickTarget> {
    let shown = ctx.displayed();
    let (area, line) = playback::split(ctx.app, Rect::new(0, 0, width, height));
    if line.contains(Position { x, y }) {
        return playback::hit(ctx, line, x);
    }
    let places = layout::places(area, ViewMode::of(shown.app));
    let position = Position { x, y };
    if ctx.app.view.dialog.is_some() {
        return dialogs::key_at(ctx, area, position).map(ClickTarget::Key);
    }
    if let Some(view) = tabs::tab_at(ctx, places.tabs, position) {
        return Some(ClickTarget::Tab(view));
    }
    // While a filter is typed, the keys of the tab line are text.
    let of_tabs = tabs::key_at(ctx, places.tabs, position).filter(|_| !shown.app.view.is_filter_open());
    let hint = of_tabs.or_else(|| footer::key_at(ctx, places, position));
    if let Some(key) = hint {
        return Some(ClickTarget::Key(key));
    }
    if shown.app.view.active == View::Cadence {
        return cadence::hit(shown, places, (x, y)).map(ClickTarget::Cohort);
    }
    let inner = table::inner(places);
    if shown.app.view.active != View::Leases || !inner.contains(position) {
        return None;
    }
    let offset = usize::from(y - inner.y);
    // `None` for the column titles.
    let row = if places.is_tiny { Some(offset) } else { offset.checked_sub(1) };
    if shown.app.view.is_grouped() {
        return Some(match row.and_then(|row| shown.app.view.grouped_rows().get(row))? {
            GroupedRow::Lease(id) => ClickTarget::Row(*id),
            GroupedRow::Group(id) => ClickTarget::Group(*id),
        });
    }
    match row {
        Some(row) => shown.app.visible().nth(row).map(|lease| ClickTarget::Row(lease.id)),
        None => table::columns_of(shown, inner)
            .find(|(_, place)| (place.left()..=place.right()).contains(&x))
            .map(|(column, _)| ClickTarget::Header(column.name)),
    }
}
