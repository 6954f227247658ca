//! The times of recent renewals of one lease.

use std::time::Duration;

use simkit::Timestamp;

use crate::app::{HistoryEvent, Lease};

/// Two inferred times closer than this are the same renewal.
const SAME: Duration = Duration::from_secs(1);

/// The times from `since` on at which the lease was renewed, newest first. For other clients' renewals, each time is the
/// middle of the range that polls show, and polls may have missed renewals in between.
pub fn renewal_times(lease: &Lease, since: Timestamp) -> Vec<Timestamp> {
    let entries = lease.history.iter().flat_map(|history| history.entries().rev());
    let renewals = entries.take_while(|entry| entry.at >= since).filter(|entry| {
        matches!(entry.event, HistoryEvent::Renewed(_) | HistoryEvent::Observed { is_renewal: true, .. })
    });
    let mut times: Vec<Timestamp> = renewals.map(|entry| entry.at).collect();
    if lease.engine.is_none() {
        // The history started later than the polls.
        let oldest = times.last().copied().unwrap_or(Timestamp::NEVER);
        let earlier = lease.observed.renewals().recent().rev().map(|at| at.middle());
        times.extend(earlier.skip_while(|at| *at + SAME > oldest).take_while(|at| *at >= since));
    }
    times
}
