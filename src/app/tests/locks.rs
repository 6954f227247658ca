//! Locks and their queues.

use super::*;
use crate::inference::locks::{CandidateProblem, HeldSince};
use etcd_lease::{KeyChange, KeyEntry, KeyState};

fn key(name: &str, lease: i64) -> Vec<u8> {
    format!("{name}/{lease:x}").into_bytes()
}

impl Story {
    /// Reads these keys of queues: name, lease, create revision.
    fn read_line(&mut self, line: &[(&str, i64, i64)]) {
        let held = line.iter().map(|(name, lease, created)| KeyEntry {
            key: key(name, *lease),
            lease: Some(LeaseId(*lease)),
            create_revision: *created,
        });
        let page = held.collect();
        self.send(Msg::KeysReloading);
        self.send(Msg::KeysPage(page));
        self.send(Msg::KeysRead { revision: 99 });
    }

    /// A key of a queue was put, with or without a lease, or deleted.
    fn key_changed(&mut self, key: Vec<u8>, before: Option<i64>, now: KeyState) {
        let change = KeyChange { key, before: before.map(LeaseId), now, revision: 100 };
        self.send(Msg::KeysChanged { changes: vec![change], received: self.now });
    }

    fn line(&self) -> Vec<i64> {
        self.app.keys.locks().candidates().map(|candidate| candidate.lease.0).collect()
    }

    fn looked_at(&self) -> Option<i64> {
        self.app.displayed(self.now).0.candidate().map(|candidate| candidate.lease.0)
    }

    fn problem(&self, lease: i64) -> Option<CandidateProblem> {
        let locks = self.app.keys.locks();
        let found = locks.candidates().find(|candidate| candidate.lease.0 == lease).expect("it waits in the queue");
        let (queue, _) = locks.find(&found.key).unwrap();
        self.app.leases.candidate_problem(queue, found, self.now)
    }
}

/// Two locks of other clients, three in line for the second.
fn two_locks() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2, 3, 4], &[]);
    for id in 1..=4 {
        story.poll(id, 30, 30, &[]);
    }
    story.read_line(&[("b", 3, 9), ("a", 4, 8), ("b", 1, 5), ("b", 2, 7)]);
    story.press(&[Key::Char('4')]);
    story
}

#[test]
fn the_view_has_a_cursor_while_leases_are_grouped() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.press(&[Key::Char('t'), Key::Char('4')]);
    story.read_line(&[("a", 1, 8)]);
    assert_eq!(story.looked_at(), Some(1));
}

#[test]
fn lock_keys_show_the_holder_and_since_when() {
    let mut story = two_locks();
    assert_eq!(story.line(), [4, 1, 2, 3]);
    story.wait(12.0);
    story.key_changed(key("b", 1), Some(1), KeyState::Deleted);
    assert_eq!(story.line(), [4, 2, 3]);
    let held: Vec<HeldSince> = story.app.keys.locks().queues().map(|queue| queue.held()).collect();
    assert_eq!((held[0].is_least, held[1]), (true, HeldSince { since: story.now, is_least: false }));
    story.key_changed(key("b", 1), None, KeyState::Put { lease: Some(LeaseId(1)), create_revision: 100 });
    assert_eq!(story.line(), [4, 2, 3, 1]);
}

#[test]
fn the_cursor_stays_on_its_candidate_then_on_its_position() {
    let mut story = two_locks();
    assert_eq!(story.looked_at(), Some(4));
    story.press(&[Key::Down, Key::Down]);
    assert_eq!(story.looked_at(), Some(2));
    story.key_changed(key("b", 1), Some(1), KeyState::Deleted);
    assert_eq!(story.looked_at(), Some(2));
    story.key_changed(key("b", 2), Some(2), KeyState::Deleted);
    assert_eq!(story.looked_at(), Some(3));
    for (keys, lease) in [(Key::Up, 4), (Key::End, 3), (Key::PageUp, 4), (Key::PageDown, 3), (Key::Home, 4)] {
        story.press(&[keys]);
        assert_eq!(story.looked_at(), Some(lease), "{keys}");
    }
    story.read_line(&[]);
    assert_eq!(story.looked_at(), None);
    story.press(&[Key::Down, Key::Enter, Key::Char('x')]);
    assert!(story.app.view.active == View::Locks && story.app.view.dialog.is_none());
}

#[test]
fn one_lease_may_wait_in_several_queues() {
    let mut story = two_locks();
    story.read_line(&[("a", 1, 5), ("b", 1, 6), ("c", 1, 7)]);
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(story.app.candidate().unwrap().key[0]);
        story.press(&[Key::Down]);
    }
    assert_eq!(names, *b"abcc");
}

