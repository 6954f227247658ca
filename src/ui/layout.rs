//! Screen layout. Pure functions, so that the runtime can query sizes without drawing.
//!
//! ```text
//!  header
//!  tabs                          filter, sort and the most useful keys
//!  ───────────────────────────────────────────────────────────────────
//!  strip                         totals, renewals, when leases expire
//!  table
//!  title of the table
//!  ──────────────────────────────┬────────────────────────────────────
//!  detail                        │ events
//!  footer
//! ```
//!
//! Panes have no boxes: one line separates them.

use std::ops::RangeInclusive;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{RenderContext, Role};
use crate::app::{AppState, View, Viewport};

/// Areas of the panels. Empty areas are not drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PanelAreas {
    pub(super) header: Rect,
    pub(super) tabs: Rect,
    /// Lines between the panes: below the tabs, above the lower panes, and between those two.
    pub(super) rules: [Rect; 3],
    pub(super) strip: Rect,
    /// The column titles, the rows, and the title in the last line.
    pub(super) table: Rect,
    pub(super) detail: Rect,
    pub(super) cadence: Rect,
    pub(super) events: Rect,
    pub(super) locks: Rect,
    pub(super) members: Rect,
    pub(super) footer: Rect,
    /// Whether the screen is too small for titles and lines; each lease then takes one line.
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
    /// Whether the user shows or hides the strip. `None` leaves it to the height.
    pub(super) strip: Option<bool>,
}

impl ViewMode {
    pub(super) fn of(app: &AppState) -> Self {
        let view = &app.view;
        ViewMode { view: view.active, is_open: view.is_open, is_zoomed: view.is_zoomed, strip: view.strip }
    }

    /// Whether the view has a strip on a screen of this height.
    fn has_strip(self, height: u16) -> bool {
        let has_place = match self.view {
            View::Leases => !self.is_open && !self.is_zoomed,
            view => view == View::Cadence,
        };
        has_place && height >= STRIP_LEAST && self.strip.unwrap_or(height >= STRIP_FROM)
    }
}

const TINY_WIDTH: u16 = 40;
const TINY_HEIGHT: u16 = 8;
/// Minimum height for the line below the tabs.
const RULE_FROM: u16 = 16;
/// Lines of the strip, with a blank line below.
pub(super) const STRIP_HEIGHT: u16 = 3;
/// The strip appears by itself from this height on.
const STRIP_FROM: u16 = 30;
/// Below this height the strip cannot be shown.
const STRIP_LEAST: u16 = 20;
/// Minimum height for an events panel.
const EVENTS_FROM: u16 = 14;
/// Minimum size for the detail below the table, with the events to its right.
const WIDE: (u16, u16) = (120, 30);
/// Minimum size for the detail between table and events.
const TALL: (u16, u16) = (80, 40);
/// Fewest and most lines of events below the table or the open detail, with the line above them.
const EVENTS_HEIGHT: RangeInclusive<u16> = 4..=12;
/// Fewest and most lines of detail and events side by side, with the line above them. The table gets the rest.
const LOWER_HEIGHT: RangeInclusive<u16> = 11..=21;

/// Divides the screen.
pub(super) fn places(area: Rect, shown: ViewMode) -> PanelAreas {
    let is_tiny = area.width < TINY_WIDTH || area.height < TINY_HEIGHT;
    let bar_height = u16::from(!is_tiny);
    let footer_height = u16::from(area.height >= 3);
    let (header, rest) = split(area, bar_height);
    let (tabs, rest) = split(rest, bar_height);
    let (rule, rest) = split(rest, u16::from(!is_tiny && area.height >= RULE_FROM));
    let (middle, footer) = split(rest, rest.height - footer_height);
    let strip_height = if !is_tiny && shown.has_strip(area.height) { STRIP_HEIGHT } else { 0 };
    let bars =
        PanelAreas { header, tabs, rules: [rule, Rect::ZERO, Rect::ZERO], footer, is_tiny, ..Default::default() };
    match shown {
        ViewMode { view: View::Events, .. } => PanelAreas { events: middle, ..bars },
        ViewMode { view: View::Locks, .. } => PanelAreas { locks: middle, ..bars },
        ViewMode { view: View::Members, .. } => PanelAreas { members: middle, ..bars },
        ViewMode { view: View::Cadence, .. } => {
            let (strip, cadence) = split(middle, strip_height);
            PanelAreas { strip, cadence, ..bars }
        }
        ViewMode { is_open: true, is_zoomed: true, .. } => PanelAreas { detail: middle, ..bars },
        ViewMode { is_zoomed: true, .. } => PanelAreas { table: middle, ..bars },
        ViewMode { is_open, .. } => {
            let panes = leases(bars, area, middle, is_open);
            let (strip, table) = split(panes.table, strip_height);
            PanelAreas { strip, table, ..panes }
        }
    }
}

