//! Every fault of certificates and logins on real etcds: each has one message of its own, however often it is tried.

mod auth;
mod authority;
mod monitored;
mod tls;

use std::time::Duration;

use etcd_lease::wire::{CallError, Cluster, Settings};
use futures_util::future::join_all;
use leasetop::error_table::reason;

/// Enough for each order of the events to occur, in case the message depends on it.
const TRIES: usize = 20;

/// What a list of the leases ends with: the reason of the error, or `answered`. Each of many tries, over a connection of its
/// own, ends with the same.
async fn always(settings: &Settings) -> String {
    always_for(settings, async |cluster| cluster.leases().await.map(drop)).await
}

/// The same of another call.
async fn always_for(settings: &Settings, call: impl AsyncFn(&Cluster) -> Result<(), CallError>) -> String {
    // A busy machine takes long for so many handshakes at once.
    let patient = Duration::from_secs(20);
    let settings = Settings { dial_timeout: patient, command_timeout: patient, ..settings.clone() };
    let tries = (0..TRIES).map(|_| async {
        match Cluster::connect(settings.clone()).await {
            Ok(cluster) => said(call(&cluster).await),
            Err(error) => reason(&error),
        }
    });
    the_only(join_all(tries).await)
}

fn said(answer: Result<(), CallError>) -> String {
    answer.map_or_else(|error| reason(&error), |()| "answered".to_owned())
}

/// The message that all of these are.
fn the_only(mut messages: Vec<String>) -> String {
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    messages.swap_remove(0)
}