#[test]
fn enter_opens_the_lease_of_a_candidate() {
    let mut story = two_locks();
    story.press(&[Key::Down, Key::Enter]);
    assert!(story.app.view.active == View::Leases && story.app.view.is_open);
    assert_eq!(story.app.view.cursor, Some(LeaseId(1)));
    story.press(&[Key::Esc, Key::Char('4')]);
    assert_eq!(story.looked_at(), Some(1), "where one was");
    story.press(&[Key::Esc]);
    assert_eq!(story.app.view.active, View::Leases);
}

#[test]
fn enter_opens_the_lease_of_a_candidate_while_leases_are_grouped() {
    let mut story = two_locks();
    story.press(&[Key::Char('1'), Key::Char('t'), Key::Char('4'), Key::Down, Key::Enter]);
    assert!(story.app.view.active == View::Leases && story.app.view.is_open);
    assert_eq!(story.app.view.cursor, Some(LeaseId(1)));
    story.wait(1.0);
    story.send(Msg::Tick);
    assert_eq!(story.app.view.cursor, Some(LeaseId(1)), "it stays open");
}

#[test]
fn opening_a_candidate_clears_a_filter_that_hides_its_lease() {
    let mut story = two_locks();
    story.press(&[Key::Char('1'), Key::Char('/')]);
    story.type_in("id:4");
    story.press(&[Key::Enter]);
    assert_eq!(story.rows(), [4]);
    story.press(&[Key::Char('4'), Key::Enter]);
    assert_eq!((story.rows(), story.app.view.cursor), (vec![4], Some(LeaseId(4))), "that one is not hidden");
    story.press(&[Key::Char('4'), Key::Down, Key::Enter]);
    assert_eq!((story.rows().len(), story.app.view.cursor), (4, Some(LeaseId(1))));
    assert!(story.app.view.is_open);
}

#[test]
fn commands_apply_to_the_selected_candidate() {
    let mut story = two_locks();
    story.press(&[Key::Down, Key::Down, Key::Char('x'), Key::Char('1')]);
    let effects = story.press(&[Key::Enter]);
    assert_eq!(effects, [Effect::Revoke(LeaseId(2))]);
    assert_eq!(story.app.view.active, View::Locks);
}

#[test]
fn commands_in_the_locks_view_ignore_marks() {
    let mut story = two_locks();
    story.press(&[Key::Char('1'), Key::Char(' '), Key::Down, Key::Char(' '), Key::Char('4'), Key::End, Key::Char('x')]);
    story.press(&[Key::Char('1')]);
    assert_eq!(story.press(&[Key::Enter]), [Effect::Revoke(LeaseId(3))]);
}

#[test]
fn commands_on_a_key_without_a_living_lease_do_nothing() {
    let mut story = two_locks();
    let stray = 0x7000_0000_0000_0001;
    story.key_changed(key("b", stray), None, KeyState::Put { lease: None, create_revision: 1 });
    story.press(&[Key::Down]);
    assert_eq!(story.looked_at(), Some(stray));
    assert_eq!(story.problem(stray), Some(CandidateProblem::Stranded));
    let cursor = story.app.view.cursor;
    assert_eq!(story.press(&[Key::Char('x'), Key::Char('o'), Key::Char('a'), Key::Enter]), []);
    assert!(story.app.view.dialog.is_none() && story.app.view.active == View::Locks);
    assert_eq!(story.app.view.cursor, cursor);
}

#[test]
fn the_frozen_queue_does_not_change_and_commands_act_on_the_present() {
    let mut story = two_locks();
    story.press(&[Key::Char('p'), Key::Down]);
    story.key_changed(key("b", 1), Some(1), KeyState::Deleted);
    assert_eq!((story.looked_at(), story.line()), (Some(1), vec![4, 2, 3]));
    story.press(&[Key::Down, Key::Char('x'), Key::Char('1')]);
    assert_eq!(story.press(&[Key::Enter]), [Effect::Revoke(LeaseId(2))]);
    story.press(&[Key::Up, Key::Char('p')]);
    assert_eq!(story.looked_at(), Some(2), "the lease that replaced the ended one");
    // A frozen view of another view has its cursor too.
    story.press(&[Key::Char('1'), Key::Char('p'), Key::Char('4'), Key::Down]);
    assert_eq!(story.looked_at(), Some(3));
}

