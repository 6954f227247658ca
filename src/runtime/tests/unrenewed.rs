//! Leases that nobody renews: cache entries, clients that never start, clients that die.

use super::headless::HeadlessTest;
use super::*;
use crate::app::{EventName, LeaseState};
use crate::report::{LeaseListing, event_json, listing_json};

/// Names and texts of the events of a lease.
fn told(events: &[TimedEvent], id: LeaseId) -> Vec<(EventName, String)> {
    let of_lease = events.iter().filter(|timed| timed.event.lease == Some(id));
    of_lease.map(|timed| (timed.event.name(), timed.event.text())).collect()
}

/// The JSON object of the last event of a lease.
fn json_of_end(events: &[TimedEvent], id: LeaseId) -> String {
    let last = events.iter().rfind(|timed| timed.event.lease == Some(id)).expect("an event");
    event_json(&last.event, std::time::SystemTime::UNIX_EPOCH)
}

/// The JSON object of `list --for` for one lease.
async fn listed(test: HeadlessTest, id: LeaseId) -> serde_json::Value {
    let FinalState { app, now, start } = test.end().await;
    let listing = LeaseListing::watched(&app, now.since_start(), now, start);
    let all: serde_json::Value = serde_json::from_str(&listing_json(&listing)).unwrap();
    let leases = all["leases"].as_array().unwrap();
    leases.iter().find(|lease| lease["id"] == id.to_string().as_str()).cloned().unwrap_or_default()
}

/// Another client of the sandbox.
async fn client(test: &HeadlessTest) -> Cluster {
    let target = Target::Pipe { name: "sandbox".into(), dialer: test.sandbox.dialer(0) };
    Cluster::connect(Settings::new(vec![target])).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_cache_entry_is_unrenewed_before_its_end_and_then_runs_out() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    let granted = test.clock.now();
    let id = LeaseId(test.sandbox.grant(10).unwrap());
    test.wait(15.0).await;
    let events = test.events();
    let told = told(&events, id);
    let names: Vec<EventName> = told.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, [EventName::Granted, EventName::Unrenewed, EventName::RanOut], "{told:?}");
    assert_eq!(told[1].1, "never renewed, 3.3 s of 10 s left");
    assert!(told[2].1.starts_with("other client's 10 s lease, never renewed; etcd removed it 0."), "{told:?}");
    let at = events.iter().find(|timed| timed.event.name() == EventName::Unrenewed).unwrap().event.seen_at;
    assert!((6.6..8.0).contains(&(at - granted).as_secs_f64()), "{at:?}: before its end");
    let json = json_of_end(&events, id);
    assert!(json.contains(r#""event":"expired""#) && json.contains(r#""never_renewed":true"#), "{json}");
}

#[tokio::test(start_paused = true)]
async fn a_lease_from_before_the_start_is_not_said_to_be_never_renewed() {
    let mut id = LeaseId(0);
    let mut test = HeadlessTest::start(100, |sandbox| id = LeaseId(sandbox.grant(20).unwrap())).await;
    test.wait(20.0).await;
    let events = test.events();
    let told = told(&events, id);
    let names: Vec<EventName> = told.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, [EventName::Unrenewed, EventName::RanOut], "{told:?}");
    assert_eq!(told[0].1, "not renewed while watched, 6.7 s of 20 s left");
    assert!(told[1].1.contains("20 s lease, not renewed while watched; etcd removed it"), "{told:?}");
    assert!(!json_of_end(&events, id).contains("never_renewed"));
}

#[tokio::test(start_paused = true)]
async fn a_cache_entry_runs_out_also_after_an_election() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    let id = LeaseId(test.sandbox.grant(20).unwrap());
    test.wait(10.0).await;
    test.sandbox.faults().refill();
    test.wait(60.0).await;
    let events = test.events();
    let end = |id| told(&events, id).pop().unwrap();
    assert_eq!(end(id).0, EventName::RanOut, "{:?}", told(&events, id));
    assert!(end(id).1.contains("not renewed while watched"), "{:?}", told(&events, id));
    assert!(!json_of_end(&events, id).contains("never_renewed"));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_client_that_died_says_when_it_last_renewed() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    let theirs = client(&test).await;
    let id = theirs.grant(None, 10).await.unwrap().id;
    for _ in 0..6 {
        test.wait(3.4).await;
        theirs.keep_alive_once(id).await.unwrap();
    }
    test.wait(15.0).await;
    let events = test.events();
    let told = told(&events, id);
    let (name, text) = told.last().unwrap();
    assert_eq!(*name, EventName::Expired, "{told:?}");
    assert!(!told.iter().any(|(name, _)| *name == EventName::Unrenewed), "{told:?}");
    let (_, end) = text.split_once("lease, last renewed ").expect(text);
    let (ago, end) = end.split_once(" s before its end, every 3.4 s until then; etcd removed it").expect(text);
    assert!((9.9..10.8).contains(&ago.parse::<f64>().unwrap()), "{text} {end}");
    let json = json_of_end(&events, id);
    assert!(json.contains(r#""never_renewed":false"#) && json.contains(r#""expected":3.4"#), "{json}");
}

#[tokio::test(start_paused = true)]
async fn a_lease_past_its_deadline_is_dying_and_has_no_negative_time_left() {
    for after in [0.0, 0.1, 0.2, 0.26, 0.35, 0.45] {
        let test = HeadlessTest::start(100, |_| ()).await;
        test.sandbox.faults().stall_expiry();
        let id = LeaseId(test.sandbox.grant(3).unwrap());
        test.wait(3.0 + after).await;
        let lease = listed(test, id).await;
        let (state, left) = (lease["state"].as_str(), lease["left"].as_f64().unwrap());
        assert!(left >= 0.0, "{after}: {lease}");
        // Until then the deadline may still be ahead: polls know it to 0.13 s.
        if after > 0.25 {
            assert_eq!((state, left), (Some("dying"), 0.0), "{after}: {lease}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_shows_which_lease_is_unrenewed_and_how_the_others_renew() {
    let test = HeadlessTest::start(1_000, |_| ()).await;
    let id = LeaseId(test.sandbox.grant(30).unwrap());
    test.wait(22.0).await;
    assert_eq!(listed(test, id).await["state"], "unrenewed");
    for (every, style) in [(3.51, "clientv3"), (10.0 / 3.0, "TTL/3"), (5.0, "TTL/2")] {
        let test = HeadlessTest::start(1_000, |_| ()).await;
        let theirs = client(&test).await;
        let id = theirs.grant(None, 10).await.unwrap().id;
        for _ in 0..8 {
            test.wait(every).await;
            theirs.keep_alive_once(id).await.unwrap();
        }
        test.wait(1.0).await;
        let lease = listed(test, id).await;
        assert_eq!((&lease["every_like"], &lease["state"]), (&style.into(), &LeaseState::Ok.word().into()), "{lease}");
    }
}
