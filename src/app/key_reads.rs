//! Reads of single keys and of locks, in a large key space.

use std::collections::{HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use etcd_lease::{KeyEntry, key_text};

/// What to read, because the replies of leases do not show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyRead {
    /// A key that is missing in the reply of its lease: it was deleted, or put with another lease or none.
    Key(#[serde(with = "key_text")] Vec<u8>),
    /// The keys of a lock. Their create revisions are the order of its candidates.
    Lock(#[serde(with = "key_text")] Vec<u8>),
}

/// What a read of keys found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedKeys {
    /// What was read.
    pub read: KeyRead,
    /// The keys, each with the revision of its last change.
    pub entries: Vec<(KeyEntry, i64)>,
    /// The revision of the read.
    pub revision: i64,
    /// The size of the reply, in bytes.
    pub bytes: u64,
}

impl KeyRead {
    /// The maximum size of the reply in bytes, with a budget of `bytes_per_minute` for keys.
    pub fn most_bytes(&self, bytes_per_minute: u64) -> u64 {
        /// Enough for the lease, the revisions and the version of a key.
        const NUMBERS: u64 = 128;
        /// Enough for the candidates of a lock, which have small values.
        const LOCK: u64 = 256 * 1024;
        /// A lock gets at most the budget divided by this.
        const LARGEST_SHARE: u64 = 8;
        match self {
            KeyRead::Key(key) => key.len() as u64 + NUMBERS,
            KeyRead::Lock(_) => LOCK.min(bytes_per_minute / LARGEST_SHARE),
        }
    }
}

/// The reads to start, and those without a reply yet.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyReads {
    waiting: VecDeque<KeyRead>,
    open: HashSet<KeyRead>,
}

impl KeyReads {
    /// Maximum number of reads that wait or run. A lease with more missing keys is queried again later.
    const MAX_OPEN: usize = 256;

    /// Plans a read, unless it is planned already.
    pub(super) fn add(&mut self, read: KeyRead) {
        if self.open.len() < Self::MAX_OPEN && self.open.insert(read.clone()) {
            self.waiting.push_back(read);
        }
    }

    /// Whether no read waits or runs.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// The read to start next.
    pub(super) fn first(&self) -> Option<&KeyRead> {
        self.waiting.front()
    }

    /// Removes the read to start next.
    pub(super) fn take_first(&mut self) -> Option<KeyRead> {
        self.waiting.pop_front()
    }

    /// Records that a read is over. Returns false if it was not planned, or was already over.
    pub(super) fn end(&mut self, read: &KeyRead) -> bool {
        self.open.remove(read)
    }
}
