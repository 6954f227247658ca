//! Each lint finds only its own problem.

use super::*;

fn second(seconds: u64) -> Timestamp {
    Timestamp::at(Duration::from_secs(seconds))
}

const NOW: u64 = 1_000;

/// A lease without a problem.
fn healthy(id: i64) -> LintFacts {
    LintFacts {
        id: LeaseId(id),
        ttl: Some(Duration::from_secs(60)),
        keys: Some(1),
        lost_key: None,
        renewals: 5,
        watched: Duration::from_secs(100),
        pattern: RenewalPattern::Unknown,
        unrenewed: Some(Duration::from_secs(10)),
        margin: Some(Duration::from_secs(39)),
        sure_margin: Some(Duration::from_secs(39)),
        deadline: Some(second(NOW + 50)),
        listed: true,
        unknown_since: None,
        queue_positions: Vec::new(),
        queue: None,
    }
}

fn found(leases: &[LintFacts]) -> Vec<(&'static str, Vec<i64>, String)> {
    let found = findings(LintInput { leases, now: second(NOW) });
    found.into_iter().map(|f| (f.lint, f.leases.iter().map(|id| id.0).collect(), f.what)).collect()
}

fn only(leases: &[LintFacts], lint: &str, ids: &[i64], what: &str) {
    assert_eq!(
        found(leases),
        [(LINTS.iter().find(|l| l.name() == lint).unwrap().name(), ids.to_vec(), what.to_owned())]
    );
}

#[test]
fn healthy_and_unknown_leases_have_no_findings() {
    let unknown = LintFacts {
        ttl: None,
        keys: None,
        renewals: 0,
        watched: Duration::ZERO,
        unrenewed: None,
        margin: None,
        sure_margin: None,
        deadline: None,
        listed: true,
        ..healthy(2)
    };
    assert_eq!(found(&[healthy(1), unknown]), []);
    assert_eq!(found(&[]), []);
}

#[test]
fn a_leak_has_no_keys_and_no_renewals() {
    let leak = LintFacts { keys: Some(0), renewals: 0, watched: Duration::from_secs(42), ..healthy(-1) };
    only(&[healthy(2), leak.clone()], "leak", &[-1], "no keys, and no renewal for 42 s.");
    for harmless in [
        LintFacts { renewals: 1, ..leak.clone() },
        LintFacts { keys: Some(1), ..leak.clone() },
        LintFacts { keys: None, ..leak.clone() },
        LintFacts { watched: Duration::from_secs(39), ..leak },
    ] {
        assert_eq!(found(&[harmless]), []);
    }
}

#[test]
fn a_renewed_lease_without_its_key_lost_it() {
    let lost_key = |is_only| {
        let key = b"/svc/a\x1b"[..].into();
        LintFacts {
            keys: Some(0),
            lost_key: Some(LostKey { key, since: Duration::from_secs(30), is_only }),
            ..healthy(1)
        }
    };
    only(&[lost_key(true)], "lost-key", &[1], r"renewed, but lost its only key /svc/a\x1b 30 s ago.");
    only(&[lost_key(false)], "lost-key", &[1], r"renewed, but lost its last key /svc/a\x1b 30 s ago.");
    for harmless in [LintFacts { keys: Some(1), ..lost_key(true) }, LintFacts { keys: None, ..lost_key(true) }] {
        assert_eq!(found(&[harmless]), [], "it has a key, or may have one");
    }
}

#[test]
fn half_of_a_long_ttl_without_a_renewal_is_a_leak_even_if_not_watched() {
    let leak = |ttl, unrenewed| LintFacts {
        keys: Some(0),
        renewals: 0,
        ttl: Some(Duration::from_secs(ttl)),
        watched: Duration::from_secs(1),
        unrenewed: Some(Duration::from_secs(unrenewed)),
        ..healthy(-1)
    };
    only(&[leak(60, 31)], "leak", &[-1], "no keys, and no renewal for 31 s.");
    only(&[leak(3_600, 1_801)], "leak", &[-1], "no keys, and no renewal for 1801 s.");
    for harmless in [leak(60, 30), leak(59, 58), leak(3_600, 2), LintFacts { renewals: 1, ..leak(60, 31) }] {
        assert_eq!(found(&[harmless]), [], "a new lease, a short TTL, a slow client");
    }
}

