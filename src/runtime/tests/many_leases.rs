//! Many leases end together. Each end is reported with its cause, if the poll limit allows.

use std::collections::BTreeMap;

use super::headless::HeadlessTest;
use super::*;
use crate::app::EventKind;
use simkit::Timestamp;

const TTL: i64 = 30;

/// Grants leases one after the other, with or without a key; returns the time of each grant.
async fn grant(test: &HeadlessTest, count: i64, has_key: bool) -> BTreeMap<LeaseId, Timestamp> {
    let mut granted = BTreeMap::new();
    for number in 1..=count {
        let id = LeaseId(test.sandbox.grant_as(LeaseId(number), TTL).unwrap());
        granted.insert(id, test.clock.now());
        if has_key {
            test.sandbox.put(format!("/crowd/{number}"), "v", Some(id.0)).unwrap();
        }
        test.wait(0.002_3).await;
    }
    granted
}

/// The reported end of each lease.
fn ends(test: &mut HeadlessTest) -> BTreeMap<LeaseId, &'static str> {
    let died = |reported: &TimedEvent| matches!(reported.event.kind, EventKind::LeaseEnded(_));
    let reported: Vec<TimedEvent> = test.events().into_iter().filter(died).collect();
    let ends: BTreeMap<_, _> =
        reported.iter().map(|reported| (reported.event.lease.unwrap(), reported.event.name().as_str())).collect();
    assert_eq!(ends.len(), reported.len(), "each is reported once");
    ends
}

fn count(ends: &BTreeMap<LeaseId, &'static str>, word: &str) -> usize {
    ends.values().filter(|end| **end == word).count()
}

#[tokio::test(start_paused = true)]
async fn leases_that_expire_together_have_a_known_cause() {
    for (leases, has_key) in [(300, false), (600, false), (1_500, true)] {
        let mut test = HeadlessTest::start(10_000, |_| ()).await;
        grant(&test, leases, has_key).await;
        test.wait(TTL as f64 + 4.0).await;
        let ends = ends(&mut test);
        let (expired, gone, revoked) = (count(&ends, "expired"), count(&ends, "gone"), count(&ends, "revoked"));
        assert_eq!((expired + gone, revoked), (leases as usize, 0), "{leases}");
        assert!(gone * 50 <= leases as usize, "{gone} of {leases} are reported without a cause");
    }
}

#[tokio::test(start_paused = true)]
async fn revoked_leases_are_not_reported_as_expired() {
    for (leases, has_key) in [(300, false), (600, false), (1_500, true)] {
        let mut test = HeadlessTest::start(10_000, |_| ()).await;
        let granted = grant(&test, leases, has_key).await;
        let spread = |id: &LeaseId| Duration::from_millis(4_000 + (id.0 as u64 * 7_919) % 25_700);
        let mut plan: Vec<_> = granted.iter().map(|(id, granted)| (*granted + spread(id), *id)).collect();
        plan.sort();
        for (at, id) in plan {
            test.clock.sleep_until(at).await;
            test.sandbox.revoke(id).unwrap();
        }
        test.wait(4.0).await;
        let ends = ends(&mut test);
        assert_eq!((ends.len(), count(&ends, "expired")), (leases as usize, 0), "{leases}");
        assert!(count(&ends, "revoked") * 10 >= leases as usize * 9, "{} of {leases}", count(&ends, "revoked"));
    }
}

#[tokio::test(start_paused = true)]
async fn leases_beyond_the_poll_limit_are_counted_as_dying() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    test.sandbox.faults().stall_expiry();
    assert!((0..2_000).all(|_| test.sandbox.grant(TTL).is_ok()));
    test.wait(TTL as f64 + 3.0).await;
    let text = test.screen.text();
    assert!(text.contains("2000 dying, removed in 2.0 s") && !text.contains("● ok"), "{text}");
    test.sandbox.faults().release_expiry();
    test.wait(4.0).await;
    assert!(!test.screen.text().contains("dying,"), "{}", test.screen.text());
}
