//! Leases that became late, at risk or unrenewed, to be reported.

use super::LeaseState;
use etcd_lease::LeaseId;

/// The leases whose new state has not been reported yet.
#[derive(Clone, Debug, Default)]
pub(super) struct NewAlarms(Vec<(LeaseId, LeaseState)>);

impl NewAlarms {
    /// Notes a lease whose state changed. A lease that goes from risk to late is not reported again. One that is at
    /// risk without having been late is reported as both, because it may have become both between two polls.
    pub(super) fn note(&mut self, id: LeaseId, before: Option<LeaseState>, state: Option<LeaseState>) {
        match (before, state) {
            (Some(LeaseState::Risk), Some(LeaseState::Risk | LeaseState::Late))
            | (Some(LeaseState::Late), Some(LeaseState::Late)) => (),
            (Some(LeaseState::Late), Some(LeaseState::Risk)) => self.0.push((id, LeaseState::Risk)),
            (_, Some(LeaseState::Risk)) => {
                self.0.extend([LeaseState::Late, LeaseState::Risk].map(|state| (id, state)));
            }
            (_, Some(LeaseState::Late)) => self.0.push((id, LeaseState::Late)),
            (before, Some(LeaseState::Unrenewed)) if before != Some(LeaseState::Unrenewed) => {
                self.0.push((id, LeaseState::Unrenewed));
            }
            _ => (),
        }
    }

    /// Returns the leases and forgets them.
    pub(super) fn drain(&mut self) -> Vec<(LeaseId, LeaseState)> {
        std::mem::take(&mut self.0)
    }
}
