//! What an etcd knows of leases and keys: no task, no wire, and the time is an argument.
//!
//! Requests and answers of the key space are the wire's own messages. Their headers stay empty here:
//! the member that answers fills them in.

mod error;
mod history;
mod keyspace;
mod kv;
mod leases;
mod range;
mod refill_spread;
mod txn;
mod txn_check;

pub use error::RequestError;
pub use history::{ChangeHistory, is_delete, revision_of};
pub use keyspace::{Keyspace, Span};
pub use leases::{LeaseTable, MIN_TTL, RenewOutcome, TimeLeft};

use std::time::Duration;

use fastrand::Rng;

use crate::LeaseId;
use simkit::Timestamp;

/// Leases and keys, and what ties them together.
#[derive(Debug)]
pub struct Store {
    random: Rng,
    keys: Keyspace,
    leases: LeaseTable,
}

impl Store {
    /// An empty store whose ids come from `random`.
    pub fn new(random: Rng) -> Self {
        Store { random, keys: Keyspace::default(), leases: LeaseTable::default() }
    }

    /// The keys.
    pub fn keys(&self) -> &Keyspace {
        &self.keys
    }

    /// The leases.
    pub fn leases(&self) -> &LeaseTable {
        &self.leases
    }

    /// Grants a lease; no id picks a random positive one. Tells the id and the TTL that it got, in seconds.
    ///
    /// # Errors
    /// As [`LeaseTable::grant`].
    pub fn grant(&mut self, id: Option<LeaseId>, ttl: i64, now: Timestamp) -> Result<(LeaseId, i64), RequestError> {
        let id = id.unwrap_or_else(|| self.unused_id());
        Ok((id, self.leases.grant(id, ttl, now)?))
    }

    /// Removes a lease and its keys, all in one revision (`Revoke` in etcd's `lessor.go`). A lease without keys
    /// leaves the revision alone.
    ///
    /// # Errors
    /// `LeaseNotFound`.
    pub fn revoke(&mut self, id: LeaseId) -> Result<(), RequestError> {
        let keys = self.leases.remove(id).ok_or(RequestError::LeaseNotFound)?;
        self.keys.delete(keys);
        Ok(())
    }

    /// Forgets what became of the keys before a revision.
    ///
    /// # Errors
    /// `FutureRevision`, `Compacted`.
    pub fn compact(&mut self, revision: i64) -> Result<(), RequestError> {
        self.keys.compact(revision)
    }

    /// Renews a lease.
    pub fn renew(&mut self, id: LeaseId, now: Timestamp) -> RenewOutcome {
        self.leases.renew(id, now)
    }

    /// Removes the first of the leases whose deadline has passed, at most `limit`, each in a revision of its own;
    /// tells how many.
    pub fn expire(&mut self, now: Timestamp, limit: usize) -> usize {
        let expired = self.leases.expired(now, limit);
        expired.iter().filter(|&&id| self.revoke(id).is_ok()).count()
    }

    /// Gives every lease its full TTL and `extra`, as a new leader does.
    pub fn refill(&mut self, now: Timestamp, extra: Duration) {
        self.leases.refill(now, extra);
    }

    fn unused_id(&mut self) -> LeaseId {
        loop {
            // etcd's ids are positive and 63 bits wide.
            let id = self.random.i64(1..);
            if !self.leases.contains(id) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use etcd_client::proto::PbPutRequest;

    use super::*;

    fn store_with_keys(id: i64, keys: &[&str]) -> Store {
        let mut store = Store::new(Rng::with_seed(1));
        store.grant(Some(id), 10, Timestamp::START).unwrap();
        for key in keys {
            store.put(PbPutRequest { key: key.as_bytes().to_vec(), lease: id, ..Default::default() }).unwrap();
        }
        store
    }

    #[test]
    fn picked_ids_are_positive_and_differ() {
        let mut store = Store::new(Rng::with_seed(9));
        let ids: Vec<LeaseId> = (0..100).map(|_| store.grant(None, 10, Timestamp::START).unwrap().0).collect();
        assert!(ids.iter().all(|id| *id > 0));
        assert_eq!(store.leases().ids().collect::<Vec<_>>(), ids);
    }

    #[test]
    fn extreme_ids_are_ids() {
        let mut store = Store::new(Rng::with_seed(1));
        for id in [-1, i64::MAX, i64::MIN] {
            assert_eq!(store.grant(Some(id), 10, Timestamp::START), Ok((id, 10)));
            assert_eq!(store.revoke(id), Ok(()));
            assert_eq!(store.revoke(id), Err(RequestError::LeaseNotFound));
        }
    }

    #[test]
    fn all_keys_of_a_lease_go_in_one_revision() {
        let mut store = store_with_keys(5, &["b", "a", "c"]);
        assert_eq!(store.keys().revision(), 4);
        store.revoke(5).unwrap();
        assert_eq!((store.keys().revision(), store.keys().bytes()), (5, 0));
        store.grant(Some(5), 10, Timestamp::START).unwrap();
        store.revoke(5).unwrap();
        assert_eq!(store.keys().revision(), 5);
    }

    #[test]
    fn expiry_removes_keys_in_the_order_of_deadlines() {
        let mut store = store_with_keys(5, &["a"]);
        store.grant(Some(6), 5, Timestamp::START).unwrap();
        let at = |seconds| Timestamp::at(Duration::from_secs(seconds));
        assert_eq!(store.expire(at(4), 500), 0);
        assert_eq!(store.expire(at(20), 1), 1);
        assert_eq!(store.leases().ids().collect::<Vec<_>>(), [5]);
        assert_eq!(store.expire(at(20), 500), 1);
        assert!(store.keys().get(b"a").is_none());
    }
}
