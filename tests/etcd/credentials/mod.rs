//! Every fault of certificates and logins on real etcds: each has one message of its own, however often it is tried.

mod auth;
mod authority;
mod monitored;
mod tls;

use etcd_lease::wire::{Cluster, Settings};
use futures_util::future::join_all;
use leasetop::error_table::reason;

/// Enough for each order of the events to occur, in case the message depends on it.
const TRIES: usize = 20;

/// What a list of the leases ends with: the reason of the error, or `listed`. Each of many tries, over a connection of its
/// own, ends with the same.
async fn always(settings: &Settings) -> String {
    let tries = (0..TRIES).map(|_| async {
        match Cluster::connect(settings.clone()).await {
            Ok(cluster) => cluster.leases().await.map_or_else(|error| reason(&error), |_| "listed".to_owned()),
            Err(error) => reason(&error),
        }
    });
    let mut messages = join_all(tries).await;
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    messages.swap_remove(0)
}
