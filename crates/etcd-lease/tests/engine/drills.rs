//! Faults on a lease that is kept alive: what happens, in which order, and when a program would notice.

use std::time::Duration;

use etcd_lease::engine::{Delivery, Options, StatusFeed};
use etcd_lease::{Ended, EngineEventKind, Fault, LeaseId, LeaseStatus, Phase};

use crate::pipe::{EngineTest, engine_test, rest, seconds};

/// The newest status of a lease.
fn status(feed: &StatusFeed, id: LeaseId) -> LeaseStatus {
    feed.drain().statuses.into_iter().find(|status| status.id == id).expect("its status moved")
}

/// A lease of 10 s that was renewed for 12 s.
async fn kept(test: &EngineTest) -> etcd_lease::engine::KeepAlive {
    let mut kept = test.keep(10).await;
    for _ in 0..4 {
        kept.next().await.unwrap();
    }
    kept
}

#[tokio::test(start_paused = true)]
async fn a_lease_with_a_paused_sender_expires_at_its_deadline_with_its_keys() {
    let test = engine_test(Options::default()).await;
    let feed = test.engine.status_feed();
    let kept = kept(&test).await;
    let id = kept.id();
    test.sandbox.put("/mine", "x", Some(id.0)).unwrap();
    let sent = test.sandbox.keep_alives(id);
    test.engine.set_fault(id, Some(Fault::HoldSender));
    seconds(9.0).await;
    assert!(test.alive(id), "the TTL is not over");
    let held = status(&feed, id);
    assert_eq!((held.drill, held.phase), (Some(Fault::HoldSender), Phase::Waiting));
    assert!(held.deadline.unwrap() > test.clock.now(), "the time left is known and decreases");
    let (responses, ended) = rest(kept).await;
    assert_eq!((responses.len(), ended), (0, Ended::Expired));
    let at = test.clock.now().since(held.last_answer.unwrap()).as_secs_f64();
    assert!((10.0..=11.6).contains(&at), "a program knows {at} s after the last answer");
    assert_eq!(test.sandbox.keep_alives(id), sent, "nothing was sent");
    assert!(!test.alive(id));
    assert!(test.sandbox.get("/mine").is_none(), "its keys are deleted");
}

#[tokio::test(start_paused = true)]
async fn a_sender_resumed_in_time_renews_at_once() {
    let test = engine_test(Options::default()).await;
    let mut kept = kept(&test).await;
    test.engine.set_fault(kept.id(), Some(Fault::HoldSender));
    seconds(8.0).await;
    test.engine.renew_now(kept.id());
    seconds(0.5).await;
    test.engine.set_fault(kept.id(), None);
    let from = test.clock.now();
    let response = kept.next().await.unwrap();
    assert!(response.at.since(from) < Duration::from_millis(500), "{response:?} after {from:?}");
    seconds(60.0).await;
    assert!(test.alive(kept.id()));
}

