//! The time left over a history, as spans with one deadline each.

use std::collections::vec_deque;
use std::time::Duration;

use super::entry::{HistoryEntry, HistoryEvent};
use crate::inference::TimeRange;
use simkit::Timestamp;

/// A span of time in which the deadline was known and did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadlineSegment {
    /// The start.
    pub from: Timestamp,
    /// The end.
    pub until: Timestamp,
    /// The range of the deadline.
    pub deadline: TimeRange,
}

/// The segments of a history, oldest first. Times with an unknown deadline have no segment.
#[derive(Clone, Debug)]
pub struct DeadlineSegments<'a> {
    entries: vec_deque::Iter<'a, HistoryEntry>,
    end: Timestamp,
    /// The time of the last consumed entry.
    last: Option<Timestamp>,
    deadline: Option<TimeRange>,
    is_known: bool,
}

impl<'a> DeadlineSegments<'a> {
    pub(super) fn new(entries: vec_deque::Iter<'a, HistoryEntry>, end: Timestamp) -> Self {
        DeadlineSegments { entries, end, last: None, deadline: None, is_known: true }
    }

    /// The segment from the last entry to `until`. `None` if the deadline was unknown.
    fn until(&self, until: Timestamp) -> Option<DeadlineSegment> {
        let (from, deadline) = (self.last?, self.deadline?);
        if self.is_known && from < until { Some(DeadlineSegment { from, until, deadline }) } else { None }
    }

    fn advance(&mut self, entry: &HistoryEntry) {
        self.last = Some(entry.at);
        self.is_known = entry.event != HistoryEvent::Unknown;
        self.deadline = match entry.event {
            HistoryEvent::Renewed(renewal) => {
                // The earliest deadline, as the engine counts it: etcd may have renewed the lease as soon as the request
                // was sent.
                let sent = entry.at.before(renewal.round_trip().unwrap_or_default());
                let deadline = sent + Duration::from_secs(renewal.ttl().into());
                Some(TimeRange { earliest: deadline, latest: deadline })
            }
            HistoryEvent::Observed { deadline, .. } => Some(deadline),
            HistoryEvent::Missed | HistoryEvent::Leader | HistoryEvent::Unknown | HistoryEvent::Known => self.deadline,
        };
    }
}

impl Iterator for DeadlineSegments<'_> {
    type Item = DeadlineSegment;

    fn next(&mut self) -> Option<DeadlineSegment> {
        while let Some(entry) = self.entries.next() {
            let segment = self.until(entry.at);
            self.advance(entry);
            if segment.is_some() {
                return segment;
            }
        }
        let segment = self.until(self.end);
        self.last = None;
        segment
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::LeaseHistory;
    use crate::inference::lease_inference::{Change, DeadlineChange, Inferred};
    use crate::inference::{Renewal, RenewalSource};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    fn renew(history: &mut LeaseHistory, second: u64, round_trip: u64) {
        let renewal = Renewal::new(RenewalSource::Kept, at(second), Some(10));
        history.renewed(at(second), &Renewal { round_trip: Some(Duration::from_secs(round_trip)), ..renewal });
    }

    /// The start, the end and the latest deadline of each segment, in seconds.
    fn seconds_of(history: &LeaseHistory, end: u64) -> Vec<(u64, u64, u64)> {
        let seconds = |moment: Timestamp| moment.since_start().as_secs();
        let segments = history.segments(at(end));
        segments.map(|one| (seconds(one.from), seconds(one.until), seconds(one.deadline.latest))).collect()
    }

    #[test]
    fn each_renewal_starts_a_segment_and_the_last_one_reaches_the_end() {
        let mut history = LeaseHistory::default();
        assert_eq!(seconds_of(&history, 9), []);
        renew(&mut history, 1, 0);
        renew(&mut history, 4, 1);
        history.push(at(6), HistoryEvent::Missed);
        assert_eq!(seconds_of(&history, 9), [(1, 4, 11), (4, 6, 13), (6, 9, 13)]);
    }

    #[test]
    fn there_is_no_segment_while_the_deadline_is_unknown() {
        let mut history = LeaseHistory::default();
        renew(&mut history, 1, 0);
        history.push(at(3), HistoryEvent::Unknown);
        assert_eq!(seconds_of(&history, 9), [(1, 3, 11)]);
        history.push(at(5), HistoryEvent::Known);
        assert_eq!(seconds_of(&history, 9), [(1, 3, 11), (5, 9, 11)], "the deadline is still known");
        history.push(at(6), HistoryEvent::Unknown);
        renew(&mut history, 8, 0);
        assert_eq!(seconds_of(&history, 9)[2..], [(8, 9, 18)]);
    }

    #[test]
    fn an_observed_deadline_is_a_range() {
        let mut history = LeaseHistory::default();
        let deadline = TimeRange { earliest: at(10), latest: at(11) };
        let change =
            Change { inferred: Inferred::Nothing, deadline: DeadlineChange::First(deadline), previous_query: None };
        history.observed(at(2), deadline, &change);
        let segments: Vec<DeadlineSegment> = history.segments(at(5)).collect();
        assert_eq!(segments, [DeadlineSegment { from: at(2), until: at(5), deadline }]);
    }
}
