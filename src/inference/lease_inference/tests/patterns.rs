//! Renewal patterns, found by polls alone.

use super::*;
use crate::inference::lints::{LintFacts, LintPass};

/// What polls by plan infer from these renewals.
fn infer(ttl: u64, renewals: &[u64]) -> LeaseInference {
    observed_until(renewals.last().unwrap_or(&(100 * SECOND)) + 3 * SECOND, ttl, renewals)
}

fn observed_until(until: u64, ttl: u64, renewals: &[u64]) -> LeaseInference {
    let mut observed = LeaseInference::default();
    live(&mut Truth::granted(ttl, 3), &mut observed, renewals, until, 5 * MILLI);
    observed
}

fn every(first: u64, period: u64, count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(move |n| 100 * SECOND + (first + n * period) * MILLI)
}

#[test]
fn two_renewers_differ_from_one() {
    let mut both: Vec<u64> = every(2_000, 10_000, 20).chain(every(5_500, 10_000, 20)).collect();
    both.sort_unstable();
    let RenewalPattern::Interleaved { count: 2, each } = infer(30, &both).pattern() else {
        panic!("{:?}", infer(30, &both).pattern())
    };
    assert!((9.7..10.3).contains(&each.as_secs_f64()), "{each:?}");
    let one: Vec<u64> = every(2_000, 10_000, 20).collect();
    assert!(matches!(infer(30, &one).pattern(), RenewalPattern::Steady(_)));
    assert_eq!(infer(30, &one[..1]).pattern(), RenewalPattern::Unknown);
}

#[test]
fn renewals_every_second_or_half_second_are_frequent() {
    for (ttl, period) in [6, 30, 120].into_iter().flat_map(|ttl| [(ttl, 500), (ttl, 1_000)]) {
        let frequent: Vec<u64> = every(500, period, 4 * ttl).collect();
        let observed = observed_until(*frequent.last().unwrap(), ttl, &frequent);
        assert_eq!(observed.pattern(), RenewalPattern::Frequent, "TTL {ttl}");
        assert_eq!(observed.renewals().certainty(), Certainty::AtLeast, "TTL {ttl}");
        let healthy: Vec<u64> = every(500, ttl * 1_000 / 3, 12).collect();
        assert!(matches!(infer(ttl, &healthy).pattern(), RenewalPattern::Steady(_)), "TTL {ttl}");
    }
}

#[test]
fn a_lease_is_late_by_its_own_interval() {
    let renewals: Vec<u64> = every(3_000, 10_000, 6).collect();
    let observed = infer(30, &renewals);
    let last = at(*renewals.last().unwrap());
    let after = |seconds: f64| last + Duration::from_secs_f64(seconds);
    let late_from = observed.late_from().expect("it has a usual interval");
    assert!((after(10.5)..after(12.5)).contains(&late_from), "{late_from:?} after {last:?}");
    assert_eq!((LeaseInference::default().late_from(), infer(30, &renewals[..0]).late_from()), (None, None));
    for count in 1..=3 {
        let last = at(renewals[count - 1]);
        let late_from = infer(30, &renewals[..count]).late_from().expect("it was renewed");
        let by_ttl = Duration::from_millis(19_900)..Duration::from_millis(21_600);
        assert!(by_ttl.contains(&(late_from - last)), "{late_from:?} after {last:?}: by its TTL");
    }
}

#[test]
fn slow_polls_make_figures_uncertain() {
    let mut observed = LeaseInference::default();
    let mut truth = Truth::granted(60, 1);
    for n in 0..40 {
        truth.renew((100 + n * 20) * SECOND);
        if n % 2 == 1 {
            truth.poll(&mut observed, (100 + n * 20 + 5) * SECOND, MILLI);
        }
    }
    assert_eq!(observed.renewals().certainty(), Certainty::AtLeast);
    assert_eq!(observed.renewals().usual_interval().map(|interval| interval.certainty), Some(Certainty::AtLeast));
    assert!((1..40).contains(&observed.renewals().cadence().answers));
}

