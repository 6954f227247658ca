//! All that the monitor knows.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::time::Duration;

use super::bulk::BulkRevoke;
use super::cadence::{CadenceReport, CadenceStats, Series};
use super::dialog::{self, Dialog};
use super::events::{EventKind, EventLog, EventTime};
use super::events_view::EventsView;
use super::frozen_view::FrozenView;
use super::lease_store::LeaseStore;
use super::polls::{self, PollScheduler};
use super::row_filter::RowFilter;
use super::row_index::RowIndex;
use super::selection::{Selection, between};
use super::sort::Sort;
use super::ttl_cohorts::TtlCohorts;
use super::values::{KeyValueCache, KeyValues};
use super::view::{View, Viewport};
use super::{
    AppConfig, Backend, CallFailure, HistoryEvent, Lease, LeaseCounts, LeaseHistory, LeaseKeyIndex, LeaseKeys,
    LintReport, LocksView, history,
};
use crate::id_format::IdFormat;
use crate::inference::RevisionTimeline;
use crate::inference::locks::Locks;
use etcd_lease::{ClusterView, KeyRange, LeaseId};
use simkit::Timestamp;

/// A sentence on the status line, until its time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMessage {
    /// The sentence; may hold texts from etcd and is to be escaped.
    pub text: String,
    /// Whether it tells of a failure.
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

/// How soon the screen has to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Redraw {
    /// Nothing to see has changed.
    #[default]
    No,
    /// Data has changed: within the next thirtieth of a second.
    Soon,
    /// Somebody pressed a key: at once.
    Now,
    /// All of it, at once: the terminal may show something else.
    Full,
}

/// All that the monitor knows.
#[derive(Clone, Debug, Default)]
pub struct AppState {
    /// What does not change.
    pub config: AppConfig,
    /// The link to the cluster.
    pub cluster: ClusterView,
    /// Since when no member answers; none while one does.
    pub unreached_since: Option<Timestamp>,
    /// Why the leases could not be listed, if so.
    pub list_trouble: Option<CallFailure>,
    /// Why the keys are not told, if so.
    pub keys_trouble: Option<CallFailure>,
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
    /// Which leases are marked.
    pub selection: Selection,
    /// How ids are written.
    pub ids: IdFormat,
    /// Which view is shown.
    pub view: View,
    /// Whether the detail of the selected lease is open in the table's place.
    pub is_open: bool,
    /// Whether the table, or the open detail, fills the screen.
    pub is_zoomed: bool,
    /// Whether columns have all the room that they want, and stand beyond the edge where there is none.
    pub is_wide: bool,
    /// How many of the columns beside the id stand before the left edge, where they are wide.
    pub pan: usize,
    /// Whether the mouse is ours.
    pub has_mouse: bool,
    /// Polls a second at most, where somebody changed that.
    pub pace_of_polls: Option<u32>,
    /// By how many lines the open detail, or the cadence view, is moved.
    pub scroll: usize,
    /// How much longer than their shortest span the charts are, in steps.
    pub span: u8,
    /// What the events view shows.
    pub events_view: EventsView,
    /// The display as it was frozen, while it is.
    pub frozen: Option<Box<FrozenView>>,
    /// What is open above the table.
    pub dialog: Option<Dialog>,
    /// The sentence on the status line.
    pub status: Option<StatusMessage>,
    /// What has happened.
    pub events: EventLog,
    /// Counts over all leases, as of the last [`refresh_rows`](super::refresh_rows).
    pub counts: LeaseCounts,
    pub(super) leases: LeaseStore,
    pub(super) key_index: LeaseKeyIndex,
    /// Up to which revision the keys were told, and when they were told last.
    pub(super) keys_revision: i64,
    pub(super) keys_reported_at: Timestamp,
    pub(super) lint_report: LintReport,
    /// Locks and elections, as the same keys tell.
    pub(super) locks: Locks,
    pub(super) locks_view: LocksView,
    pub(super) row_index: RowIndex,
    pub(super) order: Vec<LeaseId>,
    /// The dead that still have a row, in the order of their deaths.
    pub(super) recently_ended: VecDeque<(Timestamp, LeaseId)>,
    pub(super) polls: PollScheduler,
    /// Whether anybody renews the leases of a TTL.
    pub(super) cohorts: TtlCohorts,
    pub(super) values: KeyValueCache,
    /// What was counted of every lease that was kept.
    pub(super) cadence_stats: CadenceStats,
    /// What there is room for.
    pub(super) viewport: Viewport,
    /// Lines of what is moved by lines that there is no room for.
    pub(super) max_scroll: usize,
    /// Leases that are being revoked before the program ends.
    pub(super) quit_pending: Option<BTreeSet<LeaseId>>,
    /// Many revokes that are under way, or were last.
    pub(super) bulk: Option<BulkRevoke>,
    /// Leases whose revoke is on its way: none is asked for twice.
    pub(super) revoking: BTreeSet<LeaseId>,
    /// Leases that the engine keeps alive and that are gone, while others live under their ids: to be left.
    pub(super) superseded: Vec<LeaseId>,
    pub(super) has_started: bool,
    /// When the last list was asked for that was answered.
    pub(super) listed_at: Option<Timestamp>,
    /// How long that took.
    pub(super) list_took: Duration,
    /// From when on the watch tells changes as they happen; before it may be catching up.
    pub(super) prompt_from: Timestamp,
    /// Which revision the keys had when.
    pub(super) revisions: RevisionTimeline,
    /// Whether it was not told yet why the leases cannot be listed.
    pub(super) is_list_error_unreported: bool,
    /// Whether it was not told yet why the keys cannot be followed.
    pub(super) is_keys_error_unreported: bool,
    pub(super) redraw: Redraw,
}

