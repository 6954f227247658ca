//! Estimates when the key space reached a revision.

use std::collections::VecDeque;
use std::time::Duration;

use simkit::Timestamp;

use super::TimeRange;

/// Maximum number of spans: enough for the last seconds before a connection broke and the time since.
const MAX_SPANS: usize = 128;
/// Replies closer together than this share one span.
const SPACING: Duration = Duration::from_millis(100);

/// The revision of the key space over time. Every etcd reply has the revision in its header. If a watch reports a
/// change late, after an interruption, the change is known to lie between two replies.
///
/// A member that lags behind reports an older revision, so the lag of the members limits the precision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RevisionTimeline {
    spans: VecDeque<RevisionSpan>,
}

/// A revision that replies have reported.
#[derive(Clone, Copy, Debug, PartialEq)]
struct RevisionSpan {
    revision: i64,
    /// When the first of these replies arrived. The revision was reached by then.
    by: Timestamp,
    /// When the last of their queries was sent. No later revision existed before that.
    until: Timestamp,
}

impl RevisionTimeline {
    /// Adds the revision of a reply. An older one than the last, or 0, changes nothing.
    pub fn record(&mut self, revision: i64, sent: Timestamp, received: Timestamp) {
        let span = RevisionSpan { revision, by: received, until: sent };
        if revision <= 0 {
            return;
        }
        let before = self.spans.iter().rev().nth(1).copied();
        match self.spans.back_mut() {
            Some(last) if revision < last.revision => (),
            Some(last) if revision == last.revision => last.until = last.until.max(sent),
            Some(last) if before.is_some_and(|before| last.by - before.by < SPACING) => *last = span,
            _ => self.push(span),
        }
    }

    /// The range in which a revision was reached, if it is known at `by`. The range starts at the clock's start if no
    /// reply had an earlier revision.
    pub fn reached(&self, revision: i64, by: Timestamp) -> TimeRange {
        let latest = self.reached_by(revision, by);
        TimeRange { earliest: self.not_reached_at(revision).unwrap_or(Timestamp::START).min(latest), latest }
    }

    /// When the last query was sent whose reply had an earlier revision. `None` if no reply had one.
    pub fn not_reached_at(&self, revision: i64) -> Option<Timestamp> {
        self.spans.iter().rev().find(|span| span.revision < revision).map(|span| span.until)
    }

    /// When the first reply with a revision or a later one arrived, at `by` at the latest.
    pub fn reached_by(&self, revision: i64, by: Timestamp) -> Timestamp {
        self.spans.iter().find(|span| span.revision >= revision).map_or(by, |span| span.by.min(by))
    }

    /// The latest revision of the replies that arrived before a time; 0 if there is none.
    pub fn known_at(&self, time: Timestamp) -> i64 {
        self.spans.iter().rev().find(|span| span.by < time).map_or(0, |span| span.revision)
    }

    /// The latest revision of all replies; 0 if there is none.
    pub fn latest(&self) -> i64 {
        self.spans.back().map_or(0, |span| span.revision)
    }

    fn push(&mut self, span: RevisionSpan) {
        if self.spans.len() == MAX_SPANS {
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
    fn a_revision_was_reached_between_the_replies_before_and_after_it() {
        let mut revisions = RevisionTimeline::default();
        assert_eq!(revisions.reached(5, at(9_000)), bounds(0, 9_000), "no reply yet");
        assert_eq!(revisions.not_reached_at(5), None);
        revisions.record(4, at(1_000), at(1_010));
        revisions.record(4, at(2_000), at(2_010));
        assert_eq!(revisions.reached(5, at(9_000)), bounds(2_000, 9_000));
        revisions.record(7, at(8_000), at(8_010));
        assert_eq!(revisions.reached(5, at(9_000)), bounds(2_000, 8_010));
        assert_eq!(revisions.reached(8, at(9_000)), bounds(8_000, 9_000));
        assert_eq!(revisions.reached(4, at(9_000)), bounds(0, 1_010), "reached before the first reply");
        assert_eq!([1_010, 1_011, 8_010, 8_011].map(|time| revisions.known_at(at(time))), [0, 4, 4, 7]);
    }

    #[test]
    fn an_older_or_missing_revision_changes_nothing() {
        let mut revisions = RevisionTimeline::default();
        revisions.record(4, at(1_000), at(1_010));
        revisions.record(3, at(3_000), at(3_010));
        revisions.record(0, at(4_000), at(4_010));
        assert_eq!(revisions.reached(5, at(9_000)), bounds(1_000, 9_000));
    }

    #[test]
    fn many_replies_take_few_spans_and_their_ranges_hold() {
        let mut revisions = RevisionTimeline::default();
        (1..=100_000).for_each(|n| revisions.record(n as i64, at(n), at(n + 5)));
        assert!(revisions.spans.len() <= MAX_SPANS, "{}", revisions.spans.len());
        for revision in [91_000_u64, 95_123, 99_999, 100_000] {
            let reached = revisions.reached(revision as i64, at(100_005));
            assert!(reached.contains(at(revision)) && reached.half_width() < SPACING * 2, "{revision}: {reached:?}");
        }
    }
}
