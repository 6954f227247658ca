//! A lease that is kept alive as long as its guard lives.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;

use crate::engine::{KeepAlive, Response};
use crate::lease_calls::revoke;
use crate::wire::Cluster;
use crate::{Ended, Error, Header, LeaseId, QueueGauge};

/// A lease that is kept alive until this guard is dropped.
///
/// Dropping it stops the renewals and does not revoke the lease, which expires within its TTL. [`Lease::revoke`] ends it
/// at once.
///
/// Reading the responses is optional. Unread ones are dropped and counted, and the lease survives.
#[derive(Debug)]
#[must_use = "dropping a lease stops its renewals"]
pub struct Lease {
    cluster: Cluster,
    keep_alive: KeepAlive,
    ttl: i64,
}

impl Lease {
    pub(crate) fn new(cluster: Cluster, keep_alive: KeepAlive, ttl: i64) -> Self {
        Lease { cluster, keep_alive, ttl }
    }

    /// The id of the lease.
    pub fn id(&self) -> LeaseId {
        self.keep_alive.id()
    }

    /// The granted TTL in seconds.
    pub fn ttl(&self) -> i64 {
        self.ttl
    }

    /// Writes a key that is attached to this lease: etcd deletes it when the lease ends.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the lease has ended; any error of the call.
    pub async fn put(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<Header, Error> {
        let put = self.cluster.put(key.as_ref(), value.as_ref(), Some(self.id())).await;
        put.map_err(|error| Error::of_lease(self.id(), &error))
    }

    /// Waits for the next response to a renewal; `None` after the end of the keepalive. A future that is dropped loses no
    /// response.
    pub async fn next_response(&mut self) -> Option<Response> {
        self.keep_alive.next().await
    }

    /// The responses to the renewals, as a stream from a bounded queue.
    pub fn responses(&mut self) -> Responses<'_> {
        Responses(&mut self.keep_alive)
    }

    /// The depth of the response queue, and the number of dropped responses.
    pub fn queue(&self) -> QueueGauge {
        self.keep_alive.queue()
    }

    /// Waits until the keepalive ends, and returns the reason. It does not depend on reading the responses.
    ///
    /// The future does not borrow the lease, so another task can wait for it. If the lease is dropped or revoked through
    /// [`Lease::revoke`], the reason is [`Ended::Cancelled`].
    pub fn ended(&self) -> impl Future<Output = Ended> + Send + use<> {
        self.keep_alive.wait_ended()
    }

    /// Stops the renewals and revokes the lease. Its keys are deleted in one revision.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the lease has ended already, perhaps because this call revoked it and its reply was lost; any
    /// error of the call. The lease then expires within its TTL.
    pub async fn revoke(self) -> Result<(), Error> {
        let Lease { cluster, keep_alive, .. } = self;
        let id = keep_alive.id();
        drop(keep_alive);
        revoke(&cluster, id).await
    }
}

/// The responses to the renewals of a [`Lease`], oldest first.
///
/// The stream ends with the keepalive; [`Lease::ended`] has the reason. It can be dropped and created again without losing
/// a response.
#[derive(Debug)]
pub struct Responses<'a>(&'a mut KeepAlive);

impl Responses<'_> {
    /// Waits for the next response, as [`Lease::next_response`] does.
    pub async fn next(&mut self) -> Option<Response> {
        self.0.next().await
    }

    /// How many responses were dropped so far because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.0.queue().dropped
    }
}

impl Stream for Responses<'_> {
    type Item = Response;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        Pin::new(&mut *self.0).poll_next(cx)
    }
}
