//! Bounded queues: new responses are dropped and counted, the lease lives on, and others are not affected.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use etcd_lease::LeaseId;
use etcd_lease::engine::{Delivery, Options};

use crate::pipe::{bench, seconds};

thread_local! {
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The log of the current thread, and so of the current test. All tests share the subscriber, because with one per test
/// another test that logs the same line first can disable it for all.
#[derive(Clone, Copy, Default)]
struct Log;

impl Log {
    fn start() -> Log {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            // The level at which leasetop logs without -v.
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
async fn the_17th_unread_response_is_dropped_as_go_does() {
    let log = Log::start();
    let bench = bench(Options::default()).await;
    let feed = bench.engine.status_feed();
    let mut kept = bench.keep(2).await;
    let granted = bench.clock.now();
    while log.lines().is_empty() {
        seconds(0.1).await;
    }
    let first_drop = bench.clock.now().since(granted).as_secs_f64();
    assert!((16.0..=18.0).contains(&first_drop), "one per second until there are 16: {first_drop}");
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
    assert!(bench.alive(kept.id()));
    assert!((10..=11).contains(&(log.lines().len() - 1)), "one line per drop, one drop per renewal");
    let status = feed.drain().statuses.remove(0);
    assert_eq!((status.queue.depth, status.queue.capacity), (16, 16));
    assert_eq!(status.queue.dropped as usize, log.lines().len());
    for _ in 0..16 {
        assert!(kept.next().await.unwrap().at.since(granted).as_secs() <= 16, "the oldest are kept");
    }
    let statuses = feed.drain().statuses;
    let queues = statuses.iter().map(|status| (status.id, status.queue)).collect::<Vec<_>>();
    assert_eq!(queues, [(kept.id(), etcd_lease::QueueGauge { depth: 0, ..status.queue })], "the read is in the status");
}

/// A lease of one hour whose responses are not read, for five and a half hours.
#[tokio::test(start_paused = true)]
async fn the_first_drop_of_a_lease_of_one_hour_comes_after_five_hours() {
    let bench = bench(Options::default()).await;
    let feed = bench.engine.status_feed();
    let kept = bench.keep(3_600).await;
    let dropped = || feed.drain().statuses.last().map_or(0, |status| status.queue.dropped);
    feed.drain();
    seconds(19_200.0).await;
    assert_eq!(dropped(), 0, "16 intervals of 1200.5 s have not passed");
    seconds(20.0).await;
    assert_eq!(dropped(), 1, "the 17th response does not fit");
    assert!(bench.alive(kept.id()), "the lease lives on");
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_causes_no_drops_for_others() {
    let bench = bench(Options::default()).await;
    let slow = bench.keep(3).await;
    let mut quick = bench.engine.keep_alive(slow.id());
    let mut read = 0;
    while read < 60 {
        quick.next().await.unwrap();
        read += 1;
    }
    let renewals = bench.sandbox.keep_alives(slow.id());
    assert!((60..=61).contains(&renewals), "two subscribers share one request: {renewals} for {read}");
}

#[tokio::test(start_paused = true)]
async fn an_unread_lease_causes_no_drops_for_others_of_the_same_consumer() {
    let bench = bench(Options { queue_capacity: 2, ..Options::default() }).await;
    let leases: Vec<LeaseId> = (0..3).map(|_| LeaseId(bench.sandbox.grant(2).unwrap())).collect();
    let mut consumer = bench.engine.consumer();
    leases.iter().for_each(|lease| consumer.keep_alive(*lease));
    // After ten seconds there are two unread responses per lease. The leases take turns.
    seconds(10.0).await;
    let mut read = Vec::new();
    for _ in 0..6 {
        let Some(Delivery::Response(response)) = consumer.next().await else { panic!("all leases are alive") };
        read.push(response.id);
    }
    assert_eq!(read[..3], read[3..], "the leases take turns");
    consumer.stop_keep_alive(leases[0]);
    seconds(5.0).await;
    assert!(!bench.alive(leases[0]) && bench.alive(leases[1]) && bench.alive(leases[2]));
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_a_response_needs_a_waiting_reader() {
    let bench = bench(Options { queue_capacity: 0, ..Options::default() }).await;
    let mut kept = bench.keep(3).await;
    let id = kept.id();
    seconds(30.0).await;
    assert!(bench.alive(id), "unread, the lease lives on");
    let renewals = bench.sandbox.keep_alives(id);
    assert!((15..=31).contains(&renewals), "as scheduled: {renewals}");
    let response = kept.next().await.unwrap();
    assert!(response.at.since_start().as_secs() >= 30, "the response that arrives while the reader waits");
}
