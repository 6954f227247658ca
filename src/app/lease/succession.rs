//! The place of a lease among leases that replace each other, and since when it has no key.

use std::time::Duration;

use crate::app::succession::NextLease;
use crate::app::{Awaited, EndCause, Lease};
use crate::inference::lease_inference::KeyDetachReason;
use crate::inference::lints::LeaseLine;
use etcd_lease::LeaseId;
use simkit::Timestamp;

impl Lease {
    /// The newer lease that took its last key. `None` if it has got a key since.
    pub fn replaced_by(&self) -> Option<LeaseId> {
        self.succession.as_ref()?.replaced_by
    }

    /// Whether newer leases took its keys, and the last of them has ended.
    pub fn has_line_ended(&self) -> bool {
        self.succession.as_ref().is_some_and(|succession| succession.has_line_ended)
    }

    /// Whether its client deleted its last key, that of a lock. A client may let such a lease run out.
    pub(in crate::app) fn has_released_lock(&self) -> bool {
        let last = self.detached_keys.last();
        let is_released = last.is_some_and(|key| key.is_lock && key.fate == KeyDetachReason::Deleted);
        is_released && self.engine.is_none() && self.keyless_since().is_some()
    }

    /// Whether its client needs it no longer: a newer lease took its last key, or its lock was released.
    pub(in crate::app) fn is_done(&self) -> bool {
        self.replaced_by().is_some() || self.has_released_lock()
    }

    /// Whether it ran out without a key after a newer lease had replaced it, given the cause that its deadline shows.
    pub(in crate::app) fn is_replaced_at_end(&self, cause: EndCause) -> bool {
        matches!(cause, EndCause::Expired | EndCause::RanOut | EndCause::Unknown)
            && !self.is_kept_alive
            && self.replaced_by().is_some()
    }

    /// How often its client grants a new lease and moves its keys to it, instead of renewing. `None` if the lease is
    /// renewed, or before two of these moves were seen.
    pub fn new_lease_every(&self) -> Option<Duration> {
        let is_renewed = self.is_kept_alive || self.observed.renewals().last().is_some();
        if is_renewed { None } else { self.succession.as_ref()?.every() }
    }

    /// The lease that should replace it, if its client regularly grants a new lease instead of renewing.
    pub(in crate::app) fn next_lease(&self) -> Option<NextLease> {
        if self.engine.is_some() || self.last_renewed().is_some() || self.observed.is_renewed_manually() {
            return None;
        }
        self.succession.as_ref()?.next_lease(Duration::from_secs(self.granted_ttl?.unsigned_abs()))
    }

    /// Whether its client is expected to replace it by a new lease rather than to renew it.
    pub(super) fn awaits_new_lease(&self) -> bool {
        self.next_lease().is_some()
    }

    /// What is overdue if it is late.
    pub fn awaited(&self) -> Awaited {
        if self.awaits_new_lease() { Awaited::NewLease } else { Awaited::Renewal }
    }

    /// Its place in a line of leases, for the lints.
    pub(in crate::app) fn line(&self) -> Option<LeaseLine> {
        let succession = self.succession.as_ref()?;
        let is_replaced = succession.replaced_by.is_some();
        Some(LeaseLine { first: succession.line(), is_replaced, every: self.new_lease_every() })
    }

    /// Since when it has had no key, as far as known. `None` if it has one, or if its keys are unknown.
    pub(in crate::app) fn keyless_since(&self) -> Option<Timestamp> {
        let keys = self.keys.as_ref()?;
        let lost = self.detached_keys.last().map_or(Timestamp::START, |detached| detached.at);
        if keys.count == 0 && keys.is_all { Some(self.first_seen.max(lost)) } else { None }
    }
}
