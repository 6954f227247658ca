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
    /// after it. A renewal since the last poll would have set the deadline to `possible` or later.
    ///
    /// - If a renewal is not ruled out, and would have set a later deadline than the old one, the poll shows whether there was
    ///   one: the split is at the end of the old range.
    /// - If `possible` is within a round trip of the end of the range, as after each observed renewal, the upper part needs one
    ///   more poll to rule out a renewal. It is then smaller, so that both cases take equally long.
    /// - Otherwise the split is in the middle.
    pub(super) fn split_point(&self, possible: Timestamp) -> Timestamp {
        let TimeRange { earliest, latest } = self.unrenewed;
        let is_beside = possible + ROUND_TRIP >= latest && possible <= latest + ROUND_TRIP;
        match self.renewed {
            Some(renewed) if renewed.earliest + ROUND_TRIP >= latest && !self.is_settled() => latest,
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
    fn a_poll_rules_out_a_renewal_or_halves_the_range() {
        let millis = |millis: u64| millis * 1_000_000;
        let at = |time: u64| Timestamp::from_nanos(millis(time));
        let range = |earliest: u64, latest: u64| bounds(millis(earliest), millis(latest));
        let unrenewed = DeadlineTracker::new(range(10_000, 13_000));
        let (unsettled, _) = unrenewed.apply(range(9_000, 20_000), range(13_000, 16_000));
        assert_eq!(unsettled.split_point(at(20_000)), at(13_000), "between the old range and a renewal");
        for possible in [12_900, 13_000, 13_100] {
            assert_eq!(unrenewed.split_point(at(possible)), at(12_000), "beside the end: {possible}");
        }
        for possible in [12_000, 20_000] {
            assert_eq!(unrenewed.split_point(at(possible)), at(11_500), "the middle: {possible}");
        }
        let (overlapping, _) = unrenewed.apply(range(9_000, 20_000), range(12_000, 17_000));
        assert_eq!(overlapping.split_point(at(20_000)), at(13_500), "the middle of both ranges");
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
