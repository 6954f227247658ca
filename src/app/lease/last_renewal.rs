//! Leases that nobody renews: when that shows, and what is known about the last renewal of one that expired.

use std::time::Duration;

use crate::app::{EndCause, Lease};
use simkit::Timestamp;

/// What is known about the last renewal of a lease by its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastRenewal {
    /// There was none after the grant, which was seen. A renewal within a second of the grant cannot be distinguished from
    /// it.
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
    /// There was none. Its client usually replaces it by a new lease.
    NewLease {
        /// Time from the grant of the last lease to the end.
        before_end: Duration,
        /// The usual interval between new leases.
        every: Duration,
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
        if let Some(next) = self.next_lease() {
            return Some(LastRenewal::NewLease { before_end: end - next.since, every: next.every });
        }
        Some(if self.is_never_renewed() { LastRenewal::Never } else { LastRenewal::NotSeen })
    }

    /// Whether nobody renewed it after its grant: leasetop saw it appear, and its deadline was not set after that.
    pub fn is_never_renewed(&self) -> bool {
        let was_renewed = self.last_renewed().is_some() || self.engine.is_some();
        self.is_grant_seen && !was_renewed && self.observed.may_be_set_by(self.first_seen)
    }

    /// Whether it was watched for two thirds of its TTL or longer, and no renewal was seen. An election or a restart may
    /// have reset its time left since then.
    fn is_watched_unrenewed(&self) -> bool {
        let (Some(seen), Some(ttl)) = (self.observed.seen_at(), self.granted_ttl) else { return false };
        let was_renewed = self.last_renewed().is_some() || self.engine.is_some();
        let is_long = seen - self.first_seen >= Duration::from_secs(ttl.unsigned_abs()) * 2 / 3;
        let is_same = self.observed.may_be_set_by(self.first_seen) || self.observed.refills() > 0;
        let is_explained = self.observed.contradictions() == 0 && !self.observed.is_renewed_manually();
        is_long && is_same && is_explained && !was_renewed
    }

    /// The cause of the end of a lease that expired. A lease that its client usually replaces was not meant to run out.
    pub(in crate::app) fn expiry(&self) -> EndCause {
        let is_unrenewed = self.is_never_renewed() || self.is_watched_unrenewed();
        let is_planned = self.has_released_lock() || is_unrenewed && !self.awaits_new_lease();
        if is_planned { EndCause::RanOut } else { EndCause::Expired }
    }

    /// When two thirds of the TTL have passed without a renewal, or 5/4 of the interval between new leases if that is
    /// longer. `None` if a renewal was seen, the lease has [served its purpose](Lease::is_done), a new lease is awaited
    /// instead of a renewal, or leasetop renews it.
    pub(in crate::app) fn unrenewed_from(&self) -> Option<Timestamp> {
        let is_renewed = self.engine.is_some() || self.last_renewed().is_some();
        if is_renewed || self.is_done() || self.awaits_new_lease() {
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
