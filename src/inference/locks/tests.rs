//! Lock queues by their keys.

mod recipes;

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const MUTEX: [i64; 3] = [0x694d_9aa8_d4d4_f304, 0x694d_9aa8_d4d4_f30a, 0x694d_9aa8_d4d4_f311];

fn at(second: u64) -> Timestamp {
    Timestamp::at(Duration::from_secs(second))
}

fn key(name: &str, lease: i64) -> Vec<u8> {
    let sign = if lease < 0 { "-" } else { "" };
    format!("{name}/{sign}{:x}", lease.unsigned_abs()).into_bytes()
}

fn held(name: &str, lease: i64, create_revision: i64) -> ReadKey {
    ReadKey { key: key(name, lease).into(), lease: Some(LeaseId(lease)), create_revision }
}

impl Locks {
    fn put_at(&mut self, key: &[u8], lease: Option<LeaseId>, create_revision: i64, at: Timestamp) {
        self.put(key, LockPut { lease, create_revision, known_since: None, at, is_prompt: true });
    }

    fn delete_at(&mut self, key: &[u8], at: Timestamp) {
        self.delete(key, named(key, None).map(|name| name.lease), at, true);
    }
}

/// Three candidates in the order of their revisions, which is not the order of their names.
fn three() -> Locks {
    let mut locks = Locks::default();
    locks.add_page(&[held("mutex", MUTEX[1], 9), held("mutex", MUTEX[2], 4), held("mutex", MUTEX[0], 7)]);
    locks.finish_reload(at(10));
    locks
}

/// The name and the leases of each queue.
fn lines(locks: &Locks) -> Vec<(String, Vec<i64>)> {
    let line = |queue: &LockQueue| queue.line().map(|candidate| candidate.lease.0).collect();
    locks.queues().map(|queue| (String::from_utf8_lossy(queue.name()).into_owned(), line(queue))).collect()
}

fn only(locks: &Locks) -> &LockQueue {
    let mut queues = locks.queues();
    let queue = queues.next().expect("a queue");
    assert!(queues.next().is_none());
    queue
}

#[test]
fn the_oldest_key_holds_the_lock_and_the_others_wait_in_order() {
    let locks = three();
    assert_eq!(lines(&locks), [("mutex".to_owned(), vec![MUTEX[2], MUTEX[0], MUTEX[1]])]);
    let queue = only(&locks);
    assert_eq!(queue.holder().unwrap().lease.0, MUTEX[2]);
    assert_eq!(queue.waiting().map(|next| queue.place(next)).collect::<Vec<_>>(), [Some(1), Some(2)]);
    let middle = queue.waiting().next().unwrap();
    let places = |line: &mut dyn Iterator<Item = (&Candidate, Option<usize>)>| {
        line.map(|(one, place)| (one.lease.0, place)).collect::<Vec<_>>()
    };
    assert_eq!(places(&mut queue.ahead_of(middle)), [(MUTEX[2], Some(0))]);
    assert_eq!(places(&mut queue.behind(middle)), [(MUTEX[1], Some(2))]);
    assert_eq!((queue.wait_count(), queue.held()), (2, HeldSince { since: at(10), is_least: true }));
}

#[test]
fn a_lock_is_held_since_the_previous_holder_left() {
    let mut locks = three();
    locks.delete_at(&key("mutex", MUTEX[0]), at(20));
    assert_eq!(only(&locks).held(), HeldSince { since: at(10), is_least: true }, "a waiter in the middle has left");
    locks.put_at(&key("mutex", MUTEX[0]), Some(LeaseId(MUTEX[0])), 12, at(21));
    locks.delete_at(&key("mutex", MUTEX[2]), at(30));
    assert_eq!(lines(&locks)[0].1, [MUTEX[1], MUTEX[0]], "a candidate that comes again is at the end");
    assert_eq!(only(&locks).held(), HeldSince { since: at(30), is_least: false });
    locks.delete_at(&key("mutex", MUTEX[1]), at(31));
    locks.delete_at(&key("mutex", MUTEX[0]), at(32));
    assert_eq!(lines(&locks), []);
    locks.put_at(&key("mutex", 5), Some(LeaseId(5)), 20, at(40));
    assert_eq!(only(&locks).held(), HeldSince { since: at(40), is_least: false });
}

