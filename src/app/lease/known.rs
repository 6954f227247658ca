//! What is known of leases, for a recording that starts while the monitor runs.

use serde::{Deserialize, Serialize};

use super::{LastTtlReply, Lease, Ownership};
use crate::app::countdown::Countdown;
use crate::app::lease_end::KeepaliveLoss;
use crate::app::succession::Succession;
use crate::app::ttl_cohorts::TtlCohorts;
use crate::inference::lease_inference::LeaseInference;
use etcd_lease::{KeyEntry, LeaseId};
use simkit::Timestamp;

/// What was observed of the living leases so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnownLeases {
    pub(in crate::app) leases: Vec<KnownLease>,
    /// In a large key space, the leases whose keys are all known, with the earliest and the latest revision that their last
    /// reply can be about.
    #[serde(default)]
    pub(in crate::app) answered: Vec<(LeaseId, (i64, i64))>,
    /// In a large key space, the keys that are known, with create revisions if they are candidates of a lock.
    #[serde(default)]
    pub(in crate::app) keys: Vec<KeyEntry>,
    /// Whether this is the last of several messages.
    #[serde(default)]
    pub(in crate::app) is_last: bool,
    pub(in crate::app) cohorts: TtlCohorts,
}

/// What was observed of a living lease, so that what is inferred later is the same as in the monitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::app) struct KnownLease {
    pub(in crate::app) id: LeaseId,
    first_seen: Timestamp,
    is_grant_seen: bool,
    is_reported_unrenewed: bool,
    ownership: Ownership,
    is_kept_alive: bool,
    granted_ttl: Option<i64>,
    asked_ttl: Option<i64>,
    last_ttl_reply: Option<LastTtlReply>,
    observed: LeaseInference,
    refilled: Option<Timestamp>,
    succession: Option<Box<Succession>>,
    loss: Option<Box<KeepaliveLoss>>,
    responses_read: u64,
}

impl From<&Lease> for KnownLease {
    fn from(lease: &Lease) -> Self {
        KnownLease {
            id: lease.id,
            first_seen: lease.first_seen,
            is_grant_seen: lease.is_grant_seen,
            is_reported_unrenewed: lease.is_reported_unrenewed,
            ownership: lease.ownership,
            is_kept_alive: lease.is_kept_alive,
            granted_ttl: lease.granted_ttl,
            asked_ttl: lease.asked_ttl,
            last_ttl_reply: lease.last_ttl_reply,
            observed: lease.observed.clone(),
            refilled: lease.refilled,
            succession: lease.succession.clone(),
            loss: lease.loss.clone(),
            responses_read: lease.responses_read,
        }
    }
}

impl Lease {
    /// Restores what was known of the lease when the recording started.
    pub(in crate::app) fn restore(&mut self, known: KnownLease) {
        self.first_seen = known.first_seen;
        self.is_grant_seen = known.is_grant_seen;
        self.is_reported_unrenewed = known.is_reported_unrenewed;
        self.ownership = known.ownership;
        self.is_kept_alive = known.is_kept_alive;
        self.granted_ttl = known.granted_ttl;
        self.asked_ttl = known.asked_ttl;
        self.last_ttl_reply = known.last_ttl_reply;
        self.observed = known.observed;
        self.refilled = known.refilled;
        self.succession = known.succession;
        self.loss = known.loss;
        self.responses_read = known.responses_read;
        self.countdown = self.observed.bounds().map(Countdown::reset);
    }
}
