//! The attached and the detached keys of a lease.

use crate::inference::lease_inference::KeyDetachReason;
use simkit::Timestamp;

/// The keys attached to a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseKeys {
    /// Number of known keys.
    pub count: usize,
    /// Whether these are all keys; false if only part of the key space is watched.
    pub is_all: bool,
    /// The first [`LeaseKeys::FIRST`] of them, sorted, not escaped.
    pub first: Vec<Vec<u8>>,
}

impl LeaseKeys {
    /// Maximum number of keys kept by name.
    pub const FIRST: usize = 8;

    /// Creates the keys from a reply that contains all keys.
    pub fn of(mut keys: Vec<Vec<u8>>) -> Self {
        let count = keys.len();
        keys.sort_unstable();
        keys.truncate(LeaseKeys::FIRST);
        LeaseKeys { count, is_all: true, first: keys }
    }
}

/// A key that was detached from a living lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachedKey {
    /// When the change arrived.
    pub at: Timestamp,
    /// The key, not escaped.
    pub key: Vec<u8>,
    /// Why the key was detached.
    pub fate: KeyDetachReason,
    /// Whether it was, or may have been, a lock.
    pub is_lock: bool,
    /// When the key was first seen, on this lease or on one that had it before. `None` if that is not known, or if it was
    /// deleted: then its availability says it.
    pub(super) first_seen: Option<Timestamp>,
}

/// The deletion of all keys of a lease, with or without the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PendingDeletion {
    /// The revision that deleted them.
    pub(super) revision: i64,
    /// When the change arrived.
    pub(super) received: Timestamp,
    /// One round trip before `received`, when the lease still existed. `None` if the change may have arrived late.
    pub(super) alive: Option<Timestamp>,
    /// The deleted keys, not escaped.
    pub(super) keys: Vec<Vec<u8>>,
}
