//! Leases that replace each other: a client that grants a new lease instead of renewing moves its keys to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::inference::lease_inference::late_after;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Number of takeovers that are kept.
const RECENT: usize = 5;
/// Minimum number of intervals from which the next lease is predicted. Fewer may be restarts of the client.
const MIN_INTERVALS: usize = 3;

/// The lease that a client should grant next, as it does not renew the one that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NextLease {
    /// When the last lease got its keys.
    pub(super) since: Timestamp,
    /// The usual interval between leases.
    pub(super) every: Duration,
    /// The time after `since` at which the next lease is late.
    pub(super) late_after: Duration,
}

/// The place of a lease in a line of leases that replace each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Succession {
    /// The first known lease of the line, which identifies it.
    line: LeaseId,
    /// The lease whose keys it got. `None` for the first.
    before: Option<LeaseId>,
    /// When the latest leases of the line, up to this one, got their keys, oldest first.
    takeovers: Vec<Timestamp>,
    /// The lease that took its last key.
    pub(super) replaced_by: Option<LeaseId>,
    /// Whether the last lease that had its keys has ended too.
    pub(super) has_line_ended: bool,
}

impl Succession {
    /// The first lease of a line.
    pub(super) fn first(id: LeaseId) -> Self {
        Succession { line: id, before: None, takeovers: Vec::new(), replaced_by: None, has_line_ended: false }
    }

    /// The place of the lease that got a key at `at` from the lease `before`, whose place is `self`.
    pub(super) fn next(&self, before: LeaseId, at: Timestamp) -> Self {
        let skipped = (self.takeovers.len() + 1).saturating_sub(RECENT);
        let takeovers = self.takeovers.iter().skip(skipped).copied().chain([at]).collect();
        Succession { line: self.line, before: Some(before), takeovers, replaced_by: None, has_line_ended: false }
    }

    /// The first known lease of the line, which identifies it.
    pub(super) fn line(&self) -> LeaseId {
        self.line
    }

    /// The lease whose keys it got.
    pub(super) fn before(&self) -> Option<LeaseId> {
        self.before
    }

    /// Whether it got its keys from another lease.
    pub(super) fn is_successor(&self) -> bool {
        self.before.is_some()
    }

    /// The mean time from one lease of the line to the next. `None` before the second takeover: the first one may be a
    /// restart of the client.
    pub(super) fn every(&self) -> Option<Duration> {
        let count = u32::try_from(self.takeovers.len().checked_sub(1)?).ok()?;
        let span = *self.takeovers.last()? - *self.takeovers.first()?;
        span.checked_div(count)
    }

    /// The lease that should replace this one, which has this TTL. `None` if it is replaced already, and unless the client
    /// grants new leases regularly: a cache that is overwritten now and then does not.
    pub(super) fn next_lease(&self, ttl: Duration) -> Option<NextLease> {
        if self.replaced_by.is_some() || self.takeovers.len() <= MIN_INTERVALS {
            return None;
        }
        let intervals = || self.takeovers.windows(2).map(|pair| pair[1] - pair[0]);
        let (shortest, longest, every) = (intervals().min()?, intervals().max()?, self.every()?);
        let spread = longest - shortest;
        // The client is regular if its intervals differ by at most half of the mean.
        if spread > every / 2 {
            return None;
        }
        let late_after = late_after(longest + spread / 2, ttl);
        Some(NextLease { since: *self.takeovers.last()?, every, late_after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    #[test]
    fn the_next_lease_is_expected_after_three_regular_intervals() {
        let ttl = Duration::from_secs(15);
        let late_after = |seconds: &[u64]| {
            let first = Succession::first(LeaseId(0));
            let lease = seconds.iter().fold(first, |lease, seconds| lease.next(LeaseId(0), at(*seconds)));
            Some(lease.next_lease(ttl)?.late_after.as_secs_f64())
        };
        assert_eq!(late_after(&[100, 110, 120]), None);
        assert_eq!(late_after(&[100, 110, 120, 130]), Some(11.5));
        assert_eq!(late_after(&[100, 109, 119, 130]), Some(13.0), "jitter");
        assert_eq!(late_after(&[100, 103, 114, 120]), None, "irregular");
    }

    #[test]
    fn the_interval_is_the_mean_of_the_latest_takeovers() {
        let mut lease = Succession::first(LeaseId(0));
        let mut every = Vec::new();
        for (n, seconds) in [100, 110, 120, 130, 140, 160].into_iter().enumerate() {
            lease = lease.next(LeaseId(n as i64), at(seconds));
            every.push(lease.every().map(|every| every.as_secs_f64()));
        }
        assert_eq!(every, [None, Some(10.0), Some(10.0), Some(10.0), Some(10.0), Some(12.5)]);
        assert_eq!((lease.line(), lease.is_successor()), (LeaseId(0), true));
    }
}
