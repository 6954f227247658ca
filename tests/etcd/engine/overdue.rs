//! A server with a backlog of expired leases. One of them is adopted.

use std::time::Duration;

use etcd_lease::wire::Cluster;
use etcd_lease::{Ended, LeaseId, TtlStatus};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use simkit::Clock;

use super::fleet::Fleet;
use super::{connect, settings};
use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;

/// etcd removes a thousand a second.
const EXPIRING: usize = 20_000;
const TTL: i64 = 5;

on_the_newest_versions! {
    a_healthy_lease_survives_20_000_others_expiring_at_once
}

async fn a_healthy_lease_survives_20_000_others_expiring_at_once(version: Version) {
    let etcd = Etcd::start(version).await;
    let cluster = connect(settings(&etcd.endpoints())).await;
    let dying = grant_20_000(&cluster).await;
    // All of them expire while etcd is frozen, however long the grants took.
    etcd.freeze(0);
    tokio::time::sleep(Duration::from_secs(TTL as u64 + 1)).await;
    etcd.thaw(0);
    until("etcd answers again", Duration::from_secs(5), async || cluster.leases().await.is_ok()).await;

    let clock = Clock::real();
    let at = clock.now();
    let healthy = cluster.grant(None, TTL).await.unwrap();
    let mut fleet = Fleet::keep(&cluster, clock, &[healthy], at);
    let overdue = cluster.time_to_live(dying, false).await.unwrap();
    assert_eq!(overdue.ttl_status(), TtlStatus::Dying, "{overdue:?}");
    let mut adopted = fleet.engine.keep_alive(dying);

    fleet.all_renewed(5, Duration::from_secs(20)).await;
    assert!(fleet.ended().is_empty(), "{:?}", fleet.ended());
    let responses: Vec<_> = tokio::time::timeout(Duration::from_secs(30), adopted.by_ref().collect()).await.unwrap();
    assert!(responses.is_empty(), "{responses:?}");
    assert_eq!(adopted.ended(), Some(&Ended::Expired));
}

/// The id of the last one.
async fn grant_20_000(cluster: &Cluster) -> LeaseId {
    let grants = stream::iter(0..EXPIRING).map(|_| cluster.grant(None, TTL)).buffered(200);
    grants.try_collect::<Vec<_>>().await.unwrap().last().expect("20,000 leases").id
}
