//! The sandbox: a small etcd inside the program. It keeps nothing, and is for learning and tests.
//!
//! It serves etcd's Lease, KV, Watch, Maintenance (status) and Cluster (member list) services over gRPC, with etcd's codes, texts and habits: a minimum TTL of 2 s, an expiry loop of 500 ms that removes at most
//! 1,000 leases a second, all keys of a lease deleted in one revision, and a renewal of an expired lease that waits
//! until the lease is removed. Of the past it keeps the last 100,000 changes of keys. What it does not serve answers Unimplemented; to the question for alarms, which
//! `etcdctl endpoint health` asks, the answer is that there are none.
//!
//! ```text
//! pipe, TCP -> connection -> services -> member (hangs? delayed? a leader?) -> world (lock) -> store (pure)
//!             keep_alive: one request at a time, watching: news by revision ---^ ^--- expiry, faults
//! ```
//!
//! Several members share one store: there is no raft, and an election is what [`Faults`] says it is. It lives on the
//! [`Clock`] that it is given, so that it runs faster on a faster one, and over its pipe under a paused tokio clock:
//!
//! ```
//! # use simkit::Clock;
//! # use etcd_sandbox::Sandbox;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let sandbox = Sandbox::builder().members(3).seed(7).start(Clock::real());
//! let lease = sandbox.grant(10).unwrap();
//! sandbox.put("/service/self", "127.0.0.1", Some(lease)).unwrap();
//! sandbox.faults().on(0).hang();
//! # }
//! ```

mod cluster_state;
mod connection;
mod expiry;
mod faults;
mod keep_alive;
mod listen;
mod member;
mod services;
pub mod store;
mod test_api;
#[cfg(test)]
mod tests;
mod watch_stream;

pub use faults::Faults;
pub use listen::ListenError;
pub use store::RequestError;
pub use test_api::MemberStats;

/// A lease id, as etcd has it: any `i64` but 0.
pub type LeaseId = i64;

/// The largest TTL that etcd grants, in seconds (`lease.MaxLeaseTTL` in etcd).
const MAX_TTL: i64 = 9_000_000_000;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};

use cluster_state::SharedCluster;
use member::MemberServer;
use simkit::Clock;
use simkit::pipe::{Dialer, pipe};
use simkit::tasks::{Task, spawn};

/// The version that the sandbox says it has: the etcd whose behaviour it follows.
pub const VERSION: &str = "3.5.30-sandbox";

/// A running sandbox. It ends, and every connection to it breaks, when the last clone is dropped.
#[derive(Clone)]
pub struct Sandbox(Arc<SandboxInner>);

struct SandboxInner {
    cluster: Arc<SharedCluster>,
    dialers: Vec<Dialer>,
    tasks: Mutex<Vec<Task>>,
}

/// How to start a sandbox.
#[derive(Clone, Debug)]
pub struct Builder {
    members: usize,
    seed: u64,
}

impl Sandbox {
    /// A sandbox of one member with a random seed, to be changed and started.
    pub fn builder() -> Builder {
        Builder { members: 1, seed: RandomState::new().hash_one(0) }
    }

    /// How many members it has.
    pub fn members(&self) -> usize {
        self.0.dialers.len()
    }

    /// Dials a member, counted from 0, over its pipe.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn dialer(&self, member: usize) -> Dialer {
        self.0.dialers[member].clone()
    }

    /// The faults of all members.
    pub fn faults(&self) -> Faults {
        Faults::new(self.0.cluster.clone(), 0..self.members())
    }

    /// The clock that it lives on.
    pub fn clock(&self) -> &Clock {
        &self.0.cluster.clock
    }

    fn member(&self, index: usize) -> MemberServer {
        MemberServer { cluster: self.0.cluster.clone(), index }
    }
}

impl Builder {
    /// How many members it has; 0 is taken as 1. Member 0 leads at first.
    #[must_use]
    pub fn members(mut self, members: usize) -> Self {
        self.members = members.max(1);
        self
    }

    /// What the ids of leases, members and the cluster are drawn from: the same seed draws the same ones.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts it.
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
        // The tasks end with their handles; tonic's connections are told.
        Faults::new(self.cluster.clone(), 0..self.dialers.len()).down();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("members", &self.members()).finish_non_exhaustive()
    }
}
