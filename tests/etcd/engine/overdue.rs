//! A server that is behind with its expiries, and a lease among them that is asked to be kept alive.

use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use leasetop::clock::Clock;
use leasetop::domain::Ended;

use super::fleet::Fleet;
use super::{connect, settings};
use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;

/// etcd removes a thousand a second.
const EXPIRING: usize = 20_000;

on_each_version! {
    a_healthy_lease_lives_beside_20_000_that_expire
}

/// Each keeps an etcd busy with nothing but grants for seconds: two of them at once starve one another.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn a_healthy_lease_lives_beside_20_000_that_expire(version: Version) {
    let _alone = ONE_AT_A_TIME.lock().await;
    let etcd = Etcd::start(version).await;
    let cluster = connect(settings(&etcd.endpoints())).await;
    let clock = Clock::real();
    let at = clock.now();
    let healthy = cluster.grant(None, 5).await.unwrap();
    let mut fleet = Fleet::keep(&cluster, clock, &[healthy], at);

    let grants = stream::iter(0..EXPIRING).map(|_| cluster.grant(None, 5)).buffered(200);
    let granted: Vec<_> = grants.try_collect().await.unwrap();
    let dying = granted.last().expect("20,000 leases").id;
    until("the last of them is overdue", Duration::from_secs(15), async || {
        cluster.time_to_live(dying, false).await.unwrap().ttl < 0
    })
    .await;
    assert_ne!(cluster.time_to_live(dying, false).await.unwrap().granted_ttl, 0, "it waits to be removed");

    let mut adopted = fleet.engine.keep_alive(dying);
    fleet.all_renewed(5, Duration::from_secs(20)).await;
    assert!(fleet.ended().is_empty(), "{:?}", fleet.ended());
    let responses: Vec<_> = tokio::time::timeout(Duration::from_secs(30), adopted.by_ref().collect()).await.unwrap();
    assert!(responses.is_empty(), "{responses:?}");
    assert_eq!(adopted.ended(), Some(&Ended::Expired));
}
