//! The locks of the known clients, and names that are none.

use super::*;

/// The kind, the evidence, the holder and the number of waiters of the only lock.
fn summary(locks: &Locks) -> (LockKind, LockEvidence, i64, usize) {
    let queue = only(locks);
    (queue.kind(), queue.evidence().unwrap(), queue.holder().unwrap().lease.0, queue.wait_count())
}

/// Keys that are named after their leases in decimal, in the order of their creation.
fn in_decimal(name: &str) -> Locks {
    let mut locks = Locks::default();
    for (revision, lease) in (1..).zip(MUTEX) {
        locks.put_at(format!("{name}/{lease}").as_bytes(), Some(LeaseId(lease)), revision, at(1));
    }
    locks
}

#[test]
fn decimal_ids_are_a_lock_below_the_names_of_node_and_vitess_only() {
    for name in ["election/boss", "/vitess/zone1/keyspaces/ks/shards/0/locks"] {
        assert_eq!(summary(&in_decimal(name)), (LockKind::Decimal, LockEvidence::Name, MUTEX[0], 2), "{name}");
    }
    let registry = in_decimal("user.rpc");
    assert_eq!(lines(&registry), []);
    assert_eq!(registry.places().count(), 0, "its instances wait for nothing");
    assert_eq!(registry.undecided().collect::<Vec<_>>(), [(&b"user.rpc"[..], 3)]);
    let mut declared = Locks::new(vec!["user.rpc/*".parse().unwrap()]);
    declared.put_at(format!("user.rpc/{}", MUTEX[1]).as_bytes(), Some(LeaseId(MUTEX[1])), 1, at(1));
    assert_eq!(summary(&declared), (LockKind::Decimal, LockEvidence::Pattern, MUTEX[1], 0));
    assert_eq!(declared.undecided().count(), 0);
}

#[test]
fn a_detached_candidate_in_decimal_stays_in_its_queue() {
    let mut locks = in_decimal("election/boss");
    locks.put_at(format!("election/boss/{}", MUTEX[0]).as_bytes(), None, 1, at(2));
    let holder = only(&locks).holder().unwrap();
    assert_eq!((holder.lease.0, holder.attachment), (MUTEX[0], KeyAttachment::NoLease));
    locks.put_at(b"election/boss/7587870394402583390", None, 9, at(3));
    assert_eq!(only(&locks).line().last().unwrap().lease.0, 7_587_870_394_402_583_390);
}

/// A key that one lease loses at 10 s and another one creates again.
fn taken_over(known_since: Option<Timestamp>, at_second: u64, lease: i64) -> Locks {
    let mut locks = Locks::default();
    locks.put_at(b"lock", Some(LeaseId(5)), 1, at(1));
    locks.delete(b"lock", Some(LeaseId(5)), at(10), true);
    let put =
        LockPut { lease: Some(LeaseId(lease)), create_revision: 3, known_since, at: at(at_second), is_prompt: true };
    locks.put(b"lock", put);
    locks
}

#[test]
fn a_key_that_a_waiting_lease_creates_again_is_a_lock() {
    let waited = taken_over(Some(at(2)), 18, 6);
    assert_eq!(summary(&waited), (LockKind::OneKey, LockEvidence::HandedOver, 6, 0));
    assert_eq!(only(&waited).held(), HeldSince { since: at(18), is_least: false });
    let at_once = taken_over(None, 10, 6);
    assert_eq!(summary(&at_once), (LockKind::OneKey, LockEvidence::CreatedAgain, 6, 0));
    assert!(!only(&at_once).names_holder(), "the value of a service is not shown");
    for (what, locks) in [
        ("a service that started again", taken_over(Some(at(15)), 16, 6)),
        ("a registry that repairs itself on its lease", taken_over(Some(at(2)), 10, 5)),
    ] {
        assert_eq!(lines(&locks), [], "{what}");
    }
}

