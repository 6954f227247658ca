//! Renewal intervals by TTL and schedule, in virtual time.

use etcd_lease::LeaseId;
use std::time::Duration;

use etcd_lease::RenewalSchedule;
use etcd_lease::engine::{Delivery, Options};
use simkit::Stopwatch;

use crate::pipe::{engine_test, engine_test_at, seconds};

async fn mean_interval(pace: RenewalSchedule, ttl: i64, renewals: u32) -> Duration {
    let test = engine_test(Options { pace, ..Options::default() }).await;
    test.sandbox.faults().delay(Duration::from_millis(2));
    let mut kept = test.keep(ttl).await;
    let first = kept.next().await.unwrap().at;
    let mut last = first;
    for _ in 0..renewals {
        last = kept.next().await.unwrap().at;
    }
    last.since(first) / renewals
}

#[tokio::test(start_paused = true)]
async fn clientv3_renews_as_go_does() {
    for (ttl, expected) in [(2, 1.0), (5, 2.0), (10, 3.5), (120, 40.5), (3600, 1200.5)] {
        let mean = mean_interval(RenewalSchedule::Clientv3, ttl, 40).await.as_secs_f64();
        assert!((mean - expected).abs() < 0.02, "{ttl} s: {mean}");
    }
}

#[tokio::test(start_paused = true)]
async fn at_60_times_the_speed_a_one_hour_lease_is_renewed_every_20_s() {
    let test = engine_test_at(60).await;
    let mut kept = test.keep(3600).await;
    let (first, real) = (kept.next().await.unwrap().at, Stopwatch::start());
    let mut last = first;
    for _ in 0..40 {
        last = kept.next().await.unwrap().at;
    }
    let mean = last.since(first).as_secs_f64() / 40.0;
    assert!((1200.0..=1200.6).contains(&mean), "{mean}");
    let real = real.elapsed().as_secs_f64() / 40.0;
    assert!((real - mean / 60.0).abs() < 0.001, "{real}");
}

#[tokio::test(start_paused = true)]
async fn exact_renews_at_a_third_of_the_ttl() {
    for ttl in [2, 10, 120, 3600] {
        let mean = mean_interval(RenewalSchedule::Exact, ttl, 40).await.as_secs_f64();
        assert!((mean - ttl as f64 / 3.0).abs() < 0.005, "{ttl} s: {mean}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_now_does_not_wait_for_its_turn() {
    let test = engine_test(Options::default()).await;
    let mut kept = test.keep(3600).await;
    kept.next().await.unwrap();
    seconds(100.0).await;
    test.engine.renew_now(kept.id());
    let response = kept.next().await.unwrap();
    assert!((100..=102).contains(&response.at.since_start().as_secs()), "{response:?}");
}

/// Three leases of 10 s in one engine: with its schedule, with a schedule of their own, and adopted with one.
#[tokio::test(start_paused = true)]
async fn leases_of_one_engine_keep_their_own_schedules() {
    let test = engine_test(Options::default()).await;
    let mut usual = test.keep(10).await;
    let sent = test.clock.now();
    let granted = test.cluster.grant(None, 10).await.unwrap();
    let mut exact = test.engine.keep_granted_with_schedule(&granted, sent, Some(RenewalSchedule::Exact));
    let mut taken = test.engine.consumer();
    taken.keep_alive_with_schedule(LeaseId(test.sandbox.grant(10).unwrap()), Some(RenewalSchedule::Exact));
    let mut at = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..=30 {
        at[0].push(usual.next().await.unwrap().at);
        at[1].push(exact.next().await.unwrap().at);
        let Some(Delivery::Response(response)) = taken.next().await else { panic!("it is kept") };
        at[2].push(response.at);
    }
    let means = at.map(|at| (at[30].since(at[0]) / 30).as_secs_f64());
    for (mean, expected) in means.into_iter().zip([3.5, 10.0 / 3.0, 10.0 / 3.0]) {
        assert!((mean - expected).abs() < 0.01, "{means:?}");
    }
}

/// 1,000 leases started at once over one connection: their renewals are spread, and none is lost.
#[tokio::test(start_paused = true)]
async fn starting_many_leases_at_once_starves_none() {
    let test = engine_test(Options::default()).await;
    let mut consumer = test.engine.consumer();
    for _ in 0..1_000 {
        let lease = LeaseId(test.sandbox.grant(30).unwrap());
        consumer.keep_alive(lease);
    }
    let end = test.clock.now() + Duration::from_secs(120);
    while test.clock.now() < end {
        let delivery = tokio::time::timeout(Duration::from_secs(30), consumer.next()).await.unwrap();
        assert!(matches!(delivery, Some(Delivery::Response(_))), "{delivery:?}");
    }
    assert_eq!(test.sandbox.leases().len(), 1_000);
}

/// How long its client let an adopted lease run down says nothing about the renewals here.
#[tokio::test(start_paused = true)]
async fn the_time_left_at_an_adoption_is_no_margin() {
    let test = engine_test(Options::default()).await;
    let lease = LeaseId(test.sandbox.grant(15).unwrap());
    seconds(13.0).await;
    let feed = test.engine.status_feed();
    let _kept = test.engine.keep_alive(lease);
    seconds(60.0).await;
    let status = feed.drain().statuses.pop().unwrap();
    assert!(status.cadence.least_left.unwrap() > Duration::from_secs(9), "{:?}", status.cadence);
}
