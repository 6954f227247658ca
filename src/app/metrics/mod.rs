//! Figures for monitoring systems: counts of leases, counters and histograms since the start.
//!
//! Everything is kept up to date as it happens, so a snapshot costs the same with 100,000 leases as with ten.

mod event_metrics;
mod histogram;
mod lease_table;
mod service_counts;
mod snapshot;

pub use event_metrics::{END_CAUSES, EventMetrics, LOSS_REASONS, RENEWAL_SOURCES};
pub use histogram::Histogram;
pub use lease_table::{LIVING_STATES, LeaseTable, TTL_CLASS_COUNT, TTL_CLASSES};
pub use service_counts::{AllServices, ServiceFigures};
pub use snapshot::{MemberCounts, MetricsSnapshot};

pub(super) use lease_table::{state_index, ttl_class};
pub(super) use service_counts::ServiceCounts;

/// Which figures are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Maximum number of services with figures of their own. 0: none is named.
    pub services: usize,
}

/// All owners, in the order of [`MetricsSnapshot::by_owner`].
pub const OWNERS: [super::Ownership; 3] = [super::Ownership::Own, super::Ownership::Adopted, super::Ownership::Other];
