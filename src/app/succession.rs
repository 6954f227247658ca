//! Leases that replace each other: a client that grants a new lease instead of renewing moves its keys to it.

use std::time::Duration;

use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Number of takeovers that are kept.
const RECENT: usize = 5;

/// The place of a lease in a line of leases that replace each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Succession {
    /// The first known lease of the line, which identifies it.
    line: LeaseId,
    /// The lease whose keys it got. `None` for the first.
    before: Option<LeaseId>,
    /// When the latest leases of the line, up to this one, got their keys, oldest first.
    takeovers: Vec<Timestamp>,
    /// The lease that took its last key.
    pub(super) replaced_by: Option<LeaseId>,
}

impl Succession {
    /// The first lease of a line.
    pub(super) fn first(id: LeaseId) -> Self {
        Succession { line: id, before: None, takeovers: Vec::new(), replaced_by: None }
    }

    /// The lease that got a key of `self`, the lease `before`, at `at`.
    pub(super) fn next(&self, before: LeaseId, at: Timestamp) -> Self {
        let skipped = (self.takeovers.len() + 1).saturating_sub(RECENT);
        let takeovers = self.takeovers.iter().skip(skipped).copied().chain([at]).collect();
        Succession { line: self.line, before: Some(before), takeovers, replaced_by: None }
    }

    /// The first known lease of the line, which identifies it.
    pub(super) fn line(&self) -> LeaseId {
        self.line
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
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
