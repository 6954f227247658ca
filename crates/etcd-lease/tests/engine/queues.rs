//! Bounded response queues: new responses are dropped and counted, the lease survives, and no other lease is affected.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use etcd_lease::LeaseId;
use etcd_lease::engine::{Delivery, Options};

use crate::pipe::{engine_test, seconds};

thread_local! {
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The log of this thread, which is this test. The subscriber is shared by all tests: with one per test,
/// another test that logs the same line first could disable the line for all.
#[derive(Clone, Copy, Default)]
struct Log;

impl Log {
    fn start() -> Log {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            // The program logs this level without -v.
            let log = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN);
            log.with_writer(Log::default).with_ansi(false).init();
        });
        Log
    }

    fn lines(self) -> Vec<String> {
        WRITTEN.with_borrow(|bytes| String::from_utf8(bytes.clone()).unwrap().lines().map(str::to_owned).collect())
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| written.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_17th_unread_response_is_dropped_as_in_go() {
    let log = Log::start();
    let test = engine_test(Options::default()).await;
    let feed = test.engine.status_feed();
    let mut kept = test.keep(2).await;
    let granted = test.clock.now();
    while log.lines().is_empty() {
        seconds(0.1).await;
    }
    let first_drop = test.clock.now().since(granted).as_secs_f64();
    assert!((16.0..=18.0).contains(&first_drop), "one a second until 16 are there: {first_drop}");
    let line = log.lines().remove(0);
    for part in [
        "lease keepalive response queue is full; dropping response send",
        &format!("lease={}", kept.id()),
        "queue-size=16",
        "queue-capacity=16",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    seconds(10.0).await;
    assert!(test.alive(kept.id()));
    assert!((10..=11).contains(&(log.lines().len() - 1)), "one line a drop, one drop a renewal");
    let status = feed.drain().statuses.remove(0);
    assert_eq!((status.queue.depth, status.queue.capacity), (16, 16));
    assert_eq!(status.queue.dropped as usize, log.lines().len());
    for _ in 0..16 {
        assert!(kept.next().await.unwrap().at.since(granted).as_secs() <= 16, "the oldest are kept");
    }
    let statuses = feed.drain().statuses;
    let queues = statuses.iter().map(|status| (status.id, status.queue)).collect::<Vec<_>>();
    assert_eq!(queues, [(kept.id(), etcd_lease::QueueGauge { depth: 0, ..status.queue })], "read, and seen");
}

/// A one-hour lease whose responses are not read for 5.5 hours.
#[tokio::test(start_paused = true)]
async fn a_one_hour_lease_drops_its_first_response_after_five_hours() {
    let test = engine_test(Options::default()).await;
    let feed = test.engine.status_feed();
    let kept = test.keep(3_600).await;
    let dropped = || feed.drain().statuses.last().map_or(0, |status| status.queue.dropped);
    feed.drain();
    seconds(19_200.0).await;
    assert_eq!(dropped(), 0, "16 intervals of 1200.5 s are not over");
    seconds(20.0).await;
    assert_eq!(dropped(), 1, "the 17th response has no room");
    assert!(test.alive(kept.id()), "it lives");
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_causes_no_drops_for_others() {
    let test = engine_test(Options::default()).await;
    let slow = test.keep(3).await;
    let mut quick = test.engine.keep_alive(slow.id());
    let mut read = 0;
    while read < 60 {
        quick.next().await.unwrap();
        read += 1;
    }
    let renewals = test.sandbox.keep_alives(slow.id());
    assert!((60..=61).contains(&renewals), "two subscribers share one request: {renewals} for {read}");
}

#[tokio::test(start_paused = true)]
async fn an_unread_lease_causes_no_drops_for_others_of_its_consumer() {
    let test = engine_test(Options { queue_capacity: 2, ..Options::default() }).await;
    let leases: Vec<LeaseId> = (0..3).map(|_| LeaseId(test.sandbox.grant(2).unwrap())).collect();
    let mut consumer = test.engine.consumer();
    leases.iter().for_each(|lease| consumer.keep_alive(*lease));
    // After ten seconds each queue has two responses; they are read in turn.
    seconds(10.0).await;
    let mut read = Vec::new();
    for _ in 0..6 {
        let Some(Delivery::Response(response)) = consumer.next().await else { panic!("all live") };
        read.push(response.id);
    }
    assert_eq!(read[..3], read[3..], "in turn");
    consumer.stop_keep_alive(leases[0]);
    seconds(5.0).await;
    assert!(!test.alive(leases[0]) && test.alive(leases[1]) && test.alive(leases[2]));
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_a_response_needs_a_waiting_reader() {
    let test = engine_test(Options { queue_capacity: 0, ..Options::default() }).await;
    let mut kept = test.keep(3).await;
    let id = kept.id();
    seconds(30.0).await;
    assert!(test.alive(id), "the lease survives unread");
    let renewals = test.sandbox.keep_alives(id);
    assert!((15..=31).contains(&renewals), "at its pace: {renewals}");
    let response = kept.next().await.unwrap();
    assert!(response.at.since_start().as_secs() >= 30, "the response that arrives while a reader waits");
}
