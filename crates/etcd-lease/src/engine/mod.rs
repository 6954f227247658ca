//! The keepalive engine: many leases on few streams, each answer to whoever wants it, and a reason for every end.
//!
//! It is usable without the monitor. The schedule itself is [`Scheduler`]; here is what carries it out.
//!
//! ```text
//! Engine, Consumer, KeepAlive --Command--> Actor { Scheduler } <--Report-- stream tasks <--> etcd
//!        ^   responses, one bounded queue a lease |   |
//!        '------------ ResponseQueues <-----------'   '--> StatusFeed: statuses and events, conflated
//! ```
//!
//! # The two programs that it all began with
//!
//! Two small Go programs, here in Rust, on the sandbox; on a real etcd only the target is another one
//! ([`Target::Address`](crate::wire::Target::Address)). The first grants a lease of 10 s, puts a key with it, keeps it
//! alive and reads one response. From then on nobody reads: the lease lives on, its queue of 16 fills, and then each
//! response is dropped with a line in the log.
//!
//! ```
//! use simkit::Clock;
//! use etcd_lease::engine::{Engine, Options};
//! use etcd_sandbox::Sandbox;
//! use etcd_lease::wire::{Cluster, Settings, Target};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Clock::real();
//! let sandbox = Sandbox::builder().start(clock.clone());
//! let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
//! let cluster = Cluster::connect(Settings::new(vec![target])).await?;
//!
//! let sent = clock.now();
//! let granted = cluster.grant(None, 10).await?;
//! cluster.put(b"/service/self", b"127.0.0.1", Some(granted.id)).await?;
//!
//! let engine = Engine::start(cluster, clock.clone(), Options::default());
//! let mut responses = engine.keep_granted(&granted, sent);
//! let response = responses.next().await.ok_or("the lease ended")?;
//! println!("ttl: {}", response.ttl);
//! assert_eq!(response.ttl, 10);
//!
//! // Two minutes unread: the lease is renewed all the same.
//! clock.sleep(std::time::Duration::from_secs(120)).await;
//! assert_eq!(sandbox.leases(), [granted.id.0]);
//! let feed = engine.status_feed();
//! clock.sleep(std::time::Duration::from_secs(4)).await;
//! let queue = feed.drain().statuses[0].queue;
//! assert_eq!((queue.depth, queue.capacity), (16, 16));
//! assert!(queue.dropped > 10);
//! # Ok(())
//! # }
//! ```
//!
//! The second drains the channel in a loop: nothing is ever dropped, and when the lease ends the loop does too, with the
//! reason.
//!
//! ```
//! # use simkit::Clock;
//! # use etcd_lease::Ended;
//! # use etcd_lease::engine::{Engine, Options};
//! # use etcd_sandbox::Sandbox;
//! # use etcd_lease::wire::{Cluster, Settings, Target};
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let clock = Clock::real();
//! # let sandbox = Sandbox::builder().start(clock.clone());
//! # let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
//! # let cluster = Cluster::connect(Settings::new(vec![target])).await?;
//! let sent = clock.now();
//! let granted = cluster.grant(None, 10).await?;
//! cluster.put(b"/service/self", b"127.0.0.1", Some(granted.id)).await?;
//!
//! let engine = Engine::start(cluster.clone(), clock, Options::default());
//! let mut responses = engine.keep_granted(&granted, sent);
//! let mut read = 0;
//! while let Some(response) = responses.next().await {
//!     println!("ttl: {}", response.ttl);
//!     read += 1;
//!     if read == 40 {
//!         cluster.revoke(granted.id).await?;
//!     }
//! }
//! assert_eq!((read, responses.ended()), (40, Some(&Ended::NotFound)));
//! # Ok(())
//! # }
//! ```

mod actor;
mod consumer;
mod response_queues;
mod status_feed;
mod stream;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::mpsc;

use self::actor::{Actor, Command};
use self::response_queues::{ReadListener, ResponseQueues};
use self::status_feed::Feed;
use crate::keepalive::{Scheduler, Timeouts};
use crate::wire::{self, Cluster};
use crate::{Fault, Granted, LeaseId, RenewalSchedule};
use simkit::Clock;
use simkit::Timestamp;
use simkit::tasks::{self, Task};

pub use self::consumer::{Consumer, KeepAlive};
pub use self::response_queues::{Delivery, Response};
pub use self::status_feed::{StatusFeed, StatusUpdate};

/// How an engine works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// When renewals are due, of leases that bring no pace of their own.
    pub pace: RenewalSchedule,
    /// Responses that a lease's queue holds; 0 hands a response only to somebody who waits for it.
    pub queue_capacity: usize,
    /// Keepalive streams that the leases share.
    pub streams: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { pace: RenewalSchedule::Clientv3, queue_capacity: 16, streams: 4 }
    }
}

