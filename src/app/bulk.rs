//! A bulk revoke: a queue, a limited number of requests in flight, and one result per lease.

use std::collections::{BTreeSet, VecDeque};

use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::{Lease, Ownership};

/// Maximum number of revoke requests in flight.
const AT_A_TIME: usize = 64;

/// A lease to revoke, with its owner when the dialog named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokeTarget {
    pub(super) id: LeaseId,
    first_seen: Timestamp,
    ownership: Ownership,
}

impl RevokeTarget {
    pub(super) fn of(lease: &Lease) -> Self {
        RevokeTarget { id: lease.id, first_seen: lease.first_seen, ownership: lease.ownership }
    }

    /// Whether the lease is alive, is the same lease that was named, and still has the same owner.
    pub(super) fn is_unchanged(self, lease: Option<&Lease>) -> bool {
        lease.is_some_and(|lease| {
            lease.end.is_none() && lease.ownership == self.ownership && lease.first_seen == self.first_seen
        })
    }
}

/// The outcome of one revoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokeOutcome {
    /// Revoked, with the number of deleted keys if it is known.
    Revoked(Option<usize>),
    /// The lease no longer existed.
    Gone,
    /// The owner changed since the dialog named it, so it was not revoked.
    ChangedHands,
    /// The request failed. The reason is not escaped.
    Failed(String),
}

/// A running or finished bulk revoke.
#[derive(Clone, Debug, Default)]
pub struct BulkRevoke {
    queue: VecDeque<RevokeTarget>,
    in_flight: BTreeSet<LeaseId>,
    results: Vec<(LeaseId, RevokeOutcome)>,
    /// Number of leases still queued when the bulk revoke was stopped.
    skipped: usize,
}

impl BulkRevoke {
    /// The total number of leases, whatever their outcome.
    pub fn total(&self) -> usize {
        self.queue.len() + self.in_flight.len() + self.results.len() + self.skipped
    }

    /// The outcomes so far, in the order of the replies.
    pub fn results(&self) -> &[(LeaseId, RevokeOutcome)] {
        &self.results
    }

    /// The outcomes of leases that were not revoked and may still exist.
    pub fn failures(&self) -> impl Iterator<Item = &(LeaseId, RevokeOutcome)> {
        self.results
            .iter()
            .filter(|(_, outcome)| matches!(outcome, RevokeOutcome::ChangedHands | RevokeOutcome::Failed(_)))
    }

    /// The number of revoked leases, and the number of keys known to be deleted with them.
    pub fn revoked(&self) -> (usize, usize) {
        let revoked = self.results.iter().filter_map(|(_, outcome)| match outcome {
            RevokeOutcome::Revoked(keys) => Some(keys.unwrap_or(0)),
            _ => None,
        });
        revoked.fold((0, 0), |(leases, keys), more| (leases + 1, keys + more))
    }

    /// The number of requests sent but not answered.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether it waits for the reply about a lease.
    pub(super) fn waits_for(&self, id: LeaseId) -> bool {
        self.in_flight.contains(&id)
    }

    /// The number of leases skipped because the bulk revoke was stopped.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Whether nothing is queued. Replies may still be outstanding.
    pub fn is_drained(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether nothing is queued or in flight.
    pub fn is_over(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_empty()
    }

    /// Queues more leases.
    pub(super) fn extend(&mut self, named: impl IntoIterator<Item = RevokeTarget>) {
        self.queue.extend(named);
    }

    /// Clears the queue and returns how many leases were skipped.
    pub(super) fn stop(&mut self) -> usize {
        let rest = std::mem::take(&mut self.queue).len();
        self.skipped += rest;
        rest
    }

    /// The next lease to revoke. `None` if nothing is queued or the limit of requests in flight is reached.
    pub(super) fn next(&mut self) -> Option<RevokeTarget> {
        if self.in_flight.len() >= AT_A_TIME { None } else { self.queue.pop_front() }
    }

    pub(super) fn record_sent(&mut self, id: LeaseId) {
        self.in_flight.insert(id);
    }

    /// Records the outcome of a request in flight. Returns false if the lease is not part of this bulk revoke.
    pub(super) fn on_reply(&mut self, id: LeaseId, outcome: RevokeOutcome) -> bool {
        let is_ours = self.in_flight.remove(&id);
        if is_ours {
            self.results.push((id, outcome));
        }
        is_ours
    }

    /// Records a lease that was dequeued but not sent.
    pub(super) fn record_skipped(&mut self, id: LeaseId, outcome: RevokeOutcome) {
        self.results.push((id, outcome));
    }
}