#[test]
fn a_lock_of_one_key_is_known_before_it_changes_hands() {
    let mut locks = Locks::new(vec!["/jobs/*/owner".parse().unwrap()]);
    let entry = |key: &[u8], lease| ReadKey { key: key.into(), lease: Some(LeaseId(lease)), create_revision: 3 };
    locks.add_page(&[entry(b"/jobs/nightly/owner", 5), entry(b"/jobs/nightly/log", 6)]);
    locks.finish_reload(at(1));
    assert_eq!(summary(&locks), (LockKind::OneKey, LockEvidence::Pattern, 5, 0));
    assert_eq!(only(&locks).name(), b"/jobs/nightly/owner");
    locks.put_at(b"/jobs/nightly/owner", Some(LeaseId(6)), 3, at(9));
    assert_eq!((summary(&locks).2, only(&locks).held().since), (6, at(9)), "put on another lease");
    locks.put_at(b"/jobs/nightly/owner", None, 3, at(10));
    assert_eq!(only(&locks).holder().unwrap().attachment, KeyAttachment::NoLease);
    locks.delete(b"/jobs/nightly/owner", None, at(11), true);
    assert_eq!(lines(&locks), []);
}

#[test]
fn a_holder_whose_key_was_deleted_stays_until_its_lease_ends_or_it_waits_again() {
    let lost = || {
        let mut locks = three();
        let holder = key("mutex", MUTEX[2]);
        locks.delete(&holder, Some(LeaseId(MUTEX[2])), at(20), true);
        locks.lost_only_key(&holder, LeaseId(MUTEX[2]), at(20));
        locks
    };
    let mut locks = lost();
    let queue = only(&locks);
    assert_eq!(queue.holder().unwrap().lease.0, MUTEX[0], "the next one holds it");
    assert_eq!(queue.wait_count(), 1, "neither holder waits");
    let numbered: Vec<_> = queue.numbered().map(|(one, place)| (one.lease.0, place)).collect();
    assert_eq!(numbered, [(MUTEX[2], None), (MUTEX[0], Some(0)), (MUTEX[1], Some(1))]);
    let behind: Vec<_> = queue.behind(queue.keyless().unwrap()).map(|(_, place)| place).collect();
    assert_eq!(behind, [Some(0), Some(1)]);
    let problem = queue.keyless().unwrap().problem(CandidateHealth::default());
    assert_eq!(problem, Some(CandidateProblem::KeyDeleted(at(20))));
    assert!(locks.find(&key("mutex", MUTEX[2])).is_some());
    locks.lease_ended(LeaseId(MUTEX[2]));
    assert!(only(&locks).keyless().is_none() && locks.find(&key("mutex", MUTEX[2])).is_none());

    let mut locks = lost();
    locks.put_at(&key("mutex", MUTEX[2]), Some(LeaseId(MUTEX[2])), 30, at(25));
    assert!(only(&locks).keyless().is_none());
    assert_eq!(only(&locks).line().last().unwrap().lease.0, MUTEX[2], "it waits again");

    let mut locks = lost();
    locks.forget_released(at(79));
    assert!(only(&locks).keyless().is_some());
    locks.forget_released(at(80));
    assert!(only(&locks).keyless().is_none(), "it released the lock");

    let mut vitess = in_decimal("/ks/locks");
    let holder = format!("/ks/locks/{}", MUTEX[0]).into_bytes();
    vitess.delete(&holder, Some(LeaseId(MUTEX[0])), at(20), true);
    vitess.lost_only_key(&holder, LeaseId(MUTEX[0]), at(20));
    vitess.forget_released(at(999));
    assert!(only(&vitess).keyless().is_some(), "its client would have revoked the lease");

    let mut alone = Locks::default();
    alone.put_at(b"/locks/nightly", Some(LeaseId(5)), 1, at(1));
    alone.delete(b"/locks/nightly", Some(LeaseId(5)), at(2), true);
    alone.lost_only_key(b"/locks/nightly", LeaseId(5), at(2));
    assert!(only(&alone).holder().is_none() && only(&alone).keyless().is_some());
    alone.put_at(b"/locks/nightly", Some(LeaseId(6)), 4, at(3));
    assert_eq!(summary(&alone), (LockKind::OneKey, LockEvidence::Name, 6, 0));
    assert_eq!(only(&alone).keyless().unwrap().lease.0, 5, "two may act as the holder");
}

