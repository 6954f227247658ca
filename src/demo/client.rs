//! A client of the sandbox: grants, puts and renewals.

use std::time::Duration;

use etcd_lease::LeaseId;
use etcd_lease::wire::{self, Cluster};
use simkit::Clock;

/// A client stopped early: it lost its lease, or the connection broke.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientStopped;

impl From<wire::CallError> for ClientStopped {
    fn from(_: wire::CallError) -> Self {
        ClientStopped
    }
}

/// A connection to the sandbox with its clock.
pub(super) struct Client {
    pub(super) cluster: Cluster,
    pub(super) clock: Clock,
}

/// A lease that the client was granted.
pub(super) struct DemoLease<'a> {
    client: &'a Client,
    pub(super) id: LeaseId,
}

impl Client {
    /// Waits until the sandbox has at least `count` leases.
    pub(super) async fn wait_for_leases(&self, count: usize) {
        while self.cluster.leases().await.map_or(0, |list| list.ids.len()) < count {
            self.clock.sleep(Duration::from_secs(1)).await;
        }
    }

    /// Grants a lease of `ttl` seconds.
    pub(super) async fn grant(&self, ttl: i64) -> Result<DemoLease<'_>, ClientStopped> {
        let id = self.cluster.grant(None, ttl).await?.id;
        Ok(DemoLease { client: self, id })
    }
}

impl DemoLease<'_> {
    /// Puts a key with this lease.
    pub(super) async fn put(&self, key: &str, value: &str) -> Result<(), ClientStopped> {
        self.client.cluster.put(key.as_bytes(), value.as_bytes(), Some(self.id)).await?;
        Ok(())
    }

    /// Renews it `times` times, every `every` seconds.
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

    /// Renews it every `every` seconds until that fails.
    pub(super) async fn keep(&self, every: u64) -> ClientStopped {
        loop {
            if let Err(stopped) = self.renew(every, 1).await {
                return stopped;
            }
        }
    }

    /// Revokes it, which deletes its keys.
    pub(super) async fn revoke(self) -> Result<(), ClientStopped> {
        self.client.cluster.revoke(self.id).await?;
        Ok(())
    }
}
