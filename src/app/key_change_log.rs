//! The last changes of keys by revision, to tell whether a reply is older than what is known.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use etcd_lease::LeaseId;

/// Maximum number of changes kept.
const MAX_CHANGES: usize = 4_096;
/// Maximum number of bytes of the keys of these changes. A key can be 1.5 MB long.
const MAX_BYTES: usize = 16_000_000;

/// The lease of each key that changed lately, with the revision of the change.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyChangeLog {
    last: HashMap<Arc<[u8]>, (i64, Option<LeaseId>)>,
    order: VecDeque<(i64, Arc<[u8]>)>,
    /// Bytes of the keys in `order`.
    bytes: usize,
    /// Changes up to this revision may be missing.
    complete_after: i64,
}

impl KeyChangeLog {
    /// Records that a change at this revision attached a key to a lease, or to none. Ignores a change older than
    /// the last one of the key.
    pub(super) fn record(&mut self, key: &[u8], revision: i64, lease: Option<LeaseId>) {
        if self.since(key, revision).is_some() {
            return;
        }
        let shared: Arc<[u8]> = Arc::from(key);
        self.last.insert(Arc::clone(&shared), (revision, lease));
        self.order.push_back((revision, shared));
        self.bytes += key.len();
        while self.order.len() > MAX_CHANGES || self.bytes > MAX_BYTES {
            self.drop_oldest();
        }
    }

    /// The lease of a key after its last change, if that is later than `revision`. The inner value is none if the key has
    /// no lease.
    pub(super) fn since(&self, key: &[u8], revision: i64) -> Option<Option<LeaseId>> {
        self.last.get(key).filter(|(changed, _)| *changed > revision).map(|(_, lease)| *lease)
    }

    /// Whether no change after `revision` is missing.
    pub(super) fn covers(&self, revision: i64) -> bool {
        revision >= self.complete_after
    }

    /// The keys whose last change attached them to a lease after `revision`.
    pub(super) fn attached_since(&self, id: LeaseId, revision: i64) -> impl Iterator<Item = &[u8]> {
        let is_later = move |(changed, lease): (i64, Option<LeaseId>)| changed > revision && lease == Some(id);
        self.last.iter().filter(move |(_, change)| is_later(**change)).map(|(key, _)| &key[..])
    }

    /// Forgets everything. Changes up to `revision` may be missing.
    pub(super) fn restart(&mut self, revision: i64) {
        *self = KeyChangeLog { complete_after: revision, ..KeyChangeLog::default() };
    }

    fn drop_oldest(&mut self) {
        let Some((revision, key)) = self.order.pop_front() else { return };
        self.bytes -= key.len();
        self.complete_after = self.complete_after.max(revision);
        if self.last.get(&key).is_some_and(|(last, _)| *last == revision) {
            self.last.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: LeaseId = LeaseId(1);

    #[test]
    fn the_last_change_of_a_key_counts() {
        let mut log = KeyChangeLog::default();
        log.record(b"a", 5, Some(ID));
        log.record(b"a", 7, None);
        log.record(b"a", 6, Some(ID));
        assert_eq!((log.since(b"a", 6), log.since(b"a", 7), log.since(b"b", 0)), (Some(None), None, None));
        log.record(b"b", 8, Some(ID));
        assert_eq!(log.attached_since(ID, 7).collect::<Vec<_>>(), [b"b"]);
    }

    #[test]
    fn a_revision_before_a_dropped_change_is_not_covered() {
        let mut log = KeyChangeLog::default();
        for revision in 1..=MAX_CHANGES as i64 + 3 {
            log.record(&revision.to_be_bytes(), revision, Some(ID));
        }
        assert_eq!((log.covers(2), log.covers(3)), (false, true));
        assert_eq!(log.since(&3_i64.to_be_bytes(), 0), None);
        (0..40).for_each(|n| log.record(&vec![n; 1_500_000], 5_000 + i64::from(n), Some(ID)));
        assert!(log.bytes <= MAX_BYTES && log.order.len() == 10, "{} bytes", log.bytes);
        log.restart(9_000);
        assert!(!log.covers(8_999) && log.covers(9_000) && log.last.is_empty());
    }
}
