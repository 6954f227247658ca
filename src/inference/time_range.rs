//! A time known only as a range, such as a deadline.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use simkit::Timestamp;

/// The earliest and the latest possible time of something, such as a deadline.
///
/// A LeaseTimeToLive reply is truncated to whole seconds, so one reply gives a range of a second. Further replies
/// narrow the range. A query sent when the time left may be exactly a whole number of seconds halves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// The earliest possible time.
    pub earliest: Timestamp,
    /// The latest possible time.
    pub latest: Timestamp,
}

const SECOND: u64 = 1_000_000_000;

impl TimeRange {
    /// Converts the pair returned by [`TimeToLive::deadline`](etcd_lease::TimeToLive::deadline).
    pub fn new((earliest, latest): (Timestamp, Timestamp)) -> Self {
        TimeRange { earliest, latest }
    }

    /// The overlap of both ranges; `None` if they do not overlap.
    pub fn intersect(self, other: TimeRange) -> Option<TimeRange> {
        let both = TimeRange { earliest: self.earliest.max(other.earliest), latest: self.latest.min(other.latest) };
        if both.earliest <= both.latest { Some(both) } else { None }
    }

    /// The smallest range that contains both.
    pub fn union(self, other: TimeRange) -> TimeRange {
        TimeRange { earliest: self.earliest.min(other.earliest), latest: self.latest.max(other.latest) }
    }

    /// Both ends moved earlier.
    pub fn earlier(self, by: Duration) -> TimeRange {
        TimeRange { earliest: self.earliest.before(by), latest: self.latest.before(by) }
    }

    /// Both ends moved later.
    pub fn later(self, by: Duration) -> TimeRange {
        TimeRange { earliest: self.earliest + by, latest: self.latest + by }
    }

    /// Whether the range contains `moment`, including both ends.
    pub fn contains(self, moment: Timestamp) -> bool {
        self.earliest <= moment && moment <= self.latest
    }

    /// The middle of the range.
    pub fn middle(self) -> Timestamp {
        Timestamp::from_nanos(self.earliest.nanos() / 2 + self.latest.nanos() / 2)
    }

    /// The maximum error of the middle.
    pub fn half_width(self) -> Duration {
        (self.latest - self.earliest) / 2
    }

    /// The first time at or after `earliest_query`, within one second, at which a query halves the range.
    pub fn best_query_time(self, earliest_query: Timestamp) -> Timestamp {
        best_query_time(self.middle(), earliest_query)
    }
}

/// The first time at or after `earliest_query`, within one second, at which a reply shows whether the true deadline is
/// before `deadline`.
fn best_query_time(deadline: Timestamp, earliest_query: Timestamp) -> Timestamp {
    let fraction = deadline.nanos().saturating_sub(earliest_query.nanos()) % SECOND;
    earliest_query + Duration::from_nanos(fraction)
}

/// The time between `first` and `last` at which a reply best shows whether the true deadline is before `deadline`.
pub(super) fn best_query_time_between(deadline: Timestamp, first: Timestamp, last: Timestamp) -> Timestamp {
    let best = best_query_time(deadline, first);
    let (after_one, before_next) = (first - best.before(Duration::from_secs(1)), best - last);
    if best <= last {
        best
    } else if after_one <= before_next {
        first
    } else {
        last.max(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::{Header, LeaseId, TimeToLive};

    #[test]
    fn queries_at_the_best_moment_halve_the_range() {
        let deadline = 25_377_000_000;
        let query = |at: Timestamp| {
            let ttl = i64::try_from((deadline - at.nanos()) / SECOND).unwrap();
            let answer =
                TimeToLive { id: LeaseId(1), ttl, granted_ttl: 30, keys: Vec::new(), header: Header::default() };
            TimeRange::new(answer.deadline(at, at).unwrap())
        };
        let mut bounds = query(Timestamp::START);
        assert_eq!(bounds.half_width(), Duration::from_millis(500));
        let mut now = Timestamp::START;
        for _ in 0..7 {
            now = bounds.best_query_time(now + Duration::from_millis(700));
            bounds = bounds.intersect(query(now)).expect("no renewal");
        }
        assert!(bounds.half_width() < Duration::from_millis(5), "{bounds:?}");
        assert!(bounds.earliest.nanos() <= deadline && deadline <= bounds.latest.nanos());
    }

    #[test]
    fn a_query_comes_as_near_to_the_best_moment_as_possible() {
        let at = |millis: u64| Timestamp::at(Duration::from_millis(millis));
        let middle = at(10_500);
        assert_eq!(best_query_time_between(middle, at(3_300), at(3_700)), at(3_500), "the best moment");
        assert_eq!(best_query_time_between(middle, at(3_600), at(3_900)), at(3_600), "slightly after it");
        assert_eq!(best_query_time_between(middle, at(3_900), at(4_400)), at(4_400), "slightly before it");
        assert_eq!(best_query_time_between(middle, at(3_900), at(3_900)), at(3_900));
        assert_eq!(best_query_time_between(middle, at(3_900), at(3_000)), at(3_900), "never before the first");
    }

    #[test]
    fn ranges_before_and_after_a_renewal_have_no_moment_in_common() {
        let old = TimeRange { earliest: Timestamp::from_nanos(10), latest: Timestamp::from_nanos(11) };
        let new = TimeRange { earliest: Timestamp::from_nanos(12), latest: Timestamp::from_nanos(13) };
        assert_eq!(old.intersect(new), None);
    }
}