#[test]
fn only_the_newest_of_replaced_leases_has_keys() {
    let old = |id, left| LintFacts {
        keys: Some(0),
        renewals: 0,
        watched: Duration::from_secs(9),
        deadline: Some(second(NOW + left)),
        ..healthy(id)
    };
    let what = "only the newest of 3 leases of 60 s has keys; 2 are left over.";
    only(&[healthy(3), old(1, 10), old(2, 30)], "generations", &[1, 2], what);
    assert_eq!(found(&[healthy(3), old(1, 10)]), [], "two leases may be chance");
    assert_eq!(found(&[healthy(3), old(1, 10), LintFacts { keys: Some(2), ..old(2, 30) }]), []);
    assert_eq!(found(&[healthy(3), old(1, 10), old(2, 59)]), [], "the newest has no keys yet");
    let unseen = LintFacts { deadline: None, ..healthy(4) };
    assert_eq!(found(&[healthy(3), old(1, 10), old(2, 30), unseen]), [], "it may be an old lease that is still needed");
}

#[test]
fn more_than_1000_keys_are_crowded() {
    only(&[LintFacts { keys: Some(4_200), ..healthy(1) }], "crowded", &[1], "4,200 keys are attached to it.");
    assert_eq!(found(&[LintFacts { keys: Some(1_000), ..healthy(1) }]), []);
}

#[test]
fn a_ttl_below_5_s_is_short() {
    let short = |seconds| LintFacts { ttl: Some(Duration::from_secs(seconds)), margin: None, ..healthy(1) };
    only(&[short(4)], "short-ttl", &[1], "the TTL is only 4 s.");
    assert_eq!(found(&[short(5)]), []);
}

#[test]
fn a_margin_below_the_failover_time_is_thin() {
    let thin = |millis| LintFacts { sure_margin: Some(Duration::from_millis(millis)), ..healthy(1) };
    let hidden = LintFacts { margin: Some(Duration::from_millis(900)), sure_margin: None, ..healthy(1) };
    assert_eq!(found(&[hidden]), [], "a renewal that was not seen may have had more left");
    only(&[thin(1_200)], "thin-margin", &[1], "renewed with only 1.2 s left.");
    assert_eq!(found(&[thin(2_500)]), []);
    assert_eq!(found(&[LintFacts { ttl: Some(Duration::from_secs(5)), ..thin(2_600) }]), []);
}

#[test]
fn more_leases_than_etcd_removes_expire_at_once() {
    let crowd = |count: i64, renewals, spread: u64| -> Vec<LintFacts> {
        let end = |id: i64| Timestamp::from_nanos((NOW + 12) * 1_000_000_000 + id.unsigned_abs() * spread);
        (0..count).map(|id| LintFacts { renewals, deadline: Some(end(id)), ..healthy(id) }).collect()
    };
    let all: Vec<i64> = (0..3_500).collect();
    only(&crowd(3_500, 0, 10), "mass-death", &all, "3,500 leases expire within 1 s, in 12 s unless renewed.");
    assert_eq!(found(&crowd(1_000, 0, 10)), [], "etcd removes that many in a second");
    assert_eq!(found(&crowd(3_500, 0, 2_000_000)), [], "spread over seven seconds");
    let renewed: Vec<LintFacts> = crowd(3_500, 5, 10)
        .into_iter()
        .map(|facts| LintFacts { margin: Some(Duration::from_secs(9)), ..facts })
        .collect();
    assert_eq!(found(&renewed), [], "renewed with less left before");
    assert_eq!(found(&crowd(3_500, 5, 10)).len(), 1, "never renewed so late before");
}

