//! When a lease is late, at risk or unseen: by its own habit, and by what was watched of it.

use std::time::Duration;

use crate::app::{Lease, LeaseState};
use simkit::Timestamp;

/// So many planned polls without an answer make a lease unseen.
const UNSEEN: u32 = 2;
/// And an answer may be on its way for so long.
const ANSWER_GRACE: Duration = Duration::from_secs(1);

impl Lease {
    /// Two of its planned polls went without an answer: nobody knows any more whether it was renewed or revoked.
    pub(in crate::app) fn unseen_from(&self) -> Timestamp {
        match (self.observed.seen_at(), self.poll.awaited) {
            (Some(since), _) | (None, Some(since)) => since + self.pace() * UNSEEN + ANSWER_GRACE,
            (None, None) => Timestamp::START,
        }
    }

    /// Whether it may have expired, and nobody has looked since.
    pub(in crate::app) fn may_be_dying(&self, now: Timestamp) -> bool {
        self.state(now) == LeaseState::Unseen && self.bounds().is_none_or(|bounds| bounds.earliest <= now)
    }

    /// How far apart its polls are. What is kept alive here tells of itself with every renewal.
    pub(in crate::app) fn pace(&self) -> Duration {
        const KEPT: Duration = Duration::from_secs(3);
        if self.is_kept_alive { self.observed.poll_interval().max(KEPT) } else { self.observed.poll_interval() }
    }

    /// Until when all is known of its renewals: ours are told, others' are seen by polls alone.
    fn known_until(&self, now: Timestamp) -> Timestamp {
        if self.is_kept_alive { now } else { self.observed.seen_at().map_or(Timestamp::START, |seen| seen.min(now)) }
    }

    pub(in crate::app) fn is_at_risk(&self, now: Timestamp) -> bool {
        self.risk_from().is_some_and(|from| from <= self.known_until(now))
    }

    pub(in crate::app) fn is_late(&self, now: Timestamp) -> bool {
        self.late_from().is_some_and(|from| from <= self.known_until(now))
    }

    /// When less is left than one of its intervals. A healthy lease of 2 s has just one left when it is renewed: a tenth of
    /// it is no risk.
    pub(in crate::app) fn risk_from(&self) -> Option<Timestamp> {
        let interval = self.mean_interval().filter(|interval| !interval.is_zero() && self.end.is_none())?;
        self.left_below(interval.mul_f64(0.9))
    }

    /// When its renewal is overdue by its own habit. Of others' only what polls could watch is counted.
    pub(in crate::app) fn late_from(&self) -> Option<Timestamp> {
        match &self.engine {
            Some(_) if !self.is_kept_alive => None,
            Some(status) => Some(status.last_answer? + self.late_after()?),
            None => self.observed.late_from(),
        }
    }

    /// For how long it may stay without a renewal before that is against its habit; none before there is one. What is renewed
    /// here has its pace too: to have renewed it ahead of its time makes no habit.
    pub(in crate::app) fn late_after(&self) -> Option<Duration> {
        const CLIENTV3_TICK: Duration = Duration::from_millis(500);
        match &self.engine {
            Some(status) => {
                let interval = status.cadence.mean()?.max(status.expected.unwrap_or_default());
                Some(interval.mul_f64(1.1) + CLIENTV3_TICK)
            }
            None => self.observed.renewals().late_after(),
        }
    }

    /// Since when it was not renewed, as far as that was watched; none where nothing is known.
    pub(in crate::app) fn unrenewed_since(&self) -> Option<Timestamp> {
        if self.is_kept_alive { self.last_answer() } else { self.observed.unrenewed_since() }
    }

    /// For how long it had not been renewed when that was last known.
    pub(in crate::app) fn unrenewed(&self, now: Timestamp) -> Option<Duration> {
        if self.is_kept_alive { Some(now - self.last_answer()?) } else { self.observed.unrenewed() }
    }

    /// When its [`state`](Lease::state) turns next if nothing but time goes on.
    pub(in crate::app) fn next_state_change_after(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.bounds().map(|bounds| bounds.earliest);
        let turns = [self.risk_from(), self.late_from(), end, Some(self.unseen_from())];
        turns.into_iter().flatten().filter(|turn| *turn > now).min()
    }
}
