//! Keys that were deleted lately, in a large key space, and when to read them again.
//!
//! The watch of a large key space reports deletes only. If a deleted key is put again with a lease, the queries of that
//! lease find it. If it is put without a lease, no query does. So a deleted key is read a few times after its end.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use simkit::Timestamp;

/// How long after its end a deleted key is read.
const AFTER: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(60)];
/// Maximum number of keys. Many leases that end together can delete more; the keys that do not fit are not read again.
const MAX_KEYS: usize = 1_000;

/// The deleted keys that are read again.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyRevisits {
    due: BTreeSet<(Timestamp, Arc<[u8]>)>,
    keys: HashMap<Arc<[u8]>, Revisit>,
}

#[derive(Clone, Copy, Debug)]
struct Revisit {
    /// When the key was deleted.
    deleted: Timestamp,
    due: Timestamp,
    /// Number of reads so far.
    reads: usize,
}

impl KeyRevisits {
    /// Plans the reads of a key that was deleted at `at`.
    pub(super) fn add(&mut self, key: &[u8], at: Timestamp) {
        self.remove(key);
        if self.keys.len() < MAX_KEYS {
            let key: Arc<[u8]> = Arc::from(key);
            self.due.insert((at + AFTER[0], Arc::clone(&key)));
            self.keys.insert(key, Revisit { deleted: at, due: at + AFTER[0], reads: 0 });
        }
    }

    /// Ends the reads of a key, because it exists again. Returns false if no read was planned.
    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        let Some((key, Revisit { due, .. })) = self.keys.remove_entry(key) else { return false };
        self.due.remove(&(due, key));
        true
    }

    /// When the next read is due.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The key to read now, if one is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Arc<[u8]>> {
        if self.next_wake()? > now {
            return None;
        }
        let (_, key) = self.due.pop_first()?;
        let revisit = self.keys.get_mut(&key)?;
        revisit.reads += 1;
        if let Some(after) = AFTER.get(revisit.reads) {
            revisit.due = (revisit.deleted + *after).max(now);
            self.due.insert((revisit.due, Arc::clone(&key)));
        }
        Some(key)
    }

    /// Records that a read was answered and found no key, or failed. Returns whether the key is known to be deleted.
    pub(super) fn end_read(&mut self, key: &[u8]) -> bool {
        let Some(revisit) = self.keys.get(key) else { return false };
        if revisit.reads == AFTER.len() {
            self.keys.remove(key);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::at(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn a_deleted_key_is_read_at_growing_intervals_until_it_is_back() {
        let mut revisits = KeyRevisits::default();
        revisits.add(b"/a", at(10.0));
        assert_eq!((revisits.next_wake(), revisits.take_due(at(10.2))), (Some(at(10.25)), None));
        for next in [Some(at(12.0)), Some(at(20.0)), Some(at(70.0)), None] {
            let now = revisits.next_wake().unwrap();
            assert_eq!(revisits.take_due(now).as_deref(), Some(&b"/a"[..]));
            assert_eq!((revisits.next_wake(), revisits.end_read(b"/a")), (next, true));
        }
        assert!(!revisits.end_read(b"/a") && !revisits.remove(b"/a"), "it is not read any more");
        revisits.add(b"/a", at(100.0));
        assert!(revisits.remove(b"/a") && !revisits.remove(b"/a"));
        assert_eq!(revisits.next_wake(), None);
    }

    #[test]
    fn the_number_of_keys_is_limited() {
        let mut revisits = KeyRevisits::default();
        (0..MAX_KEYS + 10).for_each(|number| revisits.add(number.to_string().as_bytes(), at(1.0)));
        assert_eq!(std::iter::from_fn(|| revisits.take_due(at(1.5))).count(), MAX_KEYS);
    }
}
