//! Decides when to poll a lease next.

use std::time::Duration;

use super::{Known, LeaseInference};
use crate::inference::time_range::best_query_time_between;
use simkit::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
/// The shortest time between two polls of a lease.
const FLOOR: Duration = Duration::from_millis(250);
/// The poll interval of an expired lease: the list shows when etcd removes it.
const DYING: Duration = Duration::from_secs(1);
/// The poll interval after a poll just before the deadline: the list shows when etcd removes the lease.
const DECIDED: Duration = Duration::from_millis(500);
/// If the deadline error is below this, no specially timed poll is needed.
const SHARP: Duration = Duration::from_millis(20);
/// If the error of a renewal time is below this, no extra poll is needed.
const KNOWN_WELL: Duration = Duration::from_millis(130);
/// Time from the last poll to the earliest possible deadline. A lease that exists at that poll and is gone after the
/// deadline has expired.
const BRINK: Duration = Duration::from_millis(5);

impl LeaseInference {
    /// The planned poll interval, ±50%; 1 s while nothing is known.
    pub fn poll_interval(&self) -> Duration {
        self.known.map_or(DYING, |known| if known.dying { DYING } else { known.poll_interval() })
    }

    /// The most informative time for the next poll. There are about six polls per TTL/3, at most four per second. If
    /// possible a poll is timed to halve the error, and one is sent just before the deadline.
    pub fn next_poll(&self, now: Timestamp) -> Timestamp {
        self.known.map_or(now, |known| known.next_poll()).max(now)
    }
}

/// The planned interval: six polls per TTL/3, which is the usual renewal interval.
pub(super) fn planned_interval(ttl: Duration) -> Duration {
    (ttl / 18).max(FLOOR)
}

impl Known {
    fn next_poll(&self) -> Timestamp {
        let bounds = self.track.bounds();
        let soonest = self.sent + FLOOR;
        let brink = bounds.earliest.before(BRINK);
        let regular = self.regular(soonest);
        match regular {
            _ if self.dying => self.sent + DYING,
            _ if self.sent >= brink => self.sent + DECIDED,
            _ if regular + FLOOR > brink => brink.max(soonest),
            _ => regular,
        }
    }

    fn poll_interval(&self) -> Duration {
        planned_interval(self.ttl())
    }

    /// The time of the next poll: after the planned interval, ±50% but at most ±500 ms, because a best query time occurs
    /// every second. It may already be at `soonest` after a renewal whose time is not precise, because a precise time shows
    /// whether one or several clients renew.
    fn regular(&self, soonest: Timestamp) -> Timestamp {
        let deadline = self.track.split_point(self.since + self.ttl());
        let interval = self.poll_interval();
        let slack = (interval / 2).min(Duration::from_millis(500));
        let half_width = self.track.bounds().half_width();
        if half_width <= SHARP {
            return self.sent + interval;
        }
        let is_renewal_vague = self.is_renewed && half_width > KNOWN_WELL;
        let first = if is_renewal_vague { soonest } else { (self.sent + (interval - slack)).max(soonest) };
        // A poll exactly one second after the last one does not narrow the range.
        let mut last = interval + slack;
        if last <= SECOND + FLOOR {
            last = last.min(SECOND - FLOOR / 2);
        }
        best_query_time_between(deadline, first, self.sent + last)
    }
}
