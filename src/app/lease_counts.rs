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
    /// Leases that have expired but are not removed yet. Either a poll showed this, or the leader lists the lease before
    /// another one of which a poll showed it.
    pub dying: usize,
    /// Unseen leases that may have expired.
    pub perhaps_dying: usize,
    /// Pinned leases.
    pub pinned: usize,
    /// Renewals per second of all leases, computed from their usual intervals. Those of other clients are inferred from
    /// polls.
    pub renewals: f64,
    /// Dropped responses of the living leases.
    pub dropped: u64,
    /// Leases at risk.
    pub risk: usize,
    /// Late leases.
    pub late: usize,
    /// Leases that other clients may renew at an interval that is not known yet. `renewals` then is a lower bound.
    pub unmeasured: usize,
}
