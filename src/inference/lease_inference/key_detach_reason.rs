//! What became of a key that hung on a lease.

use etcd_lease::{KeyChange, KeyState, LeaseId};

/// Why a key left its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDetachReason {
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

impl KeyDetachReason {
    /// Why a change took a key from the lease that it hung on; none where it did not. Whether a deleted key went with
    /// its lease is known once it is known whether the lease `is_gone`.
    pub fn of(change: &KeyChange, is_gone: bool) -> Option<(LeaseId, KeyDetachReason)> {
        let before = change.before?;
        let fate = match change.now {
            KeyState::Put { lease: None, .. } => KeyDetachReason::Detached,
            KeyState::Put { lease: Some(to), .. } if to != before => KeyDetachReason::Moved { to },
            KeyState::Put { .. } => return None,
            KeyState::Deleted if is_gone => KeyDetachReason::DiedWithLease,
            KeyState::Deleted => KeyDetachReason::Deleted,
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
        let put = |lease: Option<i64>| KeyState::Put { lease: lease.map(LeaseId), create_revision: 2 };
        let fate = |before: Option<LeaseId>, now, is_gone| {
            let change = KeyChange { key: b"\xff".to_vec(), before, now, revision: 3 };
            KeyDetachReason::of(&change, is_gone)
        };
        assert_eq!(fate(Some(one), put(None), false), Some((one, KeyDetachReason::Detached)));
        assert_eq!(fate(Some(one), put(Some(-2)), false), Some((one, KeyDetachReason::Moved { to: LeaseId(-2) })));
        assert_eq!(fate(Some(one), put(Some(1)), false), None);
        assert_eq!(fate(Some(one), KeyState::Deleted, false), Some((one, KeyDetachReason::Deleted)));
        assert_eq!(fate(Some(one), KeyState::Deleted, true), Some((one, KeyDetachReason::DiedWithLease)));
        assert_eq!(fate(None, KeyState::Deleted, true), None);
    }
}
