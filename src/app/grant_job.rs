//! The progress of a grant request: how many of its leases were granted.

use super::grant::GrantRequest;
use crate::plural::plural;
use etcd_lease::LeaseId;

/// A grant request that is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GrantJob {
    /// The number of the request.
    pub(super) number: u64,
    /// The requested TTL, in seconds.
    pub(super) ttl: i64,
    /// The number of requested leases.
    pub(super) count: u32,
    /// The granted leases, in the order of the replies.
    pub(super) granted: Vec<LeaseId>,
    /// The TTL that etcd granted, in seconds.
    pub(super) granted_ttl: Option<i64>,
}

/// A finished grant request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GrantResult {
    /// The first granted lease.
    pub(super) first: Option<LeaseId>,
    /// The message, if the request was for several leases.
    pub(super) message: Option<String>,
}

impl GrantJob {
    pub(super) fn new(number: u64, request: &GrantRequest) -> Self {
        GrantJob { number, ttl: request.ttl, count: request.count, granted: Vec::new(), granted_ttl: None }
    }

    /// `10 s`, or `10 s (raised from 1 s)` if etcd raised the TTL.
    fn ttl_in_words(&self) -> String {
        match self.granted_ttl {
            Some(granted) if granted != self.ttl => format!("{granted} s (raised from {} s)", self.ttl),
            _ => format!("{} s", self.ttl),
        }
    }

    /// What was granted. `failure` says why the rest was not.
    pub(super) fn result(self, failure: Option<&str>) -> GrantResult {
        let (granted, ttl) = (self.granted.len(), self.ttl_in_words());
        let message = match (self.count, failure) {
            (1, _) => None,
            (count, None) => Some(format!("Granted {} of {ttl}", plural(count, "lease"))),
            (count, Some(failure)) => {
                Some(format!("Granted {granted} of {} of {ttl}: {failure}", plural(count, "lease")))
            }
        };
        GrantResult { first: self.granted.first().copied(), message }
    }
}
