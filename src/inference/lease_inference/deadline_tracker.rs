//! Tracks the possible deadlines of a lease across polls: not renewed, or renewed without proof so far.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::inference::TimeRange;
use simkit::Timestamp;

/// The assumed maximum of a round trip. Consecutive ranges overlap by up to a round trip.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// The deadlines that the polls so far have not ruled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeadlineTracker {
    /// The deadline if there was no renewal since the last observed one.
    unrenewed: TimeRange,
    /// The deadline if there was a renewal since the last observed one; `None` if that is ruled out.
    renewed: Option<TimeRange>,
}

/// What a poll showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrackerStep {
    /// No renewal is proven.
    Unproven,
    /// There was a renewal, which set this deadline.
    Renewed(TimeRange),
    /// Neither the old deadline nor a renewal explains the reply.
    Contradiction,
}

impl DeadlineTracker {
    pub(super) fn new(reported: TimeRange) -> Self {
        DeadlineTracker { unrenewed: reported, renewed: None }
    }

    /// The range of the deadline, renewed or not.
    pub(super) fn bounds(&self) -> TimeRange {
        self.renewed.map_or(self.unrenewed, |renewed| self.unrenewed.union(renewed))
    }

    /// The best time at which to split the range with the next poll, which shows whether the true deadline is before or
    /// after it. Usually this is the middle of the range. A renewal since the last poll would have set the deadline to
    /// `renewed` or later. If that is just after the range, as after each observed renewal, the upper part needs one more
    /// poll to rule out a renewal. The upper part is then smaller, so that both cases take equally long.
    pub(super) fn split_point(&self, renewed: Timestamp) -> Timestamp {
        let TimeRange { earliest, latest } = self.unrenewed;
        let is_beside = renewed + ROUND_TRIP >= latest && renewed <= latest + ROUND_TRIP;
        match self.renewed {
            Some(other) if other.earliest + ROUND_TRIP >= latest && !self.is_settled() => latest,
            None if is_beside => earliest + (latest - earliest) * 2 / 3,
            _ => self.bounds().middle(),
        }
    }

    /// Whether another renewal since the last observed one is ruled out, except within a round trip after it.
    pub(super) fn is_settled(&self) -> bool {
        self.renewed.is_none_or(|renewed| renewed.latest <= self.unrenewed.latest + ROUND_TRIP)
    }

    /// Whether the old deadline explains the reported one.
    pub(super) fn fits(&self, reported: TimeRange) -> bool {
        self.unrenewed.intersect(reported).is_some()
    }

    /// Narrows the old deadline to the reported one. A reply that contradicts it may be too old and changes nothing.
    pub(super) fn narrow_to(self, reported: TimeRange) -> DeadlineTracker {
        DeadlineTracker { unrenewed: self.unrenewed.intersect(reported).unwrap_or(self.unrenewed), ..self }
    }

    /// Applies the reported deadline; `possible` are the deadlines that a renewal since the last poll would have set.
    pub(super) fn apply(self, reported: TimeRange, possible: TimeRange) -> (DeadlineTracker, TrackerStep) {
        let unrenewed = self.unrenewed.intersect(reported);
        let before = self.renewed.and_then(|renewed| renewed.intersect(reported));
        let since = possible.intersect(reported);
        let renewed = match (before, since) {
            (Some(before), Some(since)) => Some(before.union(since)),
            (one, other) => one.or(other),
        };
        match (unrenewed, renewed) {
            (Some(unrenewed), renewed) => (DeadlineTracker { unrenewed, renewed }, TrackerStep::Unproven),
            (None, Some(renewed)) => (DeadlineTracker::new(renewed), TrackerStep::Renewed(renewed)),
            (None, None) => (DeadlineTracker::new(reported), TrackerStep::Contradiction),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(earliest: u64, latest: u64) -> TimeRange {
        TimeRange { earliest: Timestamp::from_nanos(earliest), latest: Timestamp::from_nanos(latest) }
    }

    #[test]
    fn a_reply_that_fits_narrows_and_one_that_does_not_proves_a_renewal() {
        let track = DeadlineTracker::new(bounds(100, 110));
        let (track, step) = track.apply(bounds(105, 115), bounds(200, 210));
        assert_eq!((track.bounds(), step), (bounds(105, 110), TrackerStep::Unproven));
        let (track, step) = track.apply(bounds(195, 205), bounds(200, 210));
        assert_eq!((track.bounds(), step), (bounds(200, 205), TrackerStep::Renewed(bounds(200, 205))));
        let (track, step) = track.apply(bounds(50, 60), bounds(300, 310));
        assert_eq!((track.bounds(), step), (bounds(50, 60), TrackerStep::Contradiction));
    }

    #[test]
    fn a_possible_renewal_is_kept_until_a_poll_rules_it_out() {
        let (track, step) = DeadlineTracker::new(bounds(100, 110)).apply(bounds(105, 115), bounds(108, 120));
        assert_eq!((track.bounds(), step), (bounds(105, 115), TrackerStep::Unproven));
        let (no, step) = track.apply(bounds(100, 107), bounds(200, 210));
        assert_eq!((no.bounds(), step), (bounds(105, 107), TrackerStep::Unproven));
        let (yes, step) = track.apply(bounds(112, 120), bounds(200, 210));
        assert_eq!((yes.bounds(), step), (bounds(112, 115), TrackerStep::Renewed(bounds(112, 115))));
    }
}
