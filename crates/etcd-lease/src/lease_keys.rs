//! Keys and the leases to which they are attached.

use super::LeaseId;

/// A range of keys: from `start` up to, not including, `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyRange {
    /// The first key.
    #[cfg_attr(feature = "serde", serde(with = "crate::key_text"))]
    pub start: Vec<u8>,
    /// The first key after the range; `None` for a range without an end.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// All keys.
    pub fn all() -> Self {
        // A key has at least one byte.
        KeyRange { start: vec![0], end: None }
    }

    /// All keys with a prefix. An empty prefix means all keys.
    ///
    /// ```
    /// use etcd_lease::KeyRange;
    /// assert_eq!(KeyRange::prefix(b"/svc/").end, Some(b"/svc0".to_vec()));
    /// assert_eq!(KeyRange::prefix(b"").start, [0]);
    /// ```
    pub fn prefix(prefix: &[u8]) -> Self {
        if prefix.is_empty() {
            return KeyRange::all();
        }
        let last = prefix.iter().rposition(|&byte| byte < u8::MAX);
        let end = last.map(|last| [&prefix[..last], &[prefix[last] + 1]].concat());
        KeyRange { start: prefix.to_vec(), end }
    }

    /// One key.
    pub fn key(key: &[u8]) -> Self {
        KeyRange { start: key.to_vec(), end: Some([key, &[0]].concat()) }
    }

    /// The prefix of a range from [`KeyRange::prefix`]; `None` for all keys.
    pub fn as_prefix(&self) -> Option<&[u8]> {
        (*self != KeyRange::all()).then_some(&self.start)
    }

    /// Whether the range contains a key.
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= &self.start[..] && self.end.as_ref().is_none_or(|end| key < &end[..])
    }
}

/// A key and its lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyEntry {
    /// The key, raw.
    #[cfg_attr(feature = "serde", serde(with = "crate::key_text"))]
    pub key: Vec<u8>,
    /// The lease to which the key is attached, if any.
    pub lease: Option<LeaseId>,
    /// The revision that created the key. Among the keys of a lock the oldest holds it.
    pub create_revision: i64,
}

/// A change of one key, from a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyChange {
    /// The key, raw.
    #[cfg_attr(feature = "serde", serde(with = "crate::key_text"))]
    pub key: Vec<u8>,
    /// The lease to which the key was attached before, if any.
    pub before: Option<LeaseId>,
    /// The key after the change.
    pub now: KeyState,
    /// The revision of the change. All keys of a lease that ends are deleted in one revision.
    pub revision: i64,
}

/// A key after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum KeyState {
    /// The key was written.
    Put {
        /// The lease to which it is attached, if any.
        lease: Option<LeaseId>,
        /// The revision that created it.
        create_revision: i64,
    },
    /// The key was deleted.
    Deleted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_after_its_last_byte_that_can_be_incremented() {
        assert_eq!(KeyRange::prefix(b"a\xff").end, Some(b"b".to_vec()));
        assert_eq!(KeyRange::prefix(b"\xff\xff").end, None);
        let range = KeyRange::prefix(b"a\xff");
        assert!(range.contains(b"a\xff") && range.contains(b"a\xff\xffx"));
        assert!(!range.contains(b"a\xfe") && !range.contains(b"b"));
        assert_eq!((range.as_prefix(), KeyRange::prefix(b"").as_prefix()), (Some(&b"a\xff"[..]), None));
        assert!(KeyRange::all().contains(b"\0") && KeyRange::all().contains(b"\xff\xff"));
    }
}
