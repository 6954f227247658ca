//! Each lint finds only its own problem.

use super::*;
use crate::inference::key_contests::KeyContests;

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
        keyless_since: None,
        granted: None,
        line: None,
        lost_key: None,
        renewals: 5,
        watched: Duration::from_secs(100),
        pattern: RenewalPattern::Unknown,
        usual_interval: None,
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

fn findings(leases: &[LintFacts], contests: Option<&KeyContests>) -> Vec<Finding> {
    let mut pass = LintPass::default();
    leases.iter().for_each(|facts| pass.add(facts, second(NOW)));
    pass.finish(contests, second(NOW))
}

fn found(leases: &[LintFacts]) -> Vec<(&'static str, Vec<i64>, String)> {
    let found = findings(leases, None);
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
    let lost_key = |is_only, how| {
        let key = b"/svc/a\x1b"[..].into();
        let lost_key = LostKey { key, since: Duration::from_secs(30), is_only, how };
        LintFacts { keys: Some(0), lost_key: Some(lost_key), ..healthy(1) }
    };
    let warns = |is_only, how, what| only(&[lost_key(is_only, how)], "lost-key", &[1], what);
    warns(true, KeyLoss::Deleted, r"renewed, but lost its only key /svc/a\x1b 30 s ago.");
    warns(false, KeyLoss::Deleted, r"renewed, but lost its last key /svc/a\x1b 30 s ago.");
    let moved = r"renewed, but its only key /svc/a\x1b moved to lease 0000000000000007 and has been gone for 30 s.";
    warns(true, KeyLoss::DeletedFrom(LeaseId(7)), moved);
    let unleased = r"renewed, but its only key /svc/a\x1b was put without a lease 30 s ago.";
    warns(true, KeyLoss::WithoutLease, unleased);
    let lost = lost_key(true, KeyLoss::Deleted);
    for harmless in [LintFacts { keys: Some(1), ..lost.clone() }, LintFacts { keys: None, ..lost }] {
        assert_eq!(found(&[harmless]), [], "it has a key, or may have one");
    }
}

#[test]
fn each_finding_has_the_reason_of_its_own_case() {
    let reason = |facts: LintFacts| {
        let leases = [facts];
        let found = findings(&leases, None);
        let [finding] = &found[..] else { panic!("{found:?}") };
        (finding.why, finding.advice)
    };
    let late = reason(LintFacts { usual_interval: Some(Duration::from_millis(39_900)), ..healthy(1) });
    let thin = reason(LintFacts { sure_margin: Some(Duration::from_millis(1_200)), ..healthy(1) });
    assert!(late.0.starts_with("One lost reply") && thin.0.starts_with("A failover"), "{late:?} {thin:?}");
    let lost = |how| {
        let lost_key = LostKey { key: b"/a"[..].into(), since: Duration::from_secs(3), is_only: true, how };
        reason(LintFacts { keys: Some(0), lost_key: Some(lost_key), ..healthy(1) })
    };
    assert!(lost(KeyLoss::Deleted).0.starts_with("Callers cannot find the service"));
    assert!(lost(KeyLoss::WithoutLease).0.starts_with("The key no longer expires"));
}

#[test]
fn two_thirds_of_a_long_ttl_without_a_renewal_are_a_leak_even_if_not_watched() {
    let leak = |ttl, unrenewed| LintFacts {
        keys: Some(0),
        renewals: 0,
        ttl: Some(Duration::from_secs(ttl)),
        watched: Duration::from_secs(1),
        unrenewed: Some(Duration::from_secs(unrenewed)),
        ..healthy(-1)
    };
    only(&[leak(60, 40)], "leak", &[-1], "no keys, and no renewal for 40 s.");
    only(&[leak(3_600, 2_400)], "leak", &[-1], "no keys, and no renewal for 2400 s.");
    let replaced = LintFacts { line: Some(LeaseLine { is_replaced: true, ..line(7) }), ..leak(60, 40) };
    let renewed = LintFacts { renewals: 1, ..leak(60, 40) };
    for harmless in [leak(60, 39), leak(59, 58), leak(3_600, 2), renewed, replaced] {
        assert_eq!(found(&[harmless]), [], "a new lease, a short TTL, a slow client");
    }
}