/// The lease table and the panels below it. The strip takes its lines from the table.
fn leases(bars: PanelAreas, area: Rect, middle: Rect, is_open: bool) -> PanelAreas {
    let reaches = |least: (u16, u16)| area.width >= least.0 && area.height >= least.1;
    let has_events = !bars.is_tiny && area.height >= EVENTS_FROM;
    let quarter = (middle.height / 4).clamp(*EVENTS_HEIGHT.start(), *EVENTS_HEIGHT.end());
    let events_height = if has_events { quarter } else { 0 };
    if is_open {
        let (detail, [rule, events]) = split_ruled(middle, events_height);
        PanelAreas { detail, events, ..bars.with_rules([rule, Rect::ZERO]) }
    } else if reaches(WIDE) {
        let lower_height = (middle.height * 2 / 5 + 1).clamp(*LOWER_HEIGHT.start(), *LOWER_HEIGHT.end());
        let (table, [rule, below]) = split_ruled(middle, lower_height);
        // The detail gets a little more than half, because its chart needs more room than the events.
        let left = (u32::from(below.width) * 11 / 20) as u16;
        let detail = Rect { width: left, ..below };
        let between = Rect { x: below.x + left, width: 1, ..below };
        let events = Rect { x: between.x + 1, width: below.width - left - 1, ..below };
        PanelAreas { table, detail, events, ..bars.with_rules([rule, between]) }
    } else if reaches(TALL) {
        let (table, [rule, below]) = split_ruled(middle, middle.height * 3 / 5);
        let (detail, [between, events]) = split_ruled(below, below.height / 3);
        PanelAreas { table, detail, events, ..bars.with_rules([rule, between]) }
    } else {
        let (table, [rule, events]) = split_ruled(middle, events_height);
        PanelAreas { table, events, ..bars.with_rules([rule, Rect::ZERO]) }
    }
}

impl PanelAreas {
    fn with_rules(self, below: [Rect; 2]) -> Self {
        PanelAreas { rules: [self.rules[0], below[0], below[1]], ..self }
    }

    /// Where text is typed above the content: from the line below the tabs to the footer.
    pub(super) fn input(self) -> Rect {
        let panes = [self.strip, self.table, self.detail, self.cadence, self.events, self.locks, self.members];
        let bottom = panes.iter().map(|pane| pane.bottom()).max().unwrap_or(0);
        let first = [self.rules[0], self.tabs].into_iter().find(|line| !line.is_empty());
        let first = first.or_else(|| panes.into_iter().find(|pane| !pane.is_empty())).unwrap_or_default();
        Rect { height: bottom.saturating_sub(first.y), ..first }
    }
}

