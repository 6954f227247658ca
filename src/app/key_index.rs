//! Index from leases to attached keys, built from range pages and watch events, or from queries of single leases.
//!
//! Reading all pages takes a while. The old index stays in use until the last page has arrived, so rows keep their
//! keys.
//!
//! Of a large key space not all keys are read. Each lease is queried for its keys, and a watch reports deletes. Each
//! reply is compared with the changes reported since its query was sent: what is newer stays, and where the order is not
//! known the lease is queried again.

mod entries;
pub(super) mod lease_reply;
mod reload;
#[cfg(test)]
mod tests;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::availability::{Availability, AvailabilityFigures, DeletedKey};
use super::key_change_log::KeyChangeLog;
use super::{KeyName, LeaseKeys};
use crate::inference::locks::LockPattern;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Maximum memory for the keys of all leases, in bytes. Not even a server that makes up keys can use more.
pub(super) const MAX_BYTES: usize = 512_000_000;
/// Approximate memory of a key besides its name, in bytes.
const ENTRY_BYTES: usize = 200;

/// Attached keys by lease and key.
type KeysByLease = BTreeMap<(LeaseId, KeyName), HeldKey>;

/// A key that is attached to a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HeldKey {
    /// Its create revision; 0 while it is not known.
    created: i64,
    /// When it was first seen, on this lease or on one that had it before.
    since: Timestamp,
}

/// A key that is newly attached to a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyAttached {
    pub(super) key: Vec<u8>,
    pub(super) from: Option<LeaseId>,
    pub(super) to: LeaseId,
}

/// All keys attached to leases, as far as the user may read them.
#[derive(Clone, Debug)]
pub struct LeaseKeyIndex {
    held: KeysByLease,
    /// Bytes that more keys may take.
    room: usize,
    /// Whether there has been no room for a key.
    is_full: bool,
    is_full_reported: bool,
    /// Number of keys of the leases that have several.
    counts: BTreeMap<LeaseId, usize>,
    /// The pages read so far, during a reload, with create revisions. A map that grows takes twice the memory.
    incoming: Vec<((LeaseId, KeyName), i64)>,
    incoming_bytes: usize,
    /// Of the same pages, the keys without a lease that are attached to one in the old index, or that were deleted.
    incoming_unleased: HashSet<KeyName>,
    /// The keys of the old index, during a reload.
    known: HashSet<KeyName>,
    /// Keys reported by the call that attached them, before a watch event or page confirmed them with a revision.
    unconfirmed: BTreeSet<(LeaseId, KeyName)>,
    is_read: bool,
    /// The last changes, from the watch and from calls made here.
    pub(super) changes: KeyChangeLog,
    /// What single leases replied. None while all keys are read and watched.
    by_lease: Option<LeaseReplies>,
    pub(super) availability: Availability,
}

/// The order of a change and a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeOrder {
    /// The reply already takes the change into account.
    Older,
    /// The change may be older or newer than the reply.
    Unclear,
    /// The change is newer.
    Newer,
}

/// What is known of a large key space.
#[derive(Clone, Debug, Default)]
struct LeaseReplies {
    /// The lease of each known key.
    holders: HashMap<KeyName, LeaseId>,
    /// The leases whose keys are all known, with the earliest and the latest revision that their last reply can be about.
    answered: BTreeMap<LeaseId, (i64, i64)>,
    /// The leases that have ended with keys, and when: the watch may still report that these were deleted. Oldest first.
    ended: VecDeque<(Timestamp, LeaseId)>,
}

impl Default for LeaseKeyIndex {
    fn default() -> Self {
        LeaseKeyIndex::new(Vec::new())
    }
}

impl LeaseKeyIndex {
    /// No keys yet. Keys that match one of the patterns are locks.
    pub(super) fn new(lock_patterns: Vec<LockPattern>) -> Self {
        LeaseKeyIndex {
            held: KeysByLease::new(),
            room: MAX_BYTES,
            is_full: false,
            is_full_reported: false,
            counts: BTreeMap::new(),
            incoming: Vec::new(),
            incoming_bytes: 0,
            incoming_unleased: HashSet::new(),
            known: HashSet::new(),
            unconfirmed: BTreeSet::new(),
            is_read: false,
            changes: KeyChangeLog::default(),
            by_lease: None,
            availability: Availability::new(lock_patterns),
        }
    }

    /// Whether there has been no room for a key. Returns true only once.
    pub(super) fn take_overflow(&mut self) -> bool {
        self.is_full && !std::mem::replace(&mut self.is_full_reported, true)
    }

    /// Whether all keys have been read at least once.
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// Whether the keys are found by queries of single leases, because the key space is large.
    pub fn is_by_lease(&self) -> bool {
        self.by_lease.is_some()
    }