#[test]
fn a_new_read_replaces_the_queues_with_its_last_page() {
    let mut locks = three();
    locks.delete_at(&key("mutex", MUTEX[2]), at(20));
    locks.start_reload();
    locks.add_page(&[held("mutex", MUTEX[0], 7)]);
    locks.add_page(&[held("other", -5, 8)]);
    assert_eq!(lines(&locks).len(), 1, "the known queues stay until then");
    locks.finish_reload(at(50));
    assert_eq!(lines(&locks), [("mutex".to_owned(), vec![MUTEX[0]]), ("other".to_owned(), vec![-5])]);
    let held: Vec<HeldSince> = locks.queues().map(LockQueue::held).collect();
    assert_eq!(held, [HeldSince { since: at(20), is_least: false }, HeldSince { since: at(50), is_least: true }]);
    locks.start_reload();
    locks.finish_reload(at(60));
    assert_eq!(lines(&locks), []);
}

#[test]
fn pages_of_an_unfinished_read_are_dropped() {
    let mut locks = Locks::default();
    locks.add_page(&[held("stale", 5, 1)]);
    locks.start_reload();
    locks.add_page(&[held("mutex", 5, 1)]);
    locks.finish_reload(at(1));
    assert_eq!(lines(&locks), [("mutex".to_owned(), vec![5])]);
}

#[test]
fn a_key_that_was_created_again_before_its_lease_is_known_to_live_has_no_former_holder() {
    let mut locks = three();
    let (key, lease) = (key("mutex", MUTEX[2]), LeaseId(MUTEX[2]));
    locks.delete_at(&key, at(20));
    locks.start_reload();
    locks.add_page(&[held("mutex", MUTEX[0], 7), held("mutex", MUTEX[2], 15)]);
    locks.finish_reload(at(30));
    locks.lost_only_key(&key, lease, at(20));
    assert_eq!(locks.create_revision(&key), Some(15));
    locks.delete_at(&key, at(40));
    assert_eq!(lines(&locks), [("mutex".to_owned(), vec![MUTEX[0]])]);
}

#[test]
fn only_keys_named_after_a_lease_are_candidates() {
    let cases: [(&[u8], i64, bool); 26] = [
        (b"mutex/5", 5, true),
        (b"/5", 5, true),
        (b"a/b/c/ff", 255, true),
        (b"mutex/-5", -5, true),
        (b"mutex/-8000000000000000", i64::MIN, true),
        (b"\xff\x1b/5", 5, true),
        (b"mutex/0000000000000005", 5, true),
        (b"election/boss/255", 255, true),
        (b"ns/election/boss/7587870394402583300", 7_587_870_394_402_583_300, true),
        (b"/vitess/global/keyspaces/ks/locks/7587870394402583300", 7_587_870_394_402_583_300, true),
        (b"user.rpc/7587870394402583300", 7_587_870_394_402_583_300, false),
        (b"/locks/nightly", 5, true),
        (b"/tooz/locks/group", 5, true),
        (b"/tooz/locksgroup", 5, true),
        (b"/service/pg/leader", 5, true),
        (b"/service/pg/0/leader", 5, true),
        (b"/service/pg/members/a", 5, false),
        (b"/service/leader", 5, false),
        (b"/locks/a/b", 5, false),
        (b"mutex/6", 5, false),
        (b"mutex/+5", 5, false),
        (b"mutex/0x5", 5, false),
        (b"mutex/FF", 255, false),
        (b"mutex/5/", 5, false),
        (b"5", 5, false),
        (b"mutex/0", 0, false),
    ];
    for (key, lease, is_one) in cases {
        let mut locks = Locks::default();
        locks.put_at(key, Some(LeaseId(lease)), 1, at(1));
        assert_eq!(locks.candidates().count() == 1, is_one, "{}", String::from_utf8_lossy(key));
    }
    for key in [&b""[..], b"/", b"mutex/\xff", b"mutex/ffffffffffffffffffff", b"mutex/-", b"mutex/--5"] {
        let mut locks = Locks::default();
        locks.put_at(key, None, 1, at(1));
        assert_eq!(locks.candidates().count(), 0, "{key:?}");
        assert!(!is_lock_key(key, None));
    }
}

