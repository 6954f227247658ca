//! Times of events compared with the times in the sandbox.

use super::headless::HeadlessTest;
use super::*;
use crate::app::{Event, EventKind, Renewal};
use simkit::Timestamp;

impl HeadlessTest {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The only event of this name about a lease.
    fn only(&mut self, word: &str, id: LeaseId) -> Event {
        let reported = self.events().into_iter().map(|reported| reported.event);
        let mut reported: Vec<Event> =
            reported.filter(|event| event.name().as_str() == word && event.lease == Some(id)).collect();
        assert_eq!(reported.len(), 1, "{word}: {reported:?}");
        reported.remove(0)
    }
}

/// Checks that the reported time of an event includes a moment, with an error of at most `most` seconds.
#[track_caller]
fn holds(event: &Event, truth: Timestamp, most: f64) {
    let off = event.at.signed_since(truth).abs();
    assert!(off <= event.doubt.as_secs_f64() + 1e-6, "{off} s off the truth: {event:?}");
    assert!(event.doubt.as_secs_f64() <= most, "{event:?}");
}

#[tokio::test(start_paused = true)]
async fn a_new_lease_without_keys_was_granted_between_two_lists() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    for after in [0.05, 0.3, 0.61, 0.95] {
        test.wait(after).await;
        let truth = test.now();
        let id = LeaseId(test.sandbox.grant(600).unwrap());
        test.wait(2.0).await;
        let reported = test.only("granted", id);
        holds(&reported, truth, 0.51);
        assert!(reported.doubt > Duration::from_millis(400), "{reported:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_found_by_its_key_was_granted_since_the_last_list() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    test.wait(0.35).await;
    let granted = test.now();
    let id = LeaseId(test.sandbox.grant(600).unwrap());
    test.wait(0.2).await;
    let put = test.now();
    test.sandbox.put("/a", "v", Some(id.0)).unwrap();
    test.wait(2.0).await;
    let reported: Vec<Event> = test.events().into_iter().map(|reported| reported.event).collect();
    let of = |word: &str| reported.iter().find(|event| event.name().as_str() == word).unwrap();
    holds(of("granted"), granted, 0.51);
    holds(of("attached"), put, 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_ttl_reset_happened_between_the_last_two_polls() {
    let mut lease = None;
    let mut test = HeadlessTest::start(100, |sandbox| lease = sandbox.grant(120).ok()).await;
    for _ in 0..3 {
        test.wait(31.3).await;
        test.events();
        let truth = test.now();
        test.sandbox.faults().refill();
        test.wait(30.0).await;
        holds(&test.only("refilled", LeaseId(lease.unwrap())), truth, 4.0);
    }
}

#[tokio::test(start_paused = true)]
async fn key_changes_during_an_outage_are_reported_with_their_error() {
    let mut leases = Vec::new();
    let mut test = HeadlessTest::start(100, |sandbox| {
        leases.extend([600, 700].map(|ttl| LeaseId(sandbox.grant(ttl).unwrap())));
        ["/moves", "/goes"].iter().for_each(|key| sandbox.put(*key, "v", Some(leases[0].0)).unwrap());
    })
    .await;
    let [one, other] = leases[..] else { unreachable!() };
    test.sandbox.faults().down();
    let mut deeds = Vec::new();
    for (word, id, key, to) in [
        ("moved", one, "/moves", Some(other)),
        ("detached", one, "/goes", None),
        ("attached", other, "/comes", Some(other)),
    ] {
        test.wait(3.1).await;
        deeds.push((word, id, test.now()));
        test.sandbox.put(key, "v", to.map(i64::from)).unwrap();
    }
    test.sandbox.faults().up();
    test.wait(10.0).await;
    let reported: Vec<Event> = test.events().into_iter().map(|reported| reported.event).collect();
    for (word, id, truth) in deeds {
        let event = reported.iter().rfind(|event| event.name().as_str() == word && event.lease == Some(id));
        holds(event.unwrap_or_else(|| panic!("{word}: {reported:?}")), truth, 12.0);
    }
    // From here on events are reported as they happen.
    let truth = test.now();
    test.sandbox.put("/late", "v", Some(one.0)).unwrap();
    test.wait(1.0).await;
    holds(&test.only("attached", one), truth, 0.0);
}

/// Renews a lease `count` times at this interval: the reported renewals and their actual times.
async fn renewals(ttl: i64, every: f64, times: usize) -> (Vec<(Event, Renewal)>, Vec<Timestamp>) {
    let mut lease = None;
    let mut test = HeadlessTest::start(1_000, |sandbox| lease = sandbox.grant(ttl).ok()).await;
    let target = Target::Pipe { name: "sandbox".into(), dialer: test.sandbox.dialer(0) };
    let theirs = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    let mut truth = Vec::new();
    for _ in 0..times {
        test.wait(every).await;
        truth.push(test.now());
        theirs.keep_alive_once(LeaseId(lease.unwrap())).await.unwrap();
    }
    test.wait(3.0).await;
    let reported = test.events().into_iter().filter_map(|reported| match reported.event.kind {
        EventKind::Renewed(renewed) => Some((reported.event, renewed)),
        _ => None,
    });
    (reported.collect(), truth)
}

#[tokio::test(start_paused = true)]
async fn an_interval_is_reported_with_its_error_and_matches_the_expected_one() {
    for (ttl, every) in [(30, 10.0), (10, 3.505), (60, 20.2)] {
        let (reported, truth) = renewals(ttl, every, 12).await;
        assert_eq!(reported.len(), truth.len());
        for (n, ((event, renewed), truth)) in reported.iter().zip(&truth).enumerate() {
            holds(event, *truth, 0.6);
            assert_eq!((renewed.interval.is_some(), renewed.is_bound), (n > 0, n == 0), "{renewed:?}");
            let Some(interval) = renewed.interval else { continue };
            let (off, doubt) = ((interval.as_secs_f64() - every).abs(), renewed.interval_doubt.unwrap());
            assert!(off <= doubt.as_secs_f64() + 0.001, "{ttl}: {off} s off: {renewed:?}");
            let expected = renewed.expected.unwrap().as_secs_f64();
            assert!(n < 3 || (expected - every).abs() < 0.15, "{ttl}: {renewed:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_unobserved_renewals_the_interval_is_shown_as_a_bound() {
    let (reported, truth) = renewals(30, 0.5, 60).await;
    let spans: Vec<&Renewal> =
        reported.iter().map(|(_, renewed)| renewed).filter(|one| one.interval.is_some()).collect();
    assert!(reported.len() < truth.len() && !spans.is_empty(), "{reported:?}");
    assert!(spans.iter().all(|renewed| renewed.is_bound), "{spans:?}");
    assert!(reported[1].0.text().contains("<="), "{}", reported[1].0.text());
}
