//! Fault drills: what happens in which order, and when a program notices.

use std::time::Duration;

use etcd_lease::engine::{Delivery, Options, StatusFeed};
use etcd_lease::{Ended, EngineEventKind, Fault, LeaseId, LeaseStatus, Phase};

use crate::pipe::{EngineTest, bench, rest, seconds};

/// The newest status of a lease.
fn status(feed: &StatusFeed, id: LeaseId) -> LeaseStatus {
    feed.drain().statuses.into_iter().find(|status| status.id == id).expect("its status changed")
}

/// A lease of 10 s that was renewed four times.
async fn kept(bench: &EngineTest) -> etcd_lease::engine::KeepAlive {
    let mut kept = bench.keep(10).await;
    for _ in 0..4 {
        kept.next().await.unwrap();
    }
    kept
}

#[tokio::test(start_paused = true)]
async fn without_renewals_a_lease_expires_at_its_deadline_with_its_keys() {
    let bench = bench(Options::default()).await;
    let feed = bench.engine.status_feed();
    let kept = kept(&bench).await;
    let id = kept.id();
    bench.sandbox.put("/mine", "x", Some(id.0)).unwrap();
    let sent = bench.sandbox.keep_alives(id);
    bench.engine.set_fault(id, Some(Fault::HoldSender));
    seconds(9.0).await;
    assert!(bench.alive(id), "the TTL has not passed");
    let held = status(&feed, id);
    assert_eq!((held.drill, held.phase), (Some(Fault::HoldSender), Phase::Waiting));
    assert!(held.deadline.unwrap() > bench.clock.now(), "the deadline is known");
    let (responses, ended) = rest(kept).await;
    assert_eq!((responses.len(), ended), (0, Ended::Expired));
    let at = bench.clock.now().since(held.last_answer.unwrap()).as_secs_f64();
    assert!((10.0..=11.6).contains(&at), "a program notices {at} s after the last reply");
    assert_eq!(bench.sandbox.keep_alives(id), sent, "nothing was sent");
    assert!(!bench.alive(id));
    assert!(bench.sandbox.get("/mine").is_none(), "its keys are deleted");
}

#[tokio::test(start_paused = true)]
async fn renewals_that_resume_in_time_keep_the_lease() {
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
async fn dropped_replies_are_missed_renewals_which_are_repeated() {
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
    assert!((6.0..=7.5).contains(&waited), "3.5 s of the schedule and 1 s for each of three: {waited}");
    assert_eq!(bench.sandbox.keep_alives(id), before + 4, "etcd renewed it each time");
    let update = feed.drain();
    let kinds = update.events.iter().filter(|event| event.lease == Some(id)).map(|event| &event.kind);
    let seen: Vec<&str> = kinds
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
    assert_eq!(seen, ["drill", "missed", "missed", "missed", "renewed"]);
    assert_eq!(update.statuses[0].drill, None, "the drill ends after the last one");
}

#[tokio::test(start_paused = true)]
async fn a_lease_survives_more_dropped_replies_than_fit_into_its_ttl_if_etcd_renews_it() {
    let bench = bench(Options::default()).await;
    let mut kept = kept(&bench).await;
    bench.engine.set_fault(kept.id(), Some(Fault::DropReplies { left: 20 }));
    let response = kept.next().await.unwrap();
    assert!(bench.alive(response.id), "the TTL query showed the renewals");
}

#[tokio::test(start_paused = true)]
async fn a_closed_stream_delays_no_renewal() {
    let bench = bench(Options::default()).await;
    let feed = bench.engine.status_feed();
    let mut kept = kept(&bench).await;
    let id = kept.id();
    feed.drain();
    bench.engine.set_fault(id, Some(Fault::CutStream));
    seconds(0.1).await;
    let events = feed.drain().events;
    let lost =
        |kind: &EngineEventKind| matches!(kind, EngineEventKind::Lost { trouble, .. } if trouble.contains("closed"));
    assert!(matches!(events[0].kind, EngineEventKind::FaultStarted(Fault::CutStream)), "{events:?}");
    assert!(lost(&events[1].kind), "{events:?}");
    let interval = {
        let before = bench.clock.now();
        kept.next().await.unwrap().at.since(before)
    };
    assert!(interval < Duration::from_secs(4), "as scheduled: {interval:?}");
    assert_eq!(status(&feed, id).drill, None, "the drill ends at once");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_lease_drops_responses_and_lives_on_while_others_are_read() {
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
    let update = feed.drain();
    let gauge = |id| update.statuses.iter().find(|status| status.id == id).unwrap().queue;
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
    assert_eq!(read, 3, "the oldest four are kept");
    assert_eq!(consumer.try_next(LeaseId(1)), None, "not a lease of this consumer");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_lease_that_ended_can_be_kept_alive_again() {
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
    assert!(matches!(consumer.next().await, Some(Delivery::Response(_))), "and its responses are read");
}
