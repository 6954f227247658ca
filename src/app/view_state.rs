//! Where the user looks, and what is shown there.

use std::ops::Range;
use std::time::Duration;

use super::dialog::Dialog;
use super::events_view::EventsView;
use super::lease_store::LeaseStore;
use super::locks_view::LocksView;
use super::row_filter::RowFilter;
use super::row_index::RowIndex;
use super::selection::{Selection, between};
use super::view::{View, Viewport};
use super::{AppConfig, Lease, Sort};
use crate::id_format::IdFormat;
use crate::inference::locks::{Candidate, Locks};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// A sentence on the status line, until its time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMessage {
    /// The sentence; may hold texts from etcd and is to be escaped.
    pub text: String,
    /// Whether it reports a failure.
    pub is_error: bool,
    /// Until when it is shown.
    pub until: Timestamp,
}

/// Which rows of the table can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowWindow {
    /// The first row that is seen.
    pub top: usize,
    /// How many rows there is room for.
    pub rows: usize,
}

/// How soon the screen has to be drawn again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Redraw {
    /// Nothing that is shown has changed.
    #[default]
    No,
    /// Data has changed: within the next thirtieth of a second.
    Soon,
    /// Somebody pressed a key: at once.
    Now,
    /// All of it, at once: the terminal may show something else.
    Full,
}

/// Where the user looks, and what is shown there.
#[derive(Clone, Debug)]
pub struct ViewState {
    /// Which view is shown.
    pub active: View,
    /// Whether the detail of the selected lease is open in the table's place.
    pub is_open: bool,
    /// Whether the table, or the open detail, fills the screen.
    pub is_zoomed: bool,
    /// Whether columns have all the room that they want; those without room stand beyond the edge.
    pub is_wide: bool,
    /// How many of the columns beside the id stand before the left edge, while they are wide.
    pub pan: usize,
    /// By how many lines the open detail, or the cadence view, is scrolled.
    pub scroll: usize,
    /// How much longer than their shortest span the charts are, in steps.
    pub span: u8,
    /// The lease under the cursor.
    pub cursor: Option<LeaseId>,
    /// Whether the cursor was moved away from the top: only then the window follows it.
    pub(super) is_away: bool,
    /// Which rows can be seen.
    pub window: RowWindow,
    /// Which leases have a row.
    pub row_filter: RowFilter,
    /// By what the rows are sorted.
    pub sort: Sort,
    pub(super) row_index: RowIndex,
    pub(super) order: Vec<LeaseId>,
    /// Which leases are marked.
    pub selection: Selection,
    /// How ids are written.
    pub id_format: IdFormat,
    /// What the events view shows.
    pub events_view: EventsView,
    pub(super) locks_view: LocksView,
    /// What is open above the table.
    pub dialog: Option<Dialog>,
    /// The sentence on the status line.
    pub status: Option<StatusMessage>,
    /// Whether the monitor takes mouse events; the terminal selects text while it does not.
    pub has_mouse: bool,
    /// What there is room for.
    pub(super) viewport: Viewport,
    /// How many times as fast as real time the clock of the leases runs.
    pub clock_speed: u32,
    pub(super) redraw: Redraw,
}

impl Default for ViewState {
    fn default() -> Self {
        ViewState::new(&AppConfig::default())
    }
}

