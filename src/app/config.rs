//! What the monitor is told when it starts.

use super::cluster_label::ClusterLabel;
use super::row_filter::TypedFilter;
use super::sort::Sort;
use super::{Column, GrantRequest, Keymap};
use etcd_lease::{KeyRange, LeaseId, RenewalSchedule};

/// On what the monitor runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// A real cluster.
    #[default]
    Cluster,
    /// The embedded sandbox, on a clock that runs so many times as fast as the wall.
    Sandbox {
        /// The clock's speed, 1 or more.
        warp: u32,
    },
}

/// What does not change while the monitor runs.
#[derive(Clone, Debug, PartialEq)]
pub struct AppConfig {
    /// The endpoints as they were given, for the eye.
    pub target: String,
    /// The cluster, where it was named.
    pub label: Option<ClusterLabel>,
    /// etcdctl with what it needs to reach the cluster; none on the embedded sandbox, which it cannot reach.
    pub etcdctl: Option<String>,
    /// Real cluster or sandbox.
    pub backend: Backend,
    /// Whether this is the demo.
    pub is_demo: bool,
    /// Whether everything that writes or renews is refused.
    pub is_read_only: bool,
    /// How often leases are renewed for which nothing else is asked.
    pub pace: RenewalSchedule,
    /// LeaseTimeToLive calls a second, at most.
    pub budget: u32,
    /// The keys that are followed.
    pub range: KeyRange,
    /// Leases to grant as soon as a member answers.
    pub grants: Vec<GrantRequest>,
    /// Leases to keep alive as soon as a member answers: whoever names them has considered what that means.
    pub keep: Vec<LeaseId>,
    /// Which leases are shown at the start.
    pub filter: TypedFilter,
    /// By what the rows are sorted at the start.
    pub sort: Sort,
    /// The columns of the lease table, from left to right.
    pub columns: Vec<Column>,
    /// Whether a shell is there that could continue what is suspended.
    pub can_suspend: bool,
    /// What the keys do.
    pub keymap: Keymap,
}

impl Backend {
    /// How many times as fast as real time its clock runs at the start.
    pub fn clock_speed(self) -> u32 {
        match self {
            Backend::Cluster => 1,
            Backend::Sandbox { warp } => warp,
        }
    }
}

impl AppConfig {
    /// Whether this runs on the embedded sandbox.
    pub fn is_sandbox(&self) -> bool {
        matches!(self.backend, Backend::Sandbox { .. })
    }
}

impl Default for AppConfig {
    fn default() -> Self {
        AppConfig {
            target: "127.0.0.1:2379".to_owned(),
            label: None,
            etcdctl: None,
            backend: Backend::Cluster,
            is_demo: false,
            is_read_only: false,
            pace: RenewalSchedule::default(),
            budget: 200,
            range: KeyRange::all(),
            grants: Vec::new(),
            keep: Vec::new(),
            filter: TypedFilter::default(),
            sort: Sort::default(),
            columns: Column::ALL.to_vec(),
            can_suspend: true,
            keymap: Keymap::default(),
        }
    }
}
