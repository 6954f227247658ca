//! Keys that were deleted lately.
//!
//! A key that another lease creates again is a lock if that lease was there before the end: its client waited. A service
//! that restarts creates its key again too, but with a lease that it grants after its start.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Candidate;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Maximum number of keys.
pub(super) const MAX_KEYS: usize = 4096;
/// Longest key in bytes that is remembered after its end. No client names a lock like this, and etcd takes keys of 1.5 MB.
const LONGEST_KEY: usize = 4096;
/// Clients that watch the key take it within this time, with a lease that they may grant just then.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How another lease created a key again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handover {
    /// The lease was there before the key was deleted.
    Waited,
    /// The lease is newer, but the key was there again at once.
    AtOnce,
}

/// A deleted key.
#[derive(Clone, Debug)]
pub(super) struct EndedKey {
    /// The number of this end.
    number: u64,
    /// The lease that it was attached to.
    lease: LeaseId,
    at: Timestamp,
    /// Whether the watch reported the deletion as it happened.
    is_prompt: bool,
    /// Its candidate, if it held a lock.
    held: Option<Candidate>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct EndedKeys {
    keys: HashMap<Arc<[u8]>, EndedKey>,
    /// The keys in the order of their ends, each with the number of the end. A key that ended twice is in it twice.
    order: VecDeque<(u64, Arc<[u8]>)>,
    /// The number of the last end.
    last: u64,
}

impl EndedKeys {
    /// Remembers the end of a key. `at` is its time, and whether the watch reported it as it happened.
    pub(super) fn add(&mut self, key: Arc<[u8]>, lease: LeaseId, at: (Timestamp, bool), held: Option<Candidate>) {
        let (at, is_prompt) = at;
        if key.len() > LONGEST_KEY {
            return;
        }
        self.last += 1;
        self.keys.insert(Arc::clone(&key), EndedKey { number: self.last, lease, at, is_prompt, held });
        self.order.push_back((self.last, key));
        while self.order.len() > MAX_KEYS {
            let Some((number, oldest)) = self.order.pop_front() else { return };
            // A key that ended again has a later entry.
            if self.keys.get(&oldest).is_some_and(|ended| ended.number == number) {
                self.keys.remove(&oldest);
            }
        }
    }

    /// Takes the candidate that held a lock with this key. `None` if there was none, or if it was taken before.
    pub(super) fn take_holder(&mut self, key: &[u8]) -> Option<Candidate> {
        self.keys.get_mut(key)?.held.take()
    }

    /// Forgets the end of a key, and returns what was known about it.
    pub(super) fn take(&mut self, key: &[u8]) -> Option<EndedKey> {
        self.keys.remove(key)
    }
}

impl EndedKey {
    /// How a lease that put the key took it over; `None` if that is no sign of a lock. The lease is known since
    /// `known_since`. The put has the time `at`, and `is_prompt` is whether it was reported as it happened.
    pub(super) fn handover(
        &self,
        lease: LeaseId,
        known_since: Option<Timestamp>,
        (at, is_prompt): (Timestamp, bool),
    ) -> Option<Handover> {
        if lease == self.lease {
            return None;
        }
        if known_since.is_some_and(|since| since < self.at) {
            return Some(Handover::Waited);
        }
        let is_timed = self.is_prompt && is_prompt;
        if is_timed && at - self.at <= AT_ONCE { Some(Handover::AtOnce) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl EndedKeys {
        fn end(&mut self, key: &str, lease: i64) {
            self.add(Arc::from(key.as_bytes()), LeaseId(lease), (Timestamp::START, true), None);
        }
    }

    #[test]
    fn the_last_end_of_a_key_is_remembered_and_the_oldest_ends_are_forgotten() {
        let mut ended = EndedKeys::default();
        ended.end("a", 1);
        (1..MAX_KEYS).for_each(|number| ended.end(&number.to_string(), 2));
        ended.end("a", 3);
        assert_eq!(ended.take(b"a").map(|end| end.lease), Some(LeaseId(3)));
        ended.end("a", 4);
        assert!(ended.take(b"1").is_none() && ended.take(b"2").is_some());
        (1..MAX_KEYS).for_each(|number| ended.end(&number.to_string(), 5));
        assert_eq!(ended.take(b"a").map(|end| end.lease), Some(LeaseId(4)));
        assert!(ended.order.len() <= MAX_KEYS && ended.keys.len() <= MAX_KEYS);
    }
}
