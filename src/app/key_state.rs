//! The keys attached to leases.

use std::time::Duration;

use super::key_index::LeaseKeyIndex;
use super::values::{KeyValueCache, KeyValues};
use super::{CallFailure, LeaseKeys};
use crate::inference::RevisionTimeline;
use crate::inference::locks::Locks;
use etcd_lease::{KeyRange, LeaseId};
use simkit::Timestamp;

/// The watched keys: their leases, the locks among them, and the progress of the watch.
#[derive(Clone, Debug, Default)]
pub struct KeyState {
    /// Why the keys cannot be watched. `None` while they can.
    pub failure: Option<CallFailure>,
    /// Whether the failure has no event yet because no member was reachable when it occurred.
    pub(super) is_failure_unreported: bool,
    /// Whether only a part of the key space is watched.
    is_partial: bool,
    pub(super) index: LeaseKeyIndex,
    /// Locks and elections among the watched keys.
    pub(super) locks: Locks,
    /// The revision up to which the keys are known.
    pub(super) revision: i64,
    /// When the last change arrived.
    pub(super) reported_at: Timestamp,
    /// When the watch started to report changes as they happen. Before that it may be catching up.
    pub(super) prompt_from: Timestamp,
    /// When which revision was current.
    pub(super) revisions: RevisionTimeline,
    /// Values of the keys of the lease whose detail is shown.
    pub(super) value_cache: KeyValueCache,
}

impl KeyState {
    /// The initial state for a key range.
    pub(super) fn new(range: &KeyRange) -> Self {
        KeyState { is_partial: *range != KeyRange::all(), ..KeyState::default() }
    }

    /// The keys of each lease, as far as they are readable and watched.
    pub fn index(&self) -> &LeaseKeyIndex {
        &self.index
    }

    /// Locks and elections, as far as their keys are readable and watched.
    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The values of a lease's keys. `None` unless they were read for the lease whose detail was shown last.
    pub fn values(&self, id: LeaseId) -> Option<&KeyValues> {
        self.value_cache.of(id)
    }

    /// Whether all keys of every lease are known, and changes are reported.
    pub(super) fn follows_all(&self) -> bool {
        !self.is_partial && self.index.is_read() && self.failure.is_none()
    }

    /// The keys of a lease, as far as they are watched. `None` if the watched keys do not show whether it has any.
    pub(super) fn summary(&self, id: LeaseId) -> Option<LeaseKeys> {
        let keys = self.index.summary(id, !self.is_partial);
        let is_known = keys.count > 0 || keys.is_all && self.index.is_read();
        if is_known { Some(keys) } else { None }
    }

    /// Notes that changes reported within the next second may be older: the watch was interrupted, or the program did
    /// not run.
    pub(super) fn expect_late_changes(&mut self, now: Timestamp) {
        const CATCHING_UP: Duration = Duration::from_secs(1);
        self.prompt_from = now + CATCHING_UP;
    }
}
