//! Keys, as far as leases go: which lease holds which key, and what changes that.

use super::LeaseId;

/// A part of the key space: from `start` up to, not including, `end`; without an end all that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key.
    pub start: Vec<u8>,
    /// The first key behind it; none for all that follow.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// All keys.
    pub fn all() -> Self {
        // There is no key without a byte.
        KeyRange { start: vec![0], end: None }
    }

    /// All keys that begin so; no prefix is all keys.
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

    /// The prefix that it was made from; none for all keys.
    pub fn as_prefix(&self) -> Option<&[u8]> {
        (*self != KeyRange::all()).then_some(&self.start)
    }

    /// Whether a key lies in it.
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= &self.start[..] && self.end.as_ref().is_none_or(|end| key < &end[..])
    }
}

/// A key, and the lease that it hangs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The key, raw.
    pub key: Vec<u8>,
    /// The lease; none where it hangs on none.
    pub lease: Option<LeaseId>,
    /// The revision that made it: of the keys of a lock the oldest holds it.
    pub create_revision: i64,
}

/// A change of one key, as a watch tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key, raw.
    pub key: Vec<u8>,
    /// The lease that it hung on before; none where it hung on none, or was not there.
    pub before: Option<LeaseId>,
    /// What became of it.
    pub now: KeyState,
    /// The revision of the change. All keys of a lease that dies go in one.
    pub revision: i64,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It was put, and hangs on this lease or on none.
    Put {
        /// The lease.
        lease: Option<LeaseId>,
        /// The revision that made it.
        create_revision: i64,
    },
    /// It is gone.
    Deleted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_its_last_byte_can_be_counted_up() {
        assert_eq!(KeyRange::prefix(b"a\xff").end, Some(b"b".to_vec()));
        assert_eq!(KeyRange::prefix(b"\xff\xff").end, None);
        let range = KeyRange::prefix(b"a\xff");
        assert!(range.contains(b"a\xff") && range.contains(b"a\xff\xffx"));
        assert!(!range.contains(b"a\xfe") && !range.contains(b"b"));
        assert_eq!((range.as_prefix(), KeyRange::prefix(b"").as_prefix()), (Some(&b"a\xff"[..]), None));
        assert!(KeyRange::all().contains(b"\0") && KeyRange::all().contains(b"\xff\xff"));
    }
}