impl AppState {
    /// A model that knows nothing yet; the link counts as down from `now` on.
    pub fn new(config: AppConfig, now: Timestamp) -> Self {
        let row_filter = RowFilter { typed: config.filter.clone(), ..RowFilter::default() };
        AppState { row_filter, sort: config.sort, config, unreached_since: Some(now), ..AppState::default() }
    }

    /// A lease by its id, the dead of the last half minute included.
    pub fn lease(&self, id: LeaseId) -> Option<&Lease> {
        self.leases.get(&id)
    }

    /// Which lease holds which key, as far as keys may be read and are followed.
    pub fn key_index(&self) -> &LeaseKeyIndex {
        &self.key_index
    }

    /// What is wrong with the leases.
    pub fn lint_report(&self) -> &LintReport {
        &self.lint_report
    }

    /// Whether a lease is listed though the leader said before that it does not know it.
    pub(super) fn is_zombie(&self, lease: &Lease) -> bool {
        let is_listed_since = lease.end.is_some_and(|end| self.listed_at > Some(end.at));
        lease.is_listed && is_listed_since && self.list_trouble.is_none()
    }

    /// Whether the leases were listed.
    pub fn has_listed(&self) -> bool {
        self.listed_at.is_some()
    }

    /// What the watch tells in the next moments may have happened before: it was cut, or nobody listened.
    pub(super) fn expect_late_news(&mut self, now: Timestamp) {
        const CATCHING_UP: Duration = Duration::from_secs(1);
        self.prompt_from = now + CATCHING_UP;
    }

    /// How many leases were asked in the last whole second for the time that they have left.
    pub fn poll_rate(&self, now: Timestamp) -> u32 {
        self.polls.rate(now)
    }

    /// Whether each key of a lease is known, and told when it changes.
    pub(super) fn follows_all_keys(&self) -> bool {
        self.config.range == KeyRange::all() && self.key_index.is_read() && self.keys_trouble.is_none()
    }

    /// The keys of a lease, as far as they are followed; none where that says nothing.
    pub(super) fn keys_of(&self, id: LeaseId) -> Option<LeaseKeys> {
        let keys = self.key_index.summary(id, self.config.range == KeyRange::all());
        Some(keys).filter(|keys| keys.count > 0 || keys.is_all && self.key_index.is_read())
    }

    /// The rows of the table in their order, as of the last [`refresh_rows`](super::refresh_rows).
    pub fn order(&self) -> &[LeaseId] {
        &self.order
    }

    /// How many leases there are, those that are filtered away and the dead of the last half minute included.
    pub fn total(&self) -> usize {
        self.leases.len()
    }

    /// The rows between two leases, both included; none where one of them has no row.
    pub fn rows_between(&self, one: LeaseId, other: LeaseId) -> Option<&[LeaseId]> {
        between(&self.order, one, other)
    }

    /// Many revokes that are under way, or were last.
    pub fn bulk(&self) -> Option<&BulkRevoke> {
        self.bulk.as_ref()
    }

    /// How many living leases are pinned but hidden by the filter.
    pub fn hidden_pins(&self) -> usize {
        let top = self.order.iter().map_while(|id| self.leases.get(id).filter(|lease| lease.is_pinned));
        self.counts.pinned.saturating_sub(top.filter(|lease| lease.end.is_none()).count())
    }

    /// The leases of the rows that can be seen.
    pub fn visible(&self) -> impl Iterator<Item = &Lease> {
        self.order[self.visible_range()].iter().filter_map(|id| self.leases.get(id))
    }

    pub(super) fn visible_range(&self) -> Range<usize> {
        let end = (self.window.top + self.window.rows).min(self.order.len());
        self.window.top.min(end)..end
    }

    /// The lease under the cursor.
    pub fn cursor_lease(&self) -> Option<&Lease> {
        self.leases.get(&self.cursor?)
    }

    /// The row of the cursor.
    pub fn cursor_row(&self) -> Option<usize> {
        let cursor = self.cursor?;
        self.order.iter().position(|id| *id == cursor)
    }

    /// The values of a lease's keys, once they were read; of the lease alone whose detail was shown last.
    pub fn values(&self, id: LeaseId) -> Option<&KeyValues> {
        self.values.of(id)
    }

