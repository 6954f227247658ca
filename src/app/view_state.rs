//! What is displayed: view, cursor, rows, dialogs and status line.

mod rows;
mod same_view;

use std::time::Duration;

use super::cadence_cursor::CadenceCursor;
use super::dialog::Dialog;
use super::events_view::EventsView;
use super::group_view::GroupView;
use super::lease_store::LeaseStore;
use super::locks_view::LocksView;
use super::members_view::MembersView;
use super::row_filter::RowFilter;
use super::row_index::RowIndex;
use super::row_motion::RowMotion;
use super::selection::Selection;
use super::status_message::{MessageScope, StatusMessage};
use super::typed_history::TypedLines;
use super::view::{View, Viewport};
use super::{AppConfig, BackgroundLeases, Column, GroupBy, Playback, Sort};
use crate::id_format::IdFormat;
use crate::inference::locks::Locks;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The visible range of table rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowWindow {
    /// Index of the first visible row.
    pub top: usize,
    /// Number of rows that fit.
    pub rows: usize,
}

/// How soon the screen must be redrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Redraw {
    /// Nothing visible changed.
    #[default]
    No,
    /// Data changed: redraw within 33 ms.
    Soon,
    /// The user pressed a key: redraw at once.
    Now,
    /// Redraw everything at once, because the terminal may show something else.
    Full,
}

/// What is displayed: view, cursor, rows, dialogs and status line.
#[derive(Clone, Debug)]
pub struct ViewState {
    /// The active view.
    pub active: View,
    /// Whether the detail of the selected lease replaces the table.
    pub is_open: bool,
    /// Whether the table, or the open detail, fills the screen.
    pub is_zoomed: bool,
    /// Whether columns have their full width. Those that do not fit are beyond the right edge.
    pub is_wide: bool,
    /// Number of columns, not counting the first, scrolled past the left edge in wide mode.
    pub pan: usize,
    /// Scroll offset in lines of the open detail or the cadence view.
    pub scroll: usize,
    /// How many steps the charts' time span is longer than the shortest one.
    pub span: u8,
    /// The lease under the cursor.
    pub cursor: Option<LeaseId>,
    /// Whether the user moved the cursor away from the top. Only then does the window follow it.
    pub(super) is_away: bool,
    /// The visible range of rows.
    pub window: RowWindow,
    /// The filter that decides which leases have a row.
    pub row_filter: RowFilter,
    /// The sort order.
    pub sort: Sort,
    pub(super) row_index: RowIndex,
    pub(super) order: Vec<LeaseId>,
    /// The marked leases.
    pub selection: Selection,
    /// The format of lease ids.
    pub id_format: IdFormat,
    /// The state of the events view.
    pub events_view: EventsView,
    /// The state of the locks view.
    pub locks_view: LocksView,
    /// The state of the members view.
    pub members_view: MembersView,
    /// The cursor of the cadence view, and its filter.
    pub cadence_cursor: CadenceCursor,
    /// The open dialog.
    pub dialog: Option<Dialog>,
    /// Whether the introduction of the demo is shown. The first key press hides it.
    pub shows_tour: bool,
    /// The message on the status line.
    pub status: Option<StatusMessage>,
    /// Whether mouse capture is on. While it is off, the terminal selects text.
    pub has_mouse: bool,
    /// The sizes of the areas on the screen.
    pub(super) viewport: Viewport,
    /// Clock speed of the leases as a multiple of real time.
    pub clock_speed: u32,
    /// Whether the user shows or hides the strip above the table. `None` leaves it to the height of the screen.
    pub strip: Option<bool>,
    /// Whether a message has said how to select text although the mouse is on.
    pub(super) is_mouse_introduced: bool,
    /// Until when the screen says that the clock waits for this machine.
    pub(super) clock_waits_until: Option<Timestamp>,
    pub(super) redraw: Redraw,
    /// The view from which the open detail was opened, if that was not the leases view.
    pub(super) opened_from: Option<View>,
    /// The scroll offset before the last movement key.
    pub(super) scrolled_from: Option<usize>,
    /// What the rows are grouped by.
    pub group_by: GroupBy,
    pub(super) motion: RowMotion,
    pub(super) group_view: GroupView,
    /// Lines typed before.
    pub typed: TypedLines,
    /// The name of the theme, if one was chosen.
    pub theme: Option<String>,
    /// Leases that are kept alive on other clusters.
    pub background: Vec<BackgroundLeases>,
    /// The leases that the command being executed names, instead of the marked ones.
    pub(super) named_targets: Option<Vec<LeaseId>>,
    /// The lease on which the cursor was before a grant moved it.
    pub(super) jump_back: Option<LeaseId>,
    /// The columns of the lease table, left to right.
    pub columns: Vec<Column>,
    /// The file to which the monitor records.
    pub recording: Option<String>,
    /// The place in the recording that is played.
    pub playback: Option<Playback>,
}

impl Default for ViewState {
    fn default() -> Self {
        ViewState::new(&AppConfig::default())
    }
}

