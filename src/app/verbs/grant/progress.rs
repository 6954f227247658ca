//! The progress of a grant request: how many of its leases were granted.

use crate::app::jobs::Jobs;
use crate::app::{CallFailure, GrantRequest};
use crate::plural::plural;
use etcd_lease::{Granted, LeaseId};

/// A grant request that is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct GrantJob {
    /// The requested TTL, in seconds.
    ttl: i64,
    /// The number of requested leases.
    count: u32,
    /// The granted leases, in the order of the replies.
    granted: Vec<LeaseId>,
    /// The TTL that etcd granted, in seconds.
    granted_ttl: Option<i64>,
}

/// A finished grant request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct GrantResult {
    /// The first granted lease.
    pub(in crate::app) first: Option<LeaseId>,
    /// The message, if the request was for several leases.
    pub(in crate::app) message: Option<String>,
}

impl GrantJob {
    pub(super) fn new(request: &GrantRequest) -> Self {
        GrantJob { ttl: request.ttl, count: request.count, granted: Vec::new(), granted_ttl: None }
    }

    /// `10 s`, or `10 s (raised from 1 s)` if etcd raised the TTL.
    fn ttl_in_words(&self) -> String {
        match self.granted_ttl {
            Some(granted) if granted != self.ttl => format!("{granted} s (raised from {} s)", self.ttl),
            _ => format!("{} s", self.ttl),
        }
    }

    fn result(self, failure: Option<&CallFailure>) -> GrantResult {
        let (granted, ttl) = (self.granted.len(), self.ttl_in_words());
        let message = match (self.count, failure) {
            (1, _) => None,
            (count, None) => Some(format!("Granted {} of {ttl}", plural(count, "lease"))),
            (count, Some(failure)) => {
                Some(format!("Granted {granted} of {} of {ttl}: {}", plural(count, "lease"), failure.text))
            }
        };
        GrantResult { first: self.granted.first().copied(), message }
    }
}

/// Records a granted lease. Returns the result once every lease of its request is granted, and `None` if the lease
/// belongs to no request of the user.
pub(in crate::app) fn on_granted(jobs: &mut Jobs, answer: &Granted) -> Option<GrantResult> {
    let place = jobs.grants.iter().position(|job| job.ttl == answer.requested_ttl)?;
    let job = &mut jobs.grants[place];
    job.granted.push(answer.id);
    job.granted_ttl = Some(answer.ttl);
    if job.granted.len() < job.count as usize {
        return None;
    }
    Some(jobs.grants.remove(place).result(None))
}

/// Records a failed grant, which ends its request. `ttl` is the requested TTL in seconds.
pub(in crate::app) fn on_failure(jobs: &mut Jobs, ttl: i64, failure: &CallFailure) -> Option<GrantResult> {
    let place = jobs.grants.iter().position(|job| job.ttl == ttl)?;
    Some(jobs.grants.remove(place).result(Some(failure)))
}

/// Whether a request of the user for this TTL, in seconds, is not answered yet.
pub(in crate::app) fn has_job(jobs: &Jobs, ttl: i64) -> bool {
    jobs.grants.iter().any(|job| job.ttl == ttl)
}
