//! Scenarios: messages and keys go in, rows and effects come out.

mod answering;
mod availability;
mod cadence_view;
mod cadences;
mod change_ttl;
mod command_line;
mod dialogs;
mod elections;
mod event_filter;
mod feedback;
mod filtering;
mod freeze;
mod granting;
mod group_rows;
mod health;
mod key_reads;
mod keymap;
mod large_key_space;
mod late_deletions;
mod lease_keys;
mod leases;
mod limits;
mod link;
mod lints;
mod lives;
mod locks;
mod losses;
mod manual_renewals;
mod marking;
mod members;
mod muting;
mod order;
mod others;
mod own;
mod past;
mod pinning;
mod polling;
mod released_locks;
mod revoking;
mod revoking_many;
mod row_guard;
mod row_index;
mod server_counters;
mod silences;
mod sorting;
mod suspension;
mod undo;
mod views;
mod wrong_lease;

use std::time::Duration;

use super::*;
use etcd_lease::wire::{CallError, ErrorCause};
use etcd_lease::{
    Cadence, ClusterView, Granted, Header, LeaseId, LeaseStatus, MemberView, Phase, QueueGauge, Reachability,
    RenewalSchedule, TimeToLive,
};
use simkit::Timestamp;

/// How many random cases a test runs: `usual`, or what `LEASETOP_CASES` says (tests/measure stories).
pub(super) fn cases(usual: u32) -> u32 {
    std::env::var("LEASETOP_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The state, a time, and all effects so far.
pub(super) struct Story {
    pub(super) app: AppState,
    pub(super) now: Timestamp,
}

pub(super) fn at(seconds: f64) -> Timestamp {
    Timestamp::at(Duration::from_secs_f64(seconds))
}

pub(super) fn trouble(text: &str) -> CallFailure {
    CallFailure { is_not_found: false, is_forbidden: false, is_unauthenticated: false, text: text.to_owned() }
}

fn view() -> ClusterView {
    let member = MemberView {
        endpoint: "127.0.0.1:2379".into(),
        is_leader: true,
        has_leader: true,
        version: "3.5.30".into(),
        raft_term: 4,
        reachability: Reachability::Up,
        ..MemberView::default()
    };
    ClusterView { cluster_id: 1, members: vec![member], chosen: Some(0), ..ClusterView::default() }
}

/// The same without a member that answers; one is chosen anyway.
pub(super) fn down() -> ClusterView {
    let mut down = view();
    down.members[0].reachability =
        Reachability::Down { trouble: CallError::new(ErrorCause::Refused, "", "127.0.0.1:2379", "connection refused") };
    down
}

/// Rows sorted by time left.
pub(super) fn by_left() -> AppConfig {
    AppConfig { sort: Sort::by(Column::Left), ..AppConfig::default() }
}

impl Story {
    /// On a cluster that answers.
    pub(super) fn start(config: AppConfig) -> Self {
        let mut story = Story { app: AppState::new(config, Timestamp::START), now: Timestamp::START };
        story.send(Msg::Resized(Viewport { rows: 10, events: 20, has_detail: false, ..Viewport::default() }));
        story.send(Msg::Cluster(view()));
        story
    }

    pub(super) fn send(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = update(&mut self.app, msg, self.now);
        if !self.app.view.motion.is_hasty {
            self.look();
        }
        refresh_rows(&mut self.app, self.now);
        effects
    }

    /// Presses keys as a person does who looks at the screen before each of them.
    pub(super) fn press(&mut self, keys: &[Key]) -> Vec<Effect> {
        keys.iter().flat_map(|key| self.look().send(Msg::Key(*key))).collect()
    }

    /// Rows are never held because of a key, and never moved just before one.
    pub(super) fn look(&mut self) -> &mut Self {
        self.app.active_view_mut().view.motion.settle();
        self.app.view.motion.settle();
        self
    }

    pub(super) fn type_in(&mut self, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|c| self.press(&[Key::Char(c)])).collect()
    }

    pub(super) fn wait(&mut self, seconds: f64) {
        self.now = self.now + Duration::from_secs_f64(seconds);
    }

    /// Grants a lease of the oldest request with this TTL, or of no request.
    pub(super) fn grant(&mut self, id: i64, ttl: i64) {
        let job = self.app.jobs.grants.iter().find(|job| job.ttl == ttl).map(|job| job.number);
        self.grant_for(job, id, ttl);
    }

    /// Grants a lease of the request with this number.
    pub(super) fn grant_for(&mut self, job: Option<u64>, id: i64, ttl: i64) {
        let answer = Granted { id: LeaseId(id), requested_ttl: ttl, ttl, header: Header::default() };
        self.send(Msg::Granted { sent: self.now, received: self.now, answer, keep_alive: true, job });
    }

    pub(super) fn list(&mut self, born: &[i64], gone: &[i64]) {
        let ids = |ids: &[i64]| ids.iter().copied().map(LeaseId).collect();
        let (sent, received) = (self.now, self.now);
        self.send(Msg::Listed(Listing { sent, received, born: ids(born), gone: ids(gone), ..Listing::default() }));
    }

    pub(super) fn poll(&mut self, id: i64, ttl: i64, granted_ttl: i64, keys: &[&str]) {
        let keys = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
        let header = Header { raft_term: 4, ..Header::default() };
        let answer = TimeToLive { id: LeaseId(id), ttl, granted_ttl, keys, header };
        self.send(Msg::Polled { sent: self.now, received: self.now, answer, has_keys: true });
    }

    /// The engine renewed a lease of this TTL just now, `every` after the time before.
    pub(super) fn renewed(&mut self, id: i64, ttl: i64, every: f64) {
        let status = self.kept_status(id, ttl, every);
        self.send(Msg::Statuses(vec![status]));
    }

    /// The engine's status after that.
    pub(super) fn kept_status(&self, id: i64, ttl: i64, every: f64) -> LeaseStatus {
        let mut cadence = Cadence::default();
        cadence.record(None, None);
        cadence.record(Some(Duration::from_secs_f64(every)), Some(Duration::from_secs(6)));
        LeaseStatus {
            id: LeaseId(id),
            granted_ttl: Some(ttl),
            phase: Phase::Waiting,
            deadline: Some(self.now + Duration::from_secs(ttl.unsigned_abs())),
            last_answer: Some(self.now),
            next_due: Some(self.now + Duration::from_secs_f64(every)),
            pace: RenewalSchedule::Clientv3,
            expected: Some(Duration::from_secs_f64(every)),
            cadence,
            round_trip: Some(Duration::from_micros(600)),
            revision: Some(7),
            queue: QueueGauge { depth: 1, capacity: 16, dropped: 0 },
            drill: None,
            ended: None,
        }
    }

    pub(super) fn state(&self, id: i64) -> &'static str {
        self.app.leases.get(LeaseId(id)).map_or("no row", |lease| lease.state(self.now).word())
    }

    pub(super) fn left(&self, id: i64) -> Option<f64> {
        self.app.leases.get(LeaseId(id))?.left(self.now)
    }

    pub(super) fn rows(&self) -> Vec<i64> {
        self.app.view.order().iter().map(|id| id.0).collect()
    }

    pub(super) fn words(&self) -> Vec<&'static str> {
        self.app.events.lines().map(|event| event.name().as_str()).collect()
    }
}
