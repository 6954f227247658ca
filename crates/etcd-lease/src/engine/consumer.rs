//! A reader of the responses of many leases.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::command::{Command, Start};
use super::handle::Handle;
use super::response_queues::{Delivery, NO_SLOT, ResponseQueues};
use crate::{Ended, Granted, LeaseId, QueueGauge, RenewalSchedule, TimeToLive};
use simkit::Timestamp;

/// A reader of the responses of many leases, each with its own bounded queue.
///
/// Dropping it stops the keepalive of each of its leases that has no other consumer.
#[derive(Debug)]
pub struct Consumer {
    engine: Arc<Handle>,
    queues: Arc<ResponseQueues>,
}

impl Consumer {
    pub(super) fn new(engine: Arc<Handle>, queues: ResponseQueues) -> Self {
        Consumer { engine, queues: Arc::new(queues) }
    }

    /// Keeps a lease alive of which only the id is known: the engine reads its time left first. A second call changes
    /// nothing.
    pub fn keep_alive(&self, id: LeaseId) {
        self.keep_alive_with_schedule(id, None);
    }

    /// Keeps a lease alive as [`Consumer::keep_alive`] does. `pace` replaces the renewal schedule of the engine. It has no
    /// effect if the lease is already kept alive.
    pub fn keep_alive_with_schedule(&self, id: LeaseId, pace: Option<RenewalSchedule>) {
        self.start(id, Start::Adopt, pace);
    }

    /// Keeps a lease alive whose time left was read with a query sent at `sent`.
    pub fn keep_read(&self, answer: TimeToLive, sent: Timestamp) {
        self.start(answer.id, Start::Read { answer: Box::new(answer), sent }, None);
    }

    /// Keeps a lease alive that was just granted; the grant was sent at `sent`. All unread deliveries about an earlier lease
    /// with its id are discarded, with its pause and the number of its dropped responses.
    pub fn keep_granted(&self, granted: &Granted, sent: Timestamp) {
        self.keep_granted_with_schedule(granted, sent, None);
    }

    /// Keeps a lease alive as [`Consumer::keep_granted`] does. `pace` replaces the renewal schedule of the engine.
    pub fn keep_granted_with_schedule(&self, granted: &Granted, sent: Timestamp, pace: Option<RenewalSchedule>) {
        self.start(granted.id, Start::Granted { ttl: granted.ttl, sent }, pace);
    }

    /// Stops the keepalive of a lease, unless it has another consumer. Unread responses are discarded, and so is an unread
    /// end.
    pub fn stop_keep_alive(&self, id: LeaseId) {
        self.queues.close(id);
        self.engine.command(Command::StopKeepAlive(vec![id]));
    }

    /// Leaves the responses of a lease unread until [`Consumer::resume`]. Its queue fills; other leases are not affected.
    pub fn pause(&self, id: LeaseId) {
        self.queues.pause(id, true);
    }

    /// Reads the responses of a lease again.
    pub fn resume(&self, id: LeaseId) {
        self.queues.pause(id, false);
    }

    /// Takes the next delivery of one lease, even if it is paused; `None` if its queue is empty.
    pub fn try_next(&self, id: LeaseId) -> Option<Delivery> {
        self.queues.take(id)
    }

    /// Waits for the next response or end. The leases take turns. `None` if this consumer has no lease.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.next_shared().await
    }

    /// Waits as [`Consumer::next`] does, for an owner that itself lets only one reader wait.
    pub(crate) async fn next_shared(&self) -> Option<Delivery> {
        self.queues.next().await
    }

    pub(crate) fn poll_delivery(&self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.queues.poll_next(cx)
    }

    pub(crate) fn gauge(&self, id: LeaseId) -> QueueGauge {
        self.queues.gauge(id)
    }

    fn start(&self, id: LeaseId, start: Start, pace: Option<RenewalSchedule>) {
        if matches!(start, Start::Granted { .. }) {
            // It replaces an earlier lease with this id, whose end the engine may be about to deliver.
            self.queues.reopen(id);
        } else if !self.queues.open(id) {
            return;
        }
        if !self.engine.command(Command::StartKeepAlive { id, start, pace, queues: Arc::clone(&self.queues) }) {
            self.queues.end(NO_SLOT, id, Ended::Closed);
        }
    }
}

#[cfg(test)]
impl Consumer {
    pub(super) fn downgrade(&self) -> std::sync::Weak<ResponseQueues> {
        Arc::downgrade(&self.queues)
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.engine.command(Command::StopKeepAlive(self.queues.close_all()));
    }
}
