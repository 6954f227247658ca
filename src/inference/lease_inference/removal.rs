//! Infers why a lease ended.

use std::time::Duration;

use super::{Known, LeaseInference};
use crate::inference::TimeRange;
use simkit::Timestamp;

/// A lease that existed this close to its deadline and is gone afterwards has expired.
const BRINK: Duration = Duration::from_millis(50);
/// Maximum time from the last poll to the deadline if a watch shows when the lease was removed.
const NEAR: Duration = Duration::from_millis(600);
/// An unrenewed lease that existed this close to its latest possible deadline was not revoked in between.
const TIGHT: Duration = Duration::from_millis(100);
/// Within this span a revoke just before expiry is unlikely if no lease with this TTL was ever revoked.
const UNLIKELY_REVOKE_SPAN: Duration = Duration::from_millis(300);
/// etcd removes at most this many expired leases every 500 ms (lease/lessor.go).
const REMOVED_EACH_TIME: u32 = 500;

/// When a lease was removed: it existed at `after` and was gone at `by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovalWindow {
    /// When the lease last existed: when the last poll or list that showed it was sent, or one round trip before the
    /// watch reported the deletion of its keys.
    pub after: Timestamp,
    /// When the first evidence arrived that the lease is gone.
    pub by: Timestamp,
}

/// What is known about other leases with the same TTL, used for a lease with too few observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CohortHint {
    /// No client seems to renew them.
    pub is_unrenewed: bool,
    /// Many leases with this TTL have ended, and none was revoked.
    pub is_never_revoked: bool,
}

/// Why a lease is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalCause {
    /// The lease expired, and etcd removed it this long after the deadline.
    Expired(RemovalDelay),
    /// Revoked by leasetop.
    RevokedHere,
    /// Revoked by another client, with time left.
    Revoked,
    /// Expired or revoked.
    Unknown,
}

/// How long after its deadline a lease was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovalDelay {
    /// The shortest possible delay.
    pub least: Duration,
    /// The longest possible delay.
    pub most: Duration,
}

impl LeaseInference {
    /// Infers why the lease is gone. A lease that was not seen near its deadline does not count as expired, and one
    /// that may have expired does not count as revoked. For a lease that no client renews, an old reply is as good as a
    /// new one.
    pub fn removal_cause(&self, removal: RemovalWindow, revoked_here: bool, cohort: CohortHint) -> RemovalCause {
        match self.known {
            _ if revoked_here => RemovalCause::RevokedHere,
            Some(known) if known.has_expired(removal, cohort) => {
                RemovalCause::Expired(removal_delay(known.track.bounds(), removal))
            }
            Some(known) if removal.by < known.soonest_end() => RemovalCause::Revoked,
            _ => RemovalCause::Unknown,
        }
    }
}

impl LeaseInference {
    /// Whether no client seems to renew the lease, as of the last poll: no renewal for 1.5 times the usual interval. While
    /// that is unknown, the limit is two thirds of the TTL after a renewal, and half of the TTL if none was seen.
    pub fn is_unrenewed(&self) -> bool {
        let Some((known, unrenewed)) = self.known.zip(self.unrenewed()) else { return false };
        let usual = self.renewals.usual_interval().map(|interval| interval.every * 3 / 2);
        let was_renewed = self.renewals.last().is_some();
        unrenewed >= usual.unwrap_or(if was_renewed { known.ttl() * 2 / 3 } else { known.ttl() / 2 })
    }

    /// Whether the known deadline may have been set at `moment` or earlier. If so, no later renewal is known, and no new
    /// leader or restart has reset the time left.
    pub fn may_be_set_by(&self, moment: Timestamp) -> bool {
        let Some(known) = self.known else { return false };
        self.refills == 0 && known.track.bounds().earliest.before(known.ttl()) <= moment
    }

    /// The time at which the lease will have been without a renewal for `span`, if no client renews it before. `span` is at
    /// most the TTL.
    pub fn unrenewed_for(&self, span: Duration) -> Option<Timestamp> {
        let known = self.known?;
        // Computed from the deadline, because the last renewal can be before the start of the clock.
        let by_deadline = known.track.bounds().latest.before(known.ttl().saturating_sub(span));
        Some(known.before_manual.map_or(by_deadline, |last| last + span))
    }

    /// Whether the user renewed the lease once, after the last renewal by a client.
    pub fn is_renewed_manually(&self) -> bool {
        self.known.is_some_and(|known| known.before_manual.is_some())
    }

    /// Whether a poll was so close to the deadline that a later removal means expiry.
    pub fn is_decided(&self) -> bool {
        self.known.is_some_and(|known| known.is_decided())
    }

    /// The earliest possible deadline if no client seems to renew the lease; `None` once it has expired.
    pub fn idle_end(&self) -> Option<Timestamp> {
        let known = self.known?;
        if known.dying {
            return None;
        }
        let is_idle = self.renewals.usual_interval().is_none() || self.is_unrenewed();
        if is_idle { Some(known.track.bounds().earliest) } else { None }
    }
}

impl Known {
    /// The earliest time at which the lease can have expired, whether or not it was renewed since the last poll. (A
    /// refill may set more than the TTL, and a later renewal sets it back to the TTL.)
    fn soonest_end(&self) -> Timestamp {
        self.track.bounds().earliest.min(self.sent + self.ttl())
    }

    /// Whether a poll was so close to the deadline that no time was left for a revoke.
    fn is_decided(&self) -> bool {
        self.dying || self.sent >= self.track.bounds().earliest.before(BRINK)
    }

    fn has_expired(&self, removal: RemovalWindow, cohort: CohortHint) -> bool {
        let TimeRange { earliest, latest } = self.track.bounds();
        let was_seen_near_end = self.sent >= earliest.before(NEAR) && removal.after >= earliest.before(BRINK);
        let was_seen_at_latest = removal.after >= latest.before(TIGHT);
        let is_revoke_unlikely = cohort.is_never_revoked && removal.by - removal.after <= UNLIKELY_REVOKE_SPAN;
        let is_idle = cohort.is_unrenewed && (was_seen_at_latest || is_revoke_unlikely);
        self.dying || removal.by >= earliest && (self.is_decided() || was_seen_near_end || is_idle)
    }
}

fn removal_delay(deadline: TimeRange, removal: RemovalWindow) -> RemovalDelay {
    RemovalDelay { least: removal.after - deadline.latest, most: removal.by - deadline.earliest }
}

/// Expired leases that etcd has not removed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryBacklog {
    /// Number of expired leases.
    pub dying: u32,
}

impl ExpiryBacklog {
    /// How long etcd takes to remove them: 500 every 500 ms.
    ///
    /// ```
    /// use leasetop::inference::lease_inference::ExpiryBacklog;
    /// assert_eq!(ExpiryBacklog { dying: 6_000 }.removal_time().as_secs(), 6);
    /// ```
    pub fn removal_time(self) -> Duration {
        Duration::from_millis(500) * self.dying.div_ceil(REMOVED_EACH_TIME)
    }
}
