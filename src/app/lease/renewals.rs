//! How often a lease is renewed: by the engine, or by other clients as polls have shown.

use std::time::Duration;

use crate::app::{Lease, TimeRange};
use crate::inference::RenewalStyle;
use crate::inference::lease_inference::{Certainty, RenewalPattern, UsualInterval};
use simkit::Timestamp;

impl Lease {
    /// When the reply to the engine's last renewal arrived.
    pub(in crate::app) fn last_answer(&self) -> Option<Timestamp> {
        self.engine.as_ref()?.last_answer
    }

    /// The time of the last renewal: when the reply to the engine's renewal arrived, or the inferred time for another
    /// client.
    pub fn last_renewed(&self) -> Option<Timestamp> {
        self.last_answer().or(self.observed.renewals().last().map(TimeRange::middle))
    }

    /// The usual interval between renewals; `None` before the second renewal. For a lease that the engine renews or has
    /// renewed, the mean of its renewals.
    pub fn usual_interval(&self) -> Option<Duration> {
        match &self.engine {
            Some(status) => status.cadence.mean(),
            None => Some(self.others_usual_interval()?.every),
        }
    }

    /// The usual interval between other clients' renewals that polls have shown; `None` before the second renewal, or if
    /// the engine renews or has renewed the lease.
    pub fn others_usual_interval(&self) -> Option<UsualInterval> {
        if self.engine.is_some() {
            return None;
        }
        self.observed.renewals().usual_interval()
    }

    /// The usual interval, if enough renewals were seen to predict the next one.
    pub fn established_interval(&self) -> Option<Duration> {
        let every = match self.others_usual_interval() {
            Some(usual) if !usual.is_established() => return None,
            _ => self.usual_interval()?,
        };
        if every.is_zero() { None } else { Some(every) }
    }

    /// Which clients renew like this. A hint, because others may use the same interval. `None` if the interval is not
    /// steady or not exactly known, and for a lease that leasetop renews.
    pub fn renewal_style(&self) -> Option<RenewalStyle> {
        /// Intervals that make a mean precise enough.
        const MIN_INTERVALS: usize = 3;
        let RenewalPattern::Steady(usual) = self.pattern() else { return None };
        let renewals = self.observed.renewals();
        let is_known = self.engine.is_none() && usual.certainty == Certainty::About;
        if !is_known || renewals.recent().count() <= MIN_INTERVALS {
            return None;
        }
        let ttl = Duration::from_secs(self.granted_ttl?.unsigned_abs());
        RenewalStyle::of(ttl, usual.every, (usual.shortest, usual.longest))
    }

    /// The pattern of the renewals. `Frequent` is a mistake of other clients, so it never applies to a lease that the engine
    /// renews or has renewed: on a fast clock of the sandbox, each poll can find it just renewed.
    pub fn pattern(&self) -> RenewalPattern {
        match self.observed.pattern() {
            RenewalPattern::Frequent if self.engine.is_some() => RenewalPattern::Unknown,
            pattern => pattern,
        }
    }

    /// The lowest time left at a renewal by another client, and whether the true value may be higher because renewals
    /// were missed.
    pub fn margin(&self) -> Option<(Duration, Certainty)> {
        if self.engine.is_some() {
            return None;
        }
        let renewals = self.observed.renewals();
        Some((renewals.cadence().least_left?, renewals.certainty()))
    }

    /// The expected renewal interval: from the renewal schedule, else the usual interval, else TTL/3.
    pub fn expected_interval(&self) -> Option<Duration> {
        let third = self.granted_ttl.map(|ttl| Duration::from_secs(ttl.unsigned_abs()) / 3);
        self.engine.as_ref().and_then(|status| status.expected).or(self.usual_interval()).or(third)
    }

    /// The time until the engine has renewed the lease `count` times, at least once. `None` while the interval is unknown.
    pub fn time_until_renewals(&self, count: usize, now: Timestamp) -> Option<Duration> {
        let status = self.engine.as_ref()?;
        let every = status.expected.or(self.usual_interval())?;
        // Without a due time, a renewal is in flight.
        let next = status.next_due.map_or(Duration::ZERO, |due| due - now);
        let further = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
        Some(next.saturating_add(every.saturating_mul(further)))
    }

    /// How many renewals in a row may fail before the lease expires; `None` if it is not kept alive or the deadline is
    /// unknown.
    pub fn renewals_to_spare(&self, now: Timestamp) -> Option<u64> {
        let status = self.engine.as_ref()?;
        let every = status.expected.or(self.usual_interval())?;
        if !self.is_kept_alive || every.is_zero() {
            return None;
        }
        let (deadline, next) = (self.bounds()?.earliest, status.next_due?.max(now));
        if next >= deadline {
            return Some(0);
        }
        let further = (deadline - next).as_nanos().saturating_sub(1) / every.as_nanos();
        Some(u64::try_from(further).unwrap_or(u64::MAX))
    }
}