impl ViewState {
    /// The initial view for a configuration.
    pub(super) fn new(config: &AppConfig) -> Self {
        ViewState {
            active: View::default(),
            is_open: false,
            is_zoomed: false,
            is_wide: false,
            pan: 0,
            scroll: 0,
            span: 0,
            cursor: None,
            is_away: false,
            window: RowWindow::default(),
            row_filter: RowFilter { typed: config.filter.clone(), ..RowFilter::default() },
            sort: config.sort,
            row_index: RowIndex::default(),
            order: Vec::new(),
            selection: Selection::default(),
            id_format: IdFormat::default(),
            events_view: EventsView::default(),
            locks_view: LocksView::default(),
            members_view: MembersView::default(),
            cadence_cursor: CadenceCursor::default(),
            dialog: None,
            shows_tour: config.is_demo,
            status: None,
            has_mouse: config.has_mouse,
            viewport: Viewport::default(),
            clock_speed: config.backend.clock_speed(),
            strip: None,
            is_mouse_introduced: false,
            clock_waits_until: None,
            redraw: Redraw::default(),
            opened_from: None,
            scrolled_from: None,
            group_by: config.group_by,
            motion: RowMotion::default(),
            group_view: GroupView::default(),
            typed: config.typed.clone(),
            theme: config.theme.clone(),
            background: Vec::new(),
            named_targets: None,
            jump_back: None,
            columns: config.columns.clone(),
            recording: None,
            playback: None,
        }
    }

    /// The view after a restart at this clock speed. What belongs to the terminal and to the user's choice of view
    /// stays.
    pub(super) fn restarted(&self, config: &AppConfig, clock_speed: u32) -> Self {
        ViewState {
            active: self.active,
            span: self.span,
            cadence_cursor: self.cadence_cursor.restarted(),
            viewport: self.viewport,
            window: RowWindow { rows: self.rows(false), ..RowWindow::default() },
            id_format: self.id_format,
            is_wide: self.is_wide,
            has_mouse: self.has_mouse,
            shows_tour: false,
            clock_speed,
            strip: self.strip,
            is_mouse_introduced: self.is_mouse_introduced,
            redraw: Redraw::Full,
            typed: self.typed.clone(),
            theme: self.theme.clone(),
            background: self.background.clone(),
            sort: self.sort,
            group_by: self.group_by,
            columns: self.columns.clone(),
            ..ViewState::new(config)
        }
    }

    /// Adopts what another view displays. The cursor only follows if its lease exists here.
    pub(super) fn follow(&mut self, other: &ViewState, leases: &LeaseStore) {
        self.active = other.active;
        self.is_open = other.is_open;
        self.scroll = other.scroll;
        self.span = other.span;
        self.events_view = other.events_view.clone();
        self.opened_from = other.opened_from;
        self.row_filter = other.row_filter.clone();
        self.sort = other.sort;
        self.group_by = other.group_by;
        self.locks_view = other.locks_view.clone();
        self.members_view = other.members_view.clone();
        self.cadence_cursor = other.cadence_cursor.clone();
        self.is_zoomed = other.is_zoomed;
        self.is_wide = other.is_wide;
        self.pan = other.pan;
        self.motion.adopt(&other.motion);
        self.adopt_groups(other);
        self.strip = other.strip;
        self.columns.clone_from(&other.columns);
        self.window.rows = other.window.rows;
        if other.cursor.is_some_and(|id| leases.contains(id)) {
            self.cursor = other.cursor;
            self.is_away = other.is_away;
        }
        if self.cursor != other.cursor {
            // The lease under the cursor of the other view does not exist any more.
            self.motion.on_message_moved();
        }
    }

    /// Whether the detail of the selected lease is visible. False if none is selected.
    pub(super) fn is_detail_visible(&self) -> bool {
        let has_detail = self.is_open || self.viewport.has_detail && !self.is_zoomed;
        self.active == View::Leases && self.cursor.is_some() && has_detail
    }

    /// Whether the detail of this lease is visible.
    pub(super) fn is_detail_visible_of(&self, id: LeaseId) -> bool {
        self.cursor == Some(id) && self.is_detail_visible()
    }

    /// The visible leases: the rows, the one whose detail is shown, the lock candidates in the locks view, and the
    /// leases on the clock of the cadence view.
    pub(super) fn on_screen(&self, leases: &LeaseStore, locks: &Locks) -> Vec<LeaseId> {
        let selected = if self.is_detail_visible() { self.cursor } else { None };
        let candidates = self.candidates_on_screen(locks, leases).map(|lease| lease.id);
        let on_clock = if self.active == View::Cadence { self.cadence_cursor.shown() } else { &[] };
        let rows = self.visible(leases).map(|lease| lease.id);
        rows.chain(selected).chain(candidates).chain(on_clock.iter().copied()).collect()
    }

    /// Whether the screen shows figures of this lease. Changes of others appear when countdowns do, once a second.
    pub(super) fn shows(&self, id: LeaseId, leases: &LeaseStore, locks: &Locks) -> bool {
        let is_summed_up = self.is_grouped() || self.active == View::Cadence;
        let is_row = self.order[self.visible_range()].contains(&id);
        is_summed_up || is_row || self.is_about(id) || self.candidates_on_screen(locks, leases).any(|it| it.id == id)
    }

