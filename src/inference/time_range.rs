//! A deadline known as an interval.

use std::time::Duration;

use simkit::Timestamp;

/// The earliest and the latest moment at which a deadline can lie.
///
/// A LeaseTimeToLive answer is truncated to whole seconds, so one answer leaves a second of doubt. Answers narrow each
/// other; a question asked when the time left would be a whole number of seconds halves the doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The earliest.
    pub earliest: Timestamp,
    /// The latest.
    pub latest: Timestamp,
}

const SECOND: u64 = 1_000_000_000;

impl TimeRange {
    /// From the pair that [`TimeToLive::deadline`](etcd_lease::TimeToLive::deadline) gives.
    pub fn new((earliest, latest): (Timestamp, Timestamp)) -> Self {
        TimeRange { earliest, latest }
    }

    /// What both say; none where they contradict each other, because the lease was renewed in between.
    pub fn intersect(self, other: TimeRange) -> Option<TimeRange> {
        let both = TimeRange { earliest: self.earliest.max(other.earliest), latest: self.latest.min(other.latest) };
        (both.earliest <= both.latest).then_some(both)
    }

    /// All that either says.
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

    /// Whether a moment lies within.
    pub fn contains(self, moment: Timestamp) -> bool {
        self.earliest <= moment && moment <= self.latest
    }

    /// The middle.
    pub fn middle(self) -> Timestamp {
        Timestamp::from_nanos(self.earliest.nanos() / 2 + self.latest.nanos() / 2)
    }

    /// How far the truth can lie from the middle.
    pub fn half_width(self) -> Duration {
        (self.latest - self.earliest) / 2
    }

    /// The first moment from `earliest_query` on, within a second, at which a question halves the doubt.
    pub fn best_query_time(self, earliest_query: Timestamp) -> Timestamp {
        best_query_time(self.middle(), earliest_query)
    }
}

/// The first moment from `earliest_query` on, within a second, at which an answer tells whether a deadline lies before this.
fn best_query_time(deadline: Timestamp, earliest_query: Timestamp) -> Timestamp {
    let fraction = deadline.nanos().saturating_sub(earliest_query.nanos()) % SECOND;
    earliest_query + Duration::from_nanos(fraction)
}

/// The moment between two at which an answer tells best whether a deadline lies before this: where that cannot be met, as
/// near to it as can be.
pub(super) fn best_query_time_between(deadline: Timestamp, first: Timestamp, last: Timestamp) -> Timestamp {
    let best = best_query_time(deadline, first);
    let (after_one, before_next) = (first - best.before(Duration::from_secs(1)), best - last);
    match best <= last {
        true => best,
        false if after_one <= before_next => first,
        false => last.max(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::{Header, LeaseId, TimeToLive};

    #[test]
    fn questions_at_the_best_moment_halve_the_doubt() {
        let deadline = 25_377_000_000;
        let ask = |at: Timestamp| {
            let ttl = i64::try_from((deadline - at.nanos()) / SECOND).unwrap();
            let answer =
                TimeToLive { id: LeaseId(1), ttl, granted_ttl: 30, keys: Vec::new(), header: Header::default() };
            TimeRange::new(answer.deadline(at, at).unwrap())
        };
        let mut bounds = ask(Timestamp::START);
        assert_eq!(bounds.half_width(), Duration::from_millis(500));
        let mut now = Timestamp::START;
        for _ in 0..7 {
            now = bounds.best_query_time(now + Duration::from_millis(700));
            bounds = bounds.intersect(ask(now)).expect("nothing was renewed");
        }
        assert!(bounds.half_width() < Duration::from_millis(5), "{bounds:?}");
        assert!(bounds.earliest.nanos() <= deadline && deadline <= bounds.latest.nanos());
    }

    #[test]
    fn where_the_middle_cannot_be_met_a_question_comes_as_near_to_it_as_can_be() {
        let at = |millis: u64| Timestamp::at(Duration::from_millis(millis));
        let middle = at(10_500);
        assert_eq!(best_query_time_between(middle, at(3_300), at(3_700)), at(3_500), "the middle");
        assert_eq!(best_query_time_between(middle, at(3_600), at(3_900)), at(3_600), "a little later than it");
        assert_eq!(best_query_time_between(middle, at(3_900), at(4_400)), at(4_400), "a little sooner");
        assert_eq!(best_query_time_between(middle, at(3_900), at(3_900)), at(3_900));
        assert_eq!(best_query_time_between(middle, at(3_900), at(3_000)), at(3_900), "never before the first");
    }

    #[test]
    fn a_renewal_contradicts() {
        let old = TimeRange { earliest: Timestamp::from_nanos(10), latest: Timestamp::from_nanos(11) };
        let new = TimeRange { earliest: Timestamp::from_nanos(12), latest: Timestamp::from_nanos(13) };
        assert_eq!(old.intersect(new), None);
    }
}