/// How often a one-hour lease is polled in these seconds, with each poll answered.
fn polls_of(story: &mut Story, id: i64, seconds: u32) -> usize {
    let mut count = 0;
    for _ in 0..2 * seconds {
        story.wait(0.5);
        let effects = story.send(Msg::Tick);
        let ids =
            effects.into_iter().filter_map(|effect| if let Effect::Poll(ids) = effect { Some(ids) } else { None });
        for asked in ids.flatten().collect::<Vec<_>>() {
            count += usize::from(asked.0 == id);
            story.poll(asked.0, 3_000 + asked.0, 3_600, &[]);
        }
    }
    count
}

#[test]
fn candidates_are_polled_as_often_as_visible_rows() {
    let mut story = Story::start(by_left());
    let crowd: Vec<i64> = (1..=30).collect();
    story.list(&crowd, &[]);
    story.read_line(&[("a", 30, 1)]);
    polls_of(&mut story, 30, 20);
    let out_of_sight = polls_of(&mut story, 30, 20);
    story.press(&[Key::Char('4')]);
    let waiting = polls_of(&mut story, 30, 20);
    story.press(&[Key::Char('1')]);
    assert!(waiting >= 10 && out_of_sight <= 2, "{waiting} and {out_of_sight}");
    assert!(polls_of(&mut story, 30, 20) <= 2);
}

#[test]
fn a_candidate_that_is_not_renewed_looks_dead() {
    let mut story = two_locks();
    story.wait(19.0);
    assert_eq!(story.problem(1), None);
    story.wait(3.0);
    assert_eq!(story.problem(1), None, "the lease has not been polled since");
    story.poll(1, 7, 30, &[]);
    assert!(
        matches!(story.problem(1), Some(CandidateProblem::Silent(span)) if span.as_secs() == 22),
        "{:?}",
        story.problem(1)
    );
    story.poll(1, 29, 30, &[]);
    assert_eq!(story.problem(1), None);
    story.wait(30.0);
    story.poll(1, -1, 30, &[]);
    assert_eq!(story.problem(1), Some(CandidateProblem::Dying));
}

/// Ids as etcd chooses them.
const IDS: [i64; 3] = [7_587_870_394_402_583_300, 7_587_870_394_402_583_306, 7_587_870_394_402_583_313];

/// Candidates or instances `NAME/ID` in decimal, each with a lease of 30 s.
fn in_decimal(name: &str) -> Story {
    let mut story = Story::start(AppConfig::default());
    story.list(&IDS, &[]);
    let entry = |(id, revision): (i64, i64)| KeyEntry {
        key: format!("{name}/{id}").into_bytes(),
        lease: Some(LeaseId(id)),
        create_revision: revision,
    };
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysPage(IDS.into_iter().zip(5..).map(entry).collect()));
    story.send(Msg::KeysRead { revision: 99 });
    story
}

/// Polls each second, as if each lease was renewed every 10 s, the first one only until `killed`. Returns the warnings.
fn watch(story: &mut Story, seconds: i64, killed: i64) -> Vec<&'static str> {
    let mut warnings = Vec::new();
    for second in 0..seconds {
        for (place, id) in IDS.into_iter().enumerate() {
            let last = if place == 0 { (second / 10 * 10).min(killed / 10 * 10) } else { second / 10 * 10 };
            story.poll(id, 29 - (second - last), 30, &[]);
        }
        story.wait(1.0);
        story.send(Msg::Tick);
        warnings.extend(story.app.leases.values().flat_map(|lease| lease.warnings.to_vec()));
    }
    warnings.dedup();
    warnings
}

#[test]
fn a_silent_leader_of_a_node_election_is_reported_before_its_lease_ends() {
    for name in ["election/boss", "/vitess/zone1/keyspaces/ks/locks"] {
        assert_eq!(watch(&mut in_decimal(name), 60, 60), [""; 0], "{name}");
        assert_eq!(watch(&mut in_decimal(name), 55, 30), ["dead-holder"], "{name}");
    }
}

#[test]
fn an_instance_of_a_registry_in_decimal_holds_no_lock() {
    let mut story = in_decimal("user.rpc");
    let warnings = watch(&mut story, 55, 30);
    assert!(!warnings.iter().any(|name| name.starts_with("dead")), "{warnings:?}");
    assert!(story.line().is_empty());
    assert!(undecided_locks(story.app.keys.locks()).unwrap().starts_with("user.rpc has 3 keys"));
}

/// The keys whose values are read now.
fn value_reads(story: &mut Story) -> Vec<Vec<u8>> {
    let effects = story.send(Msg::Tick);
    effects
        .into_iter()
        .find_map(|effect| if let Effect::ReadLockValues(keys) = effect { Some(keys) } else { None })
        .unwrap_or_default()
}

