//! The application state: seven parts that own their data, and queries across parts.

use super::cluster_state::ClusterState;
use super::dialog::Dialog;
use super::events::EventLog;
use super::events_view::EventSources;
use super::jobs::Jobs;
use super::key_state::KeyState;
use super::lease_store::LeaseStore;
use super::metrics::ServiceCounts;
use super::mute::Mutes;
use super::polls::PollScheduler;
use super::view_state::ViewState;
use super::{AppConfig, Backend, Lease, LeaseHistory, Playback, Redraw, View};
use crate::inference::locks::Candidate;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The application state in seven parts. A part only changes itself and does not see the others. Only
/// [`update()`](super::update()) changes several.
///
/// Besides the parts, `events` is the log that every part of `update` appends to, and `frozen` is the copy that is
/// displayed while the display is frozen.
#[derive(Clone, Debug)]
pub struct AppState {
    /// Settings that stay the same while the monitor runs.
    pub config: AppConfig,
    /// The connection to the cluster.
    pub cluster: ClusterState,
    /// The leases.
    pub leases: LeaseStore,
    /// The keys attached to leases.
    pub keys: KeyState,
    /// The poll scheduler.
    pub polls: PollScheduler,
    /// What is displayed.
    pub view: ViewState,
    /// Unfinished requests.
    pub jobs: Jobs,
    /// The event log.
    pub events: EventLog,
    /// The frozen copy of the state, while the display is frozen.
    pub frozen: Option<Box<FrozenView>>,
}

/// A frozen copy of the state.
///
/// Actions that only change what is displayed apply to this copy. Everything else (replies, renewals, polls) continues
/// in the live state, and actions on leases apply to the live state.
#[derive(Clone, Debug)]
pub struct FrozenView {
    /// When the display was frozen.
    pub at: Timestamp,
    /// Whether it was rebuilt from the messages of the last minutes. Nothing acts on a lease then.
    pub(super) is_past: bool,
    /// The lease under the cursor, if the past does not have it.
    pub(super) absent: Option<LeaseId>,
    pub(super) app: AppState,
}

impl AppState {
    /// The initial state. No member has answered since `now`.
    pub fn new(config: AppConfig, now: Timestamp) -> Self {
        let mut leases = LeaseStore::with_mutes(Mutes::new(config.mutes.clone()));
        let mut events = EventLog::default();
        if let Some(metrics) = config.metrics {
            events.start_metrics();
            leases.service_counts =
                if metrics.services > 0 { Some(ServiceCounts::new(metrics.services)) } else { None };
        }
        AppState {
            cluster: ClusterState::new(now),
            keys: KeyState::new(&config),
            polls: PollScheduler::new(config.budget),
            view: ViewState::new(&config),
            leases,
            config,
            jobs: Jobs::default(),
            events,
            frozen: None,
        }
    }

    /// The state after a restart with a new sandbox whose clock runs at `clock_speed` times real time and shows `now`.
    /// Keeps the configuration and the displayed view, and forgets all observations.
    pub fn restarted(&self, clock_speed: u32, now: Timestamp) -> AppState {
        let config = AppConfig { backend: Backend::Sandbox { warp: clock_speed }, ..self.config.clone() };
        let new = AppState::new(config, now);
        AppState { view: self.view.restarted(&new.config, clock_speed), polls: self.polls.restarted(), ..new }
    }

    /// The state after a switch to another cluster, whose clock runs at `clock_speed` times real time and shows `now`.
    /// Keeps the displayed view, its order and its columns, and forgets all observations, marks and filters.
    pub fn switched(&self, config: AppConfig, clock_speed: u32, now: Timestamp) -> AppState {
        let config = AppConfig {
            is_reader_stalled: self.config.is_reader_stalled,
            metrics: self.config.metrics,
            can_suspend: self.config.can_suspend,
            clusters: self.config.clusters.clone(),
            ..config
        };
        let new = AppState::new(config, now);
        AppState { view: self.view.restarted(&new.config, clock_speed), ..new }
    }

    /// Shows what another state shows, as far as it exists here.
    pub fn show_as(&mut self, other: &AppState) {
        self.view.follow(&other.view, &self.leases);
        self.view.show_as(&other.view);
    }

