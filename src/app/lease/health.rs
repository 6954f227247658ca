//! Decides when a lease is late, at risk or unseen, from its renewal interval and its polls, and when it is stalled or
//! paused.

use std::time::Duration;

use crate::app::{Lease, LeaseState, Ownership};
use crate::inference::lease_inference::late_after;
use crate::inference::lints::QueueFull;
use etcd_lease::{Fault, QueueGauge};
use simkit::Timestamp;

/// A lease is unseen after this many planned polls without a reply.
const MISSED_POLLS: u32 = 2;
/// Extra time for the last reply to arrive.
const REPLY_GRACE: Duration = Duration::from_secs(1);

impl Lease {
    /// The time at which the lease becomes unseen: after two planned polls without a reply. It may have been renewed or
    /// revoked since. A lease whose deadline was forgotten is unseen until the next reply.
    pub(in crate::app) fn unseen_from(&self) -> Timestamp {
        match (self.observed.seen_at(), self.poll.awaited) {
            (Some(since), _) | (None, Some(since)) => since + self.pace() * MISSED_POLLS + REPLY_GRACE,
            (None, None) => Timestamp::START,
        }
    }

    /// Whether the lease is unseen and may have expired.
    pub(in crate::app) fn may_be_dying(&self, now: Timestamp) -> bool {
        self.state(now) == LeaseState::Unseen && self.bounds().is_none_or(|bounds| bounds.earliest <= now)
    }

    /// The poll interval. It is at least 3 s for a lease that is kept alive here, because its renewals show most of its
    /// state.
    pub(in crate::app) fn pace(&self) -> Duration {
        const KEPT_ALIVE: Duration = Duration::from_secs(3);
        if self.is_kept_alive { self.observed.poll_interval().max(KEPT_ALIVE) } else { self.observed.poll_interval() }
    }

    /// The time up to which every renewal is known. The engine reports its own renewals; only polls show renewals by
    /// other clients.
    pub(super) fn known_until(&self, now: Timestamp) -> Timestamp {
        if self.is_kept_alive { now } else { self.observed.seen_at().map_or(Timestamp::START, |seen| seen.min(now)) }
    }

    pub(in crate::app) fn is_at_risk(&self, now: Timestamp) -> bool {
        self.risk_from().is_some_and(|from| from <= self.known_until(now))
    }

    pub(in crate::app) fn is_late(&self, now: Timestamp) -> bool {
        self.late_from().is_some_and(|from| from <= self.known_until(now))
    }

    /// Whether nobody reads the responses, or they are dropped. The queue of a slow reader changes between full and almost
    /// full at each renewal, so its lease is stalled once responses are dropped, as its warning says.
    pub(in crate::app) fn is_stalled(&self) -> bool {
        let Some(status) = self.engine.as_ref().filter(|_| self.is_kept_alive) else { return false };
        match status.drill {
            Some(Fault::StallConsumer) => true,
            Some(Fault::SlowConsumer { .. }) => QueueFull::applies(status.queue),
            _ => {
                let is_full = status.queue.capacity > 0 && status.queue.depth >= status.queue.capacity;
                self.is_reader_stalled || is_full || QueueFull::applies(status.queue)
            }
        }
    }

    /// The response queue, if responses are dropped because it is full.
    pub(in crate::app) fn overflowing_queue(&self) -> Option<QueueGauge> {
        let status = self.engine.as_ref().filter(|_| self.is_kept_alive && self.end.is_none())?;
        if QueueFull::applies(status.queue) { Some(status.queue) } else { None }
    }

    /// Whether this is an own or lost lease that is not kept alive, or a drill holds its renewals back.
    pub(in crate::app) fn is_paused(&self) -> bool {
        let should_be_kept = self.ownership == Ownership::Own || self.loss.is_some();
        should_be_kept && !self.is_kept_alive || self.drill() == Some(Fault::HoldSender)
    }

    /// The time at which less than the [danger line](Lease::danger_left) is left and the next renewal is overdue. For other
    /// clients' leases, the deadline shows when the last renewal was, even if polls were missed before it. `None` before
    /// the first renewal.
    pub(in crate::app) fn risk_from(&self) -> Option<Timestamp> {
        if self.end.is_some() || self.has_released_lock() {
            return None;
        }
        let low = self.left_below(self.danger_left()?)?;
        if self.awaits_new_lease() {
            return Some(low.max(self.late_from()?));
        }
        let last = if self.is_kept_alive { self.last_answer() } else { self.observed.last_possible() };
        Some(low.max(last? + self.late_after()?))
    }

    /// The time at which the renewal, or the new lease that usually replaces this one, is overdue. For other clients'
    /// leases, only time in which polls would have shown a renewal counts.
    pub(in crate::app) fn late_from(&self) -> Option<Timestamp> {
        match &self.engine {
            Some(_) if !self.is_kept_alive => None,
            None if self.has_released_lock() => None,
            Some(status) => Some(status.last_answer? + self.late_after()?),
            None => match self.next_lease() {
                Some(next) => Some(next.since + next.late_after),
                None => self.observed.late_from(),
            },
        }
    }

    /// The time after a renewal at which the next one is late; `None` before the first renewal. For a lease that the engine
    /// renews, it is at least the scheduled interval, even if the user renewed the lease early.
    pub(in crate::app) fn late_after(&self) -> Option<Duration> {
        let Some(status) = &self.engine else { return self.observed.renewals().late_after() };
        let interval = status.cadence.mean()?.max(status.expected.unwrap_or_default());
        Some(late_after(interval, Duration::from_secs(self.granted_ttl?.unsigned_abs())))
    }

    /// Since when no renewal was seen, or no new lease if one should replace this one. For other clients' leases, only time
    /// in which polls would have shown a renewal counts. `None` if unknown.
    pub(in crate::app) fn unrenewed_since(&self) -> Option<Timestamp> {
        if let Some(next) = self.next_lease() {
            return Some(next.since);
        }
        if self.is_kept_alive { self.last_answer() } else { self.observed.unrenewed_since() }
    }

    /// Time since the last renewal, as of the last poll. For a lease that is kept alive here, as of `now`.
    pub fn unrenewed(&self, now: Timestamp) -> Option<Duration> {
        if self.is_kept_alive { Some(now - self.last_answer()?) } else { self.observed.unrenewed() }
    }

    /// The next time at which the [`state`](Lease::state) changes without a further message.
    pub(in crate::app) fn next_state_change_after(&self, now: Timestamp) -> Option<Timestamp> {
        let (earliest, latest) = self.bounds().map(|bounds| (bounds.earliest, bounds.latest)).unzip();
        let unrenewed = self.unrenewed_from();
        let changes = [self.risk_from(), self.late_from(), unrenewed, earliest, latest, Some(self.unseen_from())];
        changes.into_iter().flatten().filter(|change| *change > now).min()
    }
}
