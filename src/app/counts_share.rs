//! What one lease adds to the counts.

use super::overview::{self, OverviewShare};
use super::{Lease, LeaseCounts, LeaseState, Ownership};
use simkit::Timestamp;

/// The contribution of one living lease to the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CountsShare {
    ownership: Ownership,
    may_be_dying: bool,
    is_pinned: bool,
    /// Renewals per 10^9 seconds. An integer, so that additions and subtractions cancel exactly.
    pub(super) rate: u64,
    dropped: u32,
    /// Whether its renewals are still unknown.
    is_unmeasured: bool,
    pub(super) overview: OverviewShare,
}

impl CountsShare {
    pub(super) fn of(lease: &Lease, now: Timestamp) -> Self {
        let state = lease.state(now);
        CountsShare {
            ownership: lease.ownership,
            may_be_dying: lease.may_be_dying(now),
            is_pinned: lease.is_pinned,
            rate: (overview::renewals_per_second(lease, state) * 1e9) as u64,
            dropped: lease.engine.as_ref().map_or(0, |status| u32::try_from(status.queue.dropped).unwrap_or(u32::MAX)),
            is_unmeasured: overview::is_unmeasured(lease, state),
            overview: OverviewShare::of(lease, state),
        }
    }

    /// Adds it to the counts, or removes it if `sign` is -1.
    pub(super) fn add_to(&self, counts: &mut LeaseCounts, sign: isize) {
        let number = match self.ownership {
            Ownership::Own => &mut counts.own,
            Ownership::Adopted => &mut counts.adopted,
            Ownership::Other => &mut counts.others,
        };
        *number = number.wrapping_add_signed(sign);
        let state = self.overview.state();
        let of_state = match state {
            LeaseState::Risk => Some(&mut counts.risk),
            LeaseState::Late => Some(&mut counts.late),
            LeaseState::Dying => Some(&mut counts.dying),
            _ => None,
        };
        of_state.into_iter().for_each(|count| *count = count.wrapping_add_signed(sign));
        counts.pinned = counts.pinned.wrapping_add_signed(sign * isize::from(self.is_pinned));
        counts.perhaps_dying = counts.perhaps_dying.wrapping_add_signed(sign * isize::from(self.may_be_dying));
        counts.unmeasured = counts.unmeasured.wrapping_add_signed(sign * isize::from(self.is_unmeasured));
        counts.dropped = counts.dropped.wrapping_add(u64::from(self.dropped).wrapping_mul(sign as u64));
    }
}
