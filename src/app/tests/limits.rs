//! A cluster in which everything is new each time: leases, keys, endpoints, TTLs. What is kept of the past is limited in
//! total.

use super::*;
use etcd_lease::{Ended, EngineEvent, EngineEventKind, KeyChange, KeyState};

/// Keys of each kind in a step.
const KEYS: i64 = 40;
/// Steps after which every limit is reached: the highest is that of 10,000 keys whose availability is recorded.
const STEPS: i64 = 260;

impl Story {
    fn apply(&mut self, msg: Msg) {
        update(&mut self.app, msg, self.now);
    }

    /// A list with three more or three fewer leases.
    fn list_three(&mut self, first: i64, are_born: bool) {
        let ids: Vec<LeaseId> = (first..first + 3).map(LeaseId).collect();
        let (born, gone) = if are_born { (ids, Vec::new()) } else { (Vec::new(), ids) };
        self.apply(Msg::Listed(Listing { sent: self.now, received: self.now, born, gone, ..Listing::default() }));
    }

    /// An own lease and two of other clients live and end. A key of the second one moves to the third.
    fn three_lives(&mut self, n: i64) {
        let (first, ttl) = (3 * n + 1, 60 + n % 3_000);
        let [own, other, next] = [first, first + 1, first + 2].map(LeaseId);
        let answer = Granted { id: own, requested_ttl: ttl, ttl, header: Header::default() };
        self.apply(Msg::Granted { sent: self.now, received: self.now, answer, keep_alive: true, job: None });
        self.list_three(first, true);
        self.apply(Msg::KeysChanged { changes: changes(n, [own, other, next]), received: self.now });
        self.app.leases.history_mut(other, true);
        let status = self.kept_status(own.0, ttl, 20.0);
        self.apply(Msg::Statuses(vec![status.clone()]));
        let kind = EngineEventKind::Ended(Ended::NotFound);
        self.apply(Msg::Engine(EngineEvent { at: self.now, lease: Some(own), kind }));
        self.apply(Msg::Statuses(vec![LeaseStatus { ended: Some(Ended::NotFound), ..status }]));
        self.apply(Msg::Cluster(one_member(n)));
        self.wait(0.2);
        self.list_three(first, false);
        self.apply(Msg::KeysChanged { changes: last_changes(n, next), received: self.now });
        self.apply(Msg::Tick);
        if n % 50 == 0 {
            self.look();
            refresh_rows(&mut self.app, self.now);
        }
    }
}

fn change(n: i64, kind: &str, key: i64, before: Option<LeaseId>, now: KeyState, place: i64) -> KeyChange {
    KeyChange { key: format!("/{kind}/{n}-{key}/at").into_bytes(), before, now, revision: 10 * n + place }
}

/// The keys go with the last lease.
fn last_changes(n: i64, next: LeaseId) -> Vec<KeyChange> {
    (0..KEYS).map(|key| change(n, "other", key, Some(next), KeyState::Deleted, 6)).collect()
}

/// Keys of the own lease come and go; those of the other client move to its next lease.
fn changes(n: i64, [own, other, next]: [LeaseId; 3]) -> Vec<KeyChange> {
    let put = |lease| KeyState::Put { lease: Some(lease), create_revision: 10 * n + 1 };
    let change = |kind, key, before, now, place| change(n, kind, key, before, now, place);
    let mut changes = Vec::new();
    changes.extend((0..KEYS).map(|key| change("own", key, None, put(own), 1)));
    changes.extend((0..KEYS).map(|key| change("other", key, None, put(other), 2)));
    changes.extend((0..KEYS).map(|key| change("other", key, Some(other), KeyState::Deleted, 3)));
    changes.extend((0..KEYS).map(|key| change("other", key, None, put(next), 4)));
    changes.extend((0..KEYS).map(|key| change("own", key, Some(own), KeyState::Deleted, 5)));
    changes
}

/// A cluster whose only member is at another address each time.
fn one_member(n: i64) -> ClusterView {
    let mut view = view();
    view.members[0].endpoint = format!("10.0.0.1:{n}");
    view.members[0].member_id = n.unsigned_abs();
    view
}

#[test]
fn the_state_does_not_grow_without_end() {
    let mut story = Story::start(AppConfig::default());
    story.apply(Msg::KeysReloading);
    story.apply(Msg::KeysRead { revision: 1 });
    let mut size_after = |steps: std::ops::Range<i64>| {
        steps.for_each(|n| story.three_lives(n));
        // Its text shows every collection in it.
        format!("{:?}", story.app).len()
    };
    let full = size_after(0..STEPS);
    let later = size_after(STEPS..2 * STEPS);
    assert!(later < full + full / 20, "{full} characters after {STEPS} steps, {later} after twice as many");
}

#[test]
fn leases_that_come_and_go_between_frames_leave_nothing() {
    let mut story = Story::start(AppConfig::default());
    let mut size_after = |ids: std::ops::Range<i64>| {
        for n in ids {
            for is_born in [true, false] {
                story.list_three(3 * n, is_born);
                story.wait(60.0);
                story.apply(Msg::Tick);
            }
        }
        format!("{:?}", story.app.view.row_index).len()
    };
    let first = size_after(2..100);
    let later = size_after(100..500);
    assert!(later < first + first / 20, "{first} characters, then {later}");
}

#[test]
fn ended_leases_are_limited_while_no_row_may_go() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.press(&[Key::Char('?')]);
    assert!(story.app.view.dialog.is_some(), "an open dialog fixes the order");
    let ids: Vec<i64> = (2..12_000).collect();
    story.list(&ids, &[]);
    story.list(&[], &ids);
    story.apply(Msg::Tick);
    assert!(story.app.leases.len() <= 10_001, "{} leases", story.app.leases.len());
    assert!(story.app.leases.get(LeaseId(1)).is_some_and(|lease| lease.end.is_none()));
}
