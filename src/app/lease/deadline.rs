//! The deadline of a lease, and the time left that the screen shows.

use std::time::Duration;

use super::Lease;
use crate::app::TimeRange;
use crate::app::countdown::Countdown;
use crate::app::history::HistoryEvent;
use crate::inference::lease_inference::DeadlineChange;
use etcd_lease::MAX_TTL;
use simkit::Timestamp;

impl Lease {
    /// The displayed time left in seconds, at least 0, near the middle of the possible range; `None` while the deadline
    /// is unknown. Only a renewal increases it.
    pub fn left(&self, now: Timestamp) -> Option<f64> {
        if self.end.is_some() {
            return None;
        }
        Some(self.countdown?.left(now))
    }

    /// The displayed time left in seconds. For an ended lease, the time left when it ended.
    pub(in crate::app) fn left_at_last(&self, now: Timestamp) -> Option<f64> {
        Some(self.countdown?.left(self.end().map_or(now, |end| end.at.min(now))))
    }

    pub(in crate::app) fn countdown(&self) -> Option<Countdown> {
        self.countdown
    }

    /// The time to which the display counts down; `None` while the deadline is unknown.
    pub(in crate::app) fn shown_deadline(&self) -> Option<Timestamp> {
        Some(self.countdown?.deadline())
    }

    /// When the displayed time left falls below `span`; `None` while the deadline is unknown.
    pub(in crate::app) fn left_below(&self, span: Duration) -> Option<Timestamp> {
        Some(self.countdown?.falls_below(span))
    }

    /// The range of the deadline; `None` while it is unknown.
    pub fn bounds(&self) -> Option<TimeRange> {
        self.observed.bounds()
    }

    /// Sets the deadline after a grant or renewal by leasetop with a TTL of `ttl` seconds. The deadline is at least
    /// `ttl` after the request and at most `ttl` after the reply.
    pub(in crate::app) fn set_deadline(&mut self, deadline: TimeRange, ttl: i64) {
        let span = self.set_granted_ttl(ttl);
        let change = self.observed.set_known(deadline, span);
        self.update_countdown(change.deadline, deadline.latest.before(span));
    }

    /// Sets the deadline after the user renewed the lease once. The chart shows it, but it does not count in the cadence.
    pub(in crate::app) fn set_renewed_once(&mut self, deadline: TimeRange, ttl: i64) {
        let span = self.set_granted_ttl(ttl);
        let at = deadline.latest.before(span);
        let change = self.observed.set_renewed_manually(deadline, span);
        self.update_countdown(change.deadline, at);
        if let Some(history) = &mut self.history {
            history.push(at, HistoryEvent::Observed { deadline, is_renewal: false });
        }
    }

    /// Stores the TTL of a grant or renewal that succeeded, and returns it as a duration.
    fn set_granted_ttl(&mut self, ttl: i64) -> Duration {
        let ttl = ttl.clamp(0, MAX_TTL);
        self.granted_ttl = Some(ttl);
        self.overdue = None;
        Duration::from_secs(ttl.unsigned_abs())
    }

    /// Updates the countdown for a deadline change at `now`. Returns whether the displayed deadline changed.
    pub(super) fn update_countdown(&mut self, change: DeadlineChange, now: Timestamp) -> bool {
        let before = self.shown_deadline();
        match (change, self.countdown) {
            (DeadlineChange::Unchanged, _) => (),
            (DeadlineChange::Refined { before, after }, Some(countdown)) => {
                self.countdown = Some(countdown.refine(before, after, now));
            }
            (DeadlineChange::First(after), _)
            | (DeadlineChange::Refined { after, .. } | DeadlineChange::Replaced { after, .. }, _) => {
                self.countdown = Some(Countdown::reset(after));
            }
        }
        before != self.shown_deadline()
    }

    /// The maximum error of [`left`](Lease::left) in seconds. One side may exceed it while the displayed value is
    /// catching up.
    pub fn left_error(&self, now: Timestamp) -> Option<f64> {
        Some(self.countdown?.error(self.bounds()?, now))
    }

    /// The minimum and maximum time left in seconds, as of the last poll, widened to include [`left`](Lease::left).
    pub fn left_between(&self, now: Timestamp) -> Option<(f64, f64)> {
        let (bounds, left) = (self.bounds()?, self.left(now)?);
        let [least, most] = [bounds.earliest, bounds.latest].map(|end| end.signed_since(now).max(0.0));
        Some((least.min(left), most.max(left)))
    }
}