#[test]
fn a_key_named_after_another_lease_is_a_candidate_in_a_proven_queue() {
    let mut locks = three();
    let (stray, late) = (0x7000_0000_0000_0001, 0x7000_0000_0000_0002);
    locks.put_at(&key("mutex", stray), None, 2, at(11));
    locks.put_at(&key("mutex", late), Some(LeaseId(MUTEX[0])), 99, at(12));
    let attachments: Vec<KeyAttachment> = only(&locks).line().map(|candidate| candidate.attachment).collect();
    assert_eq!(
        (attachments[0], attachments[4]),
        (KeyAttachment::NoLease, KeyAttachment::OtherLease(LeaseId(MUTEX[0])))
    );
    assert!(attachments[1..4].iter().all(|attachment| *attachment == KeyAttachment::OwnLease));
    // Names by chance: a small number, and a queue without a key on its own lease.
    locks.put_at(b"mutex/42", None, 1, at(13));
    locks.put_at(&key("page", stray), None, 1, at(14));
    assert_eq!(lines(&locks).len(), 1);
    assert_eq!(only(&locks).line().count(), 5);
    assert!(locks.find(&key("page", stray)).is_none());
}

#[test]
fn a_holder_whose_key_is_detached_still_holds_the_lock() {
    let mut locks = three();
    for lease in &MUTEX[..2] {
        locks.delete_at(&key("mutex", *lease), at(15));
    }
    locks.put_at(&key("mutex", MUTEX[2]), None, 4, at(20));
    let holder = only(&locks).holder().unwrap();
    assert_eq!((holder.lease.0, holder.attachment), (MUTEX[2], KeyAttachment::NoLease));
    assert_eq!(only(&locks).held().since, at(10), "the same holder");
    assert_eq!(holder.problem(CandidateHealth::default()), Some(CandidateProblem::Stranded));
    locks.delete_at(&key("mutex", MUTEX[2]), at(30));
    assert_eq!(lines(&locks), []);
}

#[test]
fn queues_and_candidates_are_found() {
    let mut locks = three();
    for name in ["a", "z", "mutex/inner"] {
        locks.put_at(&key(name, 5), Some(LeaseId(5)), 1, at(1));
    }
    let names = |queues: &mut dyn Iterator<Item = &LockQueue>| -> Vec<String> {
        queues.map(|queue| String::from_utf8_lossy(queue.name()).into_owned()).collect()
    };
    assert_eq!(names(&mut locks.queues()), ["a", "mutex", "mutex/inner", "z"]);
    let mutex = locks.find(&key("mutex", MUTEX[1])).unwrap().0;
    assert_eq!(names(&mut locks.after(mutex)), ["mutex/inner", "z"]);
    assert_eq!(names(&mut locks.before(mutex).rev()), ["a"]);
    let (queue, candidate) = locks.find(&key("mutex", MUTEX[1])).unwrap();
    assert_eq!((queue.name(), candidate.created), (&b"mutex"[..], 9));
    assert!(locks.find(b"mutex/77").is_none() && locks.find(b"nothing").is_none());
}

