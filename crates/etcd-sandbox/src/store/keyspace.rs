//! The key space: a sorted map, its revision, and ranges over it.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

use etcd_client::proto::{PbEvent, PbKeyValue};

use super::RequestError;
use super::history::ChangeHistory;

/// The keys of a request, as in etcd.
///
/// Without an `end` it is the one key. If `end` is one zero byte, it is all keys from `key` on. Otherwise it is the keys
/// from `key` up to, not including, `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    /// The first key.
    pub(crate) key: &'a [u8],
    /// The end.
    pub(crate) end: &'a [u8],
}

type KeyBounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

impl<'a> Span<'a> {
    /// The bounds; `None` if `end` is not after `key`.
    fn bounds(self) -> Option<KeyBounds<'a>> {
        let start = Bound::Included(self.key);
        match self.end {
            [] => Some((start, Bound::Included(self.key))),
            [0] => Some((start, Bound::Unbounded)),
            end => (self.key < end).then_some((start, Bound::Excluded(end))),
        }
    }

    /// Whether the span contains a key.
    pub(crate) fn contains(self, key: &[u8]) -> bool {
        self.bounds().is_some_and(|bounds| RangeBounds::<[u8]>::contains(&bounds, key))
    }

    /// Whether the span cannot contain any key.
    pub(crate) fn is_empty(self) -> bool {
        self.bounds().is_none()
    }
}

/// The keys and their values, and their history.
#[derive(Clone, Debug)]
pub(crate) struct Keyspace {
    entries: BTreeMap<Vec<u8>, PbKeyValue>,
    history: ChangeHistory,
    revision: i64,
    bytes: usize,
    txn: TxnState,
}

/// How changes get their revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TxnState {
    /// Each change has its own revision.
    NoTxn,
    /// The next change starts a revision, which the following ones share.
    Unchanged,
    /// All changes belong to the current revision.
    Changed,
}

impl Keyspace {
    /// Raises the revision without a change.
    pub(crate) fn bump(&mut self, by: i64) {
        self.revision += by;
    }
}

impl Default for Keyspace {
    /// An empty key space at revision 1, as in a new etcd.
    fn default() -> Self {
        Keyspace {
            entries: BTreeMap::new(),
            history: ChangeHistory::default(),
            revision: 1,
            bytes: 0,
            txn: TxnState::NoTxn,
        }
    }
}

impl Keyspace {
    /// The current revision. It starts at 1 and increases with each change.
    pub(crate) fn revision(&self) -> i64 {
        self.revision
    }

    /// The size of all keys and values in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// One key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&PbKeyValue> {
        self.entries.get(key)
    }

    /// The keys of a span, sorted.
    pub(crate) fn range(&self, span: Span<'_>) -> impl Iterator<Item = &PbKeyValue> {
        span.bounds().into_iter().flat_map(|bounds| self.entries.range::<[u8], _>(bounds)).map(|(_, entry)| entry)
    }

    /// The keys of a span at a revision that is neither compacted nor in the future, sorted.
    ///
    /// # Errors
    /// `FutureRevision`, `Compacted`.
    pub(crate) fn range_at(&self, span: Span<'_>, revision: i64) -> Result<Vec<PbKeyValue>, RequestError> {
        self.check_revision(revision)?;
        let mut then: BTreeMap<&[u8], &PbKeyValue> = self.range(span).map(|entry| (&entry.key[..], entry)).collect();
        let undone = self.history.since(revision + 1).rev().filter_map(|change| Some((change.kv.as_ref()?, change)));
        for (entry, change) in undone.filter(|(entry, _)| span.contains(&entry.key)) {
            match &change.prev_kv {
                Some(before) => then.insert(&entry.key, before),
                None => then.remove(&entry.key[..]),
            };
        }
        Ok(then.into_values().cloned().collect())
    }

    /// Checks that a revision can be read.
    ///
    /// # Errors
    /// `FutureRevision`, `Compacted`.
    pub(crate) fn check_revision(&self, revision: i64) -> Result<(), RequestError> {
        match revision {
            _ if revision > self.revision => Err(RequestError::FutureRevision),
            _ if revision < self.compacted() => Err(RequestError::Compacted),
            _ => Ok(()),
        }
    }

    /// The changes of a span from a revision on.
    pub(crate) fn changes<'a>(&'a self, span: Span<'a>, since: i64) -> impl Iterator<Item = &'a PbEvent> {
        let in_span = move |change: &&PbEvent| change.kv.as_ref().is_some_and(|entry| span.contains(&entry.key));
        self.history.since(since).filter(in_span)
    }

    /// The compacted revision; 0 at first.
    pub(crate) fn compacted(&self) -> i64 {
        self.history.compacted()
    }

    /// Compacts the history up to a revision.
    ///
    /// # Errors
    /// `FutureRevision`, `Compacted`.
    pub(crate) fn compact(&mut self, revision: i64) -> Result<(), RequestError> {
        self.check_revision(revision)?;
        self.history.compact(revision)
    }

    /// Starts a transaction: all changes share one revision until [`end_txn`](Keyspace::end_txn).
    pub(super) fn start_txn(&mut self) {
        self.txn = TxnState::Unchanged;
    }

    /// Ends a transaction: each change has its own revision again.
    pub(super) fn end_txn(&mut self) {
        self.txn = TxnState::NoTxn;
    }

    /// Raises the revision for a change, unless it belongs to the current revision.
    fn advance(&mut self) {
        if self.txn != TxnState::Changed {
            self.revision += 1;
        }
        if self.txn == TxnState::Unchanged {
            self.txn = TxnState::Changed;
        }
    }

    /// Writes a key. Returns its previous value.
    pub(crate) fn put(&mut self, key: Vec<u8>, value: Vec<u8>, lease: i64) -> Option<PbKeyValue> {
        self.advance();
        self.bytes += key.len() + value.len();
        let before = self.entries.remove(&key);
        self.bytes -= before.as_ref().map_or(0, size);
        let entry = PbKeyValue {
            create_revision: before.as_ref().map_or(self.revision, |before| before.create_revision),
            mod_revision: self.revision,
            version: before.as_ref().map_or(0, |before| before.version) + 1,
            key: key.clone(),
            value,
            lease,
        };
        self.history.put(entry.clone(), before.clone());
        self.entries.insert(key, entry);
        before
    }

    /// Deletes keys, all in one revision. Returns the deleted keys. If there are none, the revision does not change.
    pub(crate) fn delete(&mut self, keys: impl IntoIterator<Item = Vec<u8>>) -> Vec<PbKeyValue> {
        let gone: Vec<PbKeyValue> = keys.into_iter().filter_map(|key| self.entries.remove(&key)).collect();
        self.bytes -= gone.iter().map(size).sum::<usize>();
        if !gone.is_empty() {
            self.advance();
        }
        gone.iter().for_each(|entry| self.history.delete(self.revision, entry.clone()));
        gone
    }
}