    /// Whether all keys of a lease are known. Keys that the watch does not report may have changed since.
    pub(super) fn is_known(&self, id: LeaseId) -> bool {
        match &self.by_lease {
            Some(replies) => replies.answered.contains_key(&id),
            None => self.is_read,
        }
    }

    /// The earliest and the latest revision that the last reply of a lease can be about, in a large key space.
    pub(super) fn answered(&self, id: LeaseId) -> Option<(i64, i64)> {
        self.by_lease.as_ref()?.answered.get(&id).copied()
    }

    /// Restores what [`answered`](Self::answered) was when a recording started.
    pub(super) fn restore_answered(&mut self, id: LeaseId, revisions: (i64, i64)) {
        if let Some(replies) = &mut self.by_lease {
            replies.answered.insert(id, revisions);
        }
    }

    /// The lease of a key, in a large key space.
    pub(super) fn holder(&self, key: &[u8]) -> Option<LeaseId> {
        self.by_lease.as_ref()?.holders.get(key).copied()
    }

    /// Compares a change of a key with the last reply of the lease that has it, in a large key space.
    pub(super) fn compare_change(&self, id: LeaseId, revision: i64) -> ChangeOrder {
        match self.answered(id) {
            Some((from, _)) if revision <= from => ChangeOrder::Older,
            Some((_, to)) if revision <= to => ChangeOrder::Unclear,
            _ => ChangeOrder::Newer,
        }
    }

    /// Number of keys attached to a lease.
    pub fn count(&self, id: LeaseId) -> usize {
        self.counts.get(&id).copied().unwrap_or_else(|| self.keys_of(id).take(1).count())
    }

    /// The keys of a lease with their create revisions, sorted by key.
    pub fn of(&self, id: LeaseId) -> impl Iterator<Item = (&[u8], i64)> {
        self.keys_of(id).map(|(key, held)| (&key[..], held.created))
    }

    fn keys_of(&self, id: LeaseId) -> impl Iterator<Item = (&KeyName, &HeldKey)> {
        let from = (id, KeyName::default());
        self.held.range(from..).take_while(move |((of, _), _)| *of == id).map(|((_, key), held)| (key, held))
    }

    /// Every key with its lease and its create revision, sorted by lease and key.
    pub fn all(&self) -> impl Iterator<Item = (LeaseId, &[u8], i64)> {
        self.held.iter().map(|((id, key), held)| (*id, &key[..], held.created))
    }

    /// The leases that have at least one key.
    pub(super) fn holders(&self) -> impl Iterator<Item = LeaseId> {
        let mut last = None;
        self.held.keys().map(|(id, _)| *id).filter(move |id| last.replace(*id) != Some(*id))
    }

    /// The key count and first keys of a lease.
    pub(super) fn summary(&self, id: LeaseId, is_all: bool) -> LeaseKeys {
        let first = self.keys_of(id).take(LeaseKeys::FIRST).map(|(key, _)| KeyName::clone(key)).collect();
        LeaseKeys { count: self.count(id), is_all, first }
    }

    /// Switches to queries of single leases: from `revision` on, the watch reports only deletes. Known keys stay until
    /// their leases reply. The pages of a running read are discarded.
    pub(super) fn start_by_lease(&mut self, revision: i64) {
        self.drop_pages();
        self.unconfirmed.clear();
        self.changes.restart(revision);
        let holders = self.held.keys().map(|(id, key)| (key.clone(), *id)).collect();
        self.by_lease = Some(LeaseReplies { holders, ..LeaseReplies::default() });
    }

    /// Notes that a lease ended, in a large key space. Its keys stay until the watch has reported their deletion, or until
    /// [`forget_ended`](Self::forget_ended).
    pub(super) fn lease_ended(&mut self, id: LeaseId, at: Timestamp) {
        let has_keys = self.count(id) > 0;
        let Some(replies) = &mut self.by_lease else { return };
        replies.answered.remove(&id);
        if has_keys {
            replies.ended.push_back((at, id));
        }
    }

    /// Detaches the remaining keys of the leases that ended up to `until`. They were not deleted with their lease, so they
    /// had moved before.
    pub(super) fn forget_ended(&mut self, until: Timestamp, now: Timestamp) {
        while self.first_ended().is_some_and(|at| at <= until)
            && let Some((_, id)) = self.by_lease.as_mut().and_then(|replies| replies.ended.pop_front())
        {
            self.forget(id, now);
        }
    }

