#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! ```text
//! pipe, TCP -> connection -> services -> member (hangs? delayed? leader?) -> cluster_state (lock) -> store (pure)
//!           keep_alive: one request at a time; watch_stream: changes by revision ---^ ^--- expiry, faults
//! ```

mod cluster_state;
mod connection;
mod expiry;
mod faults;
mod keep_alive;
mod listen;
mod member;
mod restore;
mod services;
mod store;
mod test_api;
#[cfg(test)]
mod tests;
mod watch_stream;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};

use cluster_state::SharedCluster;
use member::MemberServer;
use simkit::Clock;
use simkit::pipe::{Dialer, pipe};
use simkit::tasks::{Task, spawn};

pub use faults::{Call, Faults};
pub use listen::ListenError;
pub use restore::Snapshot;
pub use store::RequestError;
pub use test_api::MemberStats;

/// A lease id as in etcd: any `i64` except 0.
pub type LeaseId = i64;

/// The largest TTL that etcd grants, in seconds (`lease.MaxLeaseTTL` in etcd).
const MAX_TTL: i64 = 9_000_000_000;

/// The version that the sandbox reports. It follows the behaviour of etcd 3.5.30.
pub const VERSION: &str = "3.5.30-sandbox";

/// A running sandbox. It stops and closes all connections when the last clone is dropped.
#[derive(Clone)]
pub struct Sandbox(Arc<SandboxInner>);

struct SandboxInner {
    cluster: Arc<SharedCluster>,
    dialers: Vec<Dialer>,
    tasks: Mutex<Vec<Task>>,
}

/// The settings of a sandbox.
#[derive(Clone, Debug)]
pub struct Builder {
    members: usize,
    seed: u64,
}

impl Sandbox {
    /// The settings of a sandbox with one member and a random seed.
    pub fn builder() -> Builder {
        Builder { members: 1, seed: RandomState::new().hash_one(0) }
    }

    /// The number of members.
    pub fn members(&self) -> usize {
        self.0.dialers.len()
    }

    /// Opens in-memory connections to a member, counted from 0.
    ///
    /// # Panics
    /// If the member does not exist.
    pub fn dialer(&self, member: usize) -> Dialer {
        self.0.dialers[member].clone()
    }

    /// Scripts faults of all members.
    pub fn faults(&self) -> Faults {
        Faults::new(self.0.cluster.clone(), 0..self.members())
    }

    /// The clock for lease deadlines.
    pub fn clock(&self) -> &Clock {
        &self.0.cluster.clock
    }

    fn member(&self, index: usize) -> MemberServer {
        MemberServer { cluster: self.0.cluster.clone(), index }
    }
}

impl Builder {
    /// The number of members; 0 counts as 1. Member 0 is the first leader. Default: 1.
    #[must_use]
    pub fn members(mut self, members: usize) -> Self {
        self.members = members.max(1);
        self
    }

    /// The seed of the ids of leases, members and the cluster. The same seed gives the same ids. Default: random.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts the sandbox.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(self, clock: Clock) -> Sandbox {
        let cluster = Arc::new(SharedCluster::new(clock, self.members, self.seed));
        let mut tasks = vec![spawn(expiry::run(cluster.clone()))];
        let mut dialers = Vec::new();
        for index in 0..self.members {
            let (dialer, listener) = pipe();
            dialers.push(dialer);
            tasks.push(spawn(connection::serve_pipe(MemberServer { cluster: cluster.clone(), index }, listener)));
        }
        Sandbox(Arc::new(SandboxInner { cluster, dialers, tasks: Mutex::new(tasks) }))
    }
}

impl Drop for SandboxInner {
    fn drop(&mut self) {
        // Dropping the handles ends the tasks. This closes tonic's connections.
        Faults::new(self.cluster.clone(), 0..self.dialers.len()).down();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("members", &self.members()).finish_non_exhaustive()
    }
}
