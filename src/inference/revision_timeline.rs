//! When the keys reached a revision, as far as answers tell.

use std::collections::VecDeque;
use std::time::Duration;

use simkit::Timestamp;

use super::TimeRange;

/// How many answers are remembered: those of the last seconds before a link broke, and since it is back.
const KEPT: usize = 128;
/// Answers that came closer together than this are remembered as one.
const SPACING: Duration = Duration::from_millis(100);

/// Which revision the keys had at which moment. Every answer of etcd says it in its header, so that a change that a watch
/// tells late, after it was cut, is known to have come between two answers.
///
/// A member that is behind the others tells an older one: what follows is as sharp as the members are together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RevisionTimeline {
    spans: VecDeque<RevisionSpan>,
}

/// A revision that answers have told.
#[derive(Clone, Copy, Debug, PartialEq)]
struct RevisionSpan {
    revision: i64,
    /// When the first of them came: it was reached by then.
    by: Timestamp,
    /// When the last of them was asked for: it was not exceeded before.
    until: Timestamp,
}

impl RevisionTimeline {
    /// Takes in what an answer says. One that is older than what is known, or says nothing, changes nothing.
    pub fn record(&mut self, revision: i64, sent: Timestamp, received: Timestamp) {
        let span = RevisionSpan { revision, by: received, until: sent };
        let (before, crowded) = (self.spans.iter().rev().nth(1).copied(), self.spans.len() > 1);
        match self.spans.back_mut() {
            _ if revision <= 0 => (),
            Some(last) if revision < last.revision => (),
            Some(last) if revision == last.revision => last.until = last.until.max(sent),
            Some(last) if crowded && before.is_some_and(|before| last.by - before.by < SPACING) => *last = span,
            _ => self.push(span),
        }
    }

    /// When a revision was reached that is known at `by`: from the start on, where no answer told a smaller one.
    pub fn reached(&self, revision: i64, by: Timestamp) -> TimeRange {
        let before = self.spans.iter().rev().find(|span| span.revision < revision);
        let first = self.spans.iter().find(|span| span.revision >= revision);
        let latest = first.map_or(by, |span| span.by.min(by));
        TimeRange { earliest: before.map_or(Timestamp::START, |span| span.until).min(latest), latest }
    }

    fn push(&mut self, span: RevisionSpan) {
        if self.spans.len() == KEPT {
            self.spans.pop_front();
        }
        self.spans.push_back(span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(millis))
    }

    fn bounds(earliest: u64, latest: u64) -> TimeRange {
        TimeRange { earliest: at(earliest), latest: at(latest) }
    }

    #[test]
    fn a_revision_was_reached_between_the_answers_before_and_after_it() {
        let mut revisions = RevisionTimeline::default();
        assert_eq!(revisions.reached(5, at(9_000)), bounds(0, 9_000), "nothing was answered");
        revisions.record(4, at(1_000), at(1_010));
        revisions.record(4, at(2_000), at(2_010));
        assert_eq!(revisions.reached(5, at(9_000)), bounds(2_000, 9_000));
        revisions.record(7, at(8_000), at(8_010));
        assert_eq!(revisions.reached(5, at(9_000)), bounds(2_000, 8_010));
        assert_eq!(revisions.reached(8, at(9_000)), bounds(8_000, 9_000));
        assert_eq!(revisions.reached(4, at(9_000)), bounds(0, 1_010), "it was there before");
    }

    #[test]
    fn an_answer_that_is_older_or_says_nothing_changes_nothing() {
        let mut revisions = RevisionTimeline::default();
        revisions.record(4, at(1_000), at(1_010));
        revisions.record(3, at(3_000), at(3_010));
        revisions.record(0, at(4_000), at(4_010));
        assert_eq!(revisions.reached(5, at(9_000)), bounds(1_000, 9_000));
    }

    #[test]
    fn of_many_answers_few_are_remembered_and_their_bounds_hold() {
        let mut revisions = RevisionTimeline::default();
        (1..=100_000).for_each(|n| revisions.record(n as i64, at(n), at(n + 5)));
        assert!(revisions.spans.len() <= KEPT, "{}", revisions.spans.len());
        for revision in [91_000_u64, 95_123, 99_999, 100_000] {
            let reached = revisions.reached(revision as i64, at(100_005));
            assert!(reached.contains(at(revision)) && reached.half_width() < SPACING * 2, "{revision}: {reached:?}");
        }
    }
}
