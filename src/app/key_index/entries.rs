//! The known keys as a page.

use super::LeaseKeyIndex;
use etcd_lease::KeyEntry;

impl LeaseKeyIndex {
    /// All known keys with their leases.
    pub(in crate::app) fn entries(&self) -> Vec<KeyEntry> {
        let entry = |((lease, key), held): (&(_, super::KeyName), &super::HeldKey)| KeyEntry {
            key: key.to_vec(),
            lease: Some(*lease),
            create_revision: held.created,
        };
        self.held.iter().map(entry).collect()
    }
}
