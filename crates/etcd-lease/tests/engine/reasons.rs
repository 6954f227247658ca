//! One case for each reason of an end.

use etcd_lease::LeaseId;
use std::time::Duration;

use etcd_lease::Ended;
use etcd_lease::engine::{Options, RenewError};
use tonic::Status;

use crate::pipe::{bench, bench_of, rest, seconds};

#[tokio::test(start_paused = true)]
async fn expired_if_it_was_not_renewed_in_time() {
    let bench = bench(Options::default()).await;
    let lease = LeaseId(bench.sandbox.grant(5).unwrap());
    bench.sandbox.faults().stall_expiry();
    seconds(6.0).await;
    let (responses, ended) = rest(bench.engine.keep_alive(lease)).await;
    assert_eq!((responses, ended), (vec![], Ended::Expired));
    assert_eq!(bench.sandbox.keep_alives(lease), 0, "the TTL of an expired lease is queried, and it is not renewed");
}

#[tokio::test(start_paused = true)]
async fn expired_if_etcd_removed_it_while_it_could_not_be_reached() {
    let bench = bench_of(2, Options::default()).await;
    let kept = bench.keep(5).await;
    seconds(0.5).await;
    // Unreachable for us, the other member leads, and the lease expires there.
    bench.sandbox.faults().on(0).down();
    bench.sandbox.faults().on(1).hang();
    bench.sandbox.faults().move_leader(1);
    seconds(5.0).await;
    bench.sandbox.revoke(kept.id()).unwrap();
    bench.sandbox.faults().on(1).resume();
    let (_, ended) = rest(kept).await;
    assert_eq!(ended, Ended::Expired);
}

#[tokio::test(start_paused = true)]
async fn not_found_if_it_was_revoked_or_never_existed() {
    let bench = bench(Options::default()).await;
    let mut kept = bench.keep(10).await;
    kept.next().await.unwrap();
    let never = bench.engine.keep_alive("7777".parse().unwrap());
    assert_eq!(rest(never).await, (vec![], Ended::NotFound));
    bench.sandbox.revoke(kept.id()).unwrap();
    let asked = bench.clock.now();
    let (responses, ended) = rest(kept).await;
    assert_eq!((responses, ended), (vec![], Ended::NotFound));
    assert!(bench.clock.now().since(asked) <= Duration::from_secs(4), "known at the next renewal");
}

#[tokio::test(start_paused = true)]
async fn unanswered_if_etcd_hangs_for_its_ttl() {
    let bench = bench(Options::default()).await;
    let mut kept = bench.keep(5).await;
    kept.next().await.unwrap();
    bench.sandbox.faults().hang();
    let since = bench.clock.now();
    let (responses, ended) = rest(kept).await;
    assert_eq!(responses, vec![]);
    assert!(matches!(&ended, Ended::Unanswered { .. }), "{ended:?}");
    let lasted = bench.clock.now().since(since).as_secs_f64();
    assert!((5.0..=6.5).contains(&lasted), "TTL to TTL + 1 s after the last reply, as in Go: {lasted}");
}

#[tokio::test(start_paused = true)]
async fn unanswered_with_the_error_if_etcd_is_down() {
    let bench = bench(Options::default()).await;
    bench.sandbox.faults().down();
    let (responses, ended) = rest(bench.engine.keep_alive("7777".parse().unwrap())).await;
    assert_eq!(responses, vec![]);
    let Ended::Unanswered { trouble: Some(trouble) } = &ended else { panic!("{ended:?}") };
    assert!(trouble.contains("m0"), "{trouble}");
}

#[tokio::test(start_paused = true)]
async fn forbidden_ends_one_lease_and_no_others() {
    let bench = bench(Options::default()).await;
    let mut kept = Vec::new();
    for _ in 0..100 {
        kept.push(bench.keep(10).await);
    }
    seconds(5.0).await;
    let poisoned = kept.swap_remove(37);
    bench.sandbox.faults().forbid(poisoned.id());
    let (_, ended) = rest(poisoned).await;
    assert!(matches!(&ended, Ended::Forbidden { message } if message.contains("permission denied")), "{ended:?}");
    let opened = bench.sandbox.stats(0).streams_opened;
    seconds(60.0).await;
    assert!(kept.iter().all(|lease| bench.alive(lease.id()) && lease.ended().is_none()));
    assert!(bench.sandbox.stats(0).streams_opened <= opened + 1, "one new stream in place of the one that ended");
}

#[tokio::test(start_paused = true)]
async fn cancelled_if_the_last_subscriber_is_dropped() {
    let bench = bench(Options::default()).await;
    let feed = bench.engine.status_feed();
    let first = bench.keep(10).await;
    let id = first.id();
    let second = bench.engine.keep_alive(id);
    seconds(20.0).await;
    drop(first);
    seconds(20.0).await;
    assert!(bench.alive(id), "the second subscriber keeps it alive");
    assert!(feed.drain().statuses.iter().all(|status| status.ended.is_none()));
    drop(second);
    seconds(1.0).await;
    let ended: Vec<_> = feed.drain().statuses.into_iter().filter_map(|status| status.ended).collect();
    assert_eq!(ended, [Ended::Cancelled]);
    seconds(12.0).await;
    assert!(!bench.alive(id), "it is not renewed");
}

#[tokio::test(start_paused = true)]
async fn closed_if_the_engine_is_closed() {
    let bench = bench(Options::default()).await;
    let kept = bench.keep(10).await;
    seconds(1.0).await;
    bench.engine.close().await;
    assert_eq!(rest(kept).await.1, Ended::Closed);
    assert_eq!(rest(bench.engine.keep_alive("7777".parse().unwrap())).await, (vec![], Ended::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_ends_no_lease() {
    let bench = bench(Options::default()).await;
    let kept = bench.keep(5).await;
    for _ in 0..20 {
        seconds(3.3).await;
        bench.sandbox.faults().cut_streams(&Status::unavailable("etcdserver: server stopped"));
    }
    assert!(bench.alive(kept.id()));
}

#[tokio::test(start_paused = true)]
async fn once_renews_once() {
    let bench = bench(Options::default()).await;
    let lease = LeaseId(bench.sandbox.grant(10).unwrap());
    seconds(8.0).await;
    let response = bench.engine.keep_alive_once(lease).await.unwrap();
    assert_eq!((response.id, response.ttl), (lease, 10));
    seconds(9.0).await;
    assert!(bench.alive(lease));
    seconds(2.0).await;
    let gone = bench.engine.keep_alive_once(lease).await.unwrap_err();
    assert!(matches!(gone, RenewError::NotFound(id) if id == lease), "{gone}");
}