#[tokio::test(start_paused = true)]
async fn dropped_replies_are_reported_as_missed_and_requested_again() {
    let test = engine_test(Options::default()).await;
    let feed = test.engine.status_feed();
    let mut kept = kept(&test).await;
    let id = kept.id();
    feed.drain();
    let before = test.sandbox.keep_alives(id);
    test.engine.set_fault(id, Some(Fault::DropReplies { left: 3 }));
    let from = test.clock.now();
    let response = kept.next().await.unwrap();
    let waited = response.at.since(from).as_secs_f64();
    assert!((6.0..=7.5).contains(&waited), "3.5 s of the pace and 1 s for each of three: {waited}");
    assert_eq!(test.sandbox.keep_alives(id), before + 4, "the server has renewed it each time");
    let update = feed.drain();
    let kinds = update.events.iter().filter(|event| event.lease == Some(id)).map(|event| &event.kind);
    let reported: Vec<&str> = kinds
        .map(|kind| match kind {
            EngineEventKind::FaultStarted(_) => "drill",
            EngineEventKind::Missed { waited } => {
                assert_eq!(waited.as_millis(), 1_000);
                "missed"
            }
            EngineEventKind::Renewed { .. } => "renewed",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(reported, ["drill", "missed", "missed", "missed", "renewed"]);
    assert_eq!(update.statuses[0].drill, None, "over after the last");
}

#[tokio::test(start_paused = true)]
async fn dropping_more_replies_than_fit_into_the_ttl_keeps_the_lease_alive() {
    let test = engine_test(Options::default()).await;
    let mut kept = kept(&test).await;
    test.engine.set_fault(kept.id(), Some(Fault::DropReplies { left: 20 }));
    let response = kept.next().await.unwrap();
    assert!(test.alive(response.id), "TTL replies showed the renewals");
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_costs_no_renewal() {
    let test = engine_test(Options::default()).await;
    let feed = test.engine.status_feed();
    let mut kept = kept(&test).await;
    let id = kept.id();
    feed.drain();
    test.engine.set_fault(id, Some(Fault::CutStream));
    seconds(0.1).await;
    let events = feed.drain().events;
    let lost =
        |kind: &EngineEventKind| matches!(kind, EngineEventKind::Lost { trouble, .. } if trouble.contains("closed"));
    assert!(matches!(events[0].kind, EngineEventKind::FaultStarted(Fault::CutStream)), "{events:?}");
    assert!(lost(&events[1].kind), "{events:?}");
    let interval = {
        let before = test.clock.now();
        kept.next().await.unwrap().at.since(before)
    };
    assert!(interval < Duration::from_secs(4), "at its usual time: {interval:?}");
    assert_eq!(status(&feed, id).drill, None, "over at once");
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_ends_another_drill_and_does_nothing_before_the_first_renewal() {
    let test = engine_test(Options::default()).await;
    let feed = test.engine.status_feed();
    let mut kept = test.keep(10).await;
    test.engine.set_fault(kept.id(), Some(Fault::CutStream));
    seconds(0.1).await;
    let reported = feed.drain().events;
    assert!(!reported.iter().any(|event| matches!(event.kind, EngineEventKind::FaultStarted(_))), "{reported:?}");
    kept.next().await.unwrap();
    for drill in [Fault::HoldSender, Fault::CutStream] {
        test.engine.set_fault(kept.id(), Some(drill));
    }
    seconds(0.1).await;
    assert_eq!(status(&feed, kept.id()).drill, None);
    seconds(30.0).await;
    assert!(test.alive(kept.id()), "it is renewed again");
}

#[tokio::test(start_paused = true)]
async fn one_stalled_lease_of_a_consumer_drops_responses_and_survives() {
    let test = engine_test(Options { queue_capacity: 4, ..Options::default() }).await;
    let feed = test.engine.status_feed();
    let (stalled, other) = (LeaseId(test.sandbox.grant(2).unwrap()), LeaseId(test.sandbox.grant(2).unwrap()));
    let mut consumer = test.engine.consumer();
    [stalled, other].into_iter().for_each(|lease| consumer.keep_alive(lease));
    consumer.pause(stalled);
    test.engine.set_fault(stalled, Some(Fault::StallConsumer));
    for _ in 0..20 {
        assert!(matches!(consumer.next().await, Some(Delivery::Response(response)) if response.id == other));
    }
    let update = feed.drain();
    let gauge = |id| update.statuses.iter().find(|status| status.id == id).unwrap().queue;
    assert_eq!((gauge(stalled).depth, gauge(other).dropped), (4, 0));
    assert!((14..=17).contains(&gauge(stalled).dropped), "{:?}", gauge(stalled));
    assert!(test.alive(stalled));
    let first = consumer.try_next(stalled);
    assert!(matches!(first, Some(Delivery::Response(response)) if response.at.since_start().as_secs() <= 2));
    consumer.resume(stalled);
    let mut read = 0;
    while consumer.try_next(stalled).is_some() {
        read += 1;
    }
    assert_eq!(read, 3, "the oldest four were kept");
    assert_eq!(consumer.try_next(LeaseId(1)), None, "a lease that it does not keep");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_lease_that_ended_can_be_kept_again() {
    let test = engine_test(Options::default()).await;
    let lease = LeaseId(test.sandbox.grant(5).unwrap());
    let mut consumer = test.engine.consumer();
    consumer.keep_alive(lease);
    consumer.pause(lease);
    seconds(10.0).await;
    test.sandbox.revoke(lease).unwrap();
    seconds(10.0).await;
    test.cluster.grant(Some(lease), 5).await.unwrap();
    consumer.keep_alive(lease);
    seconds(20.0).await;
    assert!(test.alive(lease));
    assert!(matches!(consumer.next().await, Some(Delivery::Response(_))), "and is read");
}