    /// Detaches the keys that a former lease with this id still has.
    pub(super) fn forget_former(&mut self, id: LeaseId, now: Timestamp) {
        let Some(replies) = &mut self.by_lease else { return };
        let before = replies.ended.len();
        replies.ended.retain(|(_, ended)| *ended != id);
        if replies.ended.len() < before {
            self.forget(id, now);
        }
    }

    /// When the first of the ended leases that still have keys ended.
    pub(super) fn first_ended(&self) -> Option<Timestamp> {
        self.by_lease.as_ref()?.ended.front().map(|(at, _)| *at)
    }

    /// Detaches all keys of a lease, in a large key space.
    pub(super) fn forget(&mut self, id: LeaseId, at: Timestamp) {
        let Some(replies) = &mut self.by_lease else { return };
        replies.answered.remove(&id);
        let keys: Vec<Vec<u8>> = self.of(id).map(|(key, _)| key.to_vec()).collect();
        for key in keys {
            self.detach(id, &key, at);
        }
    }

    /// Attaches a key to a lease. `created` is its create revision, or 0 if that is not known yet. It was first seen at
    /// `since`, maybe on another lease. Returns false if the key was already attached, or if there is no room for it.
    pub(super) fn attach(&mut self, id: LeaseId, key: &[u8], created: i64, since: Timestamp) -> bool {
        let key = KeyName::from(key);
        let Some(is_new) = self.insert(id, KeyName::clone(&key), HeldKey { created, since }, since) else {
            return false;
        };
        if let Some(replies) = &mut self.by_lease {
            replies.holders.insert(key, id);
        } else if is_new && created == 0 {
            self.unconfirmed.insert((id, key));
        }
        is_new
    }

    /// Adds a key, or sets the create revision of a known one. Returns whether it is new; `None` if there is no room.
    fn insert(&mut self, id: LeaseId, key: KeyName, held: HeldKey, at: Timestamp) -> Option<bool> {
        let size = size(&key);
        let count = self.count(id);
        match self.held.entry((id, key)) {
            Entry::Occupied(mut known) => {
                known.get_mut().created = held.created;
                Some(false)
            }
            Entry::Vacant(_) if size > self.room => {
                self.is_full = true;
                None
            }
            Entry::Vacant(place) => {
                self.room -= size;
                self.availability.attach(&place.key().1, id, at);
                place.insert(held);
                self.set_count(id, count + 1);
                Some(true)
            }
        }
    }

    /// Whether the call that attached a key has reported it, and neither the watch nor a page has confirmed it since.
    /// Returns true once per key.
    pub(super) fn confirm(&mut self, id: LeaseId, key: &[u8]) -> bool {
        self.unconfirmed.remove(&(id, KeyName::from(key)))
    }

    /// Detaches a key that still exists from a lease. Returns when the key was first seen, if it was attached.
    pub(super) fn detach(&mut self, id: LeaseId, key: &[u8], at: Timestamp) -> Option<Timestamp> {
        let since = self.remove(id, key)?;
        self.availability.detach(key, id, at);
        Some(since)
    }

    /// Removes a key whose deletion became known at `now`. Returns when the key was first seen, if it was attached.
    pub(super) fn delete(&mut self, key: &[u8], deleted: DeletedKey, now: Timestamp) -> Option<Timestamp> {
        let since = self.remove(deleted.lease, key)?;
        self.availability.delete(key, deleted, since, now);
        Some(since)
    }

    /// When an attached key was first seen.
    pub(super) fn first_seen(&self, id: LeaseId, key: &[u8]) -> Option<Timestamp> {
        Some(self.held.get(&(id, KeyName::from(key)))?.since)
    }

    /// The availability of keys and services.
    pub fn availability(&self) -> &Availability {
        &self.availability
    }

    /// The availability of a key of a lease, or of one that was deleted with it. `None` if the key is not known.
    pub fn availability_of(&self, id: LeaseId, key: &[u8], now: Timestamp) -> Option<AvailabilityFigures> {
        self.availability.of_key(key, self.first_seen(id, key), now)
    }

    fn remove(&mut self, id: LeaseId, key: &[u8]) -> Option<Timestamp> {
        let place = (id, KeyName::from(key));
        self.unconfirmed.remove(&place);
        let count = self.count(id);
        let held = self.held.remove(&place)?;
        self.room += size(key);
        if let Some(replies) = &mut self.by_lease
            && replies.holders.get(key) == Some(&id)
        {
            replies.holders.remove(key);
        }
        self.set_count(id, count - 1);
        Some(held.since)
    }

    fn set_count(&mut self, id: LeaseId, count: usize) {
        self.counts.remove(&id);
        self.counts.extend((count > 1).then_some((id, count)));
    }
}

/// Approximate memory of a key, in bytes.
fn size(key: &[u8]) -> usize {
    key.len() + ENTRY_BYTES
}
