//! Reads of single keys and of locks, in a large key space.

use std::collections::HashSet;

use etcd_lease::KeyEntry;

/// What to read, because the replies of leases do not show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyRead {
    /// A key that is missing in the reply of its lease: it was deleted, or put with another lease or none.
    Key(Vec<u8>),
    /// The keys of a lock. Their create revisions are the order of its candidates.
    Lock(Vec<u8>),
}

/// What a read of keys found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedKeys {
    /// What was read.
    pub read: KeyRead,
    /// The keys, each with the revision of its last change.
    pub entries: Vec<(KeyEntry, i64)>,
    /// The revision of the read.
    pub revision: i64,
    /// The size of the reply.
    pub bytes: u64,
}

/// The reads to start, and those without a reply yet.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyReads {
    waiting: Vec<KeyRead>,
    open: HashSet<KeyRead>,
}

impl KeyReads {
    /// Maximum number of reads that wait or run. A lease with more missing keys is queried again later.
    const MAX_OPEN: usize = 256;

    /// Plans a read, unless it is planned already.
    pub(super) fn add(&mut self, read: KeyRead) {
        if self.open.len() < Self::MAX_OPEN && self.open.insert(read.clone()) {
            self.waiting.push(read);
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The reads to start now.
    pub(super) fn take_waiting(&mut self) -> Vec<KeyRead> {
        std::mem::take(&mut self.waiting)
    }

    /// Records that a read is over.
    pub(super) fn end(&mut self, read: &KeyRead) {
        self.open.remove(read);
    }
}
