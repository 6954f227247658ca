//! A changed TTL: the request and its result.

use serde::{Deserialize, Serialize};

use etcd_lease::{Granted, LeaseId, RenewalSchedule, key_text};

/// Maximum number of keys that move in one transaction: etcd's default of `--max-txn-ops`.
pub const MAX_MOVED_KEYS: usize = 128;

/// A lease whose TTL changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeTtlRequest {
    /// The lease.
    pub id: LeaseId,
    /// The new TTL, in seconds.
    pub ttl: i64,
    /// Whether the lease is kept alive here, so that the new one will be.
    pub keep_alive: bool,
    /// The renewal schedule. `None` for the engine's default.
    pub pace: Option<RenewalSchedule>,
}

/// The result of a changed TTL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedTtl {
    /// The new lease.
    pub answer: Granted,
    /// Whether the new lease is kept alive here.
    pub keep_alive: bool,
    /// The keys that moved.
    #[serde(with = "key_text::list")]
    pub keys: Vec<Vec<u8>>,
    /// The revision after the old lease was revoked.
    pub revision: i64,
}

/// Says why a lease with `count` keys, which are too many, cannot change its TTL.
pub fn too_many_keys(count: usize) -> String {
    format!("it has {count} keys; etcd moves at most {MAX_MOVED_KEYS} in one transaction (--max-txn-ops)")
}
