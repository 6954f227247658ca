//! Why a key was detached from its lease.

use etcd_lease::{KeyChange, KeyState, LeaseId};

/// Why a key was detached from its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDetachReason {
    /// It was put without a lease and still exists.
    Detached,
    /// It was put with another lease.
    Moved {
        /// The other lease.
        to: LeaseId,
    },
    /// It was deleted; the lease still exists.
    Deleted,
    /// etcd deleted it because its lease ended.
    DiedWithLease,
}

impl KeyDetachReason {
    /// The lease that a change detached a key from, and the reason; `None` if the key stays attached or had no lease. A
    /// deleted key was deleted with its lease if the lease `is_gone`.
    pub fn of(change: &KeyChange, is_gone: bool) -> Option<(LeaseId, KeyDetachReason)> {
        let before = change.before?;
        let reason = match change.now {
            KeyState::Put { lease: None, .. } => KeyDetachReason::Detached,
            KeyState::Put { lease: Some(to), .. } if to != before => KeyDetachReason::Moved { to },
            KeyState::Put { .. } => return None,
            KeyState::Deleted if is_gone => KeyDetachReason::DiedWithLease,
            KeyState::Deleted => KeyDetachReason::Deleted,
        };
        Some((before, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leaves_its_lease_for_four_reasons() {
        let one = LeaseId(1);
        let put = |lease: Option<i64>| KeyState::Put { lease: lease.map(LeaseId), create_revision: 2 };
        let reason = |before: Option<LeaseId>, now, is_gone| {
            let change = KeyChange { key: b"\xff".to_vec(), before, now, revision: 3 };
            KeyDetachReason::of(&change, is_gone)
        };
        assert_eq!(reason(Some(one), put(None), false), Some((one, KeyDetachReason::Detached)));
        assert_eq!(reason(Some(one), put(Some(-2)), false), Some((one, KeyDetachReason::Moved { to: LeaseId(-2) })));
        assert_eq!(reason(Some(one), put(Some(1)), false), None);
        assert_eq!(reason(Some(one), KeyState::Deleted, false), Some((one, KeyDetachReason::Deleted)));
        assert_eq!(reason(Some(one), KeyState::Deleted, true), Some((one, KeyDetachReason::DiedWithLease)));
        assert_eq!(reason(None, KeyState::Deleted, true), None);
    }
}