#[test]
fn a_leak_is_found_by_polls_alone() {
    let mut observed = LeaseInference::default();
    let mut truth = Truth::granted(60, 1);
    let mut now = 100 * SECOND;
    let mut facts = Vec::new();
    while now < 150 * SECOND {
        let sent = observed.next_poll(at(now)).nanos();
        now = truth.poll(&mut observed, sent, MILLI).1;
        facts.push(LintFacts { keys: Some(0), ..LintFacts::of(LeaseId(1), &observed) });
    }
    let is_leak = |facts: &LintFacts| {
        let mut pass = LintPass::default();
        pass.add(facts, at(now));
        pass.finish(None, at(now)).iter().any(|finding| finding.lint == "leak")
    };
    let first = facts.iter().position(is_leak).expect("the lease was not renewed");
    assert!((40..45).contains(&facts[first].watched.as_secs()), "{:?}", facts[first]);
    assert!(facts[first..].iter().all(is_leak));
}

/// The time between two replies that show a lease just renewed says nothing if polls did not follow it.
#[test]
fn renewals_around_a_gap_are_not_frequent() {
    let reply = |observed: &mut LeaseInference, truth: &Truth, now: u64| {
        observed.apply_reply(&truth.answer(now), at(now), at(now + MILLI));
        assert_ne!(observed.pattern(), RenewalPattern::Frequent, "at {} s", now / SECOND);
    };
    let mut truth = Truth::granted(30, 3);
    let (mut slow, mut asleep, mut cut_off) =
        (LeaseInference::default(), LeaseInference::default(), LeaseInference::default());
    for (now, next) in [(100, 130), (130, 160)] {
        truth.renew(now * SECOND);
        reply(&mut slow, &truth, now * SECOND + 300 * MILLI);
        reply(&mut asleep, &truth, now * SECOND + 300 * MILLI);
        asleep.forget();
        reply(&mut cut_off, &truth, now * SECOND + 300 * MILLI);
        truth.refill(next * SECOND - 10 * SECOND);
        reply(&mut cut_off, &truth, next * SECOND - 10 * SECOND + 300 * MILLI);
    }
}

/// With an election timeout of 5 s, a new leader gives a lease of 10 s another 15 s.
#[test]
fn a_lease_with_more_than_its_ttl_left_is_not_renewed_frequently() {
    let mut truth = Truth::granted(10, 3);
    let mut observed = LeaseInference::default();
    let mut now = live(&mut truth, &mut observed, &[], 102 * SECOND, 5 * MILLI);
    truth.refill(now);
    truth.deadline = now + 15 * SECOND;
    let end = truth.deadline;
    while now < end {
        now = observed.next_poll(at(now)).nanos();
        observed.apply_reply(&truth.answer(now), at(now), at(now + MILLI));
        assert_ne!(observed.pattern(), RenewalPattern::Frequent, "{} ms before the end", (end - now) / MILLI);
    }
}

#[test]
fn a_short_lease_whose_client_died_is_late_before_it_expires() {
    for (ttl, every) in [(2, 1_000), (3, 1_000), (3, 1_500), (4, 1_500)] {
        for seed in 1..6 {
            let renewals: Vec<u64> = (1..=30).map(|n| 100 * SECOND + n * every * MILLI).collect();
            let last = renewals[29];
            let mut truth = Truth::granted(ttl, seed);
            let (mut observed, mut is_late) = (LeaseInference::default(), false);
            watch(&mut truth, &mut observed, &renewals, last + ttl * SECOND, 5 * MILLI, |observed| {
                let seen = observed.seen_at().unwrap();
                let late = observed.late_from().is_some_and(|from| from <= seen);
                assert!(!late || seen > at(last), "a healthy lease of {ttl} s is late, seed {seed}");
                is_late |= late;
            });
            assert!(is_late, "TTL {ttl} s every {every} ms, seed {seed}");
        }
    }
}