/// Splits off the upper `height` lines.
fn split(area: Rect, height: u16) -> (Rect, Rect) {
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// Splits off the lower `height` lines. The first of them is the line between the two.
fn split_ruled(area: Rect, height: u16) -> (Rect, [Rect; 2]) {
    let (above, below) = split(area, area.height - height);
    let (rule, below) = split(below, height.min(1));
    (above, [rule, below])
}

/// Draws the lines between the panes.
pub(super) fn draw_rules(ctx: RenderContext<'_>, places: PanelAreas, buf: &mut Buffer) {
    let style = ctx.theme.style(Role::Border);
    for rule in places.rules.into_iter().filter(|rule| !rule.is_empty()) {
        let sign = if rule.width == 1 { "│" } else { "─" };
        for position in rule.positions() {
            buf.set_string(position.x, position.y, sign, style);
        }
        let is_met = |other: &&Rect| other.width == 1 && other.y == rule.bottom() && !other.is_empty();
        if let Some(met) = places.rules.iter().find(is_met) {
            buf.set_string(met.x, rule.y, "┬", style);
        }
    }
}

/// Sizes available on a screen of this size.
pub fn viewport(width: u16, height: u16) -> Viewport {
    let at = |view, is_zoomed, strip| {
        let shown = ViewMode { view, is_open: false, is_zoomed, strip: Some(strip) };
        places(Rect::new(0, 0, width, height), shown)
    };
    let (leases, events) = (at(View::Leases, false, false), at(View::Events, false, false));
    let within = |area: Rect, frame| usize::from(area.height.saturating_sub(if leases.is_tiny { 0 } else { frame }));
    Viewport {
        // Minus the column titles and the title.
        rows: within(leases.table, 2),
        events: within(events.events, 1).saturating_sub(usize::from(leases.is_tiny)),
        has_detail: !leases.detail.is_empty(),
        zoomed: within(at(View::Leases, true, false).table, 2),
        strip: usize::from(at(View::Leases, false, true).strip.height),
        shows_strip: height >= STRIP_FROM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: [ViewMode; 8] = [
        ViewMode { view: View::Leases, is_open: false, is_zoomed: false, strip: None },
        ViewMode { view: View::Leases, is_open: true, is_zoomed: false, strip: None },
        ViewMode { view: View::Events, is_open: false, is_zoomed: false, strip: None },
        ViewMode { view: View::Cadence, is_open: false, is_zoomed: false, strip: None },
        ViewMode { view: View::Locks, is_open: false, is_zoomed: false, strip: None },
        ViewMode { view: View::Leases, is_open: false, is_zoomed: true, strip: None },
        ViewMode { view: View::Leases, is_open: true, is_zoomed: true, strip: None },
        ViewMode { view: View::Members, is_open: false, is_zoomed: false, strip: None },
    ];

    #[test]
    fn the_panels_fill_the_screen_and_do_not_overlap() {
        for (width, height) in (0..60).flat_map(|height| [0, 10, 39, 40, 80, 140].map(|width| (width, height))) {
            for shown in SHOWN {
                let places = places(Rect::new(0, 0, width, height), shown);
                let bars = [places.header, places.tabs, places.strip, places.footer];
                let panes = [places.table, places.detail, places.cadence, places.events, places.locks, places.members];
                let parts = [&bars[..], &places.rules, &panes].concat();
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
    fn the_strip_appears_on_a_high_screen_and_takes_its_lines_from_the_table() {
        let strip = |height, strip| {
            let places = places(Rect::new(0, 0, 120, height), ViewMode { strip, ..SHOWN[0] });
            (places.strip.height, places.table.height)
        };
        let (_, rows) = strip(30, Some(false));
        assert_eq!((strip(30, None), strip(30, Some(true))), ((3, rows - 3), (3, rows - 3)));
        assert_eq!([strip(29, None).0, strip(24, Some(true)).0, strip(19, Some(true)).0], [0, 3, 0]);
        let viewport = viewport(120, 30);
        assert_eq!((viewport.rows, viewport.strip, viewport.shows_strip), (usize::from(rows) - 2, 3, true));
        assert!(places(Rect::new(0, 0, 120, 30), SHOWN[3]).strip.height == 3, "the cadence view has one too");
    }

    #[test]
    fn room_is_what_is_left() {
        let rows = |width, height| viewport(width, height).rows;
        assert_eq!([rows(80, 24), rows(30, 6), rows(10, 3), rows(0, 0)], [13, 5, 2, 0]);
        assert_eq!(
            viewport(80, 24),
            Viewport { rows: 13, events: 19, has_detail: false, zoomed: 18, strip: 3, shows_strip: false }
        );
        assert!(viewport(140, 40).has_detail);
    }
}
