//! The last minutes: copies of the state from which they are played, and the past on the frozen display.

use super::action::Action;
use super::lease_store::LeaseStore;
use super::typed_history::TypedLines;
use super::{
    AppConfig, AppState, Event, EventsView, FrozenView, HistoryEntry, Jobs, LeaseHistory, Playback, Redraw, ViewState,
};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Estimated size of a lease in a copy, with its keys and its row, in bytes.
const LEASE_BYTES: usize = 1_300;
/// Estimated size of a line of the event log, in bytes.
const EVENT_BYTES: usize = 400;
/// Estimated size of everything else, in bytes.
const FIXED_BYTES: usize = 100_000;

/// A state of the past.
#[derive(Debug)]
pub struct Past {
    /// The state.
    pub app: Box<AppState>,
    /// Its time.
    pub at: Timestamp,
    /// The oldest time that can be shown.
    pub start: Timestamp,
    /// Whether the limit of memory cut off older messages of the last ten minutes.
    pub is_short: bool,
}

impl AppState {
    /// A copy to which later messages can be applied without a cluster. It has no values of keys and no requests. It goes
    /// on counting events, because the rates of etcd's counters are compared with them.
    pub fn picture(&self) -> AppState {
        let mut leases = self.leases.clone();
        leases.service_counts = None;
        let mut keys = self.keys.clone();
        (keys.value_cache, keys.lock_values) = Default::default();
        let mut view = self.view.clone();
        (view.dialog, view.typed) = Default::default();
        let mut events = self.events.clone();
        events.stop_recording();
        AppState {
            config: AppConfig { is_replay: true, typed: TypedLines::default(), ..self.config.clone() },
            cluster: self.cluster.clone(),
            polls: self.polls.clone(),
            jobs: Jobs::default(),
            frozen: None,
            leases,
            keys,
            view,
            events,
        }
    }

    /// Estimated size of a [`picture`](AppState::picture), in bytes.
    pub fn picture_bytes(&self) -> usize {
        let events = self.events.lines().len() * EVENT_BYTES;
        let histories = self.leases.values().filter_map(|lease| lease.history.as_deref());
        let entries: usize = histories.map(|history: &LeaseHistory| history.entries().len()).sum();
        FIXED_BYTES + events + self.least_picture_bytes() + entries * size_of::<HistoryEntry>()
    }

    /// A lower estimate of the size of a [`picture`](AppState::picture), in bytes. It visits no lease, so it costs nothing.
    pub fn least_picture_bytes(&self) -> usize {
        self.leases.len() * LEASE_BYTES
    }

    /// Whether the frozen display shows the past.
    pub fn is_past_shown(&self) -> bool {
        self.frozen.as_ref().is_some_and(|frozen| frozen.is_past)
    }

    /// The time that is displayed.
    pub fn displayed_at(&self, now: Timestamp) -> Timestamp {
        self.frozen.as_ref().map_or(now, |frozen| frozen.at)
    }

    /// Shows the past instead of the present. The user's choice of what to see stays.
    pub fn show_past(&mut self, past: Past, now: Timestamp) {
        let Past { mut app, at, start, is_short } = past;
        let shown = self.active_view();
        app.show_as(shown);
        let absent = self.frozen.as_ref().and_then(|frozen| frozen.absent).or(shown.view.cursor);
        let absent = absent.filter(|id| !app.view.select_known(*id, &app.leases));
        adopt_choices(&mut app.leases, &self.leases);
        app.config = AppConfig { is_replay: true, ..self.config.clone() };
        app.view.recording.clone_from(&self.view.recording);
        app.view.background.clone_from(&self.view.background);
        app.view.playback = Some(Playback::of_memory((start, at, now), is_short));
        self.frozen = Some(Box::new(FrozenView { at, app: *app, is_past: true, absent }));
        self.view.request_redraw(Redraw::Now);
    }

    /// Displays the present again, after a step that leads there.
    pub fn show_present(&mut self, now: Timestamp) {
        self.thaw();
        self.report_step("This is the present", now);
        self.view.request_redraw(Redraw::Now);
    }

    /// Displays the present, and keeps the view where the user moved it. Returns false if the display was not frozen.
    pub(super) fn thaw(&mut self) -> bool {
        let Some(frozen) = self.frozen.take() else { return false };
        self.view.follow(&frozen.app.view, &self.leases);
        if let Some(id) = frozen.absent {
            self.view.select_known(id, &self.leases);
        }
        true
    }

    /// Records that the user may have moved the cursor of the frozen display from `before`. If so, it no longer returns
    /// to the lease that the past did not have.
    pub(super) fn on_cursor_moved(&mut self, before: Option<LeaseId>) {
        if let Some(frozen) = &mut self.frozen
            && frozen.app.view.cursor != before
        {
            frozen.absent = None;
        }
    }

    /// When the last event before the displayed time became known, of those that the events view lists.
    pub fn previous_event(&self, now: Timestamp) -> Option<Timestamp> {
        let (shown, at) = self.displayed(now);
        let is_listed = |event: &&Event| shown.view.events_view.shows(event, shown.event_sources());
        let listed = shown.events.lines().filter(|event| event.seen_at < at).filter(is_listed);
        listed.map(|event| event.seen_at).max()
    }

    /// Shows on the status line that there is no event to go to. `nothing` is followed by the category and the filter of the
    /// events view, which decide which events count.
    pub fn report_no_event(&mut self, nothing: &str, now: Timestamp) {
        let key = self.config.keymap.key_label(Action::QuickFilter);
        let EventsView { category, filter, .. } = &self.active_view().view.events_view;
        let of_kind = category.map(|kind| format!(" of kind \"{}\"", kind.name())).unwrap_or_default();
        let matching = if filter.is_active() { " that matches the filter of view 3" } else { "" };
        let hint = if category.is_some() { format!("; {key} in view 3 shows other kinds") } else { String::new() };
        self.report_step(format!("{nothing}{of_kind}{matching}{hint}"), now);
    }

    /// Shows an answer to a step in time on the status line.
    pub fn report_step(&mut self, text: impl Into<String>, now: Timestamp) {
        self.view.set_status(now, false, text);
    }
}

impl ViewState {
    /// Moves the cursor to a lease. Returns false if there is no such lease.
    fn select_known(&mut self, id: LeaseId, leases: &LeaseStore) -> bool {
        if !leases.contains(id) {
            return false;
        }
        if self.cursor != Some(id) {
            self.cursor = Some(id);
            self.is_away = true;
            self.motion.bind_cursor();
        }
        true
    }
}

/// Applies the present pins and mutes to the leases of the past.
fn adopt_choices(past: &mut LeaseStore, present: &LeaseStore) {
    let differs = |id: &LeaseId| match (past.alive(*id), present.get(*id)) {
        (Some(before), Some(lease)) => before.is_pinned != lease.is_pinned,
        _ => false,
    };
    let changed: Vec<LeaseId> = past.ids().filter(differs).collect();
    for id in changed {
        if let Some(lease) = past.alive_mut(id) {
            lease.is_pinned = !lease.is_pinned;
        }
    }
    past.change_mutes(|mutes| *mutes = present.mutes().clone());
}