impl ViewState {
    /// The view at the start, as it was configured.
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
            dialog: None,
            status: None,
            has_mouse: false,
            viewport: Viewport::default(),
            clock_speed: config.backend.clock_speed(),
            redraw: Redraw::default(),
        }
    }

    /// The view of the same monitor that starts again on a clock of this speed: the terminal has not changed, nor has whoever
    /// looks at it.
    pub(super) fn restarted(&self, config: &AppConfig, clock_speed: u32) -> Self {
        ViewState {
            active: self.active,
            span: self.span,
            viewport: self.viewport,
            window: RowWindow { rows: self.viewport.rows, ..RowWindow::default() },
            id_format: self.id_format,
            is_wide: self.is_wide,
            has_mouse: self.has_mouse,
            clock_speed,
            redraw: Redraw::Full,
            ..ViewState::new(config)
        }
    }

    /// Looks at what was looked at in another view, whose cursor stays where its lease is known here.
    pub(super) fn follow(&mut self, other: &ViewState, leases: &LeaseStore) {
        self.active = other.active;
        self.is_open = other.is_open;
        self.scroll = other.scroll;
        self.span = other.span;
        self.events_view = other.events_view;
        self.row_filter = other.row_filter.clone();
        self.sort = other.sort;
        self.locks_view = other.locks_view.clone();
        self.is_zoomed = other.is_zoomed;
        self.is_wide = other.is_wide;
        self.pan = other.pan;
        self.window.rows = other.window.rows;
        if other.cursor.is_some_and(|id| leases.contains(id)) {
            self.cursor = other.cursor;
            self.is_away = other.is_away;
        }
    }

    /// The rows of the table in their order, as of the last [`refresh_rows`](super::refresh_rows).
    pub fn order(&self) -> &[LeaseId] {
        &self.order
    }

    /// The rows between two leases, both included; none where one of them has no row.
    pub fn rows_between(&self, one: LeaseId, other: LeaseId) -> Option<&[LeaseId]> {
        between(&self.order, one, other)
    }

    /// The leases of the rows that can be seen.
    pub fn visible<'a>(&self, leases: &'a LeaseStore) -> impl Iterator<Item = &'a Lease> {
        self.order[self.visible_range()].iter().filter_map(|id| leases.get(*id))
    }

    pub(super) fn visible_range(&self) -> Range<usize> {
        let end = (self.window.top + self.window.rows).min(self.order.len());
        self.window.top.min(end)..end
    }

    /// How many living leases are pinned but hidden by the filter.
    pub fn hidden_pins(&self, leases: &LeaseStore) -> usize {
        let top = self.order.iter().map_while(|id| leases.get(*id).filter(|lease| lease.is_pinned));
        leases.counts.pinned.saturating_sub(top.filter(|lease| lease.end.is_none()).count())
    }

    /// The row of the cursor.
    pub fn cursor_row(&self) -> Option<usize> {
        let cursor = self.cursor?;
        self.order.iter().position(|id| *id == cursor)
    }

    /// The lease under the cursor.
    pub fn cursor_lease<'a>(&self, leases: &'a LeaseStore) -> Option<&'a Lease> {
        leases.get(self.cursor?)
    }

    /// The lease under the cursor, while it lives.
    pub(super) fn cursor_lease_alive<'a>(&self, leases: &'a LeaseStore) -> Option<&'a Lease> {
        self.cursor_lease(leases).filter(|lease| lease.end.is_none())
    }

    /// The candidate under the cursor of the locks view.
    pub fn candidate<'a>(&self, locks: &'a Locks) -> Option<&'a Candidate> {
        self.locks_view.candidate(locks)
    }

    /// The leases of the candidates around the cursor of the locks view, while that is shown.
    pub(super) fn candidates_on_screen<'a>(
        &self,
        locks: &'a Locks,
        leases: &'a LeaseStore,
    ) -> impl Iterator<Item = &'a Lease> {
        let room = if self.active == View::Locks { self.viewport.events } else { 0 };
        self.locks_view.around(locks, room).filter_map(|candidate| leases.get(candidate.lease))
    }

    /// Whether the detail of the selected lease can be seen.
    pub(super) fn shows_detail(&self) -> bool {
        self.active == View::Leases && (self.is_open || self.viewport.has_detail && !self.is_zoomed)
    }

    /// Whether the detail of this lease can be seen.
    pub(super) fn shows_detail_of(&self, id: LeaseId) -> bool {
        self.cursor == Some(id) && self.shows_detail()
    }

    /// The leases that can be seen: the rows, the one whose detail is shown, and the candidates for locks where those are.
    pub(super) fn on_screen(&self, leases: &LeaseStore, locks: &Locks) -> Vec<LeaseId> {
        let selected = self.cursor.filter(|_| self.shows_detail());
        let candidates = self.candidates_on_screen(locks, leases).map(|lease| lease.id);
        self.visible(leases).map(|lease| lease.id).chain(selected).chain(candidates).collect()
    }

    /// Whether the detail of this lease can be seen, or the open dialog is about it.
    pub(super) fn is_about(&self, id: LeaseId) -> bool {
        self.shows_detail_of(id) || self.dialog.as_ref().and_then(Dialog::lease) == Some(id)
    }

    /// Closes the dialog that is about a lease that is gone, while another lives under its id.
    pub(super) fn close_superseded(&mut self, id: LeaseId, now: Timestamp) {
        if !self.dialog.as_mut().is_some_and(|dialog| dialog.drop_superseded(id)) {
            return;
        }
        self.dialog = None;
        let name = self.id_format.name(id);
        let text = format!("{name} ended and was granted again: that is a different lease, so nothing was done");
        self.set_status(now, true, text);
    }

    /// Makes the window as large as there is room for rows.
    pub(super) fn fit(&mut self, viewport: Viewport) {
        self.viewport = viewport;
        self.window.rows = if self.is_zoomed { viewport.zoomed } else { viewport.rows };
        self.scroll_to_cursor();
    }

    /// Moves the window as little as shows the cursor, and leaves no empty room below the last row.
    pub(super) fn scroll_to_cursor(&mut self) {
        let row = self.cursor_row().unwrap_or(0);
        let rows = self.window.rows.max(1);
        let most = self.order.len().saturating_sub(rows);
        self.window.top = self.window.top.min(row).max((row + 1).saturating_sub(rows)).min(most);
    }

    /// A span of real time, as the clock of the leases counts it: people do not read faster when that runs faster.
    pub(super) fn wall_time(&self, span: Duration) -> Duration {
        span * self.clock_speed
    }

    /// Shows a sentence on the status line for ten seconds of real time.
    pub(super) fn set_status(&mut self, now: Timestamp, is_error: bool, text: impl Into<String>) {
        const SHOWN: Duration = Duration::from_secs(10);
        self.status = Some(StatusMessage { text: text.into(), is_error, until: now + self.wall_time(SHOWN) });
        self.request_redraw(Redraw::Soon);
    }

    /// The screen is to be drawn again this soon, or sooner.
    pub(super) fn request_redraw(&mut self, redraw: Redraw) {
        self.redraw = self.redraw.max(redraw);
    }

    /// How soon the screen has to be drawn again; asking sets it back.
    pub fn take_redraw(&mut self) -> Redraw {
        std::mem::take(&mut self.redraw)
    }
}