#[test]
fn a_misplaced_holder_whose_key_was_deleted_stays_until_either_lease_ends_or_for_a_minute() {
    let (own, other) = (LeaseId(MUTEX[2]), LeaseId(0x7000_0000_0000_0002));
    let holder = key("mutex", own.0);
    let lost = || {
        let mut locks = three();
        locks.put_at(&holder, Some(other), 4, at(15));
        locks.delete(&holder, Some(other), at(20), true);
        locks.lost_only_key(&holder, other, at(20));
        assert_eq!(only(&locks).keyless().unwrap().lease, own);
        locks
    };
    let is_forgotten = |locks: &Locks| only(locks).keyless().is_none() && locks.keyless.is_empty();
    for ended in [own, other] {
        let mut locks = lost();
        locks.lease_ended(ended);
        assert!(is_forgotten(&locks) && locks.find(&holder).is_none(), "{ended}");
    }
    let mut locks = lost();
    locks.forget_released(at(80));
    assert!(is_forgotten(&locks) && locks.find(&holder).is_none(), "it released the lock");

    let mut locks = lost();
    locks.put_at(&holder, Some(own), 30, at(25));
    assert!(is_forgotten(&locks) && locks.find(&holder).is_some(), "it waits again");

    let mut locks = lost();
    let next = key("mutex", MUTEX[0]);
    locks.delete(&next, Some(LeaseId(MUTEX[0])), at(30), true);
    locks.lost_only_key(&next, LeaseId(MUTEX[0]), at(30));
    for ended in [own, other] {
        locks.lease_ended(ended);
        assert_eq!(only(&locks).keyless().unwrap().lease.0, MUTEX[0], "the next former holder has another lease");
    }

    let mut small = Locks::default();
    small.put_at(b"small/5", Some(LeaseId(5)), 1, at(1));
    small.put_at(b"small/5", Some(other), 1, at(2));
    small.delete(b"small/5", Some(other), at(3), true);
    small.lost_only_key(b"small/5", other, at(3));
    assert_eq!(lines(&small), [("small".to_owned(), vec![5])], "the queue is the same as before");
}

#[test]
fn the_end_of_a_lease_removes_its_former_holders_from_all_queues() {
    let lease = LeaseId(MUTEX[0]);
    let mut locks = Locks::default();
    for (name, revision) in [("a", 1), ("b", 2)] {
        let key = key(name, lease.0);
        locks.put_at(&key, Some(lease), revision, at(1));
        locks.delete(&key, Some(lease), at(2), true);
        locks.lost_only_key(&key, lease, at(2));
    }
    assert_eq!(locks.queues().filter(|queue| queue.keyless().is_some()).count(), 2);
    locks.lease_ended(lease);
    assert_eq!(lines(&locks), []);
}

#[test]
fn patterns_match_part_by_part() {
    let pattern = |text: &str| text.parse::<LockPattern>();
    let leader = pattern("/service/*/leader").unwrap();
    assert!(leader.matches(b"/service/pg/leader") && !leader.matches(b"/service/a/b/leader"));
    let ends = pattern("jobs-*-lock*").unwrap();
    assert!(ends.matches(b"jobs-x-lock") && ends.matches(b"jobs-a-b-locks") && !ends.matches(b"jobs-lock"));
    assert!(pattern("lock").unwrap().matches(b"lock") && !pattern("lock").unwrap().matches(b"lock/a"));
    for bad in ["", "*", "/*/*", "/a/**/b"] {
        assert!(pattern(bad).is_err(), "{bad}");
    }
}
