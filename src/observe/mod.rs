//! The observer: what becomes of everybody's leases and keys, told as it changes.
//!
//! etcd has no watch for leases and its list has only ids, so that two things go on side by side:
//!
//! ```text
//! lease_poller: LeaseLeases each second ---> ListTracker: created, gone, soonest ---.
//!                                                                                   +--> Observation, one bounded queue
//! key_watcher: pages of keys, then a watch from their revision on ------------------'
//! ```
//!
//! A list or a page is told as what is new about it, never as a whole. What does not work is told once, and again when it
//! works: a user who may not list sees keys all the same. How long each lease has left is asked by whoever plans that
//! ([`LeaseInference::next_poll`](crate::inference::lease_inference::LeaseInference::next_poll)), within its budget; here is nothing asked of a
//! single lease.
//!
//! ```
//! use simkit::Clock;
//! use etcd_lease::KeyRange;
//! use leasetop::observe::{Observation, Observer};
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
//! let mut observer = Observer::start(cluster, clock, KeyRange::all());
//! let lease = etcd_lease::LeaseId(sandbox.grant(10)?);
//! loop {
//!     if let Observation::Listed(listed) = observer.next().await {
//!         if listed.created == [lease] {
//!             break;
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod error_gate;
mod key_watcher;
mod lease_poller;
mod list_tracker;

pub use list_tracker::{ListDiff, ListTracker, SOONEST};

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use error_gate::ErrorGate;
use etcd_lease::wire::{CallError, Cluster};
use etcd_lease::{KeyChange, KeyEntry, KeyRange, LeaseId};
use simkit::Clock;
use simkit::Timestamp;
use simkit::tasks::{Task, spawn};

/// News that wait to be taken; whoever is slow is told later, of more at once.
const QUEUE: usize = 64;

/// What part of the observing something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObservedPart {
    /// The list of leases.
    Leases,
    /// The keys.
    Keys,
}

/// Something that was not known before.
#[derive(Clone, Debug)]
pub enum Observation {
    /// A list of leases, where it differs from the one before. The first one comes in any case.
    Listed(Listed),
    /// A list of leases that is as the one before, but perhaps for its order.
    ListedAgain {
        /// When it was asked for.
        sent: Timestamp,
        /// When it was answered.
        received: Timestamp,
        /// The revision of the keys then.
        revision: i64,
    },
    /// The keys are read anew: what was told of them before counts no more.
    KeysReloading,
    /// Some keys that hang on leases. Those that hang on none are not told, but for those that are named after a lease as
    /// the keys of a lock are.
    Keys(Vec<KeyEntry>),
    /// All keys are told, as of this revision. Changes follow.
    KeysRead {
        /// The revision.
        revision: i64,
    },
    /// Keys that hang on a lease now, or did before, or are named after one.
    Changed {
        /// The changes, in order.
        changes: Vec<KeyChange>,
        /// When they were heard of.
        received: Timestamp,
    },
    /// Something does not work. It is tried again.
    Failed {
        /// What.
        part: ObservedPart,
        /// Why.
        error: CallError,
    },
    /// It works again.
    Recovered(ObservedPart),
}

/// What a list of leases says that the one before did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// When it was asked for: a lease that it has was alive then.
    pub sent: Timestamp,
    /// When it was answered: a lease that it has not was gone by then.
    pub received: Timestamp,
    /// The revision of the keys then.
    pub revision: i64,
    /// How many leases there are.
    pub count: usize,
    /// The leases that were not in the last one, in the order of the list.
    pub created: Vec<LeaseId>,
    /// Those that were.
    pub gone: Vec<LeaseId>,
    /// The leases with the least time left, where that has changed and the leader answered: nobody else knows the order.
    pub soonest: Option<Vec<LeaseId>>,
}

/// Observes a cluster until it is dropped.
#[derive(Debug)]
pub struct Observer {
    receiver: mpsc::Receiver<Observation>,
    list_now: Arc<Notify>,
    _tasks: [Task; 2],
}

impl Observer {
    /// Begins to list the leases and to follow the keys of a range.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(cluster: Cluster, clock: Clock, range: KeyRange) -> Observer {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let list_now = Arc::new(Notify::new());
        let error_gate = ErrorGate::new(ObservedPart::Leases, sender.clone());
        let lease_poller = lease_poller::run(cluster.clone(), clock.clone(), Arc::clone(&list_now), error_gate);
        let key_watcher = key_watcher::run(cluster, clock, range, ErrorGate::new(ObservedPart::Keys, sender));
        Observer { receiver, list_now, _tasks: [spawn(lease_poller), spawn(key_watcher)] }
    }

    /// Lists the leases at once, and each second after that.
    pub fn list_now(&self) {
        self.list_now.notify_one();
    }

    /// Waits for the next news. It can be dropped and called again.
    pub async fn next(&mut self) -> Observation {
        match self.receiver.recv().await {
            Some(observation) => observation,
            // The tasks end with this.
            None => std::future::pending().await,
        }
    }
}
