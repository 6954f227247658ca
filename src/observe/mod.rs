//! The observer. It reports changes of all clients' leases and of their keys.
//!
//! etcd has no watch for leases, and its list contains only ids. So two tasks run concurrently:
//!
//! ```text
//! lease_poller: LeaseLeases every second --> ListTracker: created, gone, soonest ---.
//!                                                                                   +--> Observation, one bounded queue
//! key_watcher: pages of keys, then a watch from their revision on ------------------'
//!              in a large key space: a watch of deletes
//! ```
//!
//! An observation contains the changes since the last list, never the whole list. Each error and its recovery are
//! reported once. A user without permission to list leases still sees keys. The observer never queries single leases;
//! the application polls the time left of each, and its keys in a large key space, within its limits
//! ([`LeaseInference::next_poll`](crate::inference::lease_inference::LeaseInference::next_poll)).
//!
//! ```
//! use simkit::Clock;
//! use etcd_lease::KeyRange;
//! use leasetop::observe::{KeyScope, Observation, Observer};
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
//! let scope = KeyScope { range: KeyRange::all(), bytes_per_minute: 1_000_000 };
//! let mut observer = Observer::start(cluster, clock, scope);
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

mod delete_watcher;
mod error_gate;
mod key_traffic;
mod key_watcher;
mod lease_poller;
mod list_tracker;
mod recent_keys;

pub use key_watcher::KeyScope;
pub use list_tracker::{ListDiff, ListTracker, SOONEST};

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use crate::byte_budget::ByteBudget;
use error_gate::ErrorGate;
use etcd_lease::wire::{CallError, Cluster, ErrorKind};
use etcd_lease::{KeyChange, KeyEntry, LeaseId};
use key_traffic::KeyTraffic;
use key_watcher::KeyWatcher;
use recent_keys::RecentKeys;
use simkit::Clock;
use simkit::Timestamp;
use simkit::tasks::{Task, spawn};

/// Capacity of the observation queue. When it is full, the tasks wait.
const QUEUE: usize = 64;

/// The pause before a failed request is repeated: longer if the cluster wants a login, which the user has to change.
fn retry_interval(error: &CallError, usual: Duration) -> Duration {
    const LOGIN: Duration = Duration::from_secs(10);
    if error.kind() == ErrorKind::Unauthenticated { LOGIN } else { usual }
}

/// The part of the observer that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObservedPart {
    /// The list of leases.
    Leases,
    /// The keys.
    Keys,
}

/// A change in the cluster, or an error.
#[derive(Clone, Debug)]
pub enum Observation {
    /// The first list of leases, or one that differs from the list before.
    Listed(Listed),
    /// A list with the same leases as the list before.
    ListedAgain {
        /// When the request was sent.
        sent: Timestamp,
        /// When the reply arrived.
        received: Timestamp,
        /// The revision of the key space at that time.
        revision: i64,
    },
    /// The keys are being read again. The receiver must discard keys reported before.
    KeysReloading,
    /// A page of keys that are attached to a lease, or named after one like the keys of a lock. Every read after the first
    /// one also reports the other keys, because a lease may have lost them meanwhile.
    Keys(Vec<KeyEntry>),
    /// All keys have been reported, as of this revision. Changes follow.
    KeysRead {
        /// The revision.
        revision: i64,
    },
    /// The keys are too many to read. Only deletes are reported, of all keys, from this revision on. What was reported
    /// before may be out of date.
    KeysByLease {
        /// The revision.
        revision: i64,
    },
    /// This many bytes were received for keys.
    KeyBytes(u64),
    /// Changes of keys that are or were attached to a lease, or are named after one.
    Changed {
        /// The changes, in order.
        changes: Vec<KeyChange>,
        /// When they arrived.
        received: Timestamp,
    },
    /// An error. The observer keeps retrying.
    Failed {
        /// The failing part.
        part: ObservedPart,
        /// The cause.
        error: CallError,
    },
    /// This part has recovered from its reported error.
    Recovered(ObservedPart),
}

/// The changes from one list of leases to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// When the request was sent. Every listed lease existed then.
    pub sent: Timestamp,
    /// When the reply arrived. A lease that is no longer listed was gone by then.
    pub received: Timestamp,
    /// The revision of the key space at that time.
    pub revision: i64,
    /// Number of listed leases.
    pub count: usize,
    /// New leases, in the order of the list.
    pub created: Vec<LeaseId>,
    /// Leases that are no longer listed.
    pub gone: Vec<LeaseId>,
    /// The leases with the least time left, if they changed and the leader replied. Only the leader knows the order.
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
    /// Starts listing the leases and watching keys.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(cluster: Cluster, clock: Clock, scope: KeyScope) -> Observer {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let list_now = Arc::new(Notify::new());
        let error_gate = ErrorGate::new(ObservedPart::Leases, sender.clone());
        let (count, lease_count) = watch::channel(None);
        let lease_poller = lease_poller::run(cluster.clone(), clock.clone(), Arc::clone(&list_now), error_gate, count);
        let error_gate = ErrorGate::new(ObservedPart::Keys, sender.clone());
        let traffic = KeyTraffic::new(sender);
        let (deleted, budget) = (RecentKeys::default(), ByteBudget::new(scope.bytes_per_minute));
        let (is_large, has_reported) = (false, false);
        let key_watcher = KeyWatcher {
            cluster,
            clock,
            scope,
            error_gate,
            traffic,
            budget,
            lease_count,
            deleted,
            is_large,
            has_reported,
        };
        Observer { receiver, list_now, _tasks: [spawn(lease_poller), spawn(key_watcher.run())] }
    }

    /// Lists the leases now. The next list follows after the usual interval.
    pub fn list_now(&self) {
        self.list_now.notify_one();
    }

    /// Waits for the next observation. Cancel safe: dropping the future loses none.
    pub async fn next(&mut self) -> Observation {
        match self.receiver.recv().await {
            Some(observation) => observation,
            // The tasks end only when this observer is dropped.
            None => std::future::pending().await,
        }
    }
}