/// Clients of tooz that wait for a lock grant a lease of 120 s at each attempt.
#[test]
fn attempts_to_get_a_lock_are_no_leak_unless_they_come_faster_and_faster() {
    let ttl = Some(Duration::from_secs(120));
    let attempt = |id: i64, granted: u64| {
        let granted = Some(second(NOW - granted));
        LintFacts { ttl, keys: Some(0), renewals: 0, granted, ..healthy(id) }
    };
    let steady: Vec<LintFacts> = (0..100).map(|n| attempt(n, n.unsigned_abs())).collect();
    assert_eq!(found(&steady).len(), 100, "no lock is known");
    let holder = LintFacts {
        queue_positions: vec![QueuePosition { lock: b"/tooz/locks/a"[..].into(), ahead: 0, behind: 0 }],
        deadline: Some(second(NOW + 100)),
        ttl,
        ..healthy(-1)
    };
    let with_holder = |mut leases: Vec<LintFacts>| {
        leases.push(holder.clone());
        found(&leases)
    };
    assert_eq!(with_holder(steady), []);
    assert_eq!(with_holder((0..3).map(|n| attempt(n, 110)).collect()), [], "it waited for some seconds");
    let old = (0..40).map(|n| LintFacts { granted: None, ..attempt(n, 0) }).collect();
    assert_eq!(with_holder(old), [], "it waited when leasetop started");
    let growing =
        (0..60).map(|n: i64| attempt(n, if n < 15 { 115 - 4 * n.unsigned_abs() } else { 59 - n.unsigned_abs() }));
    assert_eq!(with_holder(growing.collect()).len(), 60, "more and more clients wait, or one lost count");
}

#[test]
fn what_a_heartbeat_may_have_replaced_before_the_start_is_no_leak() {
    let idle = |id| LintFacts { keys: Some(0), renewals: 0, unrenewed: Some(Duration::from_secs(45)), ..healthy(id) };
    let crowd = |count: i64, other: LintFacts| (1..=count).map(idle).chain([other]).collect::<Vec<_>>();
    let unwatched = |all: Vec<LintFacts>| -> Vec<LintFacts> {
        all.into_iter().map(|facts| LintFacts { watched: Duration::from_secs(3), ..facts }).collect()
    };
    let cache = LintFacts { renewals: 0, margin: None, ..healthy(0) };
    assert_eq!(found(&unwatched(crowd(3, cache.clone()))), [], "its client may have replaced them");
    assert_eq!(found(&crowd(3, cache.clone())).len(), 3, "it replaced nothing while it was watched");
    assert_eq!(found(&unwatched(crowd(16, cache.clone()))).len(), 16, "too many");
    assert_eq!(found(&unwatched(crowd(3, healthy(0)))).len(), 3, "the other one is renewed");
    let heartbeat = LintFacts { line: Some(line(0)), ..cache };
    assert_eq!(found(&crowd(3, heartbeat.clone())), []);
    let fast = LeaseLine { every: Some(Duration::from_secs(3)), ..line(0) };
    let fast = LintFacts { line: Some(fast), ..heartbeat.clone() };
    assert_eq!(found(&crowd(3, fast)).len(), 3, "it leaves too many behind");
    let mut new = crowd(3, heartbeat);
    new[0].granted = Some(second(NOW - 45));
    only(&new, "leak", &[1], "no keys, and no renewal for 100 s.");
}

/// The lease that has the keys of a line whose first lease is this, with a new lease every 5 s.
fn line(first: i64) -> LeaseLine {
    LeaseLine { first: LeaseId(first), is_replaced: false, every: Some(Duration::from_secs(5)) }
}

/// This many leases of a line, of which only the last has keys.
fn replaced(count: i64, ttl: u64) -> Vec<LintFacts> {
    let one = |id: i64| {
        let is_replaced = id + 1 < count;
        let line = Some(LeaseLine { is_replaced, every: if is_replaced { None } else { line(0).every }, ..line(0) });
        let keys = Some(u64::from(!is_replaced));
        LintFacts { ttl: Some(Duration::from_secs(ttl)), keys, line, renewals: 0, margin: None, ..healthy(id) }
    };
    (0..count).map(one).collect()
}

#[test]
fn replaced_leases_are_reported_if_many_of_them_live_on() {
    let what = "a new lease of 3600 s every ~5.0 s: 3 replaced leases still exist, growing to 720.";
    only(&replaced(4, 3_600), "generations", &[0, 1, 2, 3], what);
    let what = "a new lease of 60 s every ~5.0 s: 16 replaced leases still exist.";
    only(&replaced(17, 60), "generations", &(0..17).collect::<Vec<_>>(), what);
    assert_eq!(found(&replaced(3, 3_600)), [], "it may be a restart");
    assert_eq!(found(&replaced(4, 15)), [], "a heartbeat has some at once");
    assert_eq!(found(&replaced(13, 60)), []);
}

/// A lease of 20 s that is renewed and has had no key for 45 s. `granted` says when, if that was seen.
fn kept(id: i64, granted: Option<u64>) -> LintFacts {
    let since = Some(second(granted.unwrap_or(NOW - 45)));
    let ttl = Some(Duration::from_secs(20));
    LintFacts { ttl, keys: Some(0), keyless_since: since, granted: granted.map(second), ..healthy(id) }
}

