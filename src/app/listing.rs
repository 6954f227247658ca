//! What changed in the list of all leases.

use serde::{Deserialize, Serialize};

use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The changes in a LeaseLeases response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// When the request was sent.
    pub sent: Timestamp,
    /// When the response arrived.
    pub received: Timestamp,
    /// The key-value revision in the response header. 0 if unknown.
    pub revision: i64,
    /// Leases that the previous list did not contain.
    pub born: Vec<LeaseId>,
    /// Leases that only the previous list contained.
    pub gone: Vec<LeaseId>,
    /// Number of leases in the list.
    pub total: usize,
    /// The leases with the least time left, soonest first, if they changed and the leader answered.
    pub soonest: Option<Vec<LeaseId>>,
}