/// A lease in a lock queue, with `left` seconds left.
fn queued(ahead: usize, behind: usize, left: u64) -> LintFacts {
    let queue_positions = vec![QueuePosition { lock: b"/locks/a\x1b"[..].into(), ahead, behind }];
    LintFacts { queue_positions, deadline: Some(second(NOW + left)), renewals: 0, margin: None, ..healthy(7) }
}

#[test]
fn a_holder_that_is_not_renewed_is_a_dead_holder() {
    let what = |waits: &str| format!(r"holds lock /locks/a\x1b with {waits}, not renewed for 48 s; 12 s left.");
    only(&[healthy(1), queued(0, 3, 12)], "dead-holder", &[7], &what("3 waiters"));
    only(&[queued(0, 1, 12)], "dead-holder", &[7], &what("1 waiter"));
    let renewed = LintFacts { margin: Some(Duration::from_secs(11)), ..queued(0, 3, 12) };
    for harmless in [queued(0, 0, 12), queued(0, 3, 20), renewed, LintFacts { deadline: None, ..queued(0, 3, 12) }] {
        assert_eq!(found(&[harmless]), []);
    }
}

#[test]
fn a_waiter_that_is_not_renewed_is_a_dead_waiter() {
    let what = |others: &str| format!(r"waits for lock /locks/a\x1b behind {others}, not renewed for 48 s; 12 s left.");
    only(&[queued(2, 0, 12)], "dead-in-line", &[7], &what("2 others"));
    only(&[queued(1, 4, 12)], "dead-in-line", &[7], &what("1 other"));
    assert_eq!(found(&[queued(2, 0, 21)]), []);
    let mut both = queued(0, 2, 12);
    both.queue_positions.push(QueuePosition { lock: b"b"[..].into(), ahead: 1, behind: 0 });
    let lints: Vec<&str> = found(&[both]).into_iter().map(|(lint, ..)| lint).collect();
    assert_eq!(lints, ["dead-holder", "dead-in-line"], "one lease in two queues");
}

#[test]
fn a_zombie_is_listed_and_unknown_to_the_leader() {
    let zombie = LintFacts { unknown_since: Some(second(NOW - 8)), ..healthy(i64::MIN) };
    let what = "listed, but unknown to the leader for 8 s.";
    only(std::slice::from_ref(&zombie), "zombie", &[i64::MIN], what);
    assert_eq!(found(&[LintFacts { listed: false, ..zombie.clone() }]), [], "it has ended");
    assert_eq!(
        found(&[LintFacts { unknown_since: Some(second(NOW - 2)), ..zombie }]),
        [],
        "it ended between the list and the query"
    );
}

#[test]
fn a_full_queue_is_found_once_responses_are_dropped() {
    let with = |depth, dropped| LintFacts { queue: Some(QueueGauge { depth, capacity: 16, dropped }), ..healthy(1) };
    assert_eq!(found(&[with(16, 0), with(14, 3)]), []);
    only(&[with(16, 1)], "queue-full", &[1], "the response queue is full (16 of 16); dropped so far: 1.");
    only(&[with(15, 3)], "queue-full", &[1], "the response queue is full (15 of 16); dropped so far: 3.");
}

#[test]
fn interleaved_and_unread_patterns_are_found() {
    let two = RenewalPattern::Interleaved { count: 2, each: Duration::from_secs(10) };
    let what = "two clients renew it in turn, each about every 10.0 s.";
    only(&[LintFacts { pattern: two, ..healthy(1) }], "two-renewers", &[1], what);
    let what =
        "renewed every 500 ms or more often, typical of a Go client before 3.4 whose KeepAlive channel is not read.";
    only(&[LintFacts { pattern: RenewalPattern::Unread, ..healthy(-1) }], "unread", &[-1], what);
}

#[test]
fn every_lint_has_a_unique_name_a_label_a_reason_and_advice() {
    let mut names: Vec<_> = LINTS.iter().map(|lint| lint.name()).collect();
    for lint in LINTS {
        assert!(lint.why().ends_with('.') && lint.advice().ends_with('.'), "{}", lint.name());
        assert_eq!(label(lint.name()), lint.label());
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), LINTS.len());
}