#[test]
fn many_renewed_leases_without_a_key_are_a_leak_that_is_kept() {
    let old: Vec<LintFacts> = (0..12).map(|id| kept(id, None)).collect();
    let ids: Vec<i64> = (0..12).collect();
    only(&old, "kept-leak", &ids, "12 leases of 20 s are renewed, but have had no key for 45 s or longer.");
    assert_eq!(found(&old[..9]), [], "idle sessions");
    let growing: Vec<LintFacts> = (0..12).map(|id| kept(id, Some(NOW - 53 + 3 * id.unsigned_abs()))).collect();
    let what = "12 leases of 20 s are renewed, but have had no key for 20 s or longer; one more every 3.0 s.";
    only(&growing, "kept-leak", &ids, what);
    assert_eq!(found(&growing[7..]).len(), 1, "few, but more and more");
    assert_eq!(found(&growing[8..]), []);
    assert_eq!(found(&growing[..5]), [], "no new one for 41 s");
    let with = |change: fn(&mut LintFacts)| {
        let mut all = old.clone();
        all.iter_mut().for_each(change);
        found(&all)
    };
    assert_eq!(with(|facts| facts.keyless_since = Some(second(NOW - 19))), [], "they had a key a moment ago");
    assert_eq!(with(|facts| facts.ttl = Some(Duration::from_secs(facts.id.0.unsigned_abs() + 10))), [], "not alike");
    let queue = QueueGauge { depth: 0, capacity: 16, dropped: 0 };
    let mut own = old.clone();
    own.iter_mut().for_each(|facts| facts.queue = Some(queue));
    assert_eq!(found(&own), [], "leasetop keeps them alive itself");
}

#[test]
fn leases_that_take_a_key_from_each_other_contest_it() {
    let mut contests = KeyContests::default();
    let take = |contests: &mut KeyContests, count: u64| {
        (0..count).for_each(|n| contests.record(b"/a\x1b", (LeaseId(2), LeaseId(1)), false, second(4 * n)));
    };
    let found = |contests| {
        let all = findings(&[], Some(contests));
        all.into_iter().map(|found| (found.lint, found.leases, found.what)).collect::<Vec<_>>()
    };
    take(&mut contests, 2);
    assert_eq!(found(&contests), [], "the key may have been moved by hand");
    let mut contests = KeyContests::default();
    take(&mut contests, 6);
    let what = r"leases 0000000000000001 and 0000000000000002 keep taking /a\x1b from each other, 6 times in 20 s.";
    assert_eq!(found(&contests), [("contested", vec![LeaseId(1), LeaseId(2)], what.to_owned())]);
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
fn a_client_that_renews_after_two_thirds_of_the_ttl_renews_late() {
    let late = LintFacts { usual_interval: Some(Duration::from_millis(39_900)), ..healthy(1) };
    let said = "usually renewed late, every 39.9 s with a TTL of 60 s.";
    only(std::slice::from_ref(&late), "thin-margin", &[1], said);
    // The margin has no second warning.
    only(&[LintFacts { sure_margin: Some(Duration::from_secs(1)), ..late.clone() }], "thin-margin", &[1], said);
    assert_eq!(found(&[LintFacts { usual_interval: Some(Duration::from_secs(30)), ..late }]), []);
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
    let renewed_late = |facts| LintFacts { sure_margin: Some(Duration::from_secs(9)), ..facts };
    let renewed: Vec<LintFacts> = crowd(3_500, 5, 10).into_iter().map(renewed_late).collect();
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
    let renewed = LintFacts { sure_margin: Some(Duration::from_secs(11)), ..queued(0, 3, 12) };
    let after_gap =
        LintFacts { margin: Some(Duration::ZERO), sure_margin: Some(Duration::from_secs(40)), ..queued(0, 3, 12) };
    only(&[after_gap], "dead-holder", &[7], &what("3 waiters"));
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
fn interleaved_and_frequent_renewals_are_found() {
    let two = RenewalPattern::Interleaved { count: 2, each: Duration::from_secs(10) };
    let what = "two clients renew it in turn, each about every 10.0 s.";
    only(&[LintFacts { pattern: two, ..healthy(1) }], "two-renewers", &[1], what);
    let what = "renewed every second or more often; three times per TTL is enough (every 20 s).";
    only(&[LintFacts { pattern: RenewalPattern::Frequent, ..healthy(-1) }], "frequent", &[-1], what);
}

#[test]
fn the_former_name_of_a_lint_still_finds_it() {
    let name = |name| by_name(name).map(|lint| lint.name());
    assert_eq!((name("unread"), name("frequent"), name("other")), (Some("frequent"), Some("frequent"), None));
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
