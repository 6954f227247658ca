//! Keys that were put without a lease, and the leases that they left without a key.

use std::collections::HashMap;

use super::DetachedKey;
use crate::inference::lease_inference::KeyDetachReason;
use etcd_lease::LeaseId;

/// The keys that living leases lost because somebody put them without a lease. Deletions of keys without a lease do not say
/// which lease had them.
#[derive(Clone, Debug, Default)]
pub(super) struct UnleasedKeys(HashMap<Box<[u8]>, LeaseId>);

impl UnleasedKeys {
    /// Records that a key of a lease was put without one.
    pub(super) fn add(&mut self, key: &[u8], lease: LeaseId) {
        self.0.insert(key.into(), lease);
    }

    /// Forgets a key that was deleted or is attached again. Returns the lease that lost it.
    pub(super) fn take(&mut self, key: &[u8]) -> Option<LeaseId> {
        self.0.remove(key)
    }

    /// Forgets detached keys of a lease, because it ended or does not list them any more.
    pub(super) fn forget<'a>(&mut self, id: LeaseId, keys: impl IntoIterator<Item = &'a DetachedKey>) {
        for detached in keys {
            if detached.fate == KeyDetachReason::Detached && self.0.get(&detached.key[..]) == Some(&id) {
                self.0.remove(&detached.key[..]);
            }
        }
    }
}
