//! Many revokes under way: so many in flight at a time, the rest in turn, a result for each.

use std::collections::{BTreeSet, VecDeque};

use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::{Lease, Ownership};

/// Revokes in flight at a time.
const AT_A_TIME: usize = 64;

/// A lease that a dialog has named, as whose it was named.
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

    /// Whether the lease lives, is the one that was named, and is still whose it was.
    pub(super) fn is_unchanged(self, lease: Option<&Lease>) -> bool {
        lease.is_some_and(|lease| {
            lease.end.is_none() && lease.ownership == self.ownership && lease.first_seen == self.first_seen
        })
    }
}

/// What came of one revoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokeOutcome {
    /// It was revoked; with how many keys, where they could be counted.
    Revoked(Option<usize>),
    /// It was gone already.
    Gone,
    /// It is another client's now, so that it was left alone.
    ChangedHands,
    /// It was not revoked; why, raw.
    Failed(String),
}

/// Many revokes under way, or what came of them.
#[derive(Clone, Debug, Default)]
pub struct BulkRevoke {
    queue: VecDeque<RevokeTarget>,
    in_flight: BTreeSet<LeaseId>,
    results: Vec<(LeaseId, RevokeOutcome)>,
    /// Leases that were not begun with when it was stopped.
    skipped: usize,
}

impl BulkRevoke {
    /// How many leases it is about.
    pub fn total(&self) -> usize {
        self.queue.len() + self.in_flight.len() + self.results.len() + self.skipped
    }

    /// What came of each so far, in the order of the answers.
    pub fn results(&self) -> &[(LeaseId, RevokeOutcome)] {
        &self.results
    }

    /// Those that were not revoked and may live.
    pub fn failures(&self) -> impl Iterator<Item = &(LeaseId, RevokeOutcome)> {
        self.results
            .iter()
            .filter(|(_, outcome)| matches!(outcome, RevokeOutcome::ChangedHands | RevokeOutcome::Failed(_)))
    }

    /// How many were revoked, and with how many keys as far as those could be counted.
    pub fn revoked(&self) -> (usize, usize) {
        let revoked = self.results.iter().filter_map(|(_, outcome)| match outcome {
            RevokeOutcome::Revoked(keys) => Some(keys.unwrap_or(0)),
            _ => None,
        });
        revoked.fold((0, 0), |(leases, keys), more| (leases + 1, keys + more))
    }

    /// How many have been sent and are not answered.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How many were left alone when it was stopped.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Whether no more will be sent, though answers may be awaited.
    pub fn is_drained(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether nothing is under way any more.
    pub fn is_over(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_empty()
    }

    /// Appends leases to those that are to be revoked.
    pub(super) fn extend(&mut self, named: impl IntoIterator<Item = RevokeTarget>) {
        self.queue.extend(named);
    }

    /// Sends no more; says how many were left alone.
    pub(super) fn stop(&mut self) -> usize {
        let rest = std::mem::take(&mut self.queue).len();
        self.skipped += rest;
        rest
    }

    /// The next to be sent, where there is room for one more in flight.
    pub(super) fn next(&mut self) -> Option<RevokeTarget> {
        if self.in_flight.len() >= AT_A_TIME { None } else { self.queue.pop_front() }
    }

    /// One was sent.
    pub(super) fn record_sent(&mut self, id: LeaseId) {
        self.in_flight.insert(id);
    }

    /// One that was sent was answered; no if it is none of these.
    pub(super) fn on_reply(&mut self, id: LeaseId, outcome: RevokeOutcome) -> bool {
        let is_ours = self.in_flight.remove(&id);
        if is_ours {
            self.results.push((id, outcome));
        }
        is_ours
    }

    /// One was not sent, for this reason.
    pub(super) fn record_skipped(&mut self, id: LeaseId, outcome: RevokeOutcome) {
        self.results.push((id, outcome));
    }
}
