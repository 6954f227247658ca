//! When a lease is to be polled next.

use std::time::Duration;

use super::{Known, LeaseInference};
use crate::inference::time_range::best_query_time_between;
use simkit::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
/// No lease is asked oftener.
const FLOOR: Duration = Duration::from_millis(250);
/// How often a lease is asked that has expired: what it waits for is told by the list.
const DYING: Duration = Duration::from_secs(1);
/// And one that was seen near its deadline: the same.
const DECIDED: Duration = Duration::from_millis(500);
/// A doubt below this is not worth a question at its own moment.
const SHARP: Duration = Duration::from_millis(20);
/// A renewal whose time is known this well is not asked after any more.
const KNOWN_WELL: Duration = Duration::from_millis(130);
/// How long before the earliest possible end the last question is asked: who is alive then and gone after it has
/// expired.
const BRINK: Duration = Duration::from_millis(5);

impl LeaseInference {
    /// How far apart its questions are by plan, give or take half of it; a second while nothing is known.
    pub fn poll_interval(&self) -> Duration {
        self.known.map_or(DYING, |known| if known.dying { DYING } else { known.poll_interval() })
    }

    /// The moment at which the next question tells most: about six times in a third of the TTL, at most four times a
    /// second, where it halves the doubt if that is near, and just before the deadline.
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

    /// By its pace, give or take half of it, and half a second at most: within a second there is a best moment. When it was
    /// renewed is asked at once: who renews at the same time again and again is told from who does not by that.
    fn regular(&self, soonest: Timestamp) -> Timestamp {
        let (question, pace) = (self.track.best_query_time(self.since + self.ttl), self.poll_interval());
        let give = (pace / 2).min(Duration::from_millis(500));
        let half_width = self.track.bounds().half_width();
        let first = match self.is_renewed && half_width > KNOWN_WELL {
            true => soonest,
            false => (self.sent + (pace - give)).max(soonest),
        };
        // A second later the same is answered.
        let last =
            Some(pace + give).filter(|last| *last > SECOND + FLOOR).unwrap_or((pace + give).min(SECOND - FLOOR / 2));
        match half_width > SHARP {
            true => best_query_time_between(question, first, self.sent + last),
            false => self.sent + pace,
        }
    }
}
