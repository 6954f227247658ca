//! Where everything stands. Pure, so that the runtime can ask how many rows there are.

use ratatui::layout::Rect;

/// The places of the panels; an empty one is not drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) top: Rect,
    pub(super) table: Rect,
    pub(super) events: Rect,
    pub(super) status: Rect,
    /// Too small for frames: one line a lease.
    pub(super) is_tiny: bool,
}

const TINY_WIDTH: u16 = 40;
const TINY_HEIGHT: u16 = 8;
/// From this height on the events have a panel.
const EVENTS_FROM: u16 = 14;

/// Divides the screen.
pub(super) fn places(area: Rect) -> Places {
    let is_tiny = area.width < TINY_WIDTH || area.height < TINY_HEIGHT;
    let top_height = u16::from(!is_tiny);
    let status_height = u16::from(area.height >= 3);
    let middle = area.height - top_height - status_height;
    let events_height = if is_tiny || area.height < EVENTS_FROM { 0 } else { (middle / 3).clamp(4, 12) };
    let row = |y, height| Rect { x: area.x, y: area.y + y, width: area.width, height };
    Places {
        top: row(0, top_height),
        table: row(top_height, middle - events_height),
        events: row(top_height + middle - events_height, events_height),
        status: row(area.height - status_height, status_height),
        is_tiny,
    }
}

/// How many leases the table has room for on a screen of this size: without its frame and its header.
pub fn table_rows(width: u16, height: u16) -> usize {
    let places = places(Rect::new(0, 0, width, height));
    let frame = if places.is_tiny { 0 } else { 3 };
    usize::from(places.table.height.saturating_sub(frame))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panels_fill_the_screen_and_do_not_overlap() {
        for height in 0..60 {
            for width in [0, 10, 39, 40, 80] {
                let places = places(Rect::new(0, 0, width, height));
                let parts = [places.top, places.table, places.events, places.status];
                assert_eq!(parts.iter().map(|part| part.height).sum::<u16>(), height);
                assert!(parts.windows(2).all(|pair| pair[0].bottom() == pair[1].y), "{width}x{height}");
            }
        }
    }

    #[test]
    fn rows_are_what_is_left() {
        assert_eq!(table_rows(80, 24), 12);
        assert_eq!(table_rows(30, 6), 5);
        assert_eq!(table_rows(10, 3), 2);
        assert_eq!(table_rows(0, 0), 0);
    }
}
