//! What is at a position on the screen, by the same layout as it was drawn with.

use ratatui::layout::{Position, Rect};

use crate::app::{ClickTarget, View};

use super::layout::{self, ViewMode};
use super::{RenderContext, table};

/// The click target at a position on a screen of this size; none if nothing can be clicked there.
pub fn hit(ctx: RenderContext<'_>, (width, height): (u16, u16), (x, y): (u16, u16)) -> Option<ClickTarget> {
    let shown = ctx.displayed();
    let places = layout::places(Rect::new(0, 0, width, height), ViewMode::of(shown.app));
    let inner = table::inner(places);
    if shown.app.view.active != View::Leases || !inner.contains(Position { x, y }) {
        return None;
    }
    let row = usize::from(y - inner.y);
    let below = if places.is_tiny { Some(row) } else { row.checked_sub(1) };
    match below {
        Some(row) => shown.app.visible().nth(row).map(|lease| ClickTarget::Row(lease.id)),
        None => table::columns_of(shown, inner)
            .find(|(_, place)| (place.left()..=place.right()).contains(&x))
            .map(|(column, _)| ClickTarget::Header(column.name)),
    }
}
