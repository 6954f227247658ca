//! A smoothed countdown of the time left. Polls do not make it jump.
//!
//! Each poll narrows the range of possible deadlines and moves its middle. The countdown changes as little as possible:
//! it keeps its deadline while that is still within the range. A correction upward that is within the previous
//! uncertainty holds the displayed value until the real value has caught up. Only a renewal makes the value rise.

use std::time::Duration;

use super::TimeRange;
use simkit::Timestamp;

/// Half of the last displayed digit. Smaller corrections are invisible.
const DIGIT: Duration = Duration::from_millis(50);

/// A deadline, and a cap on the displayed time left in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Countdown {
    deadline: Timestamp,
    most: f64,
}

impl Countdown {
    /// Starts from the middle of a range, for a lease that was renewed or is seen for the first time.
    pub(super) fn reset(bounds: TimeRange) -> Self {
        Countdown { deadline: bounds.middle(), most: f64::INFINITY }
    }

    /// The countdown after a reply at `now` narrowed the range from `old` to `new`.
    pub(super) fn refine(self, old: TimeRange, new: TimeRange, now: Timestamp) -> Self {
        let (middle, shown) = (new.middle(), self.left(now));
        let off = middle.signed_since(self.deadline);
        if off.abs() <= new.half_width().max(DIGIT).as_secs_f64() {
            return self;
        }
        let is_doubted = off > 0.0 && off <= old.half_width().as_secs_f64() * 2.0;
        Countdown { deadline: middle, most: if is_doubted { shown } else { f64::INFINITY } }
    }

    pub(super) fn deadline(self) -> Timestamp {
        self.deadline
    }

    /// When the displayed time left falls below `span`.
    pub(super) fn falls_below(self, span: Duration) -> Timestamp {
        if self.most < span.as_secs_f64() { Timestamp::START } else { self.deadline.before(span) }
    }

    /// Maximum difference in seconds between the real time left, which is within `bounds`, and the displayed one.
    pub(super) fn error(self, bounds: TimeRange, now: Timestamp) -> f64 {
        let shown = self.deadline.signed_since(now).min(self.most);
        let [least, most] = [bounds.earliest, bounds.latest].map(|end| end.signed_since(now));
        (most - shown).max(shown - least).max(0.0)
    }

    /// Time left in seconds, 0 or more.
    pub(super) fn left(self, now: Timestamp) -> f64 {
        self.deadline.signed_since(now).min(self.most).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::at(Duration::from_secs_f64(seconds))
    }

    fn bounds(earliest: f64, latest: f64) -> TimeRange {
        TimeRange { earliest: at(earliest), latest: at(latest) }
    }

    #[test]
    fn a_deadline_that_is_still_possible_is_kept() {
        let countdown = Countdown::reset(bounds(20.0, 21.0));
        let same = countdown.refine(bounds(20.0, 21.0), bounds(20.3, 20.9), at(5.0));
        assert_eq!(same, countdown);
    }

    #[test]
    fn a_small_correction_upward_holds_the_value() {
        let old = bounds(20.0, 21.0);
        let countdown = Countdown::reset(old).refine(old, bounds(20.8, 21.0), at(5.0));
        let shown: Vec<f64> = [5.0, 5.2, 5.4, 5.9, 6.9].map(|now| countdown.left(at(now))).to_vec();
        for (shown, expected) in shown.iter().zip([15.5, 15.5, 15.5, 15.0, 14.0]) {
            assert!((shown - expected).abs() < 1e-6, "{shown} {expected}");
        }
    }

    #[test]
    fn other_corrections_apply_at_once() {
        let old = bounds(20.0, 21.0);
        let down = Countdown::reset(old).refine(old, bounds(20.0, 20.2), at(5.0));
        assert!((down.left(at(5.0)) - 15.1).abs() < 1e-6);
        let narrow = bounds(20.0, 20.1);
        let up = Countdown::reset(narrow).refine(narrow, bounds(30.0, 30.1), at(5.0));
        assert!((up.left(at(5.0)) - 25.05).abs() < 1e-6);
        assert_eq!(up.left(at(99.0)), 0.0);
    }
}
