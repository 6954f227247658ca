//! Drills on a lease that is kept: what happens, in which order, and when a program would notice.

use std::time::Duration;

use etcd_lease::engine::{Delivery, Options, StatusFeed};
use etcd_lease::{Ended, EngineEventKind, Fault, LeaseId, LeaseStatus, Phase};

use crate::pipe::{EngineTest, bench, rest, seconds};

/// The newest status of a lease.
fn status(feed: &StatusFeed, id: LeaseId) -> LeaseStatus {
    feed.drain().statuses.into_iter().find(|status| status.id == id).expect("its status moved")
}

/// A lease of 10 s, renewed for 12 s, with the time of its last answer.
async fn kept(bench: &EngineTest) -> etcd_lease::engine::KeepAlive {
    let mut kept = bench.keep(10).await;
    for _ in 0..4 {
        kept.next().await.unwrap();
    }
    kept
}

#[tokio::test(start_paused = true)]
async fn with_the_sender_held_the_lease_dies_at_its_deadline_and_its_keys_go() {
    let bench = bench(Options::default()).await;
    let feed = bench.engine.status_feed();
    let kept = kept(&bench).await;
    let id = kept.id();
    bench.sandbox.put("/mine", "x", Some(id.0)).unwrap();
    let sent = bench.sandbox.keep_alives(id);
    bench.engine.set_fault(id, Some(Fault::HoldSender));
    seconds(9.0).await;
    assert!(bench.alive(id), "the TTL is not over");
    let held = status(&feed, id);
    assert_eq!((held.drill, held.phase), (Some(Fault::HoldSender), Phase::Waiting));
    assert!(held.deadline.unwrap() > bench.clock.now(), "what is left is known, and falls");
    let (responses, ended) = rest(kept).await;
    assert_eq!((responses.len(), ended), (0, Ended::Expired));
    let at = bench.clock.now().since(held.last_answer.unwrap()).as_secs_f64();
    assert!((10.0..=11.6).contains(&at), "a program knows {at} s after the last answer");
    assert_eq!(bench.sandbox.keep_alives(id), sent, "nothing was sent");
    assert!(!bench.alive(id));
    assert!(bench.sandbox.get("/mine").is_none(), "its keys went with it");
}

#[tokio::test(start_paused = true)]
async fn a_held_sender_that_is_let_go_in_time_renews_at_once() {
    let bench = bench(Options::default()).await;
    let mut kept = kept(&bench).await;
    bench.engine.set_fault(kept.id(), Some(Fault::HoldSender));
    seconds(8.0).await;
    bench.engine.renew_now(kept.id());
    seconds(0.5).await;
    bench.engine.set_fault(kept.id(), None);
    let from = bench.clock.now();
    let response = kept.next().await.unwrap();
    assert!(response.at.since(from) < Duration::from_millis(500), "{response:?} after {from:?}");
    seconds(60.0).await;
    assert!(bench.alive(kept.id()));
}

#[tokio::test(start_paused = true)]
async fn dropped_answers_are_missed_and_asked_for_again_until_one_counts() {
    let bench = bench(Options::default()).await;
    let feed = bench.engine.status_feed();
    let mut kept = kept(&bench).await;
    let id = kept.id();
    feed.drain();
    let before = bench.sandbox.keep_alives(id);
    bench.engine.set_fault(id, Some(Fault::DropReplies { left: 3 }));
    let from = bench.clock.now();
    let response = kept.next().await.unwrap();
    let waited = response.at.since(from).as_secs_f64();
    assert!((6.0..=7.5).contains(&waited), "3.5 s of the pace and 1 s for each of three: {waited}");
    assert_eq!(bench.sandbox.keep_alives(id), before + 4, "the server has renewed it each time");
    let news = feed.drain();
    let kinds = news.events.iter().filter(|event| event.lease == Some(id)).map(|event| &event.kind);
    let told: Vec<&str> = kinds
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
    assert_eq!(told, ["drill", "missed", "missed", "missed", "renewed"]);
    assert_eq!(news.statuses[0].drill, None, "over after the last");
}

#[tokio::test(start_paused = true)]
async fn more_dropped_answers_than_the_ttl_has_room_for_do_not_kill_a_lease_that_the_server_renews() {
    let bench = bench(Options::default()).await;
    let mut kept = kept(&bench).await;
    bench.engine.set_fault(kept.id(), Some(Fault::DropReplies { left: 20 }));
    let response = kept.next().await.unwrap();
    assert!(bench.alive(response.id), "the time left that was asked told of the renewals");
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_costs_no_renewal() {
    let bench = bench(Options::default()).await;
    let feed = bench.engine.status_feed();
    let mut kept = kept(&bench).await;
    let id = kept.id();
    feed.drain();
    bench.engine.set_fault(id, Some(Fault::CutStream));
    seconds(0.1).await;
    let events = feed.drain().events;
    let lost =
        |kind: &EngineEventKind| matches!(kind, EngineEventKind::Lost { trouble, .. } if trouble.contains("cut"));
    assert!(matches!(events[0].kind, EngineEventKind::FaultStarted(Fault::CutStream)), "{events:?}");
    assert!(lost(&events[1].kind), "{events:?}");
    let interval = {
        let before = bench.clock.now();
        kept.next().await.unwrap().at.since(before)
    };
    assert!(interval < Duration::from_secs(4), "at its usual time: {interval:?}");
    assert_eq!(status(&feed, id).drill, None, "over at once");
}

#[tokio::test(start_paused = true)]
async fn one_stalled_lease_of_a_consumer_drops_and_lives_while_the_others_are_read() {
    let bench = bench(Options { queue_capacity: 4, ..Options::default() }).await;
    let feed = bench.engine.status_feed();
    let (stalled, other) = (LeaseId(bench.sandbox.grant(2).unwrap()), LeaseId(bench.sandbox.grant(2).unwrap()));
    let mut consumer = bench.engine.consumer();
    [stalled, other].into_iter().for_each(|lease| consumer.keep_alive(lease));
    consumer.pause(stalled);
    bench.engine.set_fault(stalled, Some(Fault::StallConsumer));
    for _ in 0..20 {
        assert!(matches!(consumer.next().await, Some(Delivery::Response(response)) if response.id == other));
    }
    let news = feed.drain();
    let gauge = |id| news.statuses.iter().find(|status| status.id == id).unwrap().queue;
    assert_eq!((gauge(stalled).depth, gauge(other).dropped), (4, 0));
    assert!((14..=17).contains(&gauge(stalled).dropped), "{:?}", gauge(stalled));
    assert!(bench.alive(stalled));
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
    let bench = bench(Options::default()).await;
    let lease = LeaseId(bench.sandbox.grant(5).unwrap());
    let mut consumer = bench.engine.consumer();
    consumer.keep_alive(lease);
    consumer.pause(lease);
    seconds(10.0).await;
    bench.sandbox.revoke(lease).unwrap();
    seconds(10.0).await;
    bench.cluster.grant(Some(lease), 5).await.unwrap();
    consumer.keep_alive(lease);
    seconds(20.0).await;
    assert!(bench.alive(lease));
    assert!(matches!(consumer.next().await, Some(Delivery::Response(_))), "and is read");
}
