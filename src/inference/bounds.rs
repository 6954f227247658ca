//! A deadline known as an interval.

use std::time::Duration;

use simkit::Moment;

/// The earliest and the latest moment at which a deadline can lie.
///
/// A LeaseTimeToLive answer is truncated to whole seconds, so one answer leaves a second of doubt. Answers narrow each
/// other; a question asked when the time left would be a whole number of seconds halves the doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The earliest.
    pub earliest: Moment,
    /// The latest.
    pub latest: Moment,
}

const SECOND: u64 = 1_000_000_000;

impl Bounds {
    /// From the pair that [`TimeToLive::deadline`](etcd_lease::TimeToLive::deadline) gives.
    pub fn new((earliest, latest): (Moment, Moment)) -> Self {
        Bounds { earliest, latest }
    }

    /// What both say; none where they contradict each other, because the lease was renewed in between.
    pub fn narrowed(self, other: Bounds) -> Option<Bounds> {
        let both = Bounds { earliest: self.earliest.max(other.earliest), latest: self.latest.min(other.latest) };
        (both.earliest <= both.latest).then_some(both)
    }

    /// All that either says.
    pub fn hull(self, other: Bounds) -> Bounds {
        Bounds { earliest: self.earliest.min(other.earliest), latest: self.latest.max(other.latest) }
    }

    /// Both ends moved earlier.
    pub fn earlier(self, by: Duration) -> Bounds {
        Bounds { earliest: self.earliest.before(by), latest: self.latest.before(by) }
    }

    /// Both ends moved later.
    pub fn later(self, by: Duration) -> Bounds {
        Bounds { earliest: self.earliest + by, latest: self.latest + by }
    }

    /// Whether a moment lies within.
    pub fn contains(self, moment: Moment) -> bool {
        self.earliest <= moment && moment <= self.latest
    }

    /// The middle.
    pub fn middle(self) -> Moment {
        Moment::from_nanos(self.earliest.nanos() / 2 + self.latest.nanos() / 2)
    }

    /// How far the truth can lie from the middle.
    pub fn doubt(self) -> Duration {
        (self.latest - self.earliest) / 2
    }

    /// The first moment from `earliest_ask` on, within a second, at which a question halves the doubt.
    pub fn best_ask(self, earliest_ask: Moment) -> Moment {
        best_ask(self.middle(), earliest_ask)
    }
}

/// The first moment from `earliest_ask` on, within a second, at which an answer tells whether a deadline lies before this.
fn best_ask(deadline: Moment, earliest_ask: Moment) -> Moment {
    let fraction = deadline.nanos().saturating_sub(earliest_ask.nanos()) % SECOND;
    earliest_ask + Duration::from_nanos(fraction)
}

/// The moment between two at which an answer tells best whether a deadline lies before this: where that cannot be met, as
/// near to it as can be.
pub(super) fn best_ask_between(deadline: Moment, first: Moment, last: Moment) -> Moment {
    let best = best_ask(deadline, first);
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
        let ask = |at: Moment| {
            let ttl = i64::try_from((deadline - at.nanos()) / SECOND).unwrap();
            let answer =
                TimeToLive { id: LeaseId(1), ttl, granted_ttl: 30, keys: Vec::new(), header: Header::default() };
            Bounds::new(answer.deadline(at, at).unwrap())
        };
        let mut bounds = ask(Moment::START);
        assert_eq!(bounds.doubt(), Duration::from_millis(500));
        let mut now = Moment::START;
        for _ in 0..7 {
            now = bounds.best_ask(now + Duration::from_millis(700));
            bounds = bounds.narrowed(ask(now)).expect("nothing was renewed");
        }
        assert!(bounds.doubt() < Duration::from_millis(5), "{bounds:?}");
        assert!(bounds.earliest.nanos() <= deadline && deadline <= bounds.latest.nanos());
    }

    #[test]
    fn where_the_middle_cannot_be_met_a_question_comes_as_near_to_it_as_can_be() {
        let at = |millis: u64| Moment::at(Duration::from_millis(millis));
        let middle = at(10_500);
        assert_eq!(best_ask_between(middle, at(3_300), at(3_700)), at(3_500), "the middle");
        assert_eq!(best_ask_between(middle, at(3_600), at(3_900)), at(3_600), "a little later than it");
        assert_eq!(best_ask_between(middle, at(3_900), at(4_400)), at(4_400), "a little sooner");
        assert_eq!(best_ask_between(middle, at(3_900), at(3_900)), at(3_900));
        assert_eq!(best_ask_between(middle, at(3_900), at(3_000)), at(3_900), "never before the first");
    }

    #[test]
    fn a_renewal_contradicts() {
        let old = Bounds { earliest: Moment::from_nanos(10), latest: Moment::from_nanos(11) };
        let new = Bounds { earliest: Moment::from_nanos(12), latest: Moment::from_nanos(13) };
        assert_eq!(old.narrowed(new), None);
    }
}
