//! The lease service.

use std::time::Duration;

use etcd_client::{LeaseGrantOptions, LeaseTimeToLiveOptions};
use tokio::time::timeout;
use tonic::Code;

use super::*;
use simkit::Stopwatch;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(start_paused = true)]
async fn grant_uses_the_id_or_chooses_one_and_raises_the_ttl() {
    let sandbox = start(1);
    let mut client = client(&sandbox, 0).await;
    for id in [5, -1, i64::MAX, i64::MIN] {
        let granted = client.lease_grant(10, Some(LeaseGrantOptions::new().with_id(id))).await.unwrap();
        assert_eq!((granted.id(), granted.ttl()), (id, 10));
    }
    for ttl in [0, 1, -7] {
        let granted = client.lease_grant(ttl, None).await.unwrap();
        assert_eq!((granted.id() > 0, granted.ttl()), (true, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_those_of_etcd() {
    let sandbox = start(1);
    let mut client = client(&sandbox, 0).await;
    let id = sandbox.grant(10).unwrap();
    let again = refused(client.lease_grant(10, Some(LeaseGrantOptions::new().with_id(id))).await);
    assert_eq!((again.code(), again.message()), (Code::FailedPrecondition, "etcdserver: lease already exists"));
    let long = refused(client.lease_grant(9_000_000_001, None).await);
    assert_eq!((long.code(), long.message()), (Code::OutOfRange, "etcdserver: too large lease TTL"));
    let missing = refused(client.lease_revoke(99).await);
    assert_eq!((missing.code(), missing.message()), (Code::NotFound, "etcdserver: requested lease not found"));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_lease_has_no_time_left_and_no_error() {
    let sandbox = start(1);
    let mut client = client(&sandbox, 0).await;
    let answer = client.lease_time_to_live(99, Some(LeaseTimeToLiveOptions::new().with_keys())).await.unwrap();
    assert_eq!((answer.id(), answer.ttl(), answer.granted_ttl(), answer.keys().len()), (99, -1, 0, 0));
    assert!(answer.header().is_some());
}

#[tokio::test(start_paused = true)]
async fn time_to_live_returns_keys_on_request() {
    let sandbox = start(1);
    let mut client = client(&sandbox, 0).await;
    let id = sandbox.grant(10).unwrap();
    sandbox.put("b", "", Some(id)).unwrap();
    sandbox.put("a", "", Some(id)).unwrap();
    let with = client.lease_time_to_live(id, Some(LeaseTimeToLiveOptions::new().with_keys())).await.unwrap();
    assert_eq!((with.granted_ttl(), with.keys()), (10, [b"a".to_vec(), b"b".to_vec()].as_slice()));
    assert!(client.lease_time_to_live(id, None).await.unwrap().keys().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_list_is_sorted_by_deadline() {
    let sandbox = start(1);
    let ids: Vec<_> = (0..5).map(|_| sandbox.grant(60).unwrap()).collect();
    let listed = client(&sandbox, 0).await.leases().await.unwrap();
    assert_eq!(listed.leases().iter().map(|lease| lease.id()).collect::<Vec<_>>(), ids);
}

#[tokio::test(start_paused = true)]
async fn expiry_happens_on_a_tick_and_deletes_the_keys() {
    let sandbox = start(1);
    seconds(0.2).await;
    let id = sandbox.grant(2).unwrap();
    sandbox.put("k", "v", Some(id)).unwrap();
    seconds(2.25).await;
    assert_eq!(sandbox.leases(), [id]);
    seconds(0.1).await;
    assert_eq!((sandbox.leases().len(), sandbox.get("k"), sandbox.revision()), (0, None, 3));
}

#[tokio::test(start_paused = true)]
async fn a_lease_granted_while_the_loop_sleeps_expires_in_time() {
    let sandbox = start(1);
    sandbox.grant(3600).unwrap();
    seconds(10.0).await;
    let short = sandbox.grant(2).unwrap();
    seconds(2.6).await;
    assert_eq!((sandbox.deadline(short), sandbox.leases().len()), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_leases_a_second_are_removed() {
    let sandbox = start(1);
    for _ in 0..1_600 {
        sandbox.grant(2).unwrap();
    }
    seconds(2.1).await;
    assert_eq!(sandbox.leases().len(), 1_100);
    seconds(0.5).await;
    assert_eq!(sandbox.leases().len(), 600);
    let last = sandbox.leases()[599];
    let left = client(&sandbox, 0).await.lease_time_to_live(last, None).await.unwrap();
    assert_eq!((left.ttl(), left.granted_ttl()), (0, 2));
    seconds(1.0).await;
    assert_eq!(sandbox.leases(), []);
}

#[tokio::test(start_paused = true)]
async fn keepalives_are_answered_in_order_and_unknown_ones_with_zero() {
    let sandbox = start(1);
    let (ten, sixty) = (sandbox.grant(10).unwrap(), sandbox.grant(60).unwrap());
    let mut asker = Asker::open(&sandbox, 0, &[ten, 99, 0, sixty], false).await.unwrap();
    for answer in [(ten, 10), (99, 0), (0, 0), (sixty, 60)] {
        assert_eq!(asker.answer().await.unwrap(), answer);
    }
    assert_eq!((sandbox.keep_alives(ten), sandbox.stats(0).keep_alives), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn etcd_clients_own_keepalive_works() {
    let sandbox = start(1);
    let id = sandbox.grant(10).unwrap();
    let (mut keeper, mut answers) = client(&sandbox, 0).await.lease_keep_alive(id).await.unwrap();
    seconds(8.0).await;
    keeper.keep_alive().await.unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().ttl(), 10);
    assert!(client(&sandbox, 0).await.lease_keep_alive(99).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_stream_opens_with_its_first_reply() {
    let sandbox = start(1);
    assert!(timeout(Duration::from_secs(60), Asker::open(&sandbox, 0, &[], false)).await.is_err());
    assert_eq!(sandbox.stats(0).streams_opened, 1);
}

#[tokio::test(start_paused = true)]
async fn a_closed_stream_ends_without_error() {
    let sandbox = start(1);
    let id = sandbox.grant(10).unwrap();
    let Asker { requests, mut answers } = Asker::open(&sandbox, 0, &[id], false).await.unwrap();
    assert_eq!(sandbox.stats(0).streams_open, 1);
    drop(requests);
    assert!(answers.message().await.unwrap().is_some());
    assert!(answers.message().await.unwrap().is_none());
    assert_eq!(sandbox.stats(0).streams_open, 0);
}

#[tokio::test(start_paused = true)]
async fn renewing_an_expired_lease_waits_and_blocks_renewals_behind_it() {
    let sandbox = start(1);
    sandbox.faults().stall_expiry();
    let (dying, healthy) = (sandbox.grant(2).unwrap(), sandbox.grant(10).unwrap());
    let mut asker = Asker::open(&sandbox, 0, &[healthy], false).await.unwrap();
    asker.answer().await.unwrap();
    seconds(5.0).await;
    asker.ask(dying);
    asker.ask(healthy);
    assert!(timeout(Duration::from_secs(2), asker.answer()).await.is_err());
    let left = client(&sandbox, 0).await.lease_time_to_live(dying, None).await.unwrap();
    assert_eq!((left.ttl(), left.granted_ttl()), (-5, 2));
    sandbox.faults().release_expiry();
    assert_eq!(asker.answer().await.unwrap(), (dying, 0));
    assert_eq!(asker.answer().await.unwrap(), (healthy, 10));
}

#[tokio::test(start_paused = true)]
async fn a_revoke_answers_a_waiting_renewal() {
    let sandbox = start(1);
    sandbox.faults().stall_expiry();
    let id = sandbox.grant(2).unwrap();
    let mut asker = Asker::open(&sandbox, 0, &[99, id], false).await.unwrap();
    asker.answer().await.unwrap();
    asker.answer().await.unwrap();
    seconds(3.0).await;
    asker.ask(id);
    assert!(timeout(Duration::from_secs(1), asker.answer()).await.is_err());
    sandbox.revoke(id).unwrap();
    assert_eq!(asker.answer().await.unwrap(), (id, 0));
}

#[tokio::test(start_paused = true)]
async fn a_day_of_keepalives_takes_a_moment() {
    let sandbox = start(1);
    let id = sandbox.grant(30).unwrap();
    let mut asker = Asker::open(&sandbox, 0, &[id], false).await.unwrap();
    let start = Stopwatch::start();
    while start.elapsed() < DAY {
        assert_eq!(asker.answer().await.unwrap(), (id, 30));
        seconds(10.5).await;
        asker.ask(id);
    }
    assert_eq!(sandbox.leases(), [id]);
    seconds(31.0).await;
    assert_eq!(sandbox.leases(), []);
}
