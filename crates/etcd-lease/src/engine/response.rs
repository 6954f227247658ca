//! The response to a renewal.

use std::time::Duration;

use crate::LeaseId;
use crate::keepalive::AnsweredRenewal;
use simkit::Timestamp;

/// The response to one renewal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response {
    /// The id of the lease.
    pub id: LeaseId,
    /// The full TTL in seconds, as etcd returned it.
    pub ttl: i64,
    /// When the reply arrived.
    pub at: Timestamp,
    /// The time from the request to the reply.
    pub round_trip: Duration,
    /// The header's revision, which etcd takes before the renewal.
    pub revision: i64,
}

impl Response {
    pub(super) fn new(id: LeaseId, renewal: &AnsweredRenewal) -> Self {
        let AnsweredRenewal { ttl, at, round_trip, revision, .. } = *renewal;
        Response { id, ttl, at, round_trip, revision }
    }

    /// When the lease expires unless it is renewed again: the time of the request plus the TTL.
    pub fn deadline(&self) -> Timestamp {
        self.at.before(self.round_trip) + Duration::from_secs(self.ttl.unsigned_abs())
    }
}
