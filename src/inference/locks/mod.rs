//! Locks and elections: who holds one, and who waits in which order.
//!
//! etcd knows no lock. Its concurrency package (`etcdctl lock` and `elect`, and whoever asks the server's Lock and Election
//! services) lets each candidate put a key named after its lease below the name of the lock, hanging on that very lease.
//! The key that was made first holds it, and each other waits for those before it to go:
//!
//! ```text
//! mutex/694d9aa8d4d4f304   create revision 7    holds
//! mutex/694d9aa8d4d4f30a   create revision 9    next
//! mutex/694d9aa8d4d4f311   create revision 12   waits for both
//! ```
//!
//! [`Locks`] finds these queues among the keys that it is told of. A key that names a lease and hangs on another, or on
//! none, stands in the line all the same, and what is wrong with it is a [`CandidateProblem`].

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

/// Where a key stands: below which name, with which create revision.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPlace {
    name: Arc<[u8]>,
    created: i64,
}

/// All queues, as the keys tell.
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

    /// The queues behind that name.
    pub fn after(&self, name: &[u8]) -> impl DoubleEndedIterator<Item = &LockQueue> {
        let behind = (Bound::Excluded(name), Bound::Unbounded);
        self.queues.range::<[u8], _>(behind).map(|(_, queue)| queue).filter(|queue| queue.is_proven())
    }

    /// The queues before that name.
    pub fn before(&self, name: &[u8]) -> impl DoubleEndedIterator<Item = &LockQueue> {
        let before = (Bound::Unbounded, Bound::Excluded(name));
        self.queues.range::<[u8], _>(before).map(|(_, queue)| queue).filter(|queue| queue.is_proven())
    }

    /// Every candidate, queue by queue.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.queues().flat_map(LockQueue::line)
    }

    /// The places of all leases in line; one may stand in several.
    pub fn places(&self) -> impl Iterator<Item = (LeaseId, QueuePosition)> {
        self.queues().flat_map(LockQueue::places)
    }

    /// The queue in which a key stands, and the candidate that it is.
    pub fn find(&self, key: &[u8]) -> Option<(&LockQueue, &Candidate)> {
        let place = self.places.get(key)?;
        let queue = self.queues.get(&place.name).filter(|queue| queue.is_proven())?;
        Some((queue, queue.candidate(place.created, key)?))
    }

    /// The keys are read anew, from the first page on. What is known stays until the last.
    pub fn start_reload(&mut self) {
        self.incoming.clear();
    }

    /// A page of keys.
    pub fn add_page(&mut self, page: &[KeyEntry]) {
        let candidates = page.iter().filter(|held| is_lock_key(&held.key, held.lease));
        self.incoming.extend(candidates.cloned());
    }

    /// That was the last page. Whoever held a lock before and does so still holds it since then.
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

    /// A key was put, and hangs on this lease or on none.
    pub fn put(&mut self, key: &[u8], lease: Option<LeaseId>, create_revision: i64, at: Timestamp) {
        let is_known = self.places.contains_key(key);
        if is_known || is_lock_key(key, lease) {
            self.remove_if_recreated(key, create_revision, at);
            self.insert(key, lease, create_revision, HeldSince::since(at));
        }
    }

    /// A key is gone.
    pub fn delete(&mut self, key: &[u8], at: Timestamp) {
        let Some(KeyPlace { name, created }) = self.places.remove(key) else { return };
        let Some(queue) = self.queues.get_mut(&name) else { return };
        queue.remove(created, key, at);
        if queue.is_empty() {
            self.queues.remove(&name);
        }
    }

    /// A key that was made anew stands at the end of the line.
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

/// Whether a key may stand in a queue: it is named after the lease that it hangs on; or after another, which then must
/// look like one that etcd has drawn, since many a name is a small number.
pub fn is_lock_key(key: &[u8], lease: Option<LeaseId>) -> bool {
    const DRAWN: u64 = 1 << 44;
    named(key).is_some_and(|(_, named)| lease == Some(named) || named.0.unsigned_abs() >= DRAWN)
}

/// The name of the lock, and the lease that a key is named after, in hex as Go prints it.
fn named(key: &[u8]) -> Option<(&[u8], LeaseId)> {
    let slash = key.iter().rposition(|byte| *byte == b'/')?;
    let digits = std::str::from_utf8(&key[slash + 1..]).ok()?;
    let is_hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    let id = i64::from_str_radix(digits, 16).ok().filter(|id| is_hex && *id != 0)?;
    Some((&key[..slash], LeaseId(id)))
}
