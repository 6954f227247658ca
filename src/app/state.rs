//! All that the monitor knows: parts that own their data, and the questions that take more than one of them.

use super::cluster_state::ClusterState;
use super::dialog::Dialog;
use super::events::EventLog;
use super::jobs::Jobs;
use super::key_state::KeyState;
use super::lease_store::LeaseStore;
use super::polls::PollScheduler;
use super::view_state::ViewState;
use super::{AppConfig, Lease, LeaseHistory};
use crate::inference::locks::Candidate;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// All that the monitor knows, in seven parts. A part changes itself and does not see the others; only
/// [`update()`](super::update()) changes several.
///
/// Two fields are no parts: the log of what has happened, to which everything adds, and the copy of all this that is
/// shown while the display is frozen.
#[derive(Clone, Debug)]
pub struct AppState {
    /// What does not change while the monitor runs.
    pub config: AppConfig,
    /// The link to the cluster.
    pub cluster: ClusterState,
    /// The leases.
    pub leases: LeaseStore,
    /// Their keys.
    pub keys: KeyState,
    /// Which lease is asked when.
    pub polls: PollScheduler,
    /// Where the user looks.
    pub view: ViewState,
    /// What was asked for and is not done yet.
    pub jobs: Jobs,
    /// What has happened.
    pub events: EventLog,
    /// All of this as it was when the display was frozen, while it is.
    pub frozen: Option<Box<FrozenView>>,
}

/// The display as it was frozen.
///
/// Freezing keeps a copy of all that was known. Keys that only look move through the copy; everything else (replies,
/// renewals, polls) goes on in the state around it, and keys that act are about the present.
#[derive(Clone, Debug)]
pub struct FrozenView {
    /// When it was frozen.
    pub at: Timestamp,
    pub(super) app: AppState,
}

impl AppState {
    /// Nothing is known yet; no member answers from `now` on.
    pub fn new(config: AppConfig, now: Timestamp) -> Self {
        AppState {
            cluster: ClusterState::new(now),
            keys: KeyState::new(&config.range),
            polls: PollScheduler::new(config.budget),
            view: ViewState::new(&config),
            config,
            leases: LeaseStore::default(),
            jobs: Jobs::default(),
            events: EventLog::default(),
            frozen: None,
        }
    }

    /// The same monitor from its beginning on, at a moment of a new clock that runs so many times as fast as real time. What
    /// was seen is forgotten; how it was set up and where the user looks stays.
    pub fn restarted(&self, clock_speed: u32, now: Timestamp) -> AppState {
        let new = AppState::new(self.config.clone(), now);
        AppState { view: self.view.restarted(&self.config, clock_speed), polls: self.polls.restarted(), ..new }
    }

    /// Freezes the display.
    pub(super) fn freeze(&mut self, now: Timestamp) {
        let mut app = self.clone();
        app.frozen = None;
        app.view.dialog = None;
        app.view.status = None;
        self.frozen = Some(Box::new(FrozenView { at: now, app }));
    }

    /// What is shown, and of which moment: the copy while the display is frozen, else what is known now.
    pub fn shown(&self, now: Timestamp) -> (&AppState, Timestamp) {
        match &self.frozen {
            Some(frozen) => (&frozen.app, frozen.at),
            None => (self, now),
        }
    }

    /// The state that the user looks at: the copy while the display is frozen.
    pub(super) fn active_view(&self) -> &AppState {
        match &self.frozen {
            Some(frozen) => &frozen.app,
            None => self,
        }
    }

    /// The same, to move through it.
    pub(super) fn active_view_mut(&mut self) -> &mut AppState {
        if self.frozen.is_none() {
            return self;
        }
        &mut self.frozen.as_mut().expect("it was just checked").app
    }

    /// By how many lines the text that keys scroll is scrolled: the help, the open detail or the cadence view. It may lie
    /// beyond the end until [`clamp_scroll`](AppState::clamp_scroll).
    pub fn scroll(&self) -> usize {
        match self.view.dialog {
            Some(Dialog::Help { top }) => top,
            _ => self.active_view().view.scroll,
        }
    }

    /// The text that keys scroll has so many lines more than there is room for: it is scrolled no further.
    pub fn clamp_scroll(&mut self, spare_lines: usize) {
        let scroll = match &mut self.view.dialog {
            Some(Dialog::Help { top }) => top,
            _ => &mut self.active_view_mut().view.scroll,
        };
        *scroll = (*scroll).min(spare_lines);
    }

    /// How many living leases are pinned but hidden by the filter.
    pub fn hidden_pins(&self) -> usize {
        self.view.hidden_pins(&self.leases)
    }

    /// The leases of the rows that can be seen.
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

    /// Whether time alone changes the screen: a lease counts down, a row fades, a link is waited for.
    pub fn counts_down(&self) -> bool {
        !self.leases.is_empty() || self.cluster.unreached_since.is_some() || self.frozen.is_some()
    }

    /// The history of a lease that lives, begun where there is none.
    pub(super) fn history_mut(&mut self, id: LeaseId) -> Option<&mut LeaseHistory> {
        self.leases.history_mut(id, self.view.cursor == Some(id))
    }
}
