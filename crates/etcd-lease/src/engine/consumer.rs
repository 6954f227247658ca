//! Those who read responses: one lease at a time, or many leases by one reader.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;

use super::Engine;
use super::actor::{Command, Start};
use super::response_queues::{Delivery, Response, ResponseQueues};
use crate::{Ended, Granted, LeaseId, RenewalSchedule};
use simkit::Timestamp;

/// One reader of the responses of many leases, each with a bounded queue of its own.
///
/// Dropping it cancels the keeping of every lease that nobody else keeps.
#[derive(Debug)]
pub struct Consumer {
    engine: Engine,
    queues: Arc<ResponseQueues>,
}

impl Consumer {
    pub(super) fn new(engine: Engine, queues: ResponseQueues) -> Self {
        Consumer { engine, queues: Arc::new(queues) }
    }

    /// Keeps a lease alive of which nothing is known: its time left is asked first. Asking twice changes nothing.
    pub fn keep_alive(&self, id: LeaseId) {
        self.keep_alive_with_schedule(id, None);
    }

    /// Keeps a lease alive of which nothing is known at a pace of its own; none is the engine's.
    pub fn keep_alive_with_schedule(&self, id: LeaseId, pace: Option<RenewalSchedule>) {
        self.start(id, Start::Adopt, pace);
    }

    /// Keeps a lease alive that was just granted; the grant was sent at `sent`.
    pub fn keep_granted(&self, granted: &Granted, sent: Timestamp) {
        self.keep_granted_with_schedule(granted, sent, None);
    }

    /// Keeps a lease alive that was just granted at a pace of its own; none is the engine's.
    pub fn keep_granted_with_schedule(&self, granted: &Granted, sent: Timestamp, pace: Option<RenewalSchedule>) {
        self.start(granted.id, Start::Granted { ttl: granted.ttl, sent }, pace);
    }

    /// Leaves a lease: it is not kept alive any more, unless somebody else does.
    pub fn stop_keep_alive(&self, id: LeaseId) {
        self.queues.close(id);
        self.engine.command(Command::StopKeepAlive(id));
    }

    /// Leaves the responses of a lease unread until [`Consumer::resume`]: its queue fills, the others go on.
    pub fn pause(&self, id: LeaseId) {
        self.queues.pause(id, true);
    }

    /// Reads the responses of a lease again.
    pub fn resume(&self, id: LeaseId) {
        self.queues.pause(id, false);
    }

    /// Takes what is next in the queue of one lease, paused or not; none where nothing waits there.
    pub fn try_next(&self, id: LeaseId) -> Option<Delivery> {
        self.queues.take(id)
    }

    /// The next response or end, of the leases in turn; none while no lease is kept.
    pub async fn next(&mut self) -> Option<Delivery> {
        std::future::poll_fn(|cx| self.poll_delivery(cx)).await
    }

    fn poll_delivery(&self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.queues.poll_next(cx)
    }

    fn start(&self, id: LeaseId, start: Start, pace: Option<RenewalSchedule>) {
        let keep = || Command::StartKeepAlive { id, start, pace, queues: Arc::clone(&self.queues) };
        if self.queues.open(id) && !self.engine.command(keep()) {
            self.queues.end(id, Ended::Closed);
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
        for id in self.queues.close_all() {
            self.engine.command(Command::StopKeepAlive(id));
        }
    }
}

/// The responses of one lease that is kept alive, from a bounded queue.
///
/// A stream: after its last item [`KeepAlive::ended`] says why it ended. Dropping it cancels the keeping of the
/// lease, unless somebody else keeps it too.
#[derive(Debug)]
pub struct KeepAlive {
    consumer: Consumer,
    id: LeaseId,
    ended: Option<Ended>,
}

impl KeepAlive {
    pub(super) fn new(consumer: Consumer, id: LeaseId) -> Self {
        KeepAlive { consumer, id, ended: None }
    }

    /// Which lease.
    pub fn id(&self) -> LeaseId {
        self.id
    }

    /// The next response; none when it ended.
    pub async fn next(&mut self) -> Option<Response> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Why it ended, once the stream has.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }
}

impl Stream for KeepAlive {
    type Item = Response;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        match std::task::ready!(self.consumer.poll_delivery(cx)) {
            Some(Delivery::Response(response)) => Poll::Ready(Some(response)),
            Some(Delivery::Ended(_, ended)) => {
                self.ended = Some(ended);
                Poll::Ready(None)
            }
            None => Poll::Ready(None),
        }
    }
}
