//! What is known of the keys that are attached to leases.

use std::time::Duration;

use super::key_index::LeaseKeyIndex;
use super::values::{KeyValueCache, KeyValues};
use super::{CallFailure, LeaseKeys};
use crate::inference::RevisionTimeline;
use crate::inference::locks::Locks;
use etcd_lease::{KeyRange, LeaseId};
use simkit::Timestamp;

/// The keys that are followed: which lease holds them, the locks they stand for, and how far the watch has come.
#[derive(Clone, Debug, Default)]
pub struct KeyState {
    /// Why the keys cannot be followed; none while they can.
    pub failure: Option<CallFailure>,
    /// Whether that failure has no event yet, because no member answered when it came.
    pub(super) is_failure_unreported: bool,
    /// Whether only a part of the keys is followed.
    is_partial: bool,
    pub(super) index: LeaseKeyIndex,
    /// Locks and elections, from the same keys.
    pub(super) locks: Locks,
    /// The revision up to which the keys are known.
    pub(super) revision: i64,
    /// When the last change came.
    pub(super) reported_at: Timestamp,
    /// From when on the watch reports changes as they happen; before it may be catching up.
    pub(super) prompt_from: Timestamp,
    /// Which revision the keys had when.
    pub(super) revisions: RevisionTimeline,
    /// The values of the lease whose detail is shown.
    pub(super) value_cache: KeyValueCache,
}

impl KeyState {
    /// Nothing is known yet of the keys in this range.
    pub(super) fn new(range: &KeyRange) -> Self {
        KeyState { is_partial: *range != KeyRange::all(), ..KeyState::default() }
    }

    /// Which lease holds which key, as far as keys may be read and are followed.
    pub fn index(&self) -> &LeaseKeyIndex {
        &self.index
    }

    /// Locks and elections, as far as keys may be read and are followed.
    pub fn locks(&self) -> &Locks {
        &self.locks
    }

    /// The values of a lease's keys, once they were read; only of the lease whose detail was shown last.
    pub fn values(&self, id: LeaseId) -> Option<&KeyValues> {
        self.value_cache.of(id)
    }

    /// Whether each key of a lease is known, and reported when it changes.
    pub(super) fn follows_all(&self) -> bool {
        !self.is_partial && self.index.is_read() && self.failure.is_none()
    }

    /// The keys of a lease, as far as they are followed; none where nothing follows from that.
    pub(super) fn summary(&self, id: LeaseId) -> Option<LeaseKeys> {
        let keys = self.index.summary(id, !self.is_partial);
        let is_known = keys.count > 0 || keys.is_all && self.index.is_read();
        if is_known { Some(keys) } else { None }
    }

    /// The changes that the watch reports in the next moments may have happened before: it was cut, or nobody listened.
    pub(super) fn expect_late_changes(&mut self, now: Timestamp) {
        const CATCHING_UP: Duration = Duration::from_secs(1);
        self.prompt_from = now + CATCHING_UP;
    }
}
