//! Problems of a candidate.

use std::time::Duration;

use super::{Candidate, KeyAttachment};
use etcd_lease::LeaseId;

/// How late a Go client may be: its send loop wakes every 500 ms.
const CLIENTV3_TICK: Duration = Duration::from_millis(500);

/// What is known of the lease that a candidate is named after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CandidateHealth {
    /// Whether it has ended.
    pub is_gone: bool,
    /// Whether it has expired; etcd has not removed it yet.
    pub is_dying: bool,
    /// The TTL that was granted.
    pub ttl: Option<Duration>,
    /// For how long, at least, nobody has renewed it.
    pub unrenewed: Option<Duration>,
    /// How long after a renewal it is late by its own interval; none where it has none yet.
    pub late_after: Option<Duration>,
}

/// Why a candidate will not release the lock or use it. A holder with a problem keeps all waiters waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateProblem {
    /// Its key has no lease: it stays in the queue until a client deletes it.
    Stranded,
    /// Its key is attached to another lease and stays in the queue until that one ends.
    Misplaced(LeaseId),
    /// Its lease has ended.
    Gone,
    /// Its lease has expired; etcd is about to remove it and its key.
    Dying,
    /// Nobody has renewed its lease for this long: it looks dead and leaves the queue when the lease expires.
    Silent(Duration),
}

impl Candidate {
    /// Its first problem in the order of [`CandidateProblem`].
    pub fn problem(&self, health: CandidateHealth) -> Option<CandidateProblem> {
        match self.attachment {
            KeyAttachment::NoLease => Some(CandidateProblem::Stranded),
            KeyAttachment::OtherLease(other) => Some(CandidateProblem::Misplaced(other)),
            KeyAttachment::OwnLease if health.is_gone => Some(CandidateProblem::Gone),
            KeyAttachment::OwnLease if health.is_dying => Some(CandidateProblem::Dying),
            KeyAttachment::OwnLease => health.silent().map(CandidateProblem::Silent),
        }
    }
}

impl CandidateHealth {
    /// For how long it was not renewed, if it is late by its own interval. Without one, a healthy client renews three times in
    /// a TTL.
    fn silent(self) -> Option<Duration> {
        let unrenewed = self.unrenewed?;
        let late_after = self.late_after.or(self.ttl.map(|ttl| ttl * 2 / 3 + CLIENTV3_TICK))?;
        if unrenewed > late_after { Some(unrenewed) } else { None }
    }
}
