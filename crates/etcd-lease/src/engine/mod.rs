//! The keepalive engine: many leases on few streams, a bounded response queue per lease, and a reason for each end.
//!
//! [`Scheduler`] decides what is due. This module runs it:
//!
//! ```text
//! Engine, Consumer, KeepAlive --Command--> Actor { Scheduler } <--Report-- stream tasks <--> etcd
//!        ^   responses, one bounded queue a lease |   |
//!        '------------ ResponseQueues <-----------'   '--> StatusFeed: newest statuses, and events
//! ```

mod actor;
mod command;
mod consumer;
mod handle;
mod keep_alive;
mod response;
mod response_arena;
mod response_queues;
mod status_feed;
mod stream;
mod subscribers;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::mpsc;

use self::actor::Actor;
use self::command::Command;
use self::handle::Handle;
use self::response_queues::{ReadListener, ResponseQueues};
use self::status_feed::Feed;
use crate::keepalive::{Scheduler, Timeouts};
use crate::wire::{CallError, Cluster};
use crate::{Fault, Granted, LeaseId, RenewalSchedule, TimeToLive};
use simkit::tasks;
use simkit::{Clock, Timestamp, sleeps};

pub use self::consumer::Consumer;
pub use self::keep_alive::KeepAlive;
pub use self::response::Response;
pub use self::response_queues::Delivery;
pub use self::status_feed::{StatusFeed, StatusUpdate};

/// The settings of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The renewal schedule of leases that have none of their own.
    pub pace: RenewalSchedule,
    /// The capacity of a lease's response queue. With 0, a response is delivered only to a waiting reader.
    pub queue_capacity: usize,
    /// How many keepalive streams the leases share.
    pub streams: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { pace: RenewalSchedule::Clientv3, queue_capacity: 16, streams: 4 }
    }
}

/// Why a single renewal failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RenewError {
    /// The lease does not exist.
    #[error("lease {0} not found: it expired, was revoked or never existed")]
    NotFound(LeaseId),
    /// The call failed.
    #[error(transparent)]
    Wire(#[from] CallError),
}

/// The engine. A clone is cheap. The engine runs until it is closed, or until its last handle and consumer are dropped.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Handle>);

impl Engine {
    /// Starts an engine on the current tokio runtime. If the machine sleeps, it renews all leases within a second of its
    /// waking.
    pub fn start(cluster: Cluster, clock: Clock, options: Options) -> Engine {
        let scheduler = Scheduler::new(options.pace, options.streams, Timeouts::at_speed(clock.speed()));
        let (commands, receiver) = mpsc::unbounded_channel();
        let feed = Arc::new(Feed::default());
        let task = tasks::spawn(Actor::run(cluster.clone(), clock.clone(), scheduler, Arc::clone(&feed), receiver));
        let renewing = tasks::spawn(renew_after_sleeps(clock.clone(), commands.downgrade()));
        let queue_capacity = options.queue_capacity;
        Engine(Arc::new(Handle { cluster, clock, queue_capacity, feed, commands, _tasks: [task, renewing] }))
    }

    /// Keeps a lease alive of which only the id is known. Several calls for one lease share its renewals.
    pub fn keep_alive(&self, id: LeaseId) -> KeepAlive {
        let (consumer, ended) = self.consumer_of_one();
        consumer.keep_alive(id);
        KeepAlive::new(consumer, id, ended)
    }

    /// Keeps a lease alive whose time left was read with a query sent at `sent`.
    pub fn keep_read(&self, answer: TimeToLive, sent: Timestamp) -> KeepAlive {
        let (id, (consumer, ended)) = (answer.id, self.consumer_of_one());
        consumer.keep_read(answer, sent);
        KeepAlive::new(consumer, id, ended)
    }

    /// Keeps a lease alive that was just granted; the grant was sent at `sent`.
    pub fn keep_granted(&self, granted: &Granted, sent: Timestamp) -> KeepAlive {
        self.keep_granted_with_schedule(granted, sent, None)
    }

    /// Keeps a lease alive as [`Engine::keep_granted`] does. `pace` replaces the renewal schedule of the engine.
    pub fn keep_granted_with_schedule(
        &self,
        granted: &Granted,
        sent: Timestamp,
        pace: Option<RenewalSchedule>,
    ) -> KeepAlive {
        let (consumer, ended) = self.consumer_of_one();
        consumer.keep_granted_with_schedule(granted, sent, pace);
        KeepAlive::new(consumer, granted.id, ended)
    }

    /// A reader for the responses of many leases.
    pub fn consumer(&self) -> Consumer {
        Consumer::new(Arc::clone(&self.0), ResponseQueues::new(self.0.queue_capacity, self.listener()))
    }

    fn consumer_of_one(&self) -> (Consumer, keep_alive::EndReceiver) {
        let (queues, ended) = ResponseQueues::of_one(self.0.queue_capacity, self.listener());
        (Consumer::new(Arc::clone(&self.0), queues), ended)
    }

    fn listener(&self) -> Arc<dyn ReadListener> {
        Arc::<Feed>::clone(&self.0.feed)
    }

    /// Renews a lease once, on a stream of its own. It need not be kept alive.
    ///
    /// # Errors
    /// [`RenewError::NotFound`], and any error of the connection.
    pub async fn keep_alive_once(&self, id: LeaseId) -> Result<Response, RenewError> {
        let sent = self.0.clock.now();
        let reply = self.0.cluster.keep_alive_once(id).await?;
        let at = self.0.clock.now();
        if reply.ttl <= 0 {
            return Err(RenewError::NotFound(id));
        }
        Ok(Response { id, ttl: reply.ttl, at, round_trip: at.since(sent), revision: reply.revision })
    }

    /// Renews a lease that is kept alive now, before it is due.
    pub fn renew_now(&self, id: LeaseId) {
        self.0.command(Command::RenewNow(id));
    }

    /// Starts a fault drill on a lease that is kept alive and replaces a running one. `None` ends the drill.
    ///
    /// A fault of the reader ([`Fault::is_reader_fault`]) is only noted in the status: see [`Consumer::pause`].
    pub fn set_fault(&self, id: LeaseId, drill: Option<Fault>) {
        self.0.command(Command::SetFault { id, drill });
    }

    /// Returns a feed of the statuses of all leases, for one reader. Statuses are written as long as a feed exists.
    pub fn status_feed(&self) -> StatusFeed {
        let feed = StatusFeed::new(Arc::clone(&self.0.feed));
        self.0.command(Command::WriteStatuses);
        feed
    }

    /// Closes the engine. Every keepalive ends with [`Ended::Closed`](crate::Ended::Closed), and no new one starts. No
    /// lease is revoked.
    pub async fn close(&self) {
        self.0.command(Command::Close);
        self.0.commands.closed().await;
    }
}

#[cfg(test)]
impl Engine {
    fn downgrade(&self) -> (std::sync::Weak<Handle>, std::sync::Weak<Feed>) {
        (Arc::downgrade(&self.0), Arc::downgrade(&self.0.feed))
    }
}

/// Renews all leases whenever the machine has slept: timers did not advance meanwhile, but the leases in etcd did.
async fn renew_after_sleeps(clock: Clock, commands: mpsc::WeakUnboundedSender<Command>) {
    let mut sleeps = pin!(sleeps(clock));
    while let Some(slept) = sleeps.next().await {
        if commands.upgrade().is_none_or(|commands| commands.send(Command::Slept(slept)).is_err()) {
            return;
        }
    }
}
