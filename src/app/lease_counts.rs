//! How many there are of what.

/// Counts over all living leases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LeaseCounts {
    /// Granted here.
    pub own: usize,
    /// Adopted.
    pub adopted: usize,
    /// Other clients'.
    pub others: usize,
    /// At risk or late.
    pub endangered: usize,
    /// Expired, and not removed yet: as polls have shown, or as the leader's list has them before such a one.
    pub dying: usize,
    /// Unseen since before their time may have been over: nobody knows whether they are dying.
    pub perhaps_dying: usize,
    /// Pinned to the top.
    pub pinned: usize,
    /// Renewals a second, by what was seen of each lease that is kept.
    pub renewals: f64,
    /// Responses dropped so far.
    pub dropped: u64,
}
