//! Locks and elections: the holder, and the waiters in order.
//!
//! etcd itself has no locks. In most clients each candidate puts a key below the name of the lock, named after its lease
//! and attached to it. The candidate with the oldest key holds the lock; each other one waits until all keys before its own
//! are deleted:
//!
//! ```text
//! mutex/694d9aa8d4d4f304   create revision 7    holds
//! mutex/694d9aa8d4d4f30a   create revision 9    next
//! mutex/694d9aa8d4d4f311   create revision 12   waits for both
//! ```
//!
//! In others the lock is one key: its lease holds the lock, and the waiters have no key. `lock_key.rs` lists the clients.
//!
//! [`Locks`] finds both among the keys. A key that is named after one lease but attached to another lease or none is in
//! the queue too; [`CandidateProblem`] describes the problem.

mod candidate_health;
mod ended_keys;
mod former_holders;
mod lock_key;
mod queue;
#[cfg(test)]
mod tests;

pub use candidate_health::{CandidateHealth, CandidateProblem};
pub use lock_key::{KeyRole, LockPattern, is_lock_key, lock_name};
pub use queue::{Candidate, HeldSince, KeyAttachment, LockEvidence, LockKind, LockQueue, QueuePosition};

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use ended_keys::{EndedKeys, Handover};
use etcd_lease::{KeyEntry, LeaseId};
use lock_key::named;
use simkit::Timestamp;

/// The place of a key: its queue, its create revision and the lease that it is named after.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPlace {
    queue: Arc<[u8]>,
    created: i64,
    lease: LeaseId,
    kind: LockKind,
}

/// A key that was read. Its name is shared by everything that stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadKey {
    /// The key, not escaped.
    pub key: Arc<[u8]>,
    /// The lease that it is attached to.
    pub lease: Option<LeaseId>,
    /// Its create revision.
    pub create_revision: i64,
}

impl From<KeyEntry> for ReadKey {
    fn from(KeyEntry { key, lease, create_revision }: KeyEntry) -> Self {
        ReadKey { key: key.into(), lease, create_revision }
    }
}

/// A put of a key.
#[derive(Clone, Copy, Debug)]
pub struct LockPut {
    /// The lease that the key is attached to now.
    pub lease: Option<LeaseId>,
    /// The create revision of the key.
    pub create_revision: i64,
    /// Since when that lease is known. `None` if the put is the first sight of it, or if the lease has so many keys that
    /// none of them shows what its client does.
    pub known_since: Option<Timestamp>,
    /// When the put was reported.
    pub at: Timestamp,
    /// Whether it was reported as it happened.
    pub is_prompt: bool,
}

/// All lock queues, found by their keys.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    patterns: Vec<LockPattern>,
    queues: BTreeMap<Arc<[u8]>, LockQueue>,
    places: HashMap<Arc<[u8]>, KeyPlace>,
    ended: EndedKeys,
    /// Keys that another lease created again after their end.
    handed_over: HashMap<Arc<[u8]>, LockEvidence>,
    /// The keys of `handed_over`, in the order in which they were added.
    handed_over_order: VecDeque<Arc<[u8]>>,
    /// The queues that have a former holder, each with every lease whose end removes it. A lease may be in several queues.
    keyless: BTreeSet<(LeaseId, Arc<[u8]>)>,
    /// The candidates of the pages so far, while the keys are being read.
    incoming: Vec<ReadKey>,
}

impl Locks {
    /// No locks yet. Keys that match one of the patterns are locks.
    pub fn new(patterns: Vec<LockPattern>) -> Self {
        Locks { patterns, ..Locks::default() }
    }

    /// The queues in the order of their names.
    pub fn queues(&self) -> impl DoubleEndedIterator<Item = &LockQueue> {
        self.queues.values().filter(|queue| queue.is_proven())
    }

    /// Names whose keys are named after their leases in decimal, in the order of the names, each with its number of keys.
    /// Each is a lock, or a service whose instances registered.
    pub fn undecided(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.queues.values().filter(|queue| queue.is_undecided()).map(|queue| (queue.name(), queue.len()))
    }

    /// The queues after another one, in the order of their names.
    pub fn after(&self, queue: &LockQueue) -> impl DoubleEndedIterator<Item = &LockQueue> {
        let behind = (Bound::Excluded(queue.prefix()), Bound::Unbounded);
        self.queues.range::<[u8], _>(behind).map(|(_, queue)| queue).filter(|queue| queue.is_proven())
    }

    /// The queues before another one, in the order of their names.
    pub fn before(&self, queue: &LockQueue) -> impl DoubleEndedIterator<Item = &LockQueue> {
        let before = (Bound::Unbounded, Bound::Excluded(queue.prefix()));
        self.queues.range::<[u8], _>(before).map(|(_, queue)| queue).filter(|queue| queue.is_proven())
    }

