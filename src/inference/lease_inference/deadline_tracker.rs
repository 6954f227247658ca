//! Where a deadline is, through the polls: as it was, or renewed and not found out yet.

use std::time::Duration;

use crate::inference::TimeRange;
use simkit::Timestamp;

/// By so much possibilities overlap that follow each other: a round trip.
const TRIP: Duration = Duration::from_millis(100);

/// The possibilities that the polls so far have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeadlineTracker {
    /// Where the deadline is if nothing was renewed since the last renewal that was seen.
    as_was: TimeRange,
    /// Where it is if it was renewed since; none where that is ruled out.
    renewed: Option<TimeRange>,
}

/// What a poll made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrackerStep {
    /// It may well be as it was.
    Onward,
    /// It cannot be as it was: it was renewed, and the deadline is here.
    Renewed(TimeRange),
    /// It is neither as it was nor renewed.
    Contradiction,
}

impl DeadlineTracker {
    pub(super) fn new(heard: TimeRange) -> Self {
        DeadlineTracker { as_was: heard, renewed: None }
    }

    /// Where the deadline lies, renewed or not.
    pub(super) fn bounds(&self) -> TimeRange {
        self.renewed.map_or(self.as_was, |renewed| self.as_was.union(renewed))
    }

    /// Where the next question is to tell below from above: in the middle of what is possible. A renewal since the last poll
    /// would have put the deadline at `renewed` or later. Where that is just beyond of what is possible, as after each
    /// renewal that was just seen, the upper part will be in doubt until another question has ruled it out: it is the smaller
    /// one, so that both ways lead equally far.
    pub(super) fn best_query_time(&self, renewed: Timestamp) -> Timestamp {
        let TimeRange { earliest, latest } = self.as_was;
        let is_beside = renewed + TRIP >= latest && renewed <= latest + TRIP;
        match self.renewed {
            Some(other) if other.earliest + TRIP >= latest && !self.is_settled() => latest,
            None if is_beside => earliest + (latest - earliest) * 2 / 3,
            _ => self.bounds().middle(),
        }
    }

    /// Whether it was not renewed since the last renewal that was seen, but perhaps a round trip after it.
    pub(super) fn is_settled(&self) -> bool {
        self.renewed.is_none_or(|renewed| renewed.latest <= self.as_was.latest + TRIP)
    }

    /// Whether the deadline may lie there as it was.
    pub(super) fn fits(&self, heard: TimeRange) -> bool {
        self.as_was.intersect(heard).is_some()
    }

    /// Takes in where the deadline was heard to be, by an answer that may be too old to count where it does not fit.
    pub(super) fn narrow_to(self, heard: TimeRange) -> DeadlineTracker {
        DeadlineTracker { as_was: self.as_was.intersect(heard).unwrap_or(self.as_was), ..self }
    }

    /// Takes in where the deadline was heard to be, and where a renewal since the last poll would have put it.
    pub(super) fn apply(self, heard: TimeRange, possible: TimeRange) -> (DeadlineTracker, TrackerStep) {
        let as_was = self.as_was.intersect(heard);
        let before = self.renewed.and_then(|renewed| renewed.intersect(heard));
        let since = possible.intersect(heard);
        let renewed = match (before, since) {
            (Some(before), Some(since)) => Some(before.union(since)),
            (one, other) => one.or(other),
        };
        match (as_was, renewed) {
            (Some(as_was), renewed) => (DeadlineTracker { as_was, renewed }, TrackerStep::Onward),
            (None, Some(renewed)) => (DeadlineTracker::new(renewed), TrackerStep::Renewed(renewed)),
            (None, None) => (DeadlineTracker::new(heard), TrackerStep::Contradiction),
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
    fn what_fits_narrows_and_what_does_not_was_renewed() {
        let track = DeadlineTracker::new(bounds(100, 110));
        let (track, step) = track.apply(bounds(105, 115), bounds(200, 210));
        assert_eq!((track.bounds(), step), (bounds(105, 110), TrackerStep::Onward));
        let (track, step) = track.apply(bounds(195, 205), bounds(200, 210));
        assert_eq!((track.bounds(), step), (bounds(200, 205), TrackerStep::Renewed(bounds(200, 205))));
        let (track, step) = track.apply(bounds(50, 60), bounds(300, 310));
        assert_eq!((track.bounds(), step), (bounds(50, 60), TrackerStep::Contradiction));
    }

    #[test]
    fn a_renewal_that_may_be_is_kept_until_it_is_ruled_out() {
        let (track, step) = DeadlineTracker::new(bounds(100, 110)).apply(bounds(105, 115), bounds(108, 120));
        assert_eq!((track.bounds(), step), (bounds(105, 115), TrackerStep::Onward));
        let (no, step) = track.apply(bounds(100, 107), bounds(200, 210));
        assert_eq!((no.bounds(), step), (bounds(105, 107), TrackerStep::Onward));
        let (yes, step) = track.apply(bounds(112, 120), bounds(200, 210));
        assert_eq!((yes.bounds(), step), (bounds(112, 115), TrackerStep::Renewed(bounds(112, 115))));
    }
}
