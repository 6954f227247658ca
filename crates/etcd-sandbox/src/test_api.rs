//! Direct access to leases and keys without a connection, to act as another client and to check state in tests.

use etcd_client::proto::{PbDeleteRequest, PbKeyValue, PbPutRequest};

use super::{RequestError, Sandbox};
use crate::LeaseId;
use simkit::Timestamp;

/// Counters of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberStats {
    /// Keepalive streams opened so far.
    pub streams_opened: u64,
    /// Keepalive streams that are open.
    pub streams_open: usize,
    /// Watch streams that are open.
    pub watches_open: usize,
    /// Keepalive requests that it has begun to serve. A request that waits behind another on its stream does not count yet.
    pub keep_alives: u64,
    /// LeaseTimeToLive calls so far.
    pub time_to_lives: u64,
    /// LeaseLeases calls so far.
    pub lists: u64,
    /// Requests in progress.
    pub in_flight: usize,
    /// The highest number of requests in progress. Of the requests queued on one keepalive stream, only the first
    /// counts.
    pub most_in_flight: usize,
}

impl Sandbox {
    /// Grants a lease of `ttl` seconds (at least 2) with a random id.
    ///
    /// # Errors
    /// `TtlTooLarge` above 9,000,000,000 s.
    pub fn grant(&self, ttl: i64) -> Result<LeaseId, RequestError> {
        self.0.cluster.with(|state, now| state.grant(None, ttl, now)).map(|(id, _)| id)
    }

    /// Grants a lease of `ttl` seconds (at least 2) with the given id.
    ///
    /// # Errors
    /// `TtlTooLarge` above 9,000,000,000 s, `LeaseExists`.
    pub fn grant_as(&self, id: impl Into<LeaseId>, ttl: i64) -> Result<LeaseId, RequestError> {
        self.0.cluster.with(|state, now| state.grant(Some(id.into()), ttl, now)).map(|(id, _)| id)
    }

    /// Revokes a lease.
    ///
    /// # Errors
    /// `LeaseNotFound`.
    pub fn revoke(&self, id: impl Into<LeaseId>) -> Result<(), RequestError> {
        self.0.cluster.with(|state, _| state.revoke(id.into()))
    }

    /// Writes a key, optionally attached to a lease.
    ///
    /// # Errors
    /// `NoKey` for an empty key, `LeaseNotFound`.
    pub fn put(
        &self,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
        lease: Option<LeaseId>,
    ) -> Result<(), RequestError> {
        let lease = lease.unwrap_or(0);
        let request = PbPutRequest { key: key.into(), value: value.into(), lease, ..Default::default() };
        self.0.cluster.with(|state, _| state.store.put(request)).map(|_| ())
    }

    /// Deletes a key. Returns whether it existed.
    pub fn delete(&self, key: impl Into<Vec<u8>>) -> bool {
        let request = PbDeleteRequest { key: key.into(), ..Default::default() };
        self.0.cluster.with(|state, _| state.store.delete(&request)).is_ok_and(|answer| answer.deleted > 0)
    }

    /// Compacts the history of the keys up to a revision. Watches that start before it end.
    ///
    /// # Errors
    /// `FutureRevision`, `Compacted`.
    pub fn compact(&self, revision: i64) -> Result<(), RequestError> {
        self.0.cluster.with(|state, _| state.store.compact(revision))
    }

    /// Reads a key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<PbKeyValue> {
        self.0.cluster.with(|state, _| state.store.keys().get(key.as_ref()).cloned())
    }

    /// The ids of all leases, including expired ones that are not removed yet, sorted by time left.
    pub fn leases(&self) -> Vec<LeaseId> {
        self.0.cluster.with(|state, _| state.store.leases().ids().collect())
    }

    /// The deadline of a lease, which may have passed; `None` if the lease does not exist.
    pub fn deadline(&self, id: impl Into<LeaseId>) -> Option<Timestamp> {
        self.0.cluster.with(|state, _| state.store.leases().deadline(id.into()))
    }

    /// The current revision of the key space.
    pub fn revision(&self) -> i64 {
        self.0.cluster.with(|state, _| state.store.keys().revision())
    }

    /// How many keepalive requests for a lease id all members have begun to serve. A request that waits behind another on its
    /// stream does not count yet.
    pub fn keep_alives(&self, id: impl Into<LeaseId>) -> u64 {
        self.0.cluster.with(|state, _| state.keep_alives.get(&id.into()).copied().unwrap_or_default())
    }

    /// The counters of a member.
    ///
    /// # Panics
    /// If the member does not exist.
    pub fn stats(&self, member: usize) -> MemberStats {
        self.member(member).with(|member| member.stats)
    }
}