#[test]
fn every_lease_has_its_position() {
    let mut locks = three();
    locks.put_at(&key("other", MUTEX[0]), Some(LeaseId(MUTEX[0])), 20, at(1));
    let places: Vec<_> = locks.places().map(|(lease, line)| (lease.0, line.ahead, line.behind)).collect();
    assert_eq!(places, [(MUTEX[2], 0, 2), (MUTEX[0], 1, 1), (MUTEX[1], 2, 0), (MUTEX[0], 0, 0)]);
    locks.put_at(&key("mutex", MUTEX[0]), None, 7, at(2));
    let places: Vec<_> = locks.places().map(|(lease, line)| (lease.0, line.ahead, line.behind)).collect();
    let others = [(MUTEX[2], 0, 2), (MUTEX[1], 2, 0), (MUTEX[0], 0, 0)];
    assert_eq!(places, others, "a detached key stays in the queue, and revoking its lease does not change the queue");
}

#[test]
fn each_problem_has_its_condition() {
    let candidate = |attachment| Candidate { key: Arc::from(&b"m/5"[..]), created: 1, lease: LeaseId(5), attachment };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let well = CandidateHealth { ttl: seconds(60), unrenewed: seconds(10), ..CandidateHealth::default() };
    let problem = |health| candidate(KeyAttachment::OwnLease).problem(health);
    let silent = |seconds| Some(CandidateProblem::Silent(Duration::from_secs(seconds)));
    assert_eq!(problem(well), None);
    assert_eq!(problem(CandidateHealth::default()), None, "an unknown state is not a problem");
    assert_eq!(problem(CandidateHealth { is_dying: true, is_gone: true, ..well }), Some(CandidateProblem::Gone));
    assert_eq!(problem(CandidateHealth { is_dying: true, ..well }), Some(CandidateProblem::Dying));
    assert_eq!(problem(CandidateHealth { unrenewed: seconds(40), ..well }), None);
    assert_eq!(problem(CandidateHealth { unrenewed: seconds(41), ..well }), silent(41));
    assert_eq!(
        problem(CandidateHealth { unrenewed: seconds(50), late_after: seconds(56), ..well }),
        None,
        "its usual interval"
    );
    assert_eq!(problem(CandidateHealth { unrenewed: seconds(13), late_after: seconds(12), ..well }), silent(13));
    assert_eq!(
        candidate(KeyAttachment::OtherLease(LeaseId(6))).problem(well),
        Some(CandidateProblem::Misplaced(LeaseId(6)))
    );
    assert_eq!(candidate(KeyAttachment::NoLease).problem(well), Some(CandidateProblem::Stranded));
}

proptest! {
    /// After any puts and deletions, the queues are the same as after a new read.
    #[test]
    fn watching_and_reading_give_the_same_queues(acts in prop::collection::vec((0_u8..3, 0_u8..2, 0_u8..6), 0..200)) {
        let mut followed = Locks::default();
        let mut truth: BTreeMap<Vec<u8>, ReadKey> = BTreeMap::new();
        for (revision, (act, name, lease)) in (1..).zip(acts) {
            let id = MUTEX[0] + i64::from(lease);
            let key = key(["a", "b"][usize::from(name)], id);
            if act == 0 {
                followed.delete_at(&key, at(1));
                truth.remove(&key);
                continue;
            }
            let create_revision = truth.get(&key).map_or(revision, |before| before.create_revision);
            let lease = (act == 1).then_some(LeaseId(id));
            followed.put_at(&key, lease, create_revision, at(1));
            truth.insert(key.clone(), ReadKey { key: key.into(), lease, create_revision });
        }
        let mut read = Locks::default();
        read.add_page(&truth.values().cloned().collect::<Vec<_>>());
        read.finish_reload(at(1));
        let all = |locks: &Locks| -> Vec<Candidate> { locks.queues.values().flat_map(LockQueue::line).cloned().collect() };
        prop_assert_eq!(all(&followed), all(&read));
        prop_assert!(followed.queues.values().all(|queue| !queue.is_empty()));
        prop_assert_eq!(followed.places.len(), truth.len());
    }
}
