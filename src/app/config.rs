//! The configuration that the monitor starts with.

use super::cluster_label::ClusterLabel;
use super::clusters::ClusterChoice;
use super::metrics::MetricsConfig;
use super::sort::Sort;
use super::typed_filter::TypedFilter;
use super::typed_history::TypedLines;
use super::{Column, GrantRequest, GroupBy, Keymap, MuteRule};
use crate::inference::locks::LockPattern;
use etcd_lease::{KeyRange, LeaseId, RenewalSchedule};

/// What the monitor is connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// A real cluster.
    #[default]
    Cluster,
    /// The embedded sandbox.
    Sandbox {
        /// Clock speed as a multiple of real time, 1 or more.
        warp: u32,
    },
}

/// Settings that stay the same while the monitor runs.
#[derive(Clone, Debug, PartialEq)]
pub struct AppConfig {
    /// The endpoints as given by the user, for display.
    pub target: String,
    /// The cluster's name and colour, if it has an entry in the config file.
    pub label: Option<ClusterLabel>,
    /// The etcdctl command line that reaches this cluster. `None` for the embedded sandbox, which etcdctl cannot reach.
    pub etcdctl: Option<String>,
    /// A real cluster or the sandbox.
    pub backend: Backend,
    /// Whether this is the demo.
    pub is_demo: bool,
    /// Whether granting, renewing, revoking and attaching keys are refused.
    pub is_read_only: bool,
    /// Whether a recording is played, so that there is no etcd.
    pub is_replay: bool,
    /// The default renewal schedule.
    pub pace: RenewalSchedule,
    /// Maximum number of LeaseTimeToLive calls per second.
    pub budget: u32,
    /// Maximum number of bytes received for keys per minute.
    pub key_budget: u64,
    /// The keys to watch.
    pub range: KeyRange,
    /// Leases to grant as soon as a member answers.
    pub grants: Vec<GrantRequest>,
    /// Leases to keep alive as soon as a member answers. No dialog asks, because the user named them explicitly.
    pub keep: Vec<LeaseId>,
    /// The initial filter.
    pub filter: TypedFilter,
    /// The initial sort order.
    pub sort: Sort,
    /// The initial columns of the lease table, left to right. The current ones are in the view.
    pub columns: Vec<Column>,
    /// Whether the parent is a shell that can resume the program after it is suspended.
    pub can_suspend: bool,
    /// Whether mouse capture is on at the start.
    pub has_mouse: bool,
    /// The effective key bindings.
    pub keymap: Keymap,
    /// What the rows are grouped by at the start.
    pub group_by: GroupBy,
    /// The warnings that the config file mutes.
    pub mutes: Vec<MuteRule>,
    /// The keys that the config file declares as locks.
    pub lock_patterns: Vec<LockPattern>,
    /// Whether the values of all locks of one key are read, not only of those on the screen.
    pub reads_lock_values: bool,
    /// Whether the members that are not endpoints are asked for their status, not only while they are on the screen.
    pub reads_members: bool,
    /// The names of the themes.
    pub themes: Vec<String>,
    /// The name of the theme at the start, if one was chosen.
    pub theme: Option<String>,
    /// The clusters to switch to, including the current one.
    pub clusters: Vec<ClusterChoice>,
    /// Whether the config file can have the setting `group`.
    pub has_group_setting: bool,
    /// Commands and filters that were typed in earlier runs.
    pub typed: TypedLines,
    /// Which figures are counted for monitoring systems. `None` counts nothing.
    pub metrics: Option<MetricsConfig>,
    /// Maximum memory for the last minutes, to which the user can go back, in bytes. 0 keeps nothing.
    pub rewind: usize,
    /// Whether leasetop's own reader reads no responses (`--stall`).
    pub is_reader_stalled: bool,
}

impl Backend {
    /// Initial clock speed as a multiple of real time.
    pub fn clock_speed(self) -> u32 {
        match self {
            Backend::Cluster => 1,
            Backend::Sandbox { warp } => warp,
        }
    }
}

impl AppConfig {
    /// The default of `rewind`, in bytes.
    pub const REWIND: usize = 16_000_000;

    /// The name of the cluster in the list of clusters: that of the config file, or the endpoints.
    pub fn cluster_name(&self) -> &str {
        self.label.as_ref().map_or(&self.target, |label| &label.name)
    }

    /// Whether own leases outlive the program: neither those of the sandbox nor those in a recording do.
    pub fn keeps_leases(&self) -> bool {
        !self.is_sandbox() && !self.is_replay
    }

    /// Whether the backend is the embedded sandbox.
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
            is_replay: false,
            pace: RenewalSchedule::default(),
            budget: 200,
            key_budget: 8_000_000,
            range: KeyRange::all(),
            grants: Vec::new(),
            keep: Vec::new(),
            filter: TypedFilter::default(),
            sort: Sort::default(),
            columns: Column::ALL.to_vec(),
            can_suspend: true,
            has_mouse: true,
            keymap: Keymap::default(),
            group_by: GroupBy::default(),
            mutes: Vec::new(),
            lock_patterns: Vec::new(),
            reads_lock_values: false,
            reads_members: false,
            themes: Vec::new(),
            theme: None,
            clusters: Vec::new(),
            rewind: AppConfig::REWIND,
            has_group_setting: false,
            typed: TypedLines::default(),
            metrics: None,
            is_reader_stalled: false,
        }
    }
}
