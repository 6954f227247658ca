//! The key space: one flat map, its revision, and ranges over it.

use std::collections::BTreeMap;
use std::ops::Bound;

use etcd_client::proto::PbKeyValue;

/// The keys that a request names, as etcd spells them.
///
/// No `end`: the one key. `end` of one zero byte: from the key on. Else from the key up to, not including, `end`.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// The first key.
    pub key: &'a [u8],
    /// Where it ends.
    pub end: &'a [u8],
}

type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

impl<'a> Span<'a> {
    /// The bounds; none where `end` does not lie behind the key.
    fn bounds(self) -> Option<Bounds<'a>> {
        let start = Bound::Included(self.key);
        match self.end {
            [] => Some((start, Bound::Included(self.key))),
            [0] => Some((start, Bound::Unbounded)),
            end => (self.key < end).then_some((start, Bound::Excluded(end))),
        }
    }
}

/// The keys and their values as they are now; of the past only the revision is kept.
#[derive(Debug)]
pub struct Keys {
    entries: BTreeMap<Vec<u8>, PbKeyValue>,
    revision: i64,
    bytes: usize,
}

impl Default for Keys {
    /// No key, at revision 1, as a new etcd.
    fn default() -> Self {
        Keys { entries: BTreeMap::new(), revision: 1, bytes: 0 }
    }
}

impl Keys {
    /// The present revision: it counts the changes of the key space from 1.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// One key.
    pub fn get(&self, key: &[u8]) -> Option<&PbKeyValue> {
        self.entries.get(key)
    }

    /// The keys of a span, sorted.
    pub fn range(&self, span: Span<'_>) -> impl Iterator<Item = &PbKeyValue> {
        span.bounds().into_iter().flat_map(|bounds| self.entries.range::<[u8], _>(bounds)).map(|(_, entry)| entry)
    }

    /// Writes a key in a revision of its own and tells what it was before.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>, lease: i64) -> Option<PbKeyValue> {
        self.revision += 1;
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
        self.entries.insert(key, entry);
        before
    }

    /// Deletes keys, all in one revision, and tells what they were; no key, no revision.
    pub fn delete(&mut self, keys: impl IntoIterator<Item = Vec<u8>>) -> Vec<PbKeyValue> {
        let gone: Vec<PbKeyValue> = keys.into_iter().filter_map(|key| self.entries.remove(&key)).collect();
        self.bytes -= gone.iter().map(size).sum::<usize>();
        self.revision += i64::from(!gone.is_empty());
        gone
    }
}

fn size(entry: &PbKeyValue) -> usize {
    entry.key.len() + entry.value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Keys {
        let mut keys = Keys::default();
        for name in names {
            keys.put(name.as_bytes().to_vec(), b"v".to_vec(), 0);
        }
        keys
    }

    fn names(keys: &Keys, key: &[u8], end: &[u8]) -> Vec<String> {
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
}