#[test]
fn the_value_of_a_leader_key_is_read_and_no_other_value() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2, 3], &[]);
    let entry = |key: &str, lease| KeyEntry { key: key.into(), lease: Some(LeaseId(lease)), create_revision: 3 };
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysPage(vec![
        entry("/service/pg/leader", 1),
        entry("/service/pg/members/a", 1),
        entry("/svc", 3),
    ]));
    story.send(Msg::KeysRead { revision: 99 });
    story.wait(2.0);
    assert_eq!(value_reads(&mut story), [""; 0].map(Vec::from), "the view is closed");
    story.press(&[Key::Char('4')]);
    let leader = b"/service/pg/leader".to_vec();
    assert_eq!(value_reads(&mut story), [&leader[..]]);
    assert_eq!(value_reads(&mut story).len(), 0, "one read at a time");
    let reply = |value: &str| Msg::LockValues {
        pairs: vec![(b"/service/pg/leader".to_vec(), ReadValue::of(value.as_bytes().to_vec()))],
        bytes: 20,
    };
    let value = |story: &Story| story.app.keys.lock_value(b"/service/pg/leader").and_then(lock_value_text);
    story.send(reply("pg-a\x1b"));
    assert_eq!(value(&story).as_deref(), Some(r"pg-a\x1b"));
    assert_eq!(value_reads(&mut story).len(), 0);
    // The leader's lease ends, and a member that waited takes the key.
    let deleted =
        |key: &[u8]| KeyChange { key: key.to_vec(), before: Some(LeaseId(1)), now: KeyState::Deleted, revision: 100 };
    let changes = vec![deleted(&leader), deleted(b"/service/pg/members/a")];
    story.send(Msg::KeysChanged { changes, received: story.now });
    story.wait(8.0);
    story.key_changed(leader.clone(), None, KeyState::Put { lease: Some(LeaseId(2)), create_revision: 101 });
    assert_eq!((value(&story), story.line()), (None, vec![2]));
    assert_eq!(value_reads(&mut story), [&leader[..]]);
    story.key_changed(leader, Some(2), KeyState::Put { lease: Some(LeaseId(2)), create_revision: 101 });
    story.send(reply("pg-b"));
    assert_eq!(value(&story), None, "the reply may be older than the last put");
    assert_eq!(value_reads(&mut story).len(), 1);
}

#[test]
fn a_key_that_changes_hands_is_a_lock_and_a_restarted_service_is_not() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2, 3], &[]);
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysRead { revision: 99 });
    story.wait(5.0);
    let put = |lease, create_revision| KeyState::Put { lease: Some(LeaseId(lease)), create_revision };
    story.key_changed(b"lock".to_vec(), None, put(1, 100));
    story.key_changed(b"/svc/api".to_vec(), None, put(3, 100));
    story.wait(5.0);
    story.key_changed(b"lock".to_vec(), Some(1), KeyState::Deleted);
    story.key_changed(b"/svc/api".to_vec(), Some(3), KeyState::Deleted);
    story.wait(3.0);
    story.list(&[4], &[3]);
    story.key_changed(b"lock".to_vec(), None, put(2, 101));
    story.key_changed(b"/svc/api".to_vec(), None, put(4, 101));
    assert_eq!(story.line(), [2]);
}

#[test]
fn a_holder_whose_key_was_deleted_by_hand_is_shown_as_such() {
    let mut story = two_locks();
    story.wait(3.0);
    story.key_changed(key("b", 1), Some(1), KeyState::Deleted);
    assert_eq!(story.line(), [4, 2, 3], "the end of the lease may have deleted it");
    let deleted_at = story.now;
    story.wait(0.5);
    story.poll(1, 26, 30, &[]);
    assert_eq!(story.line(), [4, 1, 2, 3]);
    let (queue, holder) = story.app.keys.locks().find(&key("b", 1)).unwrap();
    assert_eq!((queue.released_at(holder), story.problem(1)), (Some(deleted_at), None), "it may have released it");
    let waiters: Vec<usize> = story.app.keys.locks().queues().map(|queue| queue.wait_count()).collect();
    assert_eq!(waiters, [0, 1]);
    story.press(&[Key::Down, Key::Enter]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(1)), "its lease can be opened");
    story.list(&[], &[1]);
    story.poll(1, -1, 0, &[]);
    assert_eq!(story.line(), [4, 2, 3]);
}
