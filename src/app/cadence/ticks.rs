//! The times of recent renewals of one lease.

use simkit::Timestamp;

use crate::app::{HistoryEvent, Lease};

/// When the lease was renewed from `since` on, newest first. Renewals by other clients are inferred from polls with an
/// error, so each is in the middle of its range.
pub fn renewal_times(lease: &Lease, since: Timestamp) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = match &lease.history {
        Some(history) => history
            .entries()
            .rev()
            .map_while(|entry| if entry.at < since { None } else { Some(entry) })
            .filter_map(|entry| match entry.event {
                HistoryEvent::Renewed(_) | HistoryEvent::Observed { is_renewal: true, .. } => Some(entry.at),
                _ => None,
            })
            .collect(),
        None => Vec::new(),
    };
    if times.is_empty() && lease.engine.is_none() {
        times = lease.observed.renewals().since_last_gap().map(|at| at.middle()).filter(|at| *at >= since).collect();
        times.reverse();
    }
    times
}