    /// Every candidate, queue by queue.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.queues().flat_map(LockQueue::line)
    }

    /// The positions of all leases in queues; a lease may be in several.
    pub fn places(&self) -> impl Iterator<Item = (LeaseId, QueuePosition)> {
        self.queues().flat_map(LockQueue::places)
    }

    /// The queue of a key, and its candidate.
    pub fn find(&self, key: &[u8]) -> Option<(&LockQueue, &Candidate)> {
        let place = self.places.get(key)?;
        let queue = self.queues.get(&place.queue).filter(|queue| queue.is_proven())?;
        Some((queue, queue.candidate(place.created, key)?))
    }

    /// The create revision of a candidate's key. `None` if the key is no candidate.
    pub fn create_revision(&self, key: &[u8]) -> Option<i64> {
        self.places.get(key).map(|place| place.created)
    }

    /// Starts a new read of all keys. The known queues stay until it is complete.
    pub fn start_reload(&mut self) {
        self.incoming.clear();
    }

    /// Adds a page of keys.
    pub fn add_page(&mut self, page: &[ReadKey]) {
        let candidates = page.iter().filter(|held| self.is_candidate(&held.key, held.lease)).cloned();
        let candidates: Vec<ReadKey> = candidates.collect();
        self.incoming.extend(candidates);
    }

    /// Replaces the queues after the last page. A holder that is still the holder keeps its start time. Former holders
    /// without a key are forgotten.
    pub fn finish_reload(&mut self, now: Timestamp) {
        let before = std::mem::take(&mut self.queues);
        self.places.clear();
        self.keyless.clear();
        let held = HeldSince::at_least_since(now);
        let mut lines: BTreeMap<Arc<[u8]>, Vec<Candidate>> = BTreeMap::new();
        for ReadKey { key, lease, create_revision } in std::mem::take(&mut self.incoming) {
            let Some((prefix, candidate)) = self.place(key, lease, create_revision, held) else { continue };
            self.prove(&prefix, &candidate.key, candidate.attachment);
            lines.entry(prefix).or_default().push(candidate);
        }
        for (prefix, queue) in &mut self.queues {
            queue.fill(lines.remove(prefix).unwrap_or_default());
            queue.carry_over(before.get(prefix));
        }
    }

    /// Applies a put of a key, which may also show that the key is a lock.
    pub fn put(&mut self, key: &[u8], put: LockPut) {
        self.learn(key, put);
        self.apply(key, put.lease, put.create_revision, HeldSince::since(put.at));
    }

    /// Adds a key that was read. If it holds a lock, it may have held it since before `now`.
    pub fn found(&mut self, key: &[u8], lease: Option<LeaseId>, create_revision: i64, now: Timestamp) {
        self.apply(key, lease, create_revision, HeldSince::at_least_since(now));
    }

    /// Whether keys below this name are known that are named like candidates for a lock.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.queues.contains_key([name, b"/"].concat().as_slice())
    }

    /// Whether a key is a lock itself.
    pub fn is_one_key_lock(&self, key: &[u8], lease: Option<LeaseId>) -> bool {
        lease.is_some() && !is_lock_key(key, lease) && self.evidence(key).is_some()
    }

    /// Whether a key of a lease is surely a lock, or is named as a candidate for one.
    pub fn is_lock(&self, key: &[u8], lease: LeaseId) -> bool {
        match KeyRole::of(key, Some(lease), &self.patterns) {
            KeyRole::Lock => true,
            KeyRole::Instance(_) => false,
            KeyRole::Key => self.evidence(key).is_some_and(|evidence| evidence != LockEvidence::CreatedAgain),
        }
    }

    /// Whether a key of a lease is or may be a lock.
    pub fn may_be_lock(&self, key: &[u8], lease: LeaseId) -> bool {
        match KeyRole::of(key, Some(lease), &self.patterns) {
            KeyRole::Lock => true,
            KeyRole::Instance(_) => false,
            KeyRole::Key => self.evidence(key).is_some(),
        }
    }

    /// Applies the deletion of a key that was attached to this lease, or to none. `is_prompt` is whether it was reported as
    /// it happened.
    pub fn delete(&mut self, key: &[u8], lease: Option<LeaseId>, at: Timestamp, is_prompt: bool) {
        let held = self.remove(key, at);
        if let Some(lease) = lease {
            self.ended.add(Arc::from(key), lease, (at, is_prompt), held);
        }
    }

    /// Remembers a key as a lock if this put created it again with another lease after its end.
    fn learn(&mut self, key: &[u8], put: LockPut) {
        let Some(ended) = self.ended.take(key) else { return };
        let Some(lease) = put.lease else { return };
        let evidence = match ended.handover(lease, put.known_since, (put.at, put.is_prompt)) {
            Some(Handover::Waited) => LockEvidence::HandedOver,
            Some(Handover::AtOnce) => LockEvidence::CreatedAgain,
            None => return,
        };
        if let Some(known) = self.handed_over.get_mut(key) {
            *known = (*known).min(evidence);
            return;
        }
        let key: Arc<[u8]> = Arc::from(key);
        self.handed_over.insert(Arc::clone(&key), evidence);
        self.handed_over_order.push_back(key);
        if self.handed_over_order.len() > ended_keys::MAX_KEYS {
            let oldest = self.handed_over_order.pop_front();
            oldest.and_then(|key| self.handed_over.remove(&key));
        }
    }

    fn apply(&mut self, key: &[u8], lease: Option<LeaseId>, create_revision: i64, held: HeldSince) {
        if !self.places.contains_key(key) && !self.is_candidate(key, lease) {
            return;
        }
        // A key that was deleted and created again moves to the end of the queue.
        if self.places.get(key).is_some_and(|place| place.created != create_revision) {
            self.remove(key, held.since);
        }
        self.insert(Arc::from(key), lease, create_revision, held);
    }

    fn remove(&mut self, key: &[u8], at: Timestamp) -> Option<Candidate> {
        let KeyPlace { queue: prefix, created, .. } = self.places.remove(key)?;
        let queue = self.queues.get_mut(&prefix)?;
        let held = queue.remove(created, key, at);
        if queue.is_empty() {
            self.queues.remove(&prefix);
        }
        held
    }

    fn is_candidate(&self, key: &[u8], lease: Option<LeaseId>) -> bool {
        is_lock_key(key, lease) || self.is_one_key_lock(key, lease)
    }

    /// Why a key is a lock, if it is.
    fn evidence(&self, key: &[u8]) -> Option<LockEvidence> {
        if self.patterns.iter().any(|pattern| pattern.matches(key)) {
            return Some(LockEvidence::Pattern);
        }
        if lock_key::is_one_key_lock(key) {
            return Some(LockEvidence::Name);
        }
        self.handed_over.get(key).copied()
    }

    /// The prefix of the queue of a key, the lease of its candidate, and the kind of lock.
    fn role<'k>(&self, key: &'k [u8], lease: Option<LeaseId>) -> Option<(&'k [u8], LeaseId, LockKind)> {
        let slash = || key.iter().rposition(|byte| *byte == b'/').map(|slash| &key[..=slash]);
        if let Some(place) = self.places.get(key) {
            return match place.kind {
                LockKind::OneKey => Some((key, lease.unwrap_or(place.lease), LockKind::OneKey)),
                kind => Some((slash()?, place.lease, kind)),
            };
        }
        match named(key, lease) {
            Some(name) if name.is_decimal => Some((name.prefix, name.lease, LockKind::Decimal)),
            Some(name) => Some((name.prefix, name.lease, LockKind::Hex)),
            None => Some((key, lease?, LockKind::OneKey)),
        }
    }

    fn insert(&mut self, key: Arc<[u8]>, lease: Option<LeaseId>, created: i64, held: HeldSince) {
        let Some((prefix, candidate)) = self.place(key, lease, created, held) else { return };
        let (key, attachment) = (Arc::clone(&candidate.key), candidate.attachment);
        if let Some(queue) = self.queues.get_mut(&prefix) {
            queue.insert(candidate, held);
        }
        self.prove(&prefix, &key, attachment);
    }

    /// Notes the place of a key and creates its queue if needed. Removes the former holder of the queue if it has the same
    /// lease. Returns the prefix of the queue, and the candidate to add.
    fn place(
        &mut self,
        key: Arc<[u8]>,
        lease: Option<LeaseId>,
        created: i64,
        held: HeldSince,
    ) -> Option<(Arc<[u8]>, Candidate)> {
        let (prefix, named, kind) = self.role(&key, lease)?;
        let known = self.queues.get(prefix).map(|queue| Arc::clone(queue.shared_prefix()));
        let prefix = known.unwrap_or_else(|| Arc::from(prefix));
        let attachment = KeyAttachment::of(named, lease);
        let candidate = Candidate { key: Arc::clone(&key), created, lease: named, attachment };
        let queue = self.queues.entry(Arc::clone(&prefix));
        let queue = queue.or_insert_with(|| LockQueue::new(Arc::clone(&prefix), kind, held));
        if let Some(former) = queue.take_keyless_of(named) {
            self.forget_former(&prefix, &former);
        }
        self.places.insert(key, KeyPlace { queue: Arc::clone(&prefix), created, lease: named, kind });
        Some((prefix, candidate))
    }

    /// Notes what a key of the queue shows about whether the queue is a lock.
    fn prove(&mut self, prefix: &[u8], key: &[u8], attachment: KeyAttachment) {
        if attachment != KeyAttachment::OwnLease {
            return;
        }
        let evidence = self.evidence(key);
        let Some(queue) = self.queues.get_mut(prefix) else { return };
        let evidence = match queue.kind() {
            LockKind::OneKey => evidence,
            _ if evidence == Some(LockEvidence::Pattern) => evidence,
            LockKind::Hex => Some(LockEvidence::Name),
            LockKind::Decimal if lock_key::is_decimal_lock(prefix) => Some(LockEvidence::Name),
            LockKind::Decimal => None,
        };
        queue.note_own_key(evidence);
    }
}
