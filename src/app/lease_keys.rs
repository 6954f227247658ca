//! The keys of a lease, and those that left it.

use crate::inference::lease_inference::KeyDetachReason;
use simkit::Timestamp;

/// The keys attached to a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseKeys {
    /// How many that are known.
    pub count: usize,
    /// Whether those are all: not where only a part of the keys is followed.
    pub is_all: bool,
    /// The first [`LeaseKeys::FIRST`] of them, sorted, raw.
    pub first: Vec<Vec<u8>>,
}

impl LeaseKeys {
    /// So many are kept.
    pub const FIRST: usize = 8;

    /// Of the keys that an answer holds: all of them.
    pub fn of(mut keys: Vec<Vec<u8>>) -> Self {
        let count = keys.len();
        keys.sort_unstable();
        keys.truncate(LeaseKeys::FIRST);
        LeaseKeys { count, is_all: true, first: keys }
    }
}

/// A key that left a lease that lives on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachedKey {
    /// When that was told.
    pub at: Timestamp,
    /// The key, raw.
    pub key: Vec<u8>,
    /// Why.
    pub fate: KeyDetachReason,
}

/// The end of a lease's last keys: with the lease, or without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PendingDeletion {
    /// The revision that deleted them.
    pub(super) revision: i64,
    /// When it was told.
    pub(super) received: Timestamp,
    /// A round trip before: then the lease was there. None where it may have been told late.
    pub(super) alive: Option<Timestamp>,
    /// The keys, raw.
    pub(super) keys: Vec<Vec<u8>>,
}
