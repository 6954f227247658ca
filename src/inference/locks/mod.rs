//! Locks and elections: the holder, and the waiters in order.
//!
//! etcd itself has no locks. With its concurrency package (`etcdctl lock` and `elect`, and the server's Lock and Election
//! services) each candidate puts a key below the name of the lock, named after its lease and attached to it. The candidate
//! with the oldest key holds the lock; each other one waits until all keys before its own are deleted:
//!
//! ```text
//! mutex/694d9aa8d4d4f304   create revision 7    holds
//! mutex/694d9aa8d4d4f30a   create revision 9    next
//! mutex/694d9aa8d4d4f311   create revision 12   waits for both
//! ```
//!
//! [`Locks`] finds these queues among the keys. A key that is named after one lease but attached to another lease or
//! none is in the queue too; [`CandidateProblem`] describes the problem.

mod candidate_health;
mod queue;
#[cfg(test)]
mod tests;

pub use candidate_health::{CandidateHealth, CandidateProblem};
pub use queue::{Candidate, HeldSince, KeyAttachment, LockQueue, QueuePosition};

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use etcd_lease::{KeyEntry, LeaseId};
use simkit::Timestamp;

/// The place of a key: the name of its lock and its create revision.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPlace {
    name: Arc<[u8]>,
    created: i64,
}

/// All lock queues, found by their keys.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    queues: BTreeMap<Arc<[u8]>, LockQueue>,
    places: HashMap<Arc<[u8]>, KeyPlace>,
    /// The candidates of the pages so far, while the keys are being read.
    incoming: Vec<KeyEntry>,
}

impl Locks {
    /// The queues in the order of their names.
    pub fn queues(&self) -> impl DoubleEndedIterator<Item = &LockQueue> {
        self.queues.values().filter(|queue| queue.is_proven())
    }

    /// The queues after a name, in the order of their names.
    pub fn after(&self, name: &[u8]) -> impl DoubleEndedIterator<Item = &LockQueue> {
        let behind = (Bound::Excluded(name), Bound::Unbounded);
        self.queues.range::<[u8], _>(behind).map(|(_, queue)| queue).filter(|queue| queue.is_proven())
    }

    /// The queues before a name, in the order of their names.
    pub fn before(&self, name: &[u8]) -> impl DoubleEndedIterator<Item = &LockQueue> {
        let before = (Bound::Unbounded, Bound::Excluded(name));
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
        let queue = self.queues.get(&place.name).filter(|queue| queue.is_proven())?;
        Some((queue, queue.candidate(place.created, key)?))
    }

    /// Starts a new read of all keys. The known queues stay until it is complete.
    pub fn start_reload(&mut self) {
        self.incoming.clear();
    }

    /// Adds a page of keys.
    pub fn add_page(&mut self, page: &[KeyEntry]) {
        let candidates = page.iter().filter(|held| is_lock_key(&held.key, held.lease));
        self.incoming.extend(candidates.cloned());
    }

    /// Replaces the queues after the last page. A holder that is still the holder keeps its start time.
    pub fn finish_reload(&mut self, now: Timestamp) {
        let before = std::mem::take(&mut self.queues);
        self.places.clear();
        for KeyEntry { key, lease, create_revision } in std::mem::take(&mut self.incoming) {
            self.insert(&key, lease, create_revision, HeldSince::at_least_since(now));
        }
        for (name, queue) in &mut self.queues {
            queue.carry_over(before.get(name));
        }
    }

    /// Applies a put of a key with this lease or without one.
    pub fn put(&mut self, key: &[u8], lease: Option<LeaseId>, create_revision: i64, at: Timestamp) {
        let is_known = self.places.contains_key(key);
        if is_known || is_lock_key(key, lease) {
            self.remove_if_recreated(key, create_revision, at);
            self.insert(key, lease, create_revision, HeldSince::since(at));
        }
    }

    /// Adds a key that was read. It may hold its lock for longer than it is known.
    pub fn found(&mut self, key: &[u8], lease: Option<LeaseId>, create_revision: i64, now: Timestamp) {
        if self.places.contains_key(key) || is_lock_key(key, lease) {
            self.remove_if_recreated(key, create_revision, now);
            self.insert(key, lease, create_revision, HeldSince::at_least_since(now));
        }
    }

    /// Whether a lock of this name is known.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.queues.contains_key(name)
    }

    /// Applies the deletion of a key.
    pub fn delete(&mut self, key: &[u8], at: Timestamp) {
        let Some(KeyPlace { name, created }) = self.places.remove(key) else { return };
        let Some(queue) = self.queues.get_mut(&name) else { return };
        queue.remove(created, key, at);
        if queue.is_empty() {
            self.queues.remove(&name);
        }
    }

    /// Removes a key that was deleted and created again, because it moves to the end of the queue.
    fn remove_if_recreated(&mut self, key: &[u8], create_revision: i64, at: Timestamp) {
        if self.places.get(key).is_some_and(|place| place.created != create_revision) {
            self.delete(key, at);
        }
    }

    fn insert(&mut self, key: &[u8], lease: Option<LeaseId>, created: i64, held: HeldSince) {
        let Some((name, named)) = named(key) else { return };
        let (name, key): (Arc<[u8]>, Arc<[u8]>) = (Arc::from(name), Arc::from(key));
        let candidate =
            Candidate { key: Arc::clone(&key), created, lease: named, attachment: KeyAttachment::of(named, lease) };
        let queue = self.queues.entry(Arc::clone(&name)).or_insert_with(|| LockQueue::new(Arc::clone(&name), held));
        queue.insert(candidate, held);
        self.places.insert(key, KeyPlace { name, created });
    }
}

/// Whether a key may be a candidate: it is named after the lease that it is attached to, or after another one. The
/// other one must look like an id chosen by etcd, because small numbers are common names.
pub fn is_lock_key(key: &[u8], lease: Option<LeaseId>) -> bool {
    const CHOSEN_BY_ETCD: u64 = 1 << 44;
    named(key).is_some_and(|(_, named)| lease == Some(named) || named.0.unsigned_abs() >= CHOSEN_BY_ETCD)
}

/// The name of the lock of a key that is named after a lease.
pub fn lock_name(key: &[u8]) -> Option<&[u8]> {
    named(key).map(|(name, _)| name)
}

/// The lock name and the lease that a key is named after, in hex as printed by Go's `%x`.
fn named(key: &[u8]) -> Option<(&[u8], LeaseId)> {
    let slash = key.iter().rposition(|byte| *byte == b'/')?;
    let digits = std::str::from_utf8(&key[slash + 1..]).ok()?;
    let is_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    let id = i64::from_str_radix(digits, 16).ok()?;
    if is_hex && id != 0 { Some((&key[..slash], LeaseId(id))) } else { None }
}