/// What went wrong with a renewal that was asked for by itself.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RenewError {
    /// The server does not know the lease.
    #[error("lease {0} not found: it expired, was revoked or never existed")]
    NotFound(LeaseId),
    /// The call itself failed.
    #[error(transparent)]
    Wire(#[from] wire::Error),
}

/// The engine. Cheap to clone; it runs until it is closed or its last handle, consumer and stream is dropped.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    cluster: Cluster,
    clock: Clock,
    queue_capacity: usize,
    feed: Arc<Feed>,
    /// Unbounded, since a drop cannot wait; every command stands for a subscription that its sender holds.
    commands: mpsc::UnboundedSender<Command>,
    _task: Task,
}

impl Engine {
    /// Starts an engine on the present tokio runtime.
    pub fn start(cluster: Cluster, clock: Clock, options: Options) -> Engine {
        let scheduler = Scheduler::new(options.pace, options.streams, Timeouts::at_speed(clock.speed()));
        let (commands, receiver) = mpsc::unbounded_channel();
        let feed = Arc::new(Feed::default());
        let task = tasks::spawn(Actor::run(cluster.clone(), clock.clone(), scheduler, Arc::clone(&feed), receiver));
        let queue_capacity = options.queue_capacity;
        Engine(Arc::new(Handle { cluster, clock, queue_capacity, feed, commands, _task: task }))
    }

    /// Keeps a lease alive of which nothing is known. Several of them for one lease share its renewals.
    pub fn keep_alive(&self, id: LeaseId) -> KeepAlive {
        let consumer = self.consumer();
        consumer.keep_alive(id);
        KeepAlive::new(consumer, id)
    }

    /// Keeps a lease alive that was just granted; the grant was sent at `sent`.
    pub fn keep_granted(&self, granted: &Granted, sent: Timestamp) -> KeepAlive {
        self.keep_granted_with_schedule(granted, sent, None)
    }

    /// Keeps a lease alive that was just granted at a pace of its own; none is the engine's.
    pub fn keep_granted_with_schedule(
        &self,
        granted: &Granted,
        sent: Timestamp,
        pace: Option<RenewalSchedule>,
    ) -> KeepAlive {
        let consumer = self.consumer();
        consumer.keep_granted_with_schedule(granted, sent, pace);
        KeepAlive::new(consumer, granted.id)
    }

    /// A reader for the responses of many leases.
    pub fn consumer(&self) -> Consumer {
        let listener: Arc<dyn ReadListener> = Arc::<Feed>::clone(&self.0.feed);
        Consumer::new(self.clone(), ResponseQueues::new(self.0.queue_capacity, listener))
    }

    /// Renews a lease once, whether it is kept or not, on a stream of its own.
    ///
    /// # Errors
    /// [`RenewError::NotFound`], and whatever the link does.
    pub async fn keep_alive_once(&self, id: LeaseId) -> Result<Response, RenewError> {
        let sent = self.0.clock.now();
        let answer = self.0.cluster.keep_alive_once(id).await?;
        let at = self.0.clock.now();
        if answer.ttl <= 0 {
            return Err(RenewError::NotFound(id));
        }
        Ok(Response { id, ttl: answer.ttl, at, round_trip: at.since(sent), revision: answer.revision })
    }

    /// Renews a lease that is kept now, and not only when it is due.
    pub fn renew_now(&self, id: LeaseId) {
        self.command(Command::RenewNow(id));
    }

    /// Begins a drill on a lease that is kept, in the place of the one before; none ends it.
    ///
    /// What the reader of the responses has to play ([`Fault::is_reader_fault`]) is only noted in the status: see
    /// [`Consumer::pause`].
    pub fn set_fault(&self, id: LeaseId, drill: Option<Fault>) {
        self.command(Command::SetFault { id, drill });
    }

    /// The statuses of all leases, for one reader. They are written as long as a feed exists.
    pub fn status_feed(&self) -> StatusFeed {
        let feed = StatusFeed::new(Arc::clone(&self.0.feed));
        self.command(Command::WriteStatuses);
        feed
    }

    /// Closes the engine: every lease that is kept ends as closed, and none can be kept any more. None is revoked.
    pub async fn close(&self) {
        self.command(Command::Close);
        self.0.commands.closed().await;
    }

    /// False if the engine is closed.
    fn command(&self, command: Command) -> bool {
        self.0.commands.send(command).is_ok()
    }
}

#[cfg(test)]
impl Engine {
    fn downgrade(&self) -> (std::sync::Weak<Handle>, std::sync::Weak<Feed>) {
        (Arc::downgrade(&self.0), Arc::downgrade(&self.0.feed))
    }
}
