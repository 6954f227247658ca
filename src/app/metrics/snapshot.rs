//! The figures at one moment.

use std::time::Duration;

use super::OWNERS;
use super::event_metrics::EventMetrics;
use super::lease_table::{LeaseTable, TTL_CLASS_COUNT};
use super::service_counts::AllServices;

/// Number of members by whether they answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCounts {
    /// They answer.
    pub up: usize,
    /// They do not answer, or refuse requests.
    pub down: usize,
    /// They were not asked yet.
    pub unknown: usize,
}

/// All figures at one moment. Counters start with the state: they start again after a restart of the sandbox and after a
/// switch to another cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsSnapshot {
    /// Living leases by state and TTL class.
    pub leases: LeaseTable,
    /// Living leases by [owner](OWNERS).
    pub by_owner: [usize; OWNERS.len()],
    /// The lowest time left of a living lease of each TTL class, to 250 ms. `None` if no deadline is known.
    pub lowest_left: [Option<Duration>; TTL_CLASS_COUNT],
    /// Expired leases that etcd has not removed yet.
    pub backlog: usize,
    /// Living leases with a warning that is not muted.
    pub warned: usize,
    /// Services that have lost all their keys although a client kept them.
    pub services_gone: usize,
    /// Renewals per second of all leases by their usual intervals.
    pub renewal_rate: f64,
    /// Counters and histograms from events.
    pub events: EventMetrics,
    /// Number of answered TimeToLive calls.
    pub polls: u64,
    /// Number of TimeToLive calls that failed.
    pub failed_polls: u64,
    /// Number of answered lease lists.
    pub lists: u64,
    /// Bytes received for keys.
    pub key_bytes: u64,
    /// Time since the last answered list was requested. `None` before the first.
    pub data_age: Option<Duration>,
    /// Whether all keys in the watched range are known and their changes arrive.
    pub follows_keys: bool,
    /// Whether a member answers.
    pub is_reached: bool,
    /// The members given as endpoints.
    pub members: MemberCounts,
    /// Whether the current member knows a leader.
    pub has_leader: bool,
    /// The raft term of the current member. `None` while no member answers.
    pub raft_term: Option<u64>,
    /// The id of the cluster; 0 while unknown.
    pub cluster_id: u64,
    /// The etcd version of the current member, or of the last one that answered. `None` before the first reply.
    pub version: Option<String>,
    /// The services. `None` unless asked for.
    pub services: Option<AllServices>,
}