fn size(entry: &PbKeyValue) -> usize {
    entry.key.len() + entry.value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Keyspace {
        let mut keys = Keyspace::default();
        for name in names {
            keys.put(name.as_bytes().to_vec(), b"v".to_vec(), 0);
        }
        keys
    }

    fn names(keys: &Keyspace, key: &[u8], end: &[u8]) -> Vec<String> {
        keys.range(Span { key, end }).map(|entry| String::from_utf8_lossy(&entry.key).into_owned()).collect()
    }

    #[test]
    fn spans_are_etcds() {
        let keys = keys(&["b", "a", "ab", "c"]);
        assert_eq!(names(&keys, b"a", b""), ["a"]);
        assert_eq!(names(&keys, b"a", b"b"), ["a", "ab"]);
        assert_eq!(names(&keys, b"ab", b"\0"), ["ab", "b", "c"]);
        assert_eq!(names(&keys, b"\0", b"\0").len(), 4);
        assert_eq!(names(&keys, b"b", b"b").len() + names(&keys, b"b", b"a").len(), 0);
    }

    #[test]
    fn a_put_counts_revisions_and_versions() {
        let mut keys = keys(&["a", "b"]);
        let before = keys.put(b"a".to_vec(), b"longer".to_vec(), 9).unwrap();
        assert_eq!((before.create_revision, before.mod_revision, before.version), (2, 2, 1));
        let now = keys.get(b"a").unwrap();
        assert_eq!((now.create_revision, now.mod_revision, now.version, now.lease), (2, 4, 2, 9));
        assert_eq!((keys.revision(), keys.bytes()), (4, 9));
    }

    #[test]
    fn keys_go_in_one_revision_and_nothing_takes_none() {
        let mut keys = keys(&["a", "b", "c"]);
        assert_eq!(keys.delete([b"a".to_vec(), b"c".to_vec(), b"x".to_vec()]).len(), 2);
        assert_eq!((keys.revision(), keys.bytes()), (5, 2));
        assert_eq!(keys.delete([b"x".to_vec()]), []);
        assert_eq!(keys.revision(), 5);
        keys.put(b"a".to_vec(), Vec::new(), 0);
        assert_eq!(keys.get(b"a").unwrap().create_revision, 6);
    }

    #[test]
    fn the_past_can_be_read() {
        let mut keys = keys(&["a", "b"]);
        keys.put(b"a".to_vec(), b"new".to_vec(), 7);
        keys.delete([b"b".to_vec()]);
        let everything = Span { key: b"\0", end: b"\0" };
        let at = |revision| {
            let then = keys.range_at(everything, revision)?;
            Ok(then.iter().map(|entry| (entry.key[0], entry.lease)).collect::<Vec<_>>())
        };
        assert_eq!(at(1), Ok(vec![]));
        assert_eq!(at(3), Ok(vec![(b'a', 0), (b'b', 0)]));
        assert_eq!(at(4), Ok(vec![(b'a', 7), (b'b', 0)]));
        assert_eq!(at(5), Ok(vec![(b'a', 7)]));
        assert_eq!(at(6), Err(RequestError::FutureRevision));
        keys.compact(4).unwrap();
        assert_eq!(keys.range_at(everything, 3), Err(RequestError::Compacted));
        assert_eq!(keys.range_at(everything, 4).unwrap().len(), 2);
        assert_eq!(keys.compact(9), Err(RequestError::FutureRevision));
    }

    #[test]
    fn joined_changes_share_a_revision_and_none_takes_none() {
        let mut keys = Keyspace::default();
        keys.start_txn();
        keys.end_txn();
        assert_eq!(keys.revision(), 1);
        keys.start_txn();
        keys.put(b"a".to_vec(), Vec::new(), 0);
        keys.put(b"b".to_vec(), Vec::new(), 0);
        keys.end_txn();
        keys.put(b"c".to_vec(), Vec::new(), 0);
        let revisions: Vec<i64> = keys.range(Span { key: b"\0", end: b"\0" }).map(|e| e.mod_revision).collect();
        assert_eq!(revisions, [2, 2, 3]);
    }
}
