//! Members, leadership, TCP, and how a sandbox ends.

use std::net::{Ipv4Addr, SocketAddr};

use etcd_client::GetOptions;
use tonic::Code;

use super::*;
use crate::ListenError;
use crate::Snapshot;
use simkit::Stopwatch;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[tokio::test(start_paused = true)]
async fn members_share_a_store_and_identify_themselves() {
    let sandbox = start(3);
    let id = client(&sandbox, 2).await.lease_grant(10, None).await.unwrap().id();
    assert_eq!(client(&sandbox, 1).await.lease_time_to_live(id, None).await.unwrap().granted_ttl(), 10);
    let mut headers = Vec::new();
    for member in 0..3 {
        let status = client(&sandbox, member).await.status().await.unwrap();
        headers.push(status.header().unwrap().clone());
        assert_eq!(status.leader(), headers[0].member_id());
        assert_eq!(status.version(), "3.5.30-sandbox");
    }
    assert!(headers.iter().all(|header| header.cluster_id() == headers[0].cluster_id()));
    assert!(headers[0].member_id() != headers[1].member_id() && headers[1].member_id() != headers[2].member_id());
    let listed = client(&sandbox, 1).await.member_list().await.unwrap();
    let ids: Vec<u64> = listed.members().iter().map(|member| member.id()).collect();
    assert_eq!(ids, headers.iter().map(|header| header.member_id()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_follower_lists_in_another_order() {
    let sandbox = start(2);
    let ids: Vec<_> = (0..20).map(|_| sandbox.grant(60).unwrap()).collect();
    let mut orders = Vec::new();
    for member in 0..2 {
        let list = client(&sandbox, member).await.leases().await.unwrap();
        orders.push(list.leases().iter().map(|lease| lease.id()).collect::<Vec<_>>());
    }
    assert!(orders[0] == ids && orders[1] != ids);
    orders[1].sort_unstable();
    orders[0].sort_unstable();
    assert_eq!(orders[0], orders[1]);
}

#[tokio::test(start_paused = true)]
async fn an_election_refills_and_starts_a_new_term() {
    let sandbox = start(3);
    let id = sandbox.grant(10).unwrap();
    seconds(8.0).await;
    let before = client(&sandbox, 0).await.status().await.unwrap().raft_term();
    sandbox.faults().move_leader(1);
    let status = client(&sandbox, 1).await.status().await.unwrap();
    assert_eq!((status.raft_term(), status.leader()), (before + 1, status.header().unwrap().member_id()));
    let left = client(&sandbox, 0).await.lease_time_to_live(id, None).await.unwrap();
    assert!((10..=11).contains(&left.ttl()), "{left:?}");
    seconds(10.5).await;
    assert_eq!(sandbox.leases(), [id]);
    seconds(1.1).await;
    assert_eq!(sandbox.leases(), []);
}

#[tokio::test(start_paused = true)]
async fn without_a_leader_calls_wait_as_in_etcd() {
    let sandbox = start(3);
    let id = sandbox.grant(30).unwrap();
    sandbox.faults().lose_leader();
    let mut plain = client(&sandbox, 0).await;
    let status = plain.status().await.unwrap();
    assert_eq!((status.leader(), status.errors()), (0, ["etcdserver: no leader".to_owned()].as_slice()));
    assert_eq!(plain.leases().await.unwrap().leases().len(), 1);
    let start = Stopwatch::start();
    for (status, code, message) in [
        (refused(plain.lease_time_to_live(id, None).await), Code::Unavailable, "etcdserver: no leader"),
        (refused(plain.get("k", None).await), Code::Unavailable, "etcdserver: request timed out"),
        (refused(plain.lease_grant(10, None).await), Code::DeadlineExceeded, "context deadline exceeded"),
        (refused(plain.lease_keep_alive(id).await), Code::Unavailable, "etcdserver: no leader"),
    ] {
        assert_eq!((status.code(), status.message()), (code, message));
    }
    assert_eq!(start.elapsed().as_secs(), 4 * 7);
    let unled = refused(client_that_requires_a_leader(&sandbox, 0).await.leases().await);
    assert_eq!((unled.code(), unled.message()), (Code::Unavailable, "etcdserver: no leader"));
    assert_eq!(start.elapsed().as_secs(), 4 * 7);
    assert_eq!(Asker::open(&sandbox, 0, &[id], true).await.err().unwrap().message(), "etcdserver: no leader");
    seconds(60.0).await;
    assert_eq!(sandbox.leases(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_learner_serves_its_status_and_serializable_reads() {
    let sandbox = start(2);
    sandbox.faults().on(1).learner();
    let learner = client(&sandbox, 1).await;
    assert!(learner.clone().status().await.unwrap().is_learner());
    learner.clone().get("key", Some(GetOptions::new().with_serializable())).await.unwrap();
    let refused = [
        refused(learner.clone().get("key", None).await),
        refused(learner.clone().lease_grant(10, None).await),
        refused(learner.clone().leases().await),
        refused(learner.clone().lease_keep_alive(7).await),
        refused(learner.clone().watch("key", None).await),
    ];
    for status in refused {
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(status.message(), "etcdserver: rpc not supported for learner");
    }
    sandbox.faults().on(1).promote();
    learner.clone().leases().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn streams_that_require_a_leader_end_without_one() {
    let sandbox = start(3);
    let id = sandbox.grant(30).unwrap();
    let mut requiring = Asker::open(&sandbox, 0, &[id], true).await.unwrap();
    let mut plain = Asker::open(&sandbox, 0, &[id], false).await.unwrap();
    requiring.answer().await.unwrap();
    plain.answer().await.unwrap();
    sandbox.faults().lose_leader();
    let start = Stopwatch::start();
    assert_eq!(requiring.answer().await.unwrap_err().message(), "etcdserver: no leader");
    assert_eq!(start.elapsed().as_secs(), 3);
    plain.ask(id);
    seconds(5.0).await;
    sandbox.faults().move_leader(2);
    assert_eq!(plain.answer().await.unwrap(), (id, 30));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_stops_the_sandbox() {
    let sandbox = start(1);
    let dialer = sandbox.dialer(0);
    let id = sandbox.grant(10).unwrap();
    let mut asker = Asker::open(&sandbox, 0, &[id], false).await.unwrap();
    asker.answer().await.unwrap();
    drop(sandbox.clone());
    asker.ask(id);
    assert!(asker.answer().await.is_ok());
    drop(sandbox);
    assert!(asker.answer().await.is_err());
    assert_eq!(dialer.dial().await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn it_serves_tcp_and_lists_the_address() {
    let sandbox = start(1);
    let bound = sandbox.listen(0, ANY_PORT).await.unwrap();
    let mut client = Client::connect([bound.to_string()], None).await.unwrap();
    client.lease_grant(10, None).await.unwrap();
    let listed = client.member_list().await.unwrap();
    assert_eq!(listed.members()[0].client_urls(), [format!("http://{bound}")]);
    sandbox.faults().down();
    assert!(client.lease_grant(10, None).await.is_err());
}

#[tokio::test]
async fn an_invalid_address_is_an_error() {
    let sandbox = start(1);
    let bound = sandbox.listen(0, ANY_PORT).await.unwrap();
    let taken = sandbox.listen(0, bound).await.unwrap_err();
    assert!(matches!(taken, ListenError::InUse(at) if at == bound) && taken.to_string().contains(&bound.to_string()));
    let everywhere = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(sandbox.listen(0, everywhere).await, Err(ListenError::NotLoopback(_))));
}

#[tokio::test(start_paused = true)]
async fn a_restored_cluster_has_the_data_of_the_snapshot_and_a_new_raft_log() {
    let sandbox = start(1);
    let kept = sandbox.grant(60).unwrap();
    sandbox.put("/a", "1", Some(kept)).unwrap();
    let snapshot = sandbox.snapshot();
    sandbox.put("/b", "1", Some(sandbox.grant(60).unwrap())).unwrap();
    let status = async || client(&sandbox, 0).await.status().await.unwrap();
    client(&sandbox, 0).await.lease_grant(60, None).await.unwrap();
    let before = status().await;
    sandbox.restore(snapshot.clone());
    let after = status().await;
    assert_eq!((sandbox.leases(), sandbox.revision()), (vec![kept], 2));
    assert_eq!(after.header().unwrap().cluster_id(), before.header().unwrap().cluster_id());
    assert!(after.raft_index() < before.raft_index());
    sandbox.restore_as_new_cluster(snapshot.bump_revision(1000));
    assert_ne!(status().await.header().unwrap().cluster_id(), before.header().unwrap().cluster_id());
    sandbox.put("/c", "1", None).unwrap();
    assert_eq!((sandbox.get("/a").unwrap().mod_revision, sandbox.get("/c").unwrap().mod_revision), (2, 1003));
    sandbox.restore(Snapshot::empty());
    assert_eq!((sandbox.leases(), sandbox.revision()), (Vec::new(), 1));
}

#[tokio::test]
async fn a_swap_with_itself_changes_nothing_and_opposite_swaps_do_not_wait_for_each_other() {
    const SWAPS: usize = 10_000;
    let (left, right) = (start(1), start(1));
    left.grant(60).unwrap();
    let (done, ended) = std::sync::mpsc::channel();
    for (one, other) in [(left.clone(), right.clone()), (right.clone(), left.clone())] {
        let done = done.clone();
        let swaps = move || {
            one.swap(&one.clone());
            (0..SWAPS).for_each(|_| one.swap(&other));
            done.send(())
        };
        // A thread that hangs must not keep the test from ending, so nothing joins it.
        std::thread::Builder::new().spawn(swaps).unwrap();
    }
    for _ in 0..2 {
        ended.recv_timeout(Duration::from_secs(60)).expect("the swaps end");
    }
    assert_eq!((left.leases().len(), right.leases().len()), (1, 0), "after an even number of swaps");
    left.swap(&right);
    assert_eq!((left.leases().len(), right.leases().len()), (0, 1));
}
