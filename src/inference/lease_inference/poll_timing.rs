//! When to poll a lease next.

use std::time::Duration;

use super::{Known, LeaseInference};
use crate::inference::time_range::best_query_time_between;
use simkit::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
/// The shortest time between two polls of a lease.
const FLOOR: Duration = Duration::from_millis(250);
/// The poll interval of an expired lease: the list shows when etcd removes it.
const DYING: Duration = Duration::from_secs(1);
/// The poll interval after a poll just before the deadline, for the same reason.
const DECIDED: Duration = Duration::from_millis(500);
/// A deadline with a smaller error than this needs no specially timed poll.
const SHARP: Duration = Duration::from_millis(20);
/// The time of a renewal with a smaller error than this needs no extra poll.
const KNOWN_WELL: Duration = Duration::from_millis(130);
/// How long before the earliest possible deadline the last poll is sent: a lease that exists then and is gone after the
/// deadline has expired.
const BRINK: Duration = Duration::from_millis(5);

impl LeaseInference {
    /// The planned poll interval, give or take half of it; 1 s while nothing is known.
    pub fn poll_interval(&self) -> Duration {
        self.known.map_or(DYING, |known| if known.dying { DYING } else { known.poll_interval() })
    }

    /// When the next poll shows most: about six polls per third of the TTL, at most four a second, at a moment that halves the
    /// possible error if one is near, and just before the deadline.
    pub fn next_poll(&self, now: Timestamp) -> Timestamp {
        self.known.map_or(now, |known| known.next_poll()).max(now)
    }
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
        (self.ttl / 18).max(FLOOR)
    }

    /// The planned interval, give or take half of it but at most half a second: a best moment comes every second. After a
    /// renewal the next poll comes at once, because its precise time shows whether one or several clients renew.
    fn regular(&self, soonest: Timestamp) -> Timestamp {
        let deadline = self.track.best_query_time(self.since + self.ttl);
        let interval = self.poll_interval();
        let slack = (interval / 2).min(Duration::from_millis(500));
        let half_width = self.track.bounds().half_width();
        if half_width <= SHARP {
            return self.sent + interval;
        }
        let is_renewal_vague = self.is_renewed && half_width > KNOWN_WELL;
        let first = if is_renewal_vague { soonest } else { (self.sent + (interval - slack)).max(soonest) };
        // A poll a whole second after the last one narrows nothing.
        let mut last = interval + slack;
        if last <= SECOND + FLOOR {
            last = last.min(SECOND - FLOOR / 2);
        }
        best_query_time_between(deadline, first, self.sent + last)
    }
}
