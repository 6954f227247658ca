//! Many leases with one reader.

use std::sync::Arc;

use crate::engine::{Consumer, Delivery};
use crate::lease_calls::{grant, revoke};
use crate::wire::Cluster;
use crate::{Clock, Error, LeaseId, QueueGauge};

/// Many leases that are kept alive together, and one reader for the responses of all of them.
///
/// Use it for thousands of leases: it needs about 260 bytes for each. A [`Lease`](crate::Lease) needs more, because it has
/// queues and a channel of its own. Each lease has a bounded queue here too, so unread responses of one do not affect the
/// others.
///
/// Read it, or [stop](LeaseGroup::stop) what has ended: the end of a lease and the responses before it stay until then.
///
/// Dropping it stops the renewals of its leases and revokes none. A grant that is in flight then returns a lease that is
/// not renewed.
#[derive(Debug)]
#[must_use = "dropping a group stops the renewals of its leases"]
pub struct LeaseGroup {
    cluster: Cluster,
    clock: Clock,
    /// Grants in flight refer to it.
    consumer: Arc<Consumer>,
}

impl LeaseGroup {
    pub(crate) fn new(cluster: Cluster, clock: Clock, consumer: Consumer) -> Self {
        LeaseGroup { cluster, clock, consumer: Arc::new(consumer) }
    }

    /// Grants a lease of `ttl` seconds and keeps it alive from then on. The future does not borrow the group, so many grants
    /// can be in flight while responses are read.
    ///
    /// # Errors
    /// Those of [`Client::grant`](crate::Client::grant).
    pub fn grant(&self, ttl: i64) -> impl Future<Output = Result<LeaseId, Error>> + Send + use<> {
        self.grant_and_keep(None, ttl)
    }

    /// Grants a lease with a given id and keeps it alive, as [`LeaseGroup::grant`] does. All unread deliveries about an
    /// earlier lease with this id are discarded.
    ///
    /// # Errors
    /// Those of [`Client::grant_with_id`](crate::Client::grant_with_id).
    pub fn grant_with_id(&self, id: LeaseId, ttl: i64) -> impl Future<Output = Result<LeaseId, Error>> + Send + use<> {
        self.grant_and_keep(Some(id), ttl)
    }

    /// Keeps an existing lease alive. The time left is read first; if the lease does not exist, its end is delivered.
    pub fn keep_alive(&self, id: LeaseId) {
        self.consumer.keep_alive(id);
    }

    /// Stops the renewals of a lease, unless something else keeps it alive. Unread responses are discarded, and so is an unread
    /// end.
    pub fn stop(&self, id: LeaseId) {
        self.consumer.stop_keep_alive(id);
    }

    /// Stops the renewals of a lease as [`LeaseGroup::stop`] does, and revokes it when the future is awaited. The future does
    /// not borrow the group.
    ///
    /// # Errors
    /// Those of [`Client::revoke`](crate::Client::revoke). The lease then expires within its TTL, unless something else keeps it
    /// alive.
    pub fn revoke(&self, id: LeaseId) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        self.stop(id);
        let cluster = self.cluster.clone();
        async move { revoke(&cluster, id).await }
    }

    /// Waits for the next response or end. The leases take turns. `None` if the group has no lease.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.consumer.next_shared().await
    }

    /// The depth of the response queue of a lease, and the number of dropped responses.
    pub fn queue(&self, id: LeaseId) -> QueueGauge {
        self.consumer.gauge(id)
    }

    fn grant_and_keep(
        &self,
        id: Option<LeaseId>,
        ttl: i64,
    ) -> impl Future<Output = Result<LeaseId, Error>> + Send + use<> {
        let (cluster, clock, consumer) = (self.cluster.clone(), self.clock.clone(), Arc::downgrade(&self.consumer));
        async move {
            let (granted, sent) = grant(&cluster, &clock, id, ttl).await?;
            if let Some(consumer) = consumer.upgrade() {
                consumer.keep_granted(&granted, sent);
            }
            Ok(granted.id)
        }
    }
}
