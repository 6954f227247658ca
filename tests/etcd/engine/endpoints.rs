//! Endpoints that are closed, hung or about to fail.

use std::collections::HashMap;
use std::time::Duration;

use etcd_lease::KeyRange;
use etcd_lease::wire::{CallError, Cluster, ErrorKind};
use tokio::net::TcpListener;

use super::fleet::Fleet;
use super::{connect, settings};
use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;

on_each_version! {
    leases_survive_the_loss_of_the_leader
    a_member_without_a_majority_reports_no_leader
    a_learner_among_the_endpoints_is_passed_over
}

on_the_newest_versions! {
    leases_survive_beside_a_closed_and_a_hung_endpoint
    renewals_move_within_2_s_of_a_member_failure
}

async fn leases_survive_beside_a_closed_and_a_hung_endpoint(version: Version) {
    let etcd = Etcd::start(version).await;
    // The kernel accepts connections, but no server replies.
    let hung = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let endpoints = [gone.to_string(), hung.local_addr().unwrap().to_string(), etcd.endpoints().remove(0)];
    let cluster = connect(settings(&endpoints)).await;
    let mut fleet = Fleet::launch(&cluster, 50, 5).await;
    fleet.all_renewed(4, Duration::from_secs(15)).await;
    assert_eq!(fleet.ended(), &HashMap::new());
}

/// Both endpoints are followers, so that killing one causes no election.
async fn renewals_move_within_2_s_of_a_member_failure(version: Version) {
    let mut etcd = Etcd::cluster(version).await;
    let leader = etcd.leader().await;
    let all = etcd.endpoints();
    let followers: Vec<_> = (0..3).filter(|member| *member != leader).collect();
    let endpoints: Vec<_> = followers.iter().map(|member| all[*member].clone()).collect();
    let cluster = connect(settings(&endpoints)).await;
    let mut fleet = Fleet::launch(&cluster, 50, 10).await;
    fleet.all_renewed(1, Duration::from_secs(8)).await;

    let chosen = cluster.view().chosen.expect("a member is chosen");
    etcd.kill(followers[chosen]);
    fleet.renew_all_now();
    fleet.all_renewed(1, Duration::from_secs(2)).await;
    assert_eq!(fleet.ended(), &HashMap::new());
}

async fn leases_survive_the_loss_of_the_leader(version: Version) {
    let mut etcd = Etcd::cluster(version).await;
    let cluster = connect(settings(&etcd.endpoints())).await;
    let leader = etcd.leader().await;
    until("the leader is chosen", Duration::from_secs(5), async || cluster.view().chosen == Some(leader)).await;
    let mut fleet = Fleet::launch(&cluster, 50, 10).await;
    fleet.all_renewed(1, Duration::from_secs(8)).await;
    etcd.kill(leader);
    fleet.all_renewed(2, Duration::from_secs(16)).await;
    assert_eq!(fleet.ended(), &HashMap::new());
}

/// The last of three members stays selected, and its errors report a missing leader.
async fn a_member_without_a_majority_reports_no_leader(version: Version) {
    let mut etcd = Etcd::cluster(version).await;
    let cluster = connect(settings(&etcd.endpoints())).await;
    let lease = cluster.grant(None, 600).await.unwrap().id;
    let leader = etcd.leader().await;
    let (other, last) = ((leader + 1) % 3, (leader + 2) % 3);
    etcd.kill(leader);
    etcd.kill(other);
    let is_alone = async || cluster.view().current().is_some_and(|member| !member.has_leader && member.raft_term > 0);
    until("the last one says that it has no leader", Duration::from_secs(15), is_alone).await;
    for _ in 0..3 {
        let error = cluster.time_to_live(lease, false).await.unwrap_err();
        assert_eq!((error.kind(), cluster.view().chosen), (ErrorKind::NoLeader, Some(last)), "{error}");
    }
}

/// Each kind of call, once.
async fn call_all(cluster: &Cluster) -> Result<(), CallError> {
    let lease = cluster.grant(None, 60).await?.id;
    cluster.put(b"key", b"value", Some(lease)).await?;
    cluster.watch_keys(&KeyRange::all(), 0).await?;
    cluster.keep_alive_once(lease).await?;
    cluster.time_to_live(lease, true).await?;
    cluster.leases().await?;
    cluster.revoke(lease).await.map(drop)
}

async fn a_learner_among_the_endpoints_is_passed_over(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.add_learner().await;
    let mut endpoints = etcd.endpoints();
    endpoints.reverse();
    for _ in 0..10 {
        call_all(&connect(settings(&endpoints)).await).await.unwrap();
        endpoints.reverse();
    }
    let cluster = connect(settings(&endpoints)).await;
    let mut fleet = Fleet::launch(&cluster, 10, 3).await;
    fleet.all_renewed(3, Duration::from_secs(12)).await;
    assert_eq!(fleet.ended(), &HashMap::new());
    assert!(cluster.view().members[0].is_learner, "{:?}", cluster.view());

    let error = connect(settings(&endpoints[..1])).await.leases().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Learner, "{error}");
}
