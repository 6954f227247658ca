//! Members behind slow links, and members without a majority.

use std::time::Duration;

use etcd_lease::engine::Options;
use etcd_lease::wire::ErrorKind;
use etcd_lease::{LeaseId, Reachability};

use crate::pipe::{EngineTest, bench, bench_of, seconds};

/// The changes of the chosen member during a number of seconds: its endpoint, and whether it answers.
async fn history(bench: &EngineTest, during: f64) -> Vec<(String, bool)> {
    let mut view = bench.cluster.watch();
    let mut seen = Vec::new();
    let follow = async {
        loop {
            let current = view.borrow_and_update().current().cloned();
            let now = current.map(|member| (member.endpoint, member.reachability == Reachability::Up));
            if now.as_ref() != seen.last() {
                seen.extend(now);
            }
            view.changed().await.unwrap();
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs_f64(during), follow).await;
    seen
}

#[tokio::test(start_paused = true)]
async fn a_member_behind_a_slow_link_stays_chosen() {
    let bench = bench(Options::default()).await;
    bench.sandbox.faults().delay(Duration::from_millis(1500));
    seconds(10.0).await;
    assert_eq!(history(&bench, 120.0).await, [("m0".to_owned(), true)]);
    let round_trip = bench.cluster.view().members[0].round_trip.unwrap();
    assert!(round_trip >= Duration::from_millis(1500), "{round_trip:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_member_is_left_within_a_second_and_chosen_again_later() {
    let bench = bench_of(2, Options::default()).await;
    let kept = bench.keep(10).await;
    bench.sandbox.faults().on(0).hang();
    bench.cluster.probe_now();
    seconds(1.0).await;
    assert_eq!(bench.cluster.view().current().unwrap().endpoint, "m1");
    bench.sandbox.faults().on(0).resume();
    seconds(1.0).await;
    assert_eq!(bench.cluster.view().current().unwrap().endpoint, "m0", "it replies when it continues");
    assert!(bench.alive(kept.id()));
}

#[tokio::test(start_paused = true)]
async fn without_a_majority_the_member_that_answers_stays_chosen_and_errors_name_the_reason() {
    let bench = bench_of(3, Options::default()).await;
    let kept = bench.keep(600).await;
    bench.sandbox.faults().on(0).down();
    bench.sandbox.faults().on(2).down();
    seconds(20.0).await;
    let calls = async {
        for _ in 0..5 {
            let error = bench.cluster.time_to_live(LeaseId(7), false).await.unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::NoLeader, "etcdserver: no leader"));
            assert!(error.to_string().contains("at m1: ") && error.to_string().contains("a majority"), "{error}");
            seconds(5.0).await;
        }
    };
    assert_eq!(tokio::join!(history(&bench, 30.0), calls).0, [("m1".to_owned(), true)]);
    assert!(!bench.cluster.view().current().unwrap().has_leader);
    bench.sandbox.faults().on(0).up();
    seconds(30.0).await;
    let view = bench.cluster.view();
    assert!(view.current().unwrap().is_leader, "{view:?}");
    assert!(bench.alive(kept.id()));
}
