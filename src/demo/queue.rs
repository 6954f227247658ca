//! A lock queue as etcd's own clients build it: each puts a key named after its lease below the lock's name, and the oldest
//! key holds the lock.

use std::time::Duration;

use super::client::{Client, ClientStopped, DemoLease};
use etcd_lease::wire::WatchUpdate;
use etcd_lease::{KeyEntry, KeyRange};

const LOCK: &str = "/locks/nightly";
/// How long each client holds the lock.
const HELD: Duration = Duration::from_secs(40);

/// Waits for the lock, holds it for [`HELD`] and revokes its lease. The lease has a TTL of `ttl` seconds and is renewed
/// every `every` seconds.
pub(super) async fn hold_lock_once(client: &Client, ttl: i64, every: u64) -> Result<(), ClientStopped> {
    let lease = client.grant(ttl).await?;
    let key = enqueue(&lease).await?;
    tokio::select! {
        stopped = lease.keep(every) => return Err(stopped),
        done = hold(client, &key) => done?,
    }
    lease.revoke().await
}

/// Waits for the lock and holds it.
async fn hold(client: &Client, key: &[u8]) -> Result<(), ClientStopped> {
    wait_for_lock(client, key).await?;
    client.clock.sleep(HELD).await;
    Ok(())
}

/// Joins the queue and never renews.
pub(super) async fn abandon_queue(client: &Client) -> Result<(), ClientStopped> {
    const TTL: u64 = 60;
    let lease = client.grant(TTL as i64).await?;
    enqueue(&lease).await?;
    client.clock.sleep(Duration::from_secs(TTL)).await;
    Ok(())
}

/// Joins the queue: puts a key named after the lease.
async fn enqueue(lease: &DemoLease<'_>) -> Result<Vec<u8>, ClientStopped> {
    let key = format!("{LOCK}/{:x}", lease.id.0);
    lease.put(&key, "").await?;
    Ok(key.into_bytes())
}

/// Waits until no key in the queue is older than this one, so that it holds the lock.
async fn wait_for_lock(client: &Client, key: &[u8]) -> Result<(), ClientStopped> {
    let range = KeyRange::prefix(format!("{LOCK}/").as_bytes());
    let mut watch = client.cluster.watch_keys(&range, 0).await?;
    while oldest(client, &range).await?.is_some_and(|oldest| oldest.key != key) {
        if let WatchUpdate::Cut(_) | WatchUpdate::Compacted { .. } = watch.next().await {
            return Err(ClientStopped);
        }
    }
    Ok(())
}

async fn oldest(client: &Client, range: &KeyRange) -> Result<Option<KeyEntry>, ClientStopped> {
    let mut pages = client.cluster.key_pages(range);
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await? {
        keys.extend(page);
    }
    Ok(keys.into_iter().min_by_key(|key| key.create_revision))
}