    /// Whether the detail of the selected lease can be seen.
    pub(super) fn shows_detail(&self) -> bool {
        self.view == View::Leases && (self.is_open || self.viewport.has_detail && !self.is_zoomed)
    }

    /// Whether this runs on the embedded sandbox.
    pub fn is_sandbox(&self) -> bool {
        matches!(self.config.backend, Backend::Sandbox { .. })
    }

    /// The leases that are not dead.
    pub fn living_leases(&self) -> impl Iterator<Item = &Lease> {
        self.leases.values().filter(|lease| lease.end.is_none())
    }

    /// The leases that are being kept alive here.
    pub fn kept_alive(&self) -> impl Iterator<Item = &Lease> {
        self.leases.values().filter(|lease| lease.is_kept_alive && lease.end.is_none())
    }

    /// The exercise so far: a series for each TTL that was kept, the shortest first.
    pub fn cadence_report(&self) -> CadenceReport {
        let mut series = self.cadence_stats.report();
        series.sort_by_key(|series| (series.effective_ttl(), series.ttl));
        CadenceReport { pace: self.config.pace, kept_for: None, stalled: false, series }
    }

    /// How many leases of a series are kept, and when the next of them is renewed.
    pub fn kept_alive_in(&self, series: &Series) -> (usize, Option<Timestamp>) {
        let is_of = |lease: &&Lease| {
            let granted = lease.granted_ttl;
            granted == series.granted_ttl && lease.asked_ttl.or(granted) == Some(series.ttl)
        };
        self.kept_alive()
            .filter(is_of)
            .filter_map(|lease| lease.engine.as_ref())
            .fold((0, None), |(count, next), status| (count + 1, next.into_iter().chain(status.next_due).min()))
    }

    /// How soon the screen has to follow; asking sets it back.
    pub fn take_redraw(&mut self) -> Redraw {
        std::mem::take(&mut self.redraw)
    }

    /// Whether time alone changes the screen: a lease counts down, a row fades, a link is waited for.
    pub fn counts_down(&self) -> bool {
        !self.leases.is_empty() || self.unreached_since.is_some() || self.frozen.is_some()
    }

    /// A span of the wall's time, as the clock of the leases counts it: people do not read faster with it.
    pub(super) fn wall_time(&self, span: Duration) -> Duration {
        match self.config.backend {
            Backend::Sandbox { warp } => span * warp,
            Backend::Cluster => span,
        }
    }

    pub(super) fn set_status(&mut self, now: Timestamp, is_error: bool, text: impl Into<String>) {
        const SHOWN: Duration = Duration::from_secs(10);
        self.status = Some(StatusMessage { text: text.into(), is_error, until: now + self.wall_time(SHOWN) });
        self.request_redraw(Redraw::Soon);
    }

    pub(super) fn log(&mut self, when: impl Into<EventTime>, lease: Option<LeaseId>, what: EventKind) {
        self.events.push(when, lease, what);
        self.request_redraw(Redraw::Soon);
    }

    /// Marks the history of every lease that has one, or is kept and so begins one.
    pub(super) fn record_in_all(&mut self, at: Timestamp, tick: HistoryEvent) {
        let has_one = |lease: &&mut Lease| lease.end.is_none() && (lease.is_kept_alive || lease.history.is_some());
        for lease in self.leases.values_mut().filter(has_one) {
            lease.history_mut().push(at, tick);
        }
    }

    /// The history of a lease that lives, begun where there is none: as long as there is room for it.
    pub(super) fn history_mut(&mut self, id: LeaseId) -> Option<&mut LeaseHistory> {
        let share = history::capacity_for(self.counts.own + self.counts.adopted);
        let room = if self.cursor == Some(id) { history::SELECTED_CAPACITY } else { share };
        Some(self.alive(id)?.history_mut().set_capacity(room))
    }

    pub(super) fn request_redraw(&mut self, redraw: Redraw) {
        self.redraw = self.redraw.max(redraw);
    }

    /// The record of a lease, made when it is not there; a new life begins for one that had died.
    pub(super) fn get_or_create(&mut self, id: LeaseId) -> &mut Lease {
        if self.alive(id).is_none() {
            let (keys, awaited) = (self.keys_of(id), Some(self.events.now));
            dialog::close_superseded(self, id);
            let lease = self.leases.get_or_insert(id);
            *lease = Lease::new(id);
            (lease.keys, lease.poll.awaited, lease.first_seen) = (keys, awaited, self.events.now);
            polls::plan(self, id, Timestamp::START);
        }
        self.leases.get_or_insert(id)
    }

    pub(super) fn alive(&mut self, id: LeaseId) -> Option<&mut Lease> {
        self.leases.get_mut(&id).filter(|lease| lease.end.is_none())
    }

    pub(super) fn cursor_lease_alive(&self) -> Option<&Lease> {
        self.cursor_lease().filter(|lease| lease.end.is_none())
    }
}
