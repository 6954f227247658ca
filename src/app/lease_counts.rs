//! Counts over all leases.

/// Counts over all living leases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LeaseCounts {
    /// Leases granted here.
    pub own: usize,
    /// Adopted leases.
    pub adopted: usize,
    /// Other clients' leases.
    pub others: usize,
    /// Leases at risk or late.
    pub endangered: usize,
    /// Leases that have expired but are not removed yet: shown by polls, or listed by the leader before such a lease.
    pub dying: usize,
    /// Unseen leases that may have expired.
    pub perhaps_dying: usize,
    /// Pinned leases.
    pub pinned: usize,
    /// Renewals per second of the leases that are kept alive here, computed from their mean intervals.
    pub renewals: f64,
    /// Dropped responses of the living leases.
    pub dropped: u64,
}
