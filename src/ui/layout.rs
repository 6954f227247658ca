//! Screen layout. Pure functions, so that the runtime can query sizes without drawing.

use ratatui::layout::Rect;

use crate::app::{AppState, View, Viewport};

/// Areas of the panels. Empty areas are not drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PanelAreas {
    pub(super) header: Rect,
    pub(super) table: Rect,
    pub(super) detail: Rect,
    pub(super) cadence: Rect,
    pub(super) events: Rect,
    pub(super) locks: Rect,
    pub(super) footer: Rect,
    /// Whether the screen is too small for frames; each lease then takes one line.
    pub(super) is_tiny: bool,
}

/// What the layout depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ViewMode {
    pub(super) view: View,
    /// Whether the detail replaces the table.
    pub(super) is_open: bool,
    /// Whether the table or the open detail fills the screen.
    pub(super) is_zoomed: bool,
}

impl ViewMode {
    pub(super) fn of(app: &AppState) -> Self {
        ViewMode { view: app.view.active, is_open: app.view.is_open, is_zoomed: app.view.is_zoomed }
    }
}

const TINY_WIDTH: u16 = 40;
const TINY_HEIGHT: u16 = 8;
/// Minimum height for an events panel.
const EVENTS_FROM: u16 = 14;
/// Minimum size for the detail below the table, with the events to its right.
const WIDE: (u16, u16) = (120, 30);
/// Minimum size for the detail between table and events.
const TALL: (u16, u16) = (80, 40);

/// Divides the screen.
pub(super) fn places(area: Rect, shown: ViewMode) -> PanelAreas {
    let is_tiny = area.width < TINY_WIDTH || area.height < TINY_HEIGHT;
    let header_height = u16::from(!is_tiny);
    let footer_height = u16::from(area.height >= 3);
    let (header, rest) = split(area, header_height);
    let (middle, footer) = split(rest, rest.height - footer_height);
    let bars = PanelAreas { header, footer, is_tiny, ..PanelAreas::default() };
    match shown {
        ViewMode { view: View::Events, .. } => PanelAreas { events: middle, ..bars },
        ViewMode { view: View::Locks, .. } => PanelAreas { locks: middle, ..bars },
        ViewMode { view: View::Cadence, .. } => PanelAreas { cadence: middle, ..bars },
        ViewMode { is_open: true, is_zoomed: true, .. } => PanelAreas { detail: middle, ..bars },
        ViewMode { is_zoomed: true, .. } => PanelAreas { table: middle, ..bars },
        ViewMode { is_open, .. } => leases(bars, area, middle, is_open),
    }
}

/// The lease table and the panels beside it.
fn leases(bars: PanelAreas, area: Rect, middle: Rect, is_open: bool) -> PanelAreas {
    let reaches = |least: (u16, u16)| area.width >= least.0 && area.height >= least.1;
    let events_height = if bars.is_tiny || area.height < EVENTS_FROM { 0 } else { (middle.height / 3).clamp(4, 12) };
    if is_open {
        let (detail, events) = split(middle, middle.height - events_height);
        PanelAreas { detail, events, ..bars }
    } else if reaches(WIDE) {
        let (table, below) = split(middle, middle.height - (middle.height * 2 / 5).clamp(12, 20));
        let left = (u32::from(below.width) * 11 / 20) as u16;
        let detail = Rect { width: left, ..below };
        PanelAreas { table, detail, events: Rect { x: below.x + left, width: below.width - left, ..below }, ..bars }
    } else if reaches(TALL) {
        let (table, below) = split(middle, middle.height - middle.height * 3 / 5);
        let (detail, events) = split(below, below.height - (below.height / 3));
        PanelAreas { table, detail, events, ..bars }
    } else {
        let (table, events) = split(middle, middle.height - events_height);
        PanelAreas { table, events, ..bars }
    }
}

/// Splits off the upper `height` lines.
fn split(area: Rect, height: u16) -> (Rect, Rect) {
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// Sizes available on a screen of this size.
pub fn viewport(width: u16, height: u16) -> Viewport {
    let at = |view, is_zoomed| places(Rect::new(0, 0, width, height), ViewMode { view, is_open: false, is_zoomed });
    let (leases, events) = (at(View::Leases, false), at(View::Events, false));
    let within = |area: Rect, frame| usize::from(area.height.saturating_sub(if leases.is_tiny { 0 } else { frame }));
    Viewport {
        // Minus the frame and the column titles.
        rows: within(leases.table, 3),
        events: within(events.events, 2).saturating_sub(usize::from(leases.is_tiny)),
        has_detail: !leases.detail.is_empty(),
        zoomed: within(at(View::Leases, true).table, 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: [ViewMode; 7] = [
        ViewMode { view: View::Leases, is_open: false, is_zoomed: false },
        ViewMode { view: View::Leases, is_open: true, is_zoomed: false },
        ViewMode { view: View::Events, is_open: false, is_zoomed: false },
        ViewMode { view: View::Cadence, is_open: false, is_zoomed: false },
        ViewMode { view: View::Locks, is_open: false, is_zoomed: false },
        ViewMode { view: View::Leases, is_open: false, is_zoomed: true },
        ViewMode { view: View::Leases, is_open: true, is_zoomed: true },
    ];

    #[test]
    fn the_panels_fill_the_screen_and_do_not_overlap() {
        for (width, height) in (0..60).flat_map(|height| [0, 10, 39, 40, 80, 140].map(|width| (width, height))) {
            for shown in SHOWN {
                let places = places(Rect::new(0, 0, width, height), shown);
                let full = [places.cadence, places.events, places.locks];
                let parts = [&[places.header, places.table, places.detail, places.footer][..], &full].concat();
                let filled: u32 = parts.iter().map(|part| part.area()).sum();
                assert_eq!(filled, u32::from(width) * u32::from(height), "{width}x{height} {shown:?} {places:?}");
                let overlap = |(n, one): (usize, &Rect)| parts[n + 1..].iter().any(|two| one.intersects(*two));
                assert!(!parts.iter().enumerate().any(overlap), "{width}x{height} {shown:?} {places:?}");
            }
        }
    }

    #[test]
    fn the_detail_has_a_place_where_there_is_room_and_wherever_it_is_open() {
        let detail = |width, height, shown| places(Rect::new(0, 0, width, height), shown).detail;
        assert!(detail(80, 24, SHOWN[0]).is_empty());
        assert!(!detail(80, 24, SHOWN[1]).is_empty() && !detail(20, 5, SHOWN[1]).is_empty());
        assert!(detail(140, 40, SHOWN[0]).width < 80 && detail(90, 50, SHOWN[0]).width == 90);
    }

    #[test]
    fn room_is_what_is_left() {
        let rows = |width, height| viewport(width, height).rows;
        assert_eq!([rows(80, 24), rows(30, 6), rows(10, 3), rows(0, 0)], [12, 5, 2, 0]);
        assert_eq!(viewport(80, 24), Viewport { rows: 12, events: 20, has_detail: false, zoomed: 19 });
        assert!(viewport(140, 40).has_detail);
    }
}
