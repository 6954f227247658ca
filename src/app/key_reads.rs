//! Reads of single keys and of locks, in a large key space.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use etcd_lease::{KeyEntry, key_text};
use simkit::Timestamp;

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
    /// Reads that failed. They start again after those in `waiting`.
    failed: VecDeque<KeyRead>,
    /// When the reads in `failed` may start.
    repeat_at: Timestamp,
    /// Number of pauses since the last read that did not fail.
    pauses: u32,
    /// The reads that wait, have failed or are in flight.
    open: HashMap<KeyRead, ReadState>,
}

/// The state of a planned read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadState {
    /// It has not started, or has to start again.
    Waiting,
    /// It has no reply yet.
    InFlight {
        /// Whether to read again after the reply, which may be older than the reason for that.
        again: bool,
    },
}

impl KeyReads {
    /// Reads that are not necessary are planned only while fewer than this wait or run. No more run.
    const MAX_OPEN: usize = 256;
    /// Maximum number of failed reads that are repeated.
    const MAX_FAILED: usize = 10_000;
    /// How long no failed read starts again after one failed. It doubles while all reads fail.
    const PAUSE: Duration = Duration::from_secs(2);
    /// How often the pause doubles.
    const MAX_DOUBLINGS: u32 = 5;

    /// Plans a read that nothing else would plan again. If it is in flight, it is repeated.
    pub(super) fn add(&mut self, read: KeyRead) {
        match self.open.get_mut(&read) {
            Some(ReadState::Waiting) => (),
            Some(ReadState::InFlight { again }) => *again = true,
            None => {
                self.open.insert(read.clone(), ReadState::Waiting);
                self.waiting.push_back(read);
            }
        }
    }

    /// Plans the read of a key if there is room. Otherwise it is planned again after the next reply of its lease, which lacks
    /// the key too.
    pub(super) fn add_if_room(&mut self, key: Vec<u8>) {
        if self.has_room() {
            self.add(KeyRead::Key(key));
        }
    }

    /// Whether one more read that is not necessary may be planned.
    pub(super) fn has_room(&self) -> bool {
        self.open.len() - self.failed.len() < Self::MAX_OPEN
    }

    /// Plans a failed read again, after a pause.
    pub(super) fn repeat(&mut self, read: KeyRead, now: Timestamp) {
        if self.failed.len() < Self::MAX_FAILED && !self.open.contains_key(&read) {
            self.open.insert(read.clone(), ReadState::Waiting);
            self.failed.push_back(read);
        }
        if self.repeat_at <= now {
            self.repeat_at = now + Self::PAUSE * 2_u32.pow(self.pauses.min(Self::MAX_DOUBLINGS));
            self.pauses += 1;
        }
    }

    /// Records that a read did not fail.
    pub(super) fn succeeded(&mut self) {
        self.pauses = 0;
    }

    fn has_most_in_flight(&self) -> bool {
        self.open.len() - self.waiting.len() - self.failed.len() >= Self::MAX_OPEN
    }

    /// Whether no read waits or runs.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// The read to start next.
    pub(super) fn first(&self, now: Timestamp) -> Option<&KeyRead> {
        if self.has_most_in_flight() {
            return None;
        }
        self.waiting.front().or_else(|| self.failed.front().filter(|_| self.may_repeat(now)))
    }

    fn may_repeat(&self, now: Timestamp) -> bool {
        self.repeat_at <= now && self.has_room()
    }

    /// When the pause after a failed read ends, if there is one.
    pub(super) fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        if self.failed.is_empty() || self.repeat_at <= now { None } else { Some(self.repeat_at) }
    }

    /// Removes the read to start next, because it starts.
    pub(super) fn take_first(&mut self, now: Timestamp) -> Option<KeyRead> {
        if self.has_most_in_flight() {
            return None;
        }
        let may_repeat = self.may_repeat(now);
        let read = self.waiting.pop_front().or_else(|| if may_repeat { self.failed.pop_front() } else { None })?;
        self.open.insert(read.clone(), ReadState::InFlight { again: false });
        Some(read)
    }

    /// Records that a read is over. Returns its state before; `None` if it was not planned, or was already over. A replay
    /// ends reads that it has not started.
    pub(super) fn end(&mut self, read: &KeyRead) -> Option<ReadState> {
        let state = self.open.remove(read)?;
        match state {
            ReadState::Waiting => {
                // Replies come almost in the order of the reads.
                for queue in [&mut self.waiting, &mut self.failed] {
                    if let Some(place) = queue.iter().position(|waiting| waiting == read) {
                        queue.remove(place);
                    }
                }
            }
            ReadState::InFlight { again: true } => self.add(read.clone()),
            ReadState::InFlight { again: false } => (),
        }
        Some(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(name: &[u8]) -> KeyRead {
        KeyRead::Lock(name.to_vec())
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    #[test]
    fn a_read_that_is_planned_again_in_flight_is_repeated_and_one_that_waits_is_not() {
        let mut reads = KeyReads::default();
        reads.add(lock(b"a"));
        reads.add(lock(b"a"));
        assert_eq!((reads.take_first(at(0)), reads.take_first(at(0))), (Some(lock(b"a")), None));
        reads.add(lock(b"a"));
        assert_eq!(reads.take_first(at(0)), None, "it is in flight");
        assert_eq!(reads.end(&lock(b"a")), Some(ReadState::InFlight { again: true }));
        assert_eq!((reads.is_idle(), reads.take_first(at(0))), (false, Some(lock(b"a"))));
        reads.end(&lock(b"a"));
        assert!(reads.is_idle() && reads.end(&lock(b"a")).is_none());
    }

    #[test]
    fn only_necessary_reads_are_planned_without_room() {
        let mut reads = KeyReads::default();
        (0..1_000_u32).for_each(|number| reads.add_if_room(number.to_be_bytes().to_vec()));
        assert_eq!((reads.waiting.len(), reads.has_room()), (KeyReads::MAX_OPEN, false));
        (0..1_000_u32).for_each(|number| reads.add(lock(&number.to_be_bytes())));
        assert_eq!(reads.waiting.len(), KeyReads::MAX_OPEN + 1_000);
        reads.end(&lock(&7_u32.to_be_bytes()));
        assert_eq!(reads.waiting.len(), KeyReads::MAX_OPEN + 999, "a replay ends it before it starts");
    }

    #[test]
    fn failed_reads_are_repeated_after_a_pause_and_do_not_block_others() {
        let mut reads = KeyReads::default();
        (0..1_000_u32).for_each(|number| reads.repeat(lock(&number.to_be_bytes()), at(5)));
        assert!(reads.has_room() && !reads.is_idle() && reads.pauses == 1);
        assert_eq!((reads.first(at(6)), reads.next_wake(at(6))), (None, Some(at(7))));
        reads.add(lock(b"other"));
        assert_eq!(reads.take_first(at(6)), Some(lock(b"other")));
        reads.end(&lock(b"other"));
        assert_eq!((reads.first(at(7)), reads.next_wake(at(7))), (Some(&lock(&0_u32.to_be_bytes())), None));
        assert_eq!(std::iter::from_fn(|| reads.take_first(at(7))).count(), KeyReads::MAX_OPEN);
    }
}
