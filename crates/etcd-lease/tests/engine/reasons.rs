//! Each reason of an end, and the case that causes it.

use etcd_lease::LeaseId;
use std::time::Duration;

use etcd_lease::Ended;
use etcd_lease::engine::{Options, RenewError};
use etcd_lease::wire::ErrorCause;
use etcd_sandbox::Call;
use tonic::Status;

use crate::pipe::{engine_test, engine_test_of, rest, seconds};

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_renewed_in_time_ends_as_expired() {
    let test = engine_test(Options::default()).await;
    let lease = LeaseId(test.sandbox.grant(5).unwrap());
    test.sandbox.faults().stall_expiry();
    seconds(6.0).await;
    let (responses, ended) = rest(test.engine.keep_alive(lease)).await;
    assert_eq!((responses, ended), (vec![], Ended::Expired));
    assert_eq!(test.sandbox.keep_alives(lease), 0, "a lease that has expired is asked about, not renewed");
}

#[tokio::test(start_paused = true)]
async fn a_lease_removed_during_an_outage_ends_as_expired() {
    let test = engine_test_of(2, Options::default()).await;
    let kept = test.keep(5).await;
    seconds(0.5).await;
    // The other member leads on without us, and the lease expires there.
    test.sandbox.faults().on(0).down();
    test.sandbox.faults().on(1).hang();
    test.sandbox.faults().move_leader(1);
    seconds(5.0).await;
    test.sandbox.revoke(kept.id()).unwrap();
    test.sandbox.faults().on(1).resume();
    let (_, ended) = rest(kept).await;
    assert_eq!(ended, Ended::Expired);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_or_unknown_lease_ends_as_not_found() {
    let test = engine_test(Options::default()).await;
    let mut kept = test.keep(10).await;
    kept.next().await.unwrap();
    let never = test.engine.keep_alive("7777".parse().unwrap());
    assert_eq!(rest(never).await, (vec![], Ended::NotFound));
    test.sandbox.revoke(kept.id()).unwrap();
    let asked = test.clock.now();
    let (responses, ended) = rest(kept).await;
    assert_eq!((responses, ended), (vec![], Ended::NotFound));
    assert!(test.clock.now().since(asked) <= Duration::from_secs(4), "noticed at the next renewal");
}

#[tokio::test(start_paused = true)]
async fn a_lease_ends_as_unanswered_if_the_server_hangs_for_its_ttl() {
    let test = engine_test(Options::default()).await;
    let mut kept = test.keep(5).await;
    kept.next().await.unwrap();
    test.sandbox.faults().hang();
    let since = test.clock.now();
    let (responses, ended) = rest(kept).await;
    assert_eq!(responses, vec![]);
    assert!(matches!(&ended, Ended::Unanswered { .. }), "{ended:?}");
    let lasted = test.clock.now().since(since).as_secs_f64();
    assert!((5.0..=6.5).contains(&lasted), "TTL to TTL + 1 s after the last answer, as Go's: {lasted}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_of_a_lease_that_etcd_never_answered_about() {
    let test = engine_test(Options::default()).await;
    test.sandbox.faults().down();
    let (responses, ended) = rest(test.engine.keep_alive("7777".parse().unwrap())).await;
    assert_eq!(responses, vec![]);
    let Ended::NotStarted { error: Some(error) } = &ended else { panic!("{ended:?}") };
    assert!(error.endpoint().contains("m0"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_keepalive_of_an_unknown_lease_at_once() {
    let test = engine_test(Options::default()).await;
    let lease = LeaseId(test.sandbox.grant(600).unwrap());
    let refused = Status::invalid_argument("etcdserver: user name is empty");
    test.sandbox.faults().refuse(Call::TimeToLive, 0, refused);
    let since = test.clock.now();
    let (responses, ended) = rest(test.engine.keep_alive(lease)).await;
    assert_eq!(responses, vec![]);
    let Ended::NotStarted { error: Some(error) } = &ended else { panic!("{ended:?}") };
    assert_eq!(error.cause(), ErrorCause::LoginRequired);
    assert!(test.clock.now().since(since) < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_lease_ends_without_affecting_others() {
    let test = engine_test(Options::default()).await;
    let mut kept = Vec::new();
    for _ in 0..100 {
        kept.push(test.keep(10).await);
    }
    seconds(5.0).await;
    let poisoned = kept.swap_remove(37);
    test.sandbox.faults().forbid(poisoned.id());
    let (_, ended) = rest(poisoned).await;
    assert!(matches!(&ended, Ended::Forbidden { message } if message.contains("permission denied")), "{ended:?}");
    let opened = test.sandbox.stats(0).streams_opened;
    seconds(60.0).await;
    assert!(kept.iter().all(|lease| test.alive(lease.id()) && lease.ended().is_none()));
    assert!(test.sandbox.stats(0).streams_opened <= opened + 1, "one new stream for the one that ended");
}

#[tokio::test(start_paused = true)]
async fn a_lease_ends_as_cancelled_when_its_last_subscriber_leaves() {
    let test = engine_test(Options::default()).await;
    let feed = test.engine.status_feed();
    let (first, second) = (test.keep(10).await, ());
    let (id, ()) = (first.id(), second);
    let second = test.engine.keep_alive(id);
    seconds(20.0).await;
    drop(first);
    seconds(20.0).await;
    assert!(test.alive(id), "the second keeps it");
    assert!(feed.drain().statuses.iter().all(|status| status.ended.is_none()));
    drop(second);
    seconds(1.0).await;
    let ended: Vec<_> = feed.drain().statuses.into_iter().filter_map(|status| status.ended).collect();
    assert_eq!(ended, [Ended::Cancelled]);
    seconds(12.0).await;
    assert!(!test.alive(id), "no longer renewed");
}

#[tokio::test(start_paused = true)]
async fn leases_end_as_closed_when_the_engine_is_closed() {
    let test = engine_test(Options::default()).await;
    let kept = test.keep(10).await;
    seconds(1.0).await;
    test.engine.close().await;
    assert_eq!(rest(kept).await.1, Ended::Closed);
    assert_eq!(rest(test.engine.keep_alive("7777".parse().unwrap())).await, (vec![], Ended::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_ends_no_lease() {
    let test = engine_test(Options::default()).await;
    let kept = test.keep(5).await;
    for _ in 0..20 {
        seconds(3.3).await;
        test.sandbox.faults().cut_streams(&Status::unavailable("etcdserver: server stopped"));
    }
    assert!(test.alive(kept.id()));
}

#[tokio::test(start_paused = true)]
async fn renew_now_renews_once() {
    let test = engine_test(Options::default()).await;
    let lease = LeaseId(test.sandbox.grant(10).unwrap());
    seconds(8.0).await;
    let response = test.engine.keep_alive_once(lease).await.unwrap();
    assert_eq!((response.id, response.ttl), (lease, 10));
    seconds(9.0).await;
    assert!(test.alive(lease));
    seconds(2.0).await;
    let gone = test.engine.keep_alive_once(lease).await.unwrap_err();
    assert!(matches!(gone, RenewError::NotFound(id) if id == lease), "{gone}");
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_of_the_machine_all_leases_are_renewed() {
    let test = engine_test(Options::default()).await;
    let leases = [600, 3_600].map(|ttl| LeaseId(test.sandbox.grant(ttl).unwrap()));
    let _kept = leases.map(|lease| test.engine.keep_alive(lease));
    seconds(10.0).await;
    let before = leases.map(|lease| test.sandbox.keep_alives(lease));
    seconds(100.0).await;
    assert_eq!(leases.map(|lease| test.sandbox.keep_alives(lease)), before, "no renewal is due");
    test.clock.move_system_time(450_000_000_000);
    seconds(1.5).await;
    assert_eq!(leases.map(|lease| test.sandbox.keep_alives(lease)), before.map(|count| count + 1));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_expired_while_the_machine_slept_was_not_revoked() {
    let test = engine_test(Options::default()).await;
    let kept = test.keep(10).await;
    seconds(2.0).await;
    test.sandbox.revoke(kept.id()).unwrap();
    test.clock.move_system_time(60_000_000_000);
    assert_eq!(rest(kept).await.1, Ended::Expired);
}