    /// Whether the detail of this lease is visible, or the open dialog is about it.
    pub(super) fn is_about(&self, id: LeaseId) -> bool {
        self.is_detail_visible_of(id) || self.dialog.as_ref().and_then(Dialog::lease) == Some(id)
    }

    /// Closes a dialog about a lease that ended and was granted again under the same id. A range that might contain it
    /// is cancelled.
    pub(super) fn close_superseded(&mut self, id: LeaseId, now: Timestamp) {
        if self.selection.range().is_some() && self.row_of(id).is_some() {
            self.selection.end_range();
            let name = self.id_format.name(id);
            self.set_status(now, true, format!("Range cancelled: {name} ended and was granted again"));
        }
        if !self.dialog.as_mut().is_some_and(|dialog| dialog.drop_superseded(id)) {
            return;
        }
        self.dialog = None;
        let name = self.id_format.name(id);
        let text = format!("{name} ended and was granted again: that is a different lease, so nothing was done");
        self.set_status(now, true, text);
    }

    /// Adapts the window to the size of the screen.
    pub(super) fn fit(&mut self, viewport: Viewport) {
        self.viewport = viewport;
        self.window.rows = self.rows(self.is_zoomed);
        self.scroll_to_cursor();
    }

    /// Number of table rows that fit on the screen.
    pub(super) fn rows(&self, is_zoomed: bool) -> usize {
        let Viewport { rows, zoomed, strip, .. } = self.viewport;
        if is_zoomed {
            zoomed
        } else if self.shows_strip() {
            rows.saturating_sub(strip)
        } else {
            rows
        }
    }

    /// Whether the strip is shown in the views that have one.
    pub(super) fn shows_strip(&self) -> bool {
        self.strip.unwrap_or(self.viewport.shows_strip)
    }

    pub(super) fn show_strip(&mut self, is_shown: bool) {
        self.strip = Some(is_shown);
        self.fit(self.viewport);
    }

    /// Moves the window by as little as possible to show the cursor, without empty lines below the last row. Does
    /// nothing in a grouped table, which scrolls with its own cursor.
    pub(super) fn scroll_to_cursor(&mut self) {
        if self.is_grouped() {
            return;
        }
        let row = self.cursor_row().unwrap_or(0);
        let rows = self.window.rows.max(1);
        let most = self.order.len().saturating_sub(rows);
        self.window.top = self.window.top.min(row).max((row + 1).saturating_sub(rows)).min(most);
    }

    /// Converts a span of real time to the clock of the leases, so that messages stay readable at higher clock speeds.
    pub(super) fn wall_time(&self, span: Duration) -> Duration {
        span * self.clock_speed
    }

    /// Shows a message on the status line for five seconds of real time.
    pub(super) fn set_status(&mut self, now: Timestamp, is_error: bool, text: impl Into<String>) {
        const SHOWN: Duration = Duration::from_secs(5);
        let until = now + self.wall_time(SHOWN);
        let text = text.into();
        self.status = Some(StatusMessage { text, is_error, until, is_feedback: false, scope: MessageScope::Always });
        self.request_redraw(Redraw::Soon);
    }

    /// Says for three seconds of real time why a key did nothing.
    pub(super) fn set_feedback(&mut self, now: Timestamp, text: impl Into<String>) {
        const SHOWN: Duration = Duration::from_secs(3);
        let until = now + self.wall_time(SHOWN);
        let text = text.into();
        let scope = MessageScope::Always;
        self.status = Some(StatusMessage { text, is_error: false, until, is_feedback: true, scope });
        self.request_redraw(Redraw::Now);
    }

    /// Lets the message on the status line disappear when `scope` no longer applies.
    pub(super) fn limit_status(&mut self, scope: MessageScope) {
        self.status.iter_mut().for_each(|status| status.scope = scope);
    }

    /// Shows for three seconds of real time that the clock waits.
    pub(super) fn note_waiting_clock(&mut self, now: Timestamp) {
        const SHOWN: Duration = Duration::from_secs(3);
        self.clock_waits_until = Some(now + self.wall_time(SHOWN));
        self.request_redraw(Redraw::Soon);
    }

    /// Whether the clock of the sandbox waited recently, because this machine is too slow for its speed.
    pub fn is_clock_waiting(&self, now: Timestamp) -> bool {
        self.clock_waits_until.is_some_and(|until| now < until)
    }

    /// Hides the introduction of the demo.
    pub(super) fn hide_tour(&mut self) {
        if std::mem::take(&mut self.shows_tour) {
            self.request_redraw(Redraw::Now);
        }
    }

    /// Requests a redraw. The most urgent request wins.
    pub(super) fn request_redraw(&mut self, redraw: Redraw) {
        self.redraw = self.redraw.max(redraw);
    }

    /// Returns and clears the requested redraw.
    pub fn reset_redraw(&mut self) -> Redraw {
        std::mem::take(&mut self.redraw)
    }
}
