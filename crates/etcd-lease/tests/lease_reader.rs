//! The reader for many leases, on a sandbox.

use etcd_lease::wire::{Address, Cluster, Settings, Target};
use etcd_lease::{Clock, LeaseId, TtlStatus};
use etcd_sandbox::Sandbox;
use futures_util::future::join_all;

/// A sandbox with leases of a key each, and the targets of its two members.
async fn two_members() -> (Sandbox, Vec<Target>, Vec<LeaseId>) {
    let sandbox = Sandbox::builder().members(2).start(Clock::real());
    let ids = (0..600).map(|n| {
        let id = sandbox.grant(60).unwrap();
        sandbox.put(format!("/svc/{n}"), "v", Some(id)).unwrap();
        LeaseId(id)
    });
    let ids = ids.collect();
    let mut targets = Vec::new();
    for member in 0..2 {
        let address = sandbox.listen(member, "127.0.0.1:0".parse().unwrap()).await.unwrap().to_string();
        targets.push(Target::Address(Address::parse(&address).unwrap()));
    }
    (sandbox, targets, ids)
}

async fn keys_of(cluster: &Cluster, ids: &[LeaseId]) -> Vec<Vec<u8>> {
    let reader = cluster.lease_reader().await;
    let replies = join_all(ids.iter().map(|id| reader.time_to_live(*id, true))).await;
    replies.into_iter().flat_map(|reply| reply.unwrap().keys).collect()
}

fn expected(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("/svc/{n}").into_bytes()).collect()
}

#[tokio::test]
async fn many_leases_are_read_at_once_over_tcp_and_over_a_pipe() {
    let (sandbox, targets, ids) = two_members().await;
    let pipe = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
    for target in [targets[0].clone(), pipe] {
        let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
        assert_eq!(keys_of(&cluster, &ids).await, expected(ids.len()));
        let reader = cluster.lease_reader().await;
        let (one, other) = (reader.time_to_live(ids[0], false).await, cluster.time_to_live(ids[0], false).await);
        assert_eq!((one.unwrap(), sandbox.leases().len()), (other.unwrap(), ids.len()));
        let unknown = reader.time_to_live(LeaseId(7), true).await.unwrap();
        assert_eq!((unknown.id, unknown.ttl_status()), (LeaseId(7), TtlStatus::Missing));
    }
}

#[tokio::test]
async fn another_member_answers_when_the_first_goes_down() {
    let (sandbox, targets, ids) = two_members().await;
    let cluster = Cluster::connect(Settings::new(targets)).await.unwrap();
    let reader = cluster.lease_reader().await;
    assert!(reader.time_to_live(ids[0], true).await.is_ok());
    let chosen = cluster.view().chosen.unwrap();
    sandbox.faults().on(chosen).down();
    sandbox.faults().move_leader(1 - chosen);
    let replies = join_all(ids.iter().map(|id| reader.time_to_live(*id, true))).await;
    assert!(replies.iter().all(Result::is_ok), "{:?}", replies.iter().find(|reply| reply.is_err()));
}
