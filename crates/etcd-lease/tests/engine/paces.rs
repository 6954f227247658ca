//! The interval between renewals by TTL and schedule, in virtual time.

use etcd_lease::LeaseId;
use std::time::Duration;

use etcd_lease::RenewalSchedule;
use etcd_lease::engine::{Delivery, Options};
use simkit::Stopwatch;

use crate::pipe::{bench, bench_at, seconds};

async fn mean_interval(pace: RenewalSchedule, ttl: i64, renewals: u32) -> Duration {
    let bench = bench(Options { pace, ..Options::default() }).await;
    bench.sandbox.faults().delay(Duration::from_millis(2));
    let mut kept = bench.keep(ttl).await;
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
async fn at_speed_60_a_lease_of_one_hour_is_renewed_every_20_s() {
    let bench = bench_at(60).await;
    let mut kept = bench.keep(3600).await;
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
async fn exact_renews_at_a_third() {
    for ttl in [2, 10, 120, 3600] {
        let mean = mean_interval(RenewalSchedule::Exact, ttl, 40).await.as_secs_f64();
        assert!((mean - ttl as f64 / 3.0).abs() < 0.005, "{ttl} s: {mean}");
    }
}

#[tokio::test(start_paused = true)]
async fn renew_now_renews_before_the_lease_is_due() {
    let bench = bench(Options::default()).await;
    let mut kept = bench.keep(3600).await;
    kept.next().await.unwrap();
    seconds(100.0).await;
    bench.engine.renew_now(kept.id());
    let response = kept.next().await.unwrap();
    assert!((100..=102).contains(&response.at.since_start().as_secs()), "{response:?}");
}

/// Three leases of 10 s in one engine: with its schedule, with another one, and adopted with another one.
#[tokio::test(start_paused = true)]
async fn each_lease_of_an_engine_has_its_own_schedule() {
    let bench = bench(Options::default()).await;
    let mut usual = bench.keep(10).await;
    let sent = bench.clock.now();
    let granted = bench.cluster.grant(None, 10).await.unwrap();
    let mut exact = bench.engine.keep_granted_with_schedule(&granted, sent, Some(RenewalSchedule::Exact));
    let mut adopted = bench.engine.consumer();
    adopted.keep_alive_with_schedule(LeaseId(bench.sandbox.grant(10).unwrap()), Some(RenewalSchedule::Exact));
    let mut at = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..=30 {
        at[0].push(usual.next().await.unwrap().at);
        at[1].push(exact.next().await.unwrap().at);
        let Some(Delivery::Response(response)) = adopted.next().await else { panic!("it is kept alive") };
        at[2].push(response.at);
    }
    let means = at.map(|at| (at[30].since(at[0]) / 30).as_secs_f64());
    for (mean, expected) in means.into_iter().zip([3.5, 10.0 / 3.0, 10.0 / 3.0]) {
        assert!((mean - expected).abs() < 0.01, "{means:?}");
    }
}

/// 1,000 leases that start together are spread, and none is lost.
#[tokio::test(start_paused = true)]
async fn a_mass_start_loses_no_lease() {
    let bench = bench(Options::default()).await;
    let mut consumer = bench.engine.consumer();
    for _ in 0..1_000 {
        let lease = LeaseId(bench.sandbox.grant(30).unwrap());
        consumer.keep_alive(lease);
    }
    let end = bench.clock.now() + Duration::from_secs(120);
    while bench.clock.now() < end {
        let delivery = tokio::time::timeout(Duration::from_secs(30), consumer.next()).await.unwrap();
        assert!(matches!(delivery, Some(Delivery::Response(_))), "{delivery:?}");
    }
    assert_eq!(bench.sandbox.leases().len(), 1_000);
}
