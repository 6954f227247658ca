//! An etcd that is killed and restarted, then frozen and continued.

use std::collections::HashMap;
use std::time::Duration;

use super::fleet::Fleet;
use super::{connect, settings};
use crate::common::etcd::{Etcd, Version};

/// Long enough for one renewal of each lease.
const ROUND: Duration = Duration::from_secs(8);

on_the_newest_versions! {
    leases_of_10_s_survive_3_s_without_etcd_and_5_s_of_silence
}

async fn leases_of_10_s_survive_3_s_without_etcd_and_5_s_of_silence(version: Version) {
    let mut etcd = Etcd::start(version).await;
    let cluster = connect(settings(&etcd.endpoints())).await;
    let mut fleet = Fleet::launch(&cluster, 50, 10).await;
    fleet.all_renewed(1, ROUND).await;

    etcd.kill(0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    etcd.restart(0).await;
    fleet.all_renewed(1, ROUND).await;

    etcd.freeze(0);
    tokio::time::sleep(Duration::from_secs(5)).await;
    etcd.thaw(0);
    fleet.all_renewed(2, 2 * ROUND).await;

    assert_eq!(fleet.ended(), &HashMap::new());
    assert_eq!(cluster.leases().await.unwrap().ids.len(), 50);
}