    /// Shows where the display is in a recording.
    pub fn show_playback(&mut self, playback: Playback) {
        // Messages stay for the same real time at any speed.
        self.view.clock_speed = if playback.is_paused { 1 } else { playback.speed };
        self.view.playback = Some(playback);
        self.view.request_redraw(Redraw::Now);
    }

    /// Freezes the display.
    pub(super) fn freeze(&mut self, now: Timestamp) {
        let mut app = self.clone();
        app.frozen = None;
        app.view.dialog = None;
        app.view.status = None;
        self.frozen = Some(Box::new(FrozenView { at: now, is_past: false, absent: None, app }));
    }

    /// The state to display and its time: the frozen copy, or the live state.
    pub fn displayed(&self, now: Timestamp) -> (&AppState, Timestamp) {
        match &self.frozen {
            Some(frozen) => (&frozen.app, frozen.at),
            None => (self, now),
        }
    }

    /// The state that is displayed: the frozen copy, or the live state.
    pub(super) fn active_view(&self) -> &AppState {
        match &self.frozen {
            Some(frozen) => &frozen.app,
            None => self,
        }
    }

    /// Mutable access to the displayed state.
    pub(super) fn active_view_mut(&mut self) -> &mut AppState {
        if self.frozen.is_none() {
            return self;
        }
        &mut self.frozen.as_mut().expect("it was just checked").app
    }

    /// Scroll offset in lines of the help, the open detail or the cadence view. It may be beyond the end until
    /// [`clamp_scroll`](AppState::clamp_scroll).
    pub fn scroll(&self) -> usize {
        match self.view.dialog {
            Some(Dialog::Help(ref help)) => help.top,
            _ => self.active_view().view.scroll,
        }
    }

    /// Limits the scroll offset to `spare_lines`, the number of lines that do not fit on the screen.
    pub fn clamp_scroll(&mut self, spare_lines: usize) {
        let scroll = match &mut self.view.dialog {
            Some(Dialog::Help(help)) => &mut help.top,
            _ => &mut self.active_view_mut().view.scroll,
        };
        *scroll = (*scroll).min(spare_lines);
    }

    /// Limits the scroll offset to `spare_lines` before a frame at `now`. If the last key press scrolled nothing, a
    /// message says so.
    pub fn limit_scroll(&mut self, spare_lines: usize, now: Timestamp) {
        self.clamp_scroll(spare_lines);
        let view = &mut self.active_view_mut().view;
        let is_unmoved = view.scrolled_from.take() == Some(view.scroll);
        if is_unmoved && self.view.dialog.is_none() && self.view.status.is_none() {
            self.view.set_feedback(now, "This is the last line");
        }
    }

    /// Number of living leases that are pinned but hidden by the filter.
    pub fn hidden_pins(&self) -> usize {
        self.view.hidden_pins(&self.leases)
    }

    /// The leases of the visible rows.
    pub fn visible(&self) -> impl Iterator<Item = &Lease> {
        self.view.visible(&self.leases)
    }

    /// The lease under the cursor.
    pub fn cursor_lease(&self) -> Option<&Lease> {
        self.view.cursor_lease(&self.leases)
    }

    pub(super) fn cursor_lease_alive(&self) -> Option<&Lease> {
        self.view.cursor_lease_alive(&self.leases)
    }

    /// The candidate under the cursor of the locks view.
    pub fn candidate(&self) -> Option<&Candidate> {
        self.view.candidate(&self.keys.locks)
    }

    /// The lease that the view's cursor is on, to which actions apply. `None` if the cursor is on no lease.
    pub fn subject(&self) -> Option<LeaseId> {
        match self.view.active {
            View::Leases => self.view.cursor,
            View::Events => self.view.events_view.lease(&self.events),
            View::Locks => self.candidate().map(|candidate| candidate.lease),
            View::Members => None,
            View::Cadence => {
                let cursor = &self.view.cadence_cursor;
                cursor.lease(&self.leases.cadence_index, &cursor.selected()?)
            }
        }
    }

    /// The state that the events view reads.
    pub fn event_sources(&self) -> EventSources<'_> {
        EventSources { events: &self.events, leases: &self.leases, keys: &self.keys }
    }

    /// The history of a living lease, created if missing.
    pub(super) fn history_mut(&mut self, id: LeaseId) -> Option<&mut LeaseHistory> {
        self.leases.history_mut(id, self.view.cursor == Some(id))
    }
}
