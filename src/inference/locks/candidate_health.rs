//! Problems of a candidate.

use std::time::Duration;

use super::{Candidate, KeyAttachment};
use crate::inference::lease_inference::late_after_by_ttl;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The state of the lease that a candidate is named after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CandidateHealth {
    /// Whether the lease has ended.
    pub is_gone: bool,
    /// Whether the lease has expired but etcd has not removed it yet.
    pub is_dying: bool,
    /// The TTL that was granted.
    pub ttl: Option<Duration>,
    /// Minimum time without a renewal.
    pub unrenewed: Option<Duration>,
    /// The time after a renewal at which the next one is late; `None` before the first renewal.
    pub late_after: Option<Duration>,
}

/// Why a candidate will not release the lock or use it. A holder with a problem keeps all waiters waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateProblem {
    /// Its key has no lease, so it stays in the queue until a client deletes it.
    Stranded,
    /// Its key is attached to another lease and stays in the queue until that lease ends.
    Misplaced(LeaseId),
    /// Its lease has ended.
    Gone,
    /// Its lease has expired; etcd is about to remove it and its key.
    Dying,
    /// Its key was deleted at this time, but its lease lives. It released the lock, or another client deleted the key.
    KeyDeleted(Timestamp),
    /// Its lease has not been renewed for this long. It looks dead and leaves the queue when the lease expires.
    Silent(Duration),
}

impl Candidate {
    /// The first problem in the order of [`CandidateProblem`].
    pub fn problem(&self, health: CandidateHealth) -> Option<CandidateProblem> {
        match self.attachment {
            KeyAttachment::Deleted(at) => Some(CandidateProblem::KeyDeleted(at)),
            KeyAttachment::NoLease => Some(CandidateProblem::Stranded),
            KeyAttachment::OtherLease(other) => Some(CandidateProblem::Misplaced(other)),
            KeyAttachment::OwnLease if health.is_gone => Some(CandidateProblem::Gone),
            KeyAttachment::OwnLease if health.is_dying => Some(CandidateProblem::Dying),
            KeyAttachment::OwnLease => health.silent().map(CandidateProblem::Silent),
        }
    }
}

impl CandidateHealth {
    /// Time without a renewal, if the next one is late. Before the first renewal, this depends on the TTL.
    fn silent(self) -> Option<Duration> {
        let unrenewed = self.unrenewed?;
        let late_after = self.late_after.or(self.ttl.map(|ttl| late_after_by_ttl(Duration::ZERO, ttl)))?;
        if unrenewed > late_after { Some(unrenewed) } else { None }
    }
}
