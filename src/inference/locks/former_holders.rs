//! Former holders: candidates whose key was deleted although their lease lives.

use std::sync::Arc;
use std::time::Duration;

use super::queue::FormerHolder;
use super::{Candidate, HeldSince, KeyAttachment, KeyPlace, LockQueue, Locks};
use etcd_lease::LeaseId;
use simkit::Timestamp;

impl Locks {
    /// Notes that the lease of a deleted key lives. If the key held a lock, its client released the lock or does not know
    /// that it lost it, so it stays visible as the former holder.
    pub fn lost_only_key(&mut self, key: &[u8], lease: LeaseId, at: Timestamp) {
        let Some(held) = self.ended.take_holder(key) else { return };
        // The key was created again, and a read found it.
        if self.places.get(key).is_some_and(|place| place.created != held.created) {
            return;
        }
        // The lease of the candidate shows the same role as when the key was put. The lease of the key may be another one.
        let Some((prefix, _, kind)) = self.role(key, Some(held.lease)) else { return };
        let prefix: Arc<[u8]> = Arc::from(prefix);
        let queue = self.queues.entry(Arc::clone(&prefix));
        let queue = queue.or_insert_with(|| LockQueue::new(Arc::clone(&prefix), kind, HeldSince::since(at)));
        let candidate = Candidate { attachment: KeyAttachment::Deleted(at), ..held };
        self.places.insert(
            Arc::clone(&candidate.key),
            KeyPlace { queue: Arc::clone(&prefix), created: candidate.created, lease: candidate.lease, kind },
        );
        let former = FormerHolder { candidate, key_lease: lease };
        let leases = former.leases();
        if let Some(earlier) = queue.set_keyless(former) {
            self.forget_former(&prefix, &earlier);
        }
        self.keyless.extend(leases.map(|lease| (lease, Arc::clone(&prefix))));
        self.prove(&prefix, key, KeyAttachment::OwnLease);
    }

    /// Notes that a lease ended. Removes the former holders that have this lease, or whose key was attached to it.
    pub fn lease_ended(&mut self, lease: LeaseId) {
        let first = (lease, Arc::<[u8]>::default());
        let of_lease = self.keyless.range(first..).take_while(|(other, _)| *other == lease);
        let prefixes: Vec<Arc<[u8]>> = of_lease.map(|(_, prefix)| Arc::clone(prefix)).collect();
        prefixes.iter().for_each(|prefix| self.remove_former(prefix));
    }

    /// Forgets former holders that lost their key some time ago: they released the lock, as a member that steps down does.
    /// Those of clients that release a lock by revoking its lease stay.
    pub fn forget_released(&mut self, now: Timestamp) {
        const SHOWN_FOR: Duration = Duration::from_secs(60);
        let is_over = |queue: &LockQueue| {
            let released_at = queue.keyless().and_then(|former| queue.released_at(former));
            released_at.is_some_and(|at| at + SHOWN_FOR <= now)
        };
        let over = self.keyless.iter().filter(|(_, prefix)| self.queues.get(prefix).is_some_and(is_over));
        let over: Vec<Arc<[u8]>> = over.map(|(_, prefix)| Arc::clone(prefix)).collect();
        over.iter().for_each(|prefix| self.remove_former(prefix));
    }

    /// Removes the former holder of a queue, if it has one.
    fn remove_former(&mut self, prefix: &Arc<[u8]>) {
        let Some(queue) = self.queues.get_mut(prefix) else { return };
        let former = queue.take_keyless();
        if queue.is_empty() {
            self.queues.remove(prefix);
        }
        if let Some(former) = former {
            self.forget_former(prefix, &former);
        }
    }

    /// Forgets the leases of a removed former holder. Forgets the place of its key, unless the key was created again.
    pub(super) fn forget_former(&mut self, prefix: &Arc<[u8]>, former: &FormerHolder) {
        for lease in former.leases() {
            self.keyless.remove(&(lease, Arc::clone(prefix)));
        }
        let candidate = &former.candidate;
        if self.places.get(&candidate.key).is_some_and(|place| place.created == candidate.created) {
            self.places.remove(&candidate.key);
        }
    }
}
