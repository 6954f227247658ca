//! What is freed when an engine is dropped, and what the engine does without a reader.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;

use super::command::{Command, Start};
use super::response_queues::{Delivery, ResponseQueues};
use super::{Consumer, Engine, Options};
use crate::wire::{Cluster, Settings, Target};
use crate::{Ended, Granted, Header, LeaseId};
use etcd_sandbox::Sandbox;
use simkit::Clock;

async fn engine(clock: &Clock) -> (Sandbox, Engine) {
    let sandbox = Sandbox::builder().start(clock.clone());
    let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
    let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    (sandbox, Engine::start(cluster, clock.clone(), Options::default()))
}

/// Keeps a number of leases of 10 s alive.
fn keep(consumer: &Consumer, sandbox: &Sandbox, clock: &Clock, count: usize) {
    for _ in 0..count {
        let id = sandbox.grant(10).unwrap();
        consumer.keep_granted(
            &Granted { id: LeaseId(id), requested_ttl: 10, ttl: 10, header: Header::default() },
            clock.now(),
        );
    }
}

fn live<T: ?Sized>(objects: &[Weak<T>]) -> usize {
    objects.iter().filter(|object| object.strong_count() > 0).count()
}

/// Drops an engine with unread responses and an unread status feed.
async fn drop_undrained(leases: usize) {
    let clock = Clock::real();
    let (sandbox, engine) = engine(&clock).await;
    let feed = engine.status_feed();
    let consumers: Vec<Consumer> = (0..4).map(|_| engine.consumer()).collect();
    consumers.iter().for_each(|consumer| keep(consumer, &sandbox, &clock, leases / consumers.len()));
    clock.sleep(Duration::from_secs(12)).await;
    let queues: Vec<_> = consumers.iter().map(Consumer::downgrade).collect();
    let (handle, shared) = engine.downgrade();
    assert_eq!((live(&queues), handle.strong_count()), (4, 5));
    assert_eq!(feed.len(), leases, "every status waits for a reader");

    drop(consumers);
    drop(engine);
    // The runtime drops the engine's task, and its streams' tasks after it.
    clock.sleep(Duration::from_millis(1)).await;
    assert_eq!((live(&queues), handle.strong_count()), (0, 0), "the feed does not own the queues");
    assert_eq!(shared.strong_count(), 1, "the feed of the reader");
    drop(feed);
    assert_eq!(shared.strong_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_engine_with_undrained_subscribers_is_freed() {
    drop_undrained(100).await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_with_20_000_undrained_leases_is_freed() {
    drop_undrained(20_000).await;
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_gets_every_lease_and_nothing_is_written_without_a_reader() {
    let clock = Clock::real();
    let (sandbox, engine) = engine(&clock).await;
    let consumer = engine.consumer();
    keep(&consumer, &sandbox, &clock, 300);
    clock.sleep(Duration::from_secs(1)).await;
    let feed = engine.status_feed();
    // Less than the interval of any renewal.
    clock.sleep(Duration::from_millis(1)).await;
    let update = feed.drain();
    assert_eq!((update.statuses.len(), feed.len()), (300, 300));
    assert!(update.statuses.iter().all(|status| status.granted_ttl == Some(10)));
    let (_, shared) = engine.downgrade();
    drop(feed);
    clock.sleep(Duration::from_secs(5)).await;
    assert_eq!(shared.upgrade().map(|feed| feed.len()), Some(0), "nothing is written without a reader");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_stopped_before_the_engine_heard_of_it_is_not_renewed() {
    let clock = Clock::real();
    let (sandbox, engine) = engine(&clock).await;
    let queues = Arc::new(ResponseQueues::new(1, engine.listener()));
    let [kept, stopped] = [(); 2].map(|()| LeaseId(sandbox.grant(10).unwrap()));
    queues.open(kept);
    for id in [kept, stopped] {
        let start = Start::Granted { ttl: 10, sent: clock.now() };
        engine.0.command(Command::StartKeepAlive { id, start, pace: None, queues: Arc::clone(&queues) });
    }
    clock.sleep(Duration::from_secs(5)).await;
    assert_eq!((sandbox.keep_alives(kept) > 0, sandbox.keep_alives(stopped)), (true, 0));
}

/// The grant and the reply about the earlier lease reach the engine together, which processes the reply first.
#[tokio::test(start_paused = true)]
async fn the_end_of_an_earlier_lease_is_not_delivered_about_the_one_granted_with_its_id() {
    let clock = Clock::real();
    let (sandbox, engine) = engine(&clock).await;
    let mut consumer = engine.consumer();
    let queues = consumer.downgrade().upgrade().unwrap();
    keep(&consumer, &sandbox, &clock, 1);
    clock.sleep(Duration::from_secs(20)).await;
    let id = LeaseId(sandbox.leases()[0]);
    assert!(queues.gauge(id).depth > 0);
    sandbox.revoke(id).unwrap();
    sandbox.grant_as(id, 10).unwrap();
    let granted = Granted { id, requested_ttl: 10, ttl: 10, header: Header::default() };
    consumer.keep_granted(&granted, clock.now());
    assert_eq!(queues.gauge(id).depth, 0, "the responses about the earlier lease are discarded");
    queues.end(0, id, Ended::NotFound);
    assert!(queues.is_open(id));
    clock.sleep(Duration::from_secs(20)).await;
    let deliveries: Vec<_> = std::iter::from_fn(|| consumer.next().now_or_never().flatten()).collect();
    let are_responses = deliveries.iter().all(|delivery| matches!(delivery, Delivery::Response(_)));
    assert!(are_responses && !deliveries.is_empty(), "{deliveries:?}");
    assert_eq!(sandbox.leases(), [id.0]);
}
