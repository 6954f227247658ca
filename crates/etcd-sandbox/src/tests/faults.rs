//! Each fault, as a client sees it.

use std::time::Duration;

use tokio::time::timeout;
use tonic::Code;

use super::*;
use simkit::Stopwatch;

const A_WHILE: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_delay_delays_replies() {
    let sandbox = start(2);
    let id = sandbox.grant(10).unwrap();
    sandbox.faults().on(1).delay(Duration::from_secs(2));
    let start = Stopwatch::start();
    client(&sandbox, 0).await.status().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 0);
    client(&sandbox, 1).await.status().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 2);
    let mut asker = Asker::open(&sandbox, 1, &[id], false).await.unwrap();
    asker.answer().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 4);
    // The lease is renewed when the request is processed, not when the reply is sent.
    assert_eq!(sandbox.deadline(id).unwrap().since_start().as_secs(), 12);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_member_accepts_requests_and_replies_when_it_continues() {
    let sandbox = start(2);
    let id = sandbox.grant(30).unwrap();
    let mut asker = Asker::open(&sandbox, 1, &[id], false).await.unwrap();
    asker.answer().await.unwrap();
    sandbox.faults().on(1).hang();
    asker.ask(id);
    assert!(timeout(A_WHILE, asker.answer()).await.is_err());
    assert!(timeout(A_WHILE, client(&sandbox, 1).await.status()).await.is_err());
    client(&sandbox, 0).await.status().await.unwrap();
    sandbox.faults().on(1).resume();
    assert_eq!(asker.answer().await.unwrap(), (id, 30));
    assert_eq!(sandbox.deadline(id).unwrap().since_start().as_secs(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_leader_removes_nothing_and_refills_nothing() {
    let sandbox = start(1);
    let (short, long) = (sandbox.grant(5).unwrap(), sandbox.grant(10).unwrap());
    sandbox.faults().hang();
    seconds(7.0).await;
    assert_eq!(sandbox.leases(), [short, long]);
    sandbox.faults().resume();
    seconds(0.5).await;
    assert_eq!(sandbox.leases(), [long]);
    assert_eq!(client(&sandbox, 0).await.lease_time_to_live(long, None).await.unwrap().ttl(), 2);
}

#[tokio::test(start_paused = true)]
async fn cut_streams_end_with_the_status_and_new_ones_work() {
    let sandbox = start(1);
    let id = sandbox.grant(30).unwrap();
    let mut asker = Asker::open(&sandbox, 0, &[id], false).await.unwrap();
    asker.answer().await.unwrap();
    sandbox.faults().cut_streams(&Status::unavailable("etcdserver: server stopped"));
    let ended = asker.answer().await.unwrap_err();
    assert_eq!((ended.code(), ended.message()), (Code::Unavailable, "etcdserver: server stopped"));
    let mut asker = Asker::open(&sandbox, 0, &[id], false).await.unwrap();
    assert_eq!(asker.answer().await.unwrap(), (id, 30));
    assert_eq!((sandbox.stats(0).streams_opened, sandbox.stats(0).streams_open), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_down_refuses_connections_and_refills_leases_when_it_is_up() {
    let sandbox = start(1);
    let id = sandbox.grant(10).unwrap();
    let mut client = client(&sandbox, 0).await;
    let term = client.status().await.unwrap().raft_term();
    let mut asker = Asker::open(&sandbox, 0, &[id], false).await.unwrap();
    asker.answer().await.unwrap();
    sandbox.faults().down();
    assert!(asker.answer().await.is_err());
    assert_eq!(sandbox.dialer(0).dial().await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(refused(client.status().await).code(), Code::Unavailable);
    seconds(60.0).await;
    sandbox.faults().up();
    assert_eq!(client.status().await.unwrap().raft_term(), term + 1);
    assert_eq!(sandbox.deadline(id).unwrap().since_start().as_secs(), 71);
}

#[tokio::test(start_paused = true)]
async fn the_leadership_ends_when_the_leader_goes_down_and_not_when_a_follower_does() {
    let sandbox = start(3);
    let term = |status: etcd_client::StatusResponse| (status.raft_term(), status.leader() != 0);
    let faults = sandbox.faults();
    faults.on(2).down();
    assert_eq!(term(client(&sandbox, 1).await.status().await.unwrap()), (2, true));
    faults.on(0).down();
    assert_eq!(term(client(&sandbox, 1).await.status().await.unwrap()), (2, false));
    faults.move_leader(1);
    faults.on(0).up();
    assert_eq!(term(client(&sandbox, 0).await.status().await.unwrap()), (3, true));
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_lease_ends_the_whole_stream() {
    let sandbox = start(1);
    let (free, bound) = (sandbox.grant(10).unwrap(), sandbox.grant(10).unwrap());
    sandbox.faults().forbid(bound);
    let mut asker = Asker::open(&sandbox, 0, &[free, bound, free], false).await.unwrap();
    assert_eq!(asker.answer().await.unwrap(), (free, 10));
    let ended = asker.answer().await.unwrap_err();
    assert_eq!((ended.code(), ended.message()), (Code::PermissionDenied, "etcdserver: permission denied"));
    assert_eq!(sandbox.keep_alives(free), 1);
    assert_eq!(Asker::open(&sandbox, 0, &[bound], false).await.err().unwrap().code(), Code::PermissionDenied);
    sandbox.faults().allow(bound);
    assert!(Asker::open(&sandbox, 0, &[bound], false).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_refill_restores_expired_leases() {
    let sandbox = start(1);
    let id = sandbox.grant(2).unwrap();
    sandbox.faults().stall_expiry();
    let mut asker = Asker::open(&sandbox, 0, &[id], false).await.unwrap();
    asker.answer().await.unwrap();
    seconds(4.0).await;
    asker.ask(id);
    assert!(timeout(A_WHILE, asker.answer()).await.is_err());
    sandbox.faults().refill();
    assert_eq!(asker.answer().await.unwrap(), (id, 2));
}
