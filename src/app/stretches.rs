//! What a history says of the time left: spans in which the deadline stayed where it was.

use std::collections::vec_deque;
use std::time::Duration;

use super::history::{Mark, Tick};
use crate::inference::TimeRange;
use simkit::Timestamp;

/// A span of time in which the deadline of a lease was known, and was not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Where the deadline lay.
    pub deadline: TimeRange,
}

/// The stretches of a history, oldest first. Where nothing was known there is none.
#[derive(Clone, Debug)]
pub struct Stretches<'a> {
    marks: vec_deque::Iter<'a, Mark>,
    end: Timestamp,
    /// The last mark that was gone by.
    last: Option<Timestamp>,
    deadline: Option<TimeRange>,
    is_known: bool,
}

impl<'a> Stretches<'a> {
    pub(super) fn new(marks: vec_deque::Iter<'a, Mark>, end: Timestamp) -> Self {
        Stretches { marks, end, last: None, deadline: None, is_known: true }
    }

    /// What was known from the last mark until this moment.
    fn until(&self, until: Timestamp) -> Option<Stretch> {
        let from = self.last?;
        let deadline = self.deadline.filter(|_| self.is_known && from < until)?;
        Some(Stretch { from, until, deadline })
    }

    fn pass(&mut self, mark: &Mark) {
        self.last = Some(mark.at);
        self.is_known = mark.tick != Tick::Unknown;
        self.deadline = match mark.tick {
            Tick::Renewed(renewal) => {
                let sent = mark.at.before(renewal.round_trip().unwrap_or_default());
                let deadline = sent + Duration::from_secs(renewal.ttl().into());
                Some(TimeRange { earliest: deadline, latest: deadline })
            }
            Tick::Observed { deadline, .. } => Some(deadline),
            Tick::Missed | Tick::Leader | Tick::Unknown | Tick::Known => self.deadline,
        };
    }
}

impl Iterator for Stretches<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        while let Some(mark) = self.marks.next() {
            let stretch = self.until(mark.at);
            self.pass(mark);
            if stretch.is_some() {
                return stretch;
            }
        }
        let stretch = self.until(self.end);
        self.last = None;
        stretch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::History;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    /// From, until and the deadline of each stretch, in seconds.
    fn told(history: &History, end: u64) -> Vec<(u64, u64, u64)> {
        let seconds = |moment: Timestamp| moment.since_start().as_secs();
        let stretches = history.stretches(at(end));
        stretches.map(|one| (seconds(one.from), seconds(one.until), seconds(one.deadline.latest))).collect()
    }

    #[test]
    fn each_renewal_begins_one_and_the_last_goes_on_to_the_end() {
        let mut history = History::default();
        assert_eq!(told(&history, 9), []);
        history.renewed(at(1), 10, None, Duration::ZERO);
        history.renewed(at(4), 10, None, Duration::from_secs(1));
        history.push(at(6), Tick::Missed);
        assert_eq!(told(&history, 9), [(1, 4, 11), (4, 6, 13), (6, 9, 13)]);
    }

    #[test]
    fn where_nothing_is_known_there_is_none() {
        let mut history = History::default();
        history.renewed(at(1), 10, None, Duration::ZERO);
        history.push(at(3), Tick::Unknown);
        assert_eq!(told(&history, 9), [(1, 3, 11)]);
        history.push(at(5), Tick::Known);
        assert_eq!(told(&history, 9), [(1, 3, 11), (5, 9, 11)], "the deadline was not forgotten");
        history.push(at(6), Tick::Unknown);
        history.renewed(at(8), 10, None, Duration::ZERO);
        assert_eq!(told(&history, 9)[2..], [(8, 9, 18)]);
    }

    #[test]
    fn what_polls_showed_has_bounds() {
        let mut history = History::default();
        let deadline = TimeRange { earliest: at(10), latest: at(11) };
        history.observed(at(2), deadline, 10);
        let stretches: Vec<Stretch> = history.stretches(at(5)).collect();
        assert_eq!(stretches, [Stretch { from: at(2), until: at(5), deadline }]);
    }
}
