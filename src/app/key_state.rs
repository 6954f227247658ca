//! The keys attached to leases.

use std::time::Duration;

use super::config::AppConfig;
use super::key_index::LeaseKeyIndex;
use super::key_queries::KeyQueries;
use super::key_reads::{KeyRead, KeyReads, ReadState};
use super::key_revisits::KeyRevisits;
use super::lock_values::LockValues;
use super::unleased_keys::UnleasedKeys;
use super::values::{KeyValueCache, KeyValues};
use super::{CallFailure, LeaseKeys, ReadValue};
use crate::inference::RevisionTimeline;
use crate::inference::key_contests::KeyContests;
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
    /// The queries for the keys of single leases.
    pub(super) queries: KeyQueries,
    pub(super) reads: KeyReads,
    /// Deleted keys that are read again, in a large key space.
    pub(super) revisits: KeyRevisits,
    /// Locks and elections among the watched keys.
    pub(super) locks: Locks,
    /// Keys that leases lost because they were put without a lease.
    pub(super) unleased: UnleasedKeys,
    /// The keys that leases take from each other.
    pub(super) contests: KeyContests,
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
    /// Values of locks of one key.
    pub(super) lock_values: LockValues,
}

impl KeyState {
    /// The initial state.
    pub(super) fn new(config: &AppConfig) -> Self {
        KeyState {
            is_partial: config.range != KeyRange::all(),
            queries: KeyQueries::new(config.key_budget),
            index: LeaseKeyIndex::new(config.lock_patterns.clone()),
            locks: Locks::new(config.lock_patterns.clone()),
            ..KeyState::default()
        }
    }

    /// The limit of bytes received for keys, and how many were received.
    pub fn queries(&self) -> &KeyQueries {
        &self.queries
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

    /// The value of a lock of one key, if it was read.
    pub fn lock_value(&self, key: &[u8]) -> Option<&ReadValue> {
        self.lock_values.get(key)
    }

    /// Whether all keys of every lease are known, and changes are reported.
    pub(super) fn follows_all(&self) -> bool {
        !self.is_partial && !self.index.is_by_lease() && self.index.is_read() && self.failure.is_none()
    }

    /// The keys of a lease, as far as they are watched. `None` if the watched keys do not show whether it has any.
    pub(super) fn summary(&self, id: LeaseId) -> Option<LeaseKeys> {
        let is_known = self.index.is_known(id);
        let is_all = !self.is_partial && (is_known || !self.index.is_by_lease());
        let keys = self.index.summary(id, is_all);
        if keys.count > 0 || keys.is_all && is_known { Some(keys) } else { None }
    }

    /// The keys of a reply to a query sent at a known `revision`, with the changes since then.
    pub(super) fn newest(&self, id: LeaseId, mut keys: Vec<Vec<u8>>, revision: i64) -> LeaseKeys {
        keys.retain(|key| self.index.changes.since(key, revision).is_none_or(|lease| lease == Some(id)));
        keys.extend(self.index.changes.attached_since(id, revision).map(<[u8]>::to_vec));
        keys.sort_unstable();
        keys.dedup();
        LeaseKeys::of(keys)
    }

    /// The latest revision that was known at a time.
    pub(super) fn known_at(&self, sent: Timestamp) -> i64 {
        let reported = if self.reported_at < sent { self.revision } else { 0 };
        self.revisions.known_at(sent).max(reported)
    }

    /// The latest known revision.
    pub(super) fn latest_revision(&self) -> i64 {
        self.revisions.latest().max(self.revision)
    }

    /// Whether a read of keys waits and the budget has room for it.
    fn may_read(&self, now: Timestamp) -> bool {
        self.reads.first(now).is_some_and(|read| self.queries.has_room(read.most_bytes(self.queries.limit()), now))
    }

    /// When to start or plan reads of keys next. While there is no room, a reply or the next list shows when there is.
    pub(super) fn next_read(&self, now: Timestamp) -> Option<Timestamp> {
        let start = if self.may_read(now) { Some(now) } else { self.reads.next_wake(now) };
        let revisit = if self.reads.has_room() { self.revisits.next_wake() } else { None };
        start.into_iter().chain(revisit).min()
    }

    /// Plans the reads of deleted keys that are due, as far as there is room.
    pub(super) fn revisit_due(&mut self, now: Timestamp) {
        while self.reads.has_room()
            && let Some(key) = self.revisits.take_due(now)
        {
            self.reads.add(KeyRead::Key(key.to_vec()));
        }
    }

    /// Starts the reads of keys for which the budget has room: reserves their bytes and returns them.
    pub(super) fn take_reads(&mut self, now: Timestamp) -> Vec<KeyRead> {
        let mut started = Vec::new();
        while self.may_read(now)
            && let Some(read) = self.reads.take_first(now)
        {
            self.queries.reserve_read(read.most_bytes(self.queries.limit()));
            started.push(read);
        }
        started
    }

    /// Records that a read is over. Returns whether it was planned.
    pub(super) fn end_read(&mut self, read: &KeyRead) -> bool {
        let state = self.reads.end(read);
        if matches!(state, Some(ReadState::InFlight { .. })) {
            self.queries.end_read(read.most_bytes(self.queries.limit()));
        }
        state.is_some()
    }

    /// Whether the keys of all leases are known. A lease whose keys the user may not read counts as unknown.
    pub fn are_all_known(&self) -> bool {
        if self.index.is_by_lease() { self.queries.is_complete() } else { self.index.is_read() }
    }

    /// Whether something waits because the budget for keys is spent.
    pub fn is_over_budget(&self, now: Timestamp) -> bool {
        self.queries.is_waiting(now) || self.reads.first(now).is_some() && !self.may_read(now)
    }

    /// Ends the queries of a lease that ended. In a large key space, its keys stay for the deletions that the watch has yet
    /// to report: a list can be ahead of it.
    pub(super) fn on_lease_ended(&mut self, id: LeaseId, at: Timestamp) {
        self.queries.remove(id);
        self.index.lease_ended(id, at);
        self.locks.lease_ended(id);
    }

    /// How long the keys of ended leases stay: longer while the watch is interrupted.
    fn ended_stay(&self) -> Duration {
        Duration::from_secs(if self.failure.is_some() { 60 } else { 5 })
    }

    /// Forgets the keys of leases that ended some time ago.
    pub(super) fn forget_ended(&mut self, now: Timestamp) {
        if self.next_forget().is_some_and(|due| due <= now) {
            self.index.forget_ended(now.before(self.ended_stay()), now);
        }
    }

    /// When [`forget_ended`](Self::forget_ended) is due.
    pub(super) fn next_forget(&self) -> Option<Timestamp> {
        Some(self.index.first_ended()? + self.ended_stay())
    }

    /// Records that changes reported within the next second may be older, because the watch was interrupted or the program
    /// did not run.
    pub(super) fn expect_late_changes(&mut self, now: Timestamp) {
        const CATCHING_UP: Duration = Duration::from_secs(1);
        self.prompt_from = now + CATCHING_UP;
    }
}
