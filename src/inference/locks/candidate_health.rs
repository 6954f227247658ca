//! What is wrong with a candidate.

use std::time::Duration;

use super::{Candidate, KeyAttachment};
use etcd_lease::LeaseId;

/// What a client may be late by for reasons of its own: the tick of Go's.
const CLIENTV3_TICK: Duration = Duration::from_millis(500);

/// What is known of the life of the lease that a candidate is named after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CandidateHealth {
    /// Whether the server does not know it (any more).
    pub is_gone: bool,
    /// Whether it has expired, and is not removed yet.
    pub is_dying: bool,
    /// The TTL that was granted.
    pub ttl: Option<Duration>,
    /// Nobody has renewed it for that long, at least.
    pub unrenewed: Option<Duration>,
    /// For how long it may stay without a renewal by its own habit, where it has one.
    pub late_after: Option<Duration>,
}

/// Why a candidate will not do its part. One that has a flaw and holds the lock keeps all others waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateProblem {
    /// Its key hangs on no lease: it stands in line until somebody deletes it.
    Stranded,
    /// Its key hangs on another lease, and stands in line as long as that lives.
    Misplaced(LeaseId),
    /// Its lease is gone.
    Gone,
    /// Its lease has expired, and is about to be removed with its key.
    Dying,
    /// Nobody has renewed its lease for that long: it seems dead, and leaves when its time is over.
    Silent(Duration),
}

impl Candidate {
    /// What is wrong with it, if anything is: the first that holds.
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
    /// For how long it was not renewed, where its habit would have had it renewed; a healthy client renews three times in
    /// a TTL.
    fn silent(self) -> Option<Duration> {
        let unrenewed = self.unrenewed?;
        let late_after = self.late_after.or(self.ttl.map(|ttl| ttl * 2 / 3 + CLIENTV3_TICK))?;
        (unrenewed > late_after).then_some(unrenewed)
    }
}
