//! Leases and keys, without tasks or connections. The time is an argument.
//!
//! Requests and replies of the key space are the messages of the protocol. Their headers are empty here; the member that
//! replies fills them in.

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
pub(crate) use history::is_delete;
pub(crate) use keyspace::{Keyspace, Span};
pub(crate) use leases::{LeaseTable, RenewOutcome};

use std::time::Duration;

use fastrand::Rng;

use crate::LeaseId;
use simkit::Timestamp;

/// Leases and keys.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    random: Rng,
    keys: Keyspace,
    leases: LeaseTable,
}

impl Store {
    /// An empty store. `random` chooses the ids.
    pub(crate) fn new(random: Rng) -> Self {
        Store { random, keys: Keyspace::default(), leases: LeaseTable::default() }
    }

    /// The keys.
    pub(crate) fn keys(&self) -> &Keyspace {
        &self.keys
    }

    /// Raises the revision without a change.
    pub(crate) fn bump_revision(&mut self, by: i64) {
        self.keys.bump(by);
    }

    /// The leases.
    pub(crate) fn leases(&self) -> &LeaseTable {
        &self.leases
    }

    /// Grants a lease, with this id or a random positive one. Returns the id and the granted TTL in seconds.
    ///
    /// # Errors
    /// As [`LeaseTable::grant`].
    pub(crate) fn grant(
        &mut self,
        id: Option<LeaseId>,
        ttl: i64,
        now: Timestamp,
    ) -> Result<(LeaseId, i64), RequestError> {
        let id = id.unwrap_or_else(|| self.unused_id());
        Ok((id, self.leases.grant(id, ttl, now)?))
    }

    /// Removes a lease and its keys, all in one revision (`Revoke` in etcd's `lessor.go`). Without keys the revision does
    /// not change.
    ///
    /// # Errors
    /// `LeaseNotFound`.
    pub(crate) fn revoke(&mut self, id: LeaseId) -> Result<(), RequestError> {
        let keys = self.leases.remove(id).ok_or(RequestError::LeaseNotFound)?;
        self.keys.delete(keys);
        Ok(())
    }

    /// Compacts the history up to a revision.
    ///
    /// # Errors
    /// `FutureRevision`, `Compacted`.
    pub(crate) fn compact(&mut self, revision: i64) -> Result<(), RequestError> {
        self.keys.compact(revision)
    }

    /// Renews a lease.
    pub(crate) fn renew(&mut self, id: LeaseId, now: Timestamp) -> RenewOutcome {
        self.leases.renew(id, now)
    }

    /// Removes at most `limit` expired leases, in the order of their deadlines, each in its own revision. Returns how many.
    pub(crate) fn expire(&mut self, now: Timestamp, limit: usize) -> usize {
        let expired = self.leases.expired(now, limit);
        expired.iter().filter(|&&id| self.revoke(id).is_ok()).count()
    }

    /// Extends every lease to its full TTL plus `extra`, as a new leader does.
    pub(crate) fn refill(&mut self, now: Timestamp, extra: Duration) {
        self.leases.refill(now, extra);
    }

    fn unused_id(&mut self) -> LeaseId {
        loop {
            // etcd chooses positive ids.
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
    fn extreme_ids_are_valid() {
        let mut store = Store::new(Rng::with_seed(1));
        for id in [-1, i64::MAX, i64::MIN] {
            assert_eq!(store.grant(Some(id), 10, Timestamp::START), Ok((id, 10)));
            assert_eq!(store.revoke(id), Ok(()));
            assert_eq!(store.revoke(id), Err(RequestError::LeaseNotFound));
        }
    }

    #[test]
    fn all_keys_of_a_lease_are_deleted_in_one_revision() {
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
