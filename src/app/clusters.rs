//! The clusters that the monitor can switch to, and own leases that are kept alive on the others.

use super::{LabelColor, Ownership};
use etcd_lease::LeaseId;

/// A cluster to switch to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterChoice {
    /// The name in the config file; for the cluster of the command line, its endpoints. Escape it before displaying it.
    pub name: String,
    /// The colour of the name, if one is configured.
    pub color: Option<LabelColor>,
    /// The endpoints, for display.
    pub target: String,
}

/// A lease that the engine keeps alive, without what was observed of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptLease {
    /// The id.
    pub id: LeaseId,
    /// The owner: this program, or another client if it was adopted.
    pub ownership: Ownership,
    /// The requested TTL in seconds, if it was granted here.
    pub asked_ttl: Option<i64>,
}

/// Leases that are kept alive on a cluster that is not displayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackgroundLeases {
    /// The name of the cluster.
    pub cluster: String,
    /// The leases.
    pub leases: Vec<KeptLease>,
    /// Whether they are in a sandbox of this process, so that they end with it.
    pub is_sandbox: bool,
}

/// What happens to the leases that are kept alive when the monitor leaves their cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveLeases {
    /// They are renewed in the background.
    Keep,
    /// They are no longer renewed, and expire.
    Stop,
    /// Own leases are revoked first; adopted ones are no longer renewed.
    Revoke,
}
