//! The attached and the detached keys of a lease.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::ThinList;
use crate::inference::lease_inference::KeyDetachReason;
use simkit::Timestamp;

/// A key, not escaped. The lease, the index of all keys and the rows share it.
pub type KeyName = Arc<[u8]>;

/// A few keys. Most leases have one, which needs no allocation besides its name.
#[derive(Clone, PartialEq, Eq)]
pub enum FirstKeys {
    /// A single key.
    One(KeyName),
    /// None or several.
    Others(ThinList<KeyName>),
}

impl Default for FirstKeys {
    fn default() -> Self {
        FirstKeys::Others(ThinList::new())
    }
}

impl Deref for FirstKeys {
    type Target = [KeyName];

    fn deref(&self) -> &[KeyName] {
        match self {
            FirstKeys::One(key) => std::slice::from_ref(key),
            FirstKeys::Others(keys) => keys,
        }
    }
}

impl fmt::Debug for FirstKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl FromIterator<KeyName> for FirstKeys {
    fn from_iter<I: IntoIterator<Item = KeyName>>(keys: I) -> Self {
        let mut keys = keys.into_iter();
        match (keys.next(), keys.next()) {
            (None, _) => FirstKeys::default(),
            (Some(key), None) => FirstKeys::One(key),
            (Some(first), Some(second)) => {
                let mut all = vec![first, second];
                all.extend(keys);
                FirstKeys::Others(all.into())
            }
        }
    }
}

impl From<Vec<Vec<u8>>> for FirstKeys {
    fn from(keys: Vec<Vec<u8>>) -> Self {
        keys.into_iter().map(KeyName::from).collect()
    }
}

/// The keys attached to a lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseKeys {
    /// Number of known keys.
    pub count: usize,
    /// Whether these are all keys; false if only part of the key space is watched.
    pub is_all: bool,
    /// The first [`LeaseKeys::FIRST`] of them, sorted, not escaped.
    pub first: FirstKeys,
}

impl LeaseKeys {
    /// Maximum number of keys kept by name.
    pub const FIRST: usize = 8;

    /// Creates the keys from a reply that contains all keys.
    pub fn of(mut keys: Vec<Vec<u8>>) -> Self {
        let count = keys.len();
        keys.sort_unstable();
        keys.truncate(LeaseKeys::FIRST);
        LeaseKeys { count, is_all: true, first: keys.into() }
    }

    /// The names of the first keys.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        self.first.iter().map(|key| &**key)
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
    /// When the key was first seen, on this lease or on one that had it before. `None` if that is not known, or if the
    /// key was deleted: then its availability contains it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_keys_are_small_and_stay_in_order() {
        assert_eq!((size_of::<FirstKeys>(), size_of::<Option<LeaseKeys>>()), (16, 32));
        for count in 0..4_u8 {
            let keys: Vec<Vec<u8>> = (0..count).map(|n| vec![n]).collect();
            let first = FirstKeys::from(keys.clone());
            assert!(first.iter().map(|key| &**key).eq(keys.iter().map(Vec::as_slice)), "{first:?}");
        }
    }
}
