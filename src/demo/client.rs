//! What a client can do: a lease, keys on it, renewals.

use std::time::Duration;

use etcd_lease::LeaseId;
use etcd_lease::wire::{self, Cluster};
use simkit::Clock;

/// Why a life ended before its time: its lease is lost, or the link broke.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientStopped;

impl From<wire::CallError> for ClientStopped {
    fn from(_: wire::CallError) -> Self {
        ClientStopped
    }
}

/// A client of the sandbox.
pub(super) struct Client {
    pub(super) cluster: Cluster,
    pub(super) clock: Clock,
}

/// A lease that a client has been granted.
pub(super) struct DemoLease<'a> {
    client: &'a Client,
    pub(super) id: LeaseId,
}

impl Client {
    /// Waits until so many leases are there.
    pub(super) async fn wait_for_leases(&self, count: usize) {
        while self.cluster.leases().await.map_or(0, |list| list.ids.len()) < count {
            self.clock.sleep(Duration::from_secs(1)).await;
        }
    }

    /// Grants a lease of so many seconds.
    pub(super) async fn grant(&self, ttl: i64) -> Result<DemoLease<'_>, ClientStopped> {
        let id = self.cluster.grant(None, ttl).await?.id;
        Ok(DemoLease { client: self, id })
    }
}

impl DemoLease<'_> {
    /// Hangs a key on it.
    pub(super) async fn put(&self, key: &str, value: &str) -> Result<(), ClientStopped> {
        self.client.cluster.put(key.as_bytes(), value.as_bytes(), Some(self.id)).await?;
        Ok(())
    }

    /// Renews it so many times, each so many seconds after the last.
    pub(super) async fn renew(&self, every: u64, times: u32) -> Result<(), ClientStopped> {
        for _ in 0..times {
            self.client.clock.sleep(Duration::from_secs(every)).await;
            let answer = self.client.cluster.keep_alive_once(self.id).await?;
            if answer.ttl <= 0 {
                return Err(ClientStopped);
            }
        }
        Ok(())
    }

    /// Renews it for ever, every so many seconds; tells when that is over.
    pub(super) async fn keep(&self, every: u64) -> ClientStopped {
        loop {
            if let Err(over) = self.renew(every, 1).await {
                return over;
            }
        }
    }

    /// Gives it back with all its keys.
    pub(super) async fn revoke(self) -> Result<(), ClientStopped> {
        self.client.cluster.revoke(self.id).await?;
        Ok(())
    }
}
