//! Leases that nobody renews: when that shows, and what is known about the last renewal of one that expired.

use std::time::Duration;

use crate::app::{EndCause, Lease};
use simkit::Timestamp;

/// What is known about the last renewal of a lease by its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastRenewal {
    /// There was none after the grant, which was seen. A renewal in the second of the grant cannot be told from it.
    Never,
    /// There was none while leasetop watched the lease, which was granted earlier.
    NotSeen,
    /// It was seen.
    Seen {
        /// Time from the last renewal to the end.
        before_end: Duration,
        /// The usual interval until then. `None` if fewer than two renewals were seen.
        every: Option<Duration>,
    },
}

impl Lease {
    /// What is known about the last renewal, for a lease that ended at `end`. `None` if the user renewed it once after its
    /// client did.
    pub fn last_renewal(&self, end: Timestamp) -> Option<LastRenewal> {
        if let Some(at) = self.last_renewed() {
            return Some(LastRenewal::Seen { before_end: end - at, every: self.usual_interval() });
        }
        if self.engine.is_some() || self.observed.is_renewed_manually() {
            return None;
        }
        Some(if self.is_never_renewed() { LastRenewal::Never } else { LastRenewal::NotSeen })
    }

    /// Whether nobody renewed it after its grant: leasetop saw it appear, and its deadline was set no later.
    pub fn is_never_renewed(&self) -> bool {
        let was_renewed = self.last_renewed().is_some() || self.engine.is_some();
        self.is_grant_seen && !was_renewed && self.observed.may_be_set_by(self.first_seen)
    }

    /// The cause of the end of a lease that expired.
    pub(in crate::app) fn expiry(&self) -> EndCause {
        if self.is_never_renewed() || self.has_released_lock() { EndCause::RanOut } else { EndCause::Expired }
    }

    /// When two thirds of the TTL have passed without a renewal, and its client should have replaced it if that is what it
    /// does. `None` if a renewal was seen, the lease has [served its purpose](Lease::is_done), or
    /// leasetop renews it.
    pub(in crate::app) fn unrenewed_from(&self) -> Option<Timestamp> {
        if self.engine.is_some() || self.last_renewed().is_some() || self.is_done() {
            return None;
        }
        let ttl = Duration::from_secs(self.granted_ttl?.unsigned_abs());
        let overdue = self.new_lease_every().map_or(Duration::ZERO, |every| every * 5 / 4);
        self.observed.unrenewed_for(overdue.max(ttl * 2 / 3))
    }

    /// Whether two thirds of the TTL have passed without a renewal, as of the last poll.
    pub(super) fn is_unrenewed(&self, now: Timestamp) -> bool {
        self.unrenewed_from().is_some_and(|from| from <= self.known_until(now))
    }

    /// Whether the latest possible deadline has passed, and no client seemed to renew the lease at the last poll.
    pub(super) fn is_past_deadline(&self, now: Timestamp) -> bool {
        let is_past = self.bounds().is_some_and(|bounds| bounds.latest <= now);
        is_past && !self.is_kept_alive && self.observed.is_unrenewed()
    }
}
