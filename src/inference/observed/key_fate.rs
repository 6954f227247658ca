//! What became of a key that hung on a lease.

use etcd_lease::{KeyChange, KeyNow, LeaseId};

/// Why a key left its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFate {
    /// It was put without a lease, and stays.
    Detached,
    /// It was put with another lease.
    Moved {
        /// That lease.
        to: LeaseId,
    },
    /// It was deleted, and the lease lives on.
    Deleted,
    /// It went with its lease.
    DiedWithLease,
}

impl KeyFate {
    /// Why a change took a key from the lease that it hung on; none where it did not. Whether a deleted key went with
    /// its lease is known once it is known whether the lease `is_gone`.
    pub fn of(change: &KeyChange, is_gone: bool) -> Option<(LeaseId, KeyFate)> {
        let before = change.before?;
        let fate = match change.now {
            KeyNow::Put { lease: None, .. } => KeyFate::Detached,
            KeyNow::Put { lease: Some(to), .. } if to != before => KeyFate::Moved { to },
            KeyNow::Put { .. } => return None,
            KeyNow::Deleted if is_gone => KeyFate::DiedWithLease,
            KeyNow::Deleted => KeyFate::Deleted,
        };
        Some((before, fate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leaves_in_four_ways() {
        let one = LeaseId(1);
        let put = |lease: Option<i64>| KeyNow::Put { lease: lease.map(LeaseId), create_revision: 2 };
        let fate = |before: Option<LeaseId>, now, is_gone| {
            let change = KeyChange { key: b"\xff".to_vec(), before, now, revision: 3 };
            KeyFate::of(&change, is_gone)
        };
        assert_eq!(fate(Some(one), put(None), false), Some((one, KeyFate::Detached)));
        assert_eq!(fate(Some(one), put(Some(-2)), false), Some((one, KeyFate::Moved { to: LeaseId(-2) })));
        assert_eq!(fate(Some(one), put(Some(1)), false), None);
        assert_eq!(fate(Some(one), KeyNow::Deleted, false), Some((one, KeyFate::Deleted)));
        assert_eq!(fate(Some(one), KeyNow::Deleted, true), Some((one, KeyFate::DiedWithLease)));
        assert_eq!(fate(None, KeyNow::Deleted, true), None);
    }
}
