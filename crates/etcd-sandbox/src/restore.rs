//! Replacing the data of a running cluster, as a restore from a snapshot or a wipe does.

use std::sync::Arc;

use fastrand::Rng;

use super::Sandbox;
use super::store::Store;

/// The leases and keys of a cluster at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot(Store);

impl Snapshot {
    /// A snapshot of a new cluster. Restoring it wipes a cluster.
    pub fn empty() -> Snapshot {
        Snapshot(Store::new(Rng::new()))
    }

    /// Raises the revision of the snapshot, as `etcdutl snapshot restore --bump-revision` does.
    #[must_use]
    pub fn bump_revision(mut self, by: i64) -> Snapshot {
        self.0.bump_revision(by);
        self
    }
}

impl Sandbox {
    /// The current leases and keys.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.0.cluster.with(|state, _| state.store.clone()))
    }

    /// Restarts all members with the data of a snapshot. The ids stay, as after a restore with the same peer URLs and
    /// cluster token. The raft log starts again.
    pub fn restore(&self, snapshot: Snapshot) {
        self.0.cluster.with(|state, now| state.restore(snapshot.0, false, now));
    }

    /// Restarts all members with the data of a snapshot and other ids of the cluster and its members, as after a restore
    /// with another cluster token. The raft log starts again.
    pub fn restore_as_new_cluster(&self, snapshot: Snapshot) {
        self.0.cluster.with(|state, now| state.restore(snapshot.0, true, now));
    }

    /// Exchanges data and ids with another sandbox, as if a load balancer sent the next calls to the other cluster.
    /// Connections and streams stay open. A swap with the same sandbox changes nothing.
    pub fn swap(&self, other: &Sandbox) {
        let (mut first, mut second) = (&self.0.cluster, &other.0.cluster);
        if Arc::ptr_eq(first, second) {
            return;
        }
        // The lock with the lower address is always taken first, so that two swaps never wait for each other.
        if Arc::as_ptr(first) > Arc::as_ptr(second) {
            std::mem::swap(&mut first, &mut second);
        }
        first.with(|state, _| second.with(|other, _| state.swap(other)));
    }
}
