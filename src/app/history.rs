//! The last renewals of a lease, and what befell them.
//!
//! Bounded and compact, 32 bytes a mark. What is kept of all leases together stays within some megabytes: few leases have
//! an hour each, each of many the last minutes, and the one that is looked at always an hour. Of a lease that nobody keeps
//! here marks are made from the first look on, and begin with the renewals that polls have shown before.

use std::collections::VecDeque;
use std::time::Duration;

use super::stretches::Stretches;
use crate::inference::TimeRange;
use crate::inference::lease_inference::LeaseInference;
use simkit::Timestamp;

/// Marks that are kept of each of many leases.
const LEAST: usize = 48;
/// Marks that are kept of one lease at most: an hour of renewals each second, and what befell them.
const MOST: usize = 4_096;
/// Marks of all leases that are kept alive together, while each has more than its least.
const TOGETHER: usize = 131_072;

/// How many marks may be kept of each of so many leases.
pub(super) fn share(leases: usize) -> usize {
    (TOGETHER / leases.max(1)).clamp(LEAST, MOST)
}

/// How many marks may be kept of the lease that is looked at.
pub(super) const OF_ONE: usize = MOST;

/// Something that happened to a kept lease, at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub tick: Tick,
}

/// What a mark tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// A renewal was answered.
    Renewed(Renewal),
    /// Polls have shown where the deadline lies of a lease that others renew.
    Observed {
        /// Where it lies.
        deadline: TimeRange,
        /// Whether that is news of a renewal.
        is_renewal: bool,
    },
    /// A renewal had no answer in time.
    Missed,
    /// Another member leads: every lease begins its TTL anew.
    Leader,
    /// From here to the next mark nothing is known: the link was lost, or events were.
    Unknown,
    /// The link is back, and what was known before holds.
    Known,
}

/// A renewal that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    ttl: u32,
    interval: Millis,
    left: Millis,
    round_trip: Millis,
    /// Whether its response was dropped, because nobody read the queue.
    pub is_dropped: bool,
}

impl Renewal {
    /// The TTL that it gave, in seconds; one of more than 136 years as those.
    pub fn ttl(self) -> u32 {
        self.ttl
    }

    /// Since the renewal before, to the millisecond; none for the first.
    pub fn interval(self) -> Option<Duration> {
        self.interval.get()
    }

    /// What was left when it was answered, to the millisecond; none where no deadline was known.
    pub fn left(self) -> Option<Duration> {
        self.left.get()
    }

    /// From sending to the answer, to the millisecond.
    pub fn round_trip(self) -> Option<Duration> {
        self.round_trip.get()
    }
}

/// Milliseconds up to 49 days, or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Millis(u32);

impl Millis {
    fn of(span: Option<Duration>) -> Self {
        span.map_or(Millis(u32::MAX), |span| {
            Millis(u32::try_from(span.as_millis()).unwrap_or(u32::MAX).min(u32::MAX - 1))
        })
    }

    fn get(self) -> Option<Duration> {
        (self.0 != u32::MAX).then(|| Duration::from_millis(self.0.into()))
    }
}

/// The last marks of a lease, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    marks: VecDeque<Mark>,
    /// How many of them may be kept.
    room: usize,
    /// When it expires by the last renewal, or by its grant.
    deadline: Option<Timestamp>,
}

impl Default for History {
    fn default() -> Self {
        History { marks: VecDeque::new(), room: LEAST, deadline: None }
    }
}

impl History {
    /// What polls have shown of a lease that others renew, before anybody looked: its last renewals, or, where there was none,
    /// where its deadline lay all the time.
    pub(super) fn recalled(observed: &LeaseInference) -> Self {
        let mut history = History::default();
        let (renewals, ttl) = (observed.renewals(), observed.granted_ttl().unwrap_or_default());
        for at in renewals.since_last_gap() {
            history.push(at.middle(), Tick::Observed { deadline: at.later(ttl), is_renewal: true });
        }
        if let (0, Some(since), Some(deadline)) =
            (renewals.cadence().answers, renewals.watched_since(), observed.bounds())
        {
            history.push(since, Tick::Observed { deadline, is_renewal: false });
        }
        history
    }

    /// The intervals between the renewals of others that polls have shown, oldest first; none across a time of which nothing
    /// is known.
    pub fn inferred(&self) -> Vec<Duration> {
        let (mut last, mut intervals) = (None, Vec::new());
        for mark in &self.marks {
            match mark.tick {
                Tick::Observed { deadline, is_renewal: true } => {
                    let at = deadline.middle();
                    intervals.extend(last.replace(at).map(|last| at - last));
                }
                Tick::Leader | Tick::Unknown => last = None,
                _ => {}
            }
        }
        intervals
    }

    /// The marks, oldest first.
    pub fn marks(&self) -> impl DoubleEndedIterator<Item = &Mark> + ExactSizeIterator {
        self.marks.iter()
    }

    /// The renewals with their moments, newest first.
    pub fn renewals(&self) -> impl Iterator<Item = (Timestamp, Renewal)> {
        self.marks.iter().rev().filter_map(|mark| match mark.tick {
            Tick::Renewed(renewal) => Some((mark.at, renewal)),
            _ => None,
        })
    }

    /// When the oldest response of a queue of this depth arrived; none where that is too long ago. A full queue drops the
    /// newest, so it holds the last that were not dropped.
    pub fn oldest_unread(&self, depth: usize) -> Option<Timestamp> {
        let queued = self.renewals().filter(|(_, renewal)| !renewal.is_dropped);
        queued.map(|(at, _)| at).nth(depth.checked_sub(1)?)
    }

    /// The spans of time in which the deadline was known and stayed where it was, oldest first, the last until `end`.
    pub fn stretches(&self, end: Timestamp) -> Stretches<'_> {
        Stretches::new(self.marks.iter(), end)
    }

    /// Keeps so many marks from now on.
    pub(super) fn within(&mut self, room: usize) -> &mut Self {
        self.room = room.clamp(LEAST, MOST);
        if self.marks.len() > self.room {
            self.marks.drain(..self.marks.len() - self.room);
            self.marks.shrink_to(self.room);
        }
        self
    }

    /// It was granted, and lives until then if it is not renewed.
    pub(super) fn granted(&mut self, deadline: Timestamp) {
        self.deadline.get_or_insert(deadline);
    }

    /// It was renewed: sent a round trip before `at`, for `ttl` seconds.
    pub(super) fn renewed(&mut self, at: Timestamp, ttl: i64, interval: Option<Duration>, round_trip: Duration) {
        let left = self.deadline.map(|deadline| deadline - at);
        self.deadline = Some(at.before(round_trip) + Duration::from_secs(ttl.unsigned_abs()));
        let renewal = Renewal {
            ttl: u32::try_from(ttl.max(0)).unwrap_or(u32::MAX),
            interval: Millis::of(interval),
            left: Millis::of(left),
            round_trip: Millis::of(Some(round_trip)),
            is_dropped: false,
        };
        self.push(at, Tick::Renewed(renewal));
    }

    /// A poll that was answered at `at` tells where the deadline of a lease of `ttl` seconds lies. What was known of it
    /// becomes better known by it, unless it contradicts: then it was renewed, a TTL before its new deadline.
    pub(super) fn observed(&mut self, at: Timestamp, deadline: TimeRange, ttl: i64) {
        let last = self.marks.back_mut().and_then(|mark| match &mut mark.tick {
            Tick::Observed { deadline, .. } => Some((mark.at, deadline)),
            _ => None,
        });
        match last {
            None => self.push(at, Tick::Observed { deadline, is_renewal: false }),
            Some((since, known)) if known.latest < deadline.earliest => {
                let renewed = deadline.middle().before(Duration::from_secs(ttl.unsigned_abs()));
                let at = renewed.clamp(since, at.max(since));
                self.push(at, Tick::Observed { deadline, is_renewal: true });
            }
            Some((_, known)) => *known = known.intersect(deadline).unwrap_or(deadline),
        }
    }

    /// The response of the renewal at this moment was dropped.
    pub(super) fn dropped(&mut self, at: Timestamp) {
        let renewed = self.marks.iter_mut().rev().find(|mark| mark.at == at);
        if let Some(Tick::Renewed(renewal)) = renewed.map(|mark| &mut mark.tick) {
            renewal.is_dropped = true;
        }
    }

    /// Something else happened. What is unknown already stays so, and only what was unknown is known again.
    pub(super) fn push(&mut self, at: Timestamp, tick: Tick) {
        let is_unknown = self.marks.back().map(|last| last.tick == Tick::Unknown);
        let says_nothing = match tick {
            Tick::Unknown => is_unknown != Some(false),
            Tick::Known => is_unknown != Some(true),
            _ => false,
        };
        if says_nothing {
            return;
        }
        if self.marks.len() >= self.room {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark { at, tick });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(millis))
    }

    fn renewed(history: &mut History, millis: u64, interval: Option<u64>) {
        history.renewed(at(millis), 10, interval.map(Duration::from_millis), Duration::from_millis(2));
    }

    #[test]
    fn what_was_left_follows_from_the_grant_and_the_renewal_before() {
        let mut history = History::default();
        history.granted(at(10_000));
        renewed(&mut history, 3_500, None);
        renewed(&mut history, 7_000, Some(3_500));
        let newest: Vec<_> = history.renewals().map(|(_, one)| (one.interval(), one.left())).collect();
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(newest, [(millis(3_500), millis(6_498)), (None, millis(6_500))]);
    }

    #[test]
    fn the_oldest_unread_response_is_one_that_was_not_dropped() {
        let mut history = History::default();
        (1..=4).for_each(|n| renewed(&mut history, n * 1_000, Some(1_000)));
        history.dropped(at(3_000));
        history.dropped(at(4_000));
        assert_eq!(history.oldest_unread(2), Some(at(1_000)));
        assert_eq!((history.oldest_unread(0), history.oldest_unread(3)), (None, None));
    }

    #[test]
    fn it_is_bounded_and_small_and_saturates() {
        let mut history = History::default();
        (0..10_000).for_each(|n| renewed(&mut history, n, None));
        assert_eq!(history.marks().len(), LEAST);
        history.within(OF_ONE);
        (0..10_000).for_each(|n| renewed(&mut history, n, None));
        assert_eq!(history.marks().len(), MOST);
        history.within(share(1_000));
        assert_eq!((history.marks().len(), history.marks().next().map(|mark| mark.at)), (131, Some(at(9_869))));
        assert!(size_of::<Mark>() <= 32, "{}", size_of::<Mark>());
        history.renewed(at(5), 9_000_000_000, Some(Duration::from_secs(9_000_000_000)), Duration::ZERO);
        let (_, last) = history.renewals().next().unwrap();
        assert_eq!((last.ttl(), last.interval()), (u32::MAX, Some(Duration::from_millis(u64::from(u32::MAX) - 1))));
    }

    #[test]
    fn a_gap_is_marked_once_and_an_empty_history_has_none() {
        let mut history = History::default();
        history.push(at(1), Tick::Unknown);
        renewed(&mut history, 2, None);
        history.push(at(3), Tick::Unknown);
        history.push(at(4), Tick::Unknown);
        assert_eq!(history.marks().len(), 2);
        history.push(at(5), Tick::Known);
        history.push(at(6), Tick::Known);
        assert_eq!(history.marks().len(), 3);
    }

    #[test]
    fn few_leases_have_an_hour_each_and_all_together_stay_small() {
        assert!(share(1) >= 3_600 && share(32) >= 3_600, "{}", share(32));
        for leases in [1, 10, 100, 1_000] {
            assert!(share(leases) * leases * size_of::<Mark>() <= 5_000_000, "{leases}: {}", share(leases));
        }
        assert_eq!((share(0), share(100_000)), (MOST, LEAST));
    }

    #[test]
    fn polls_sharpen_what_is_known_until_one_contradicts() {
        let mut history = History::default();
        let bounds = |earliest, latest| TimeRange { earliest: at(earliest), latest: at(latest) };
        history.observed(at(1_000), bounds(9_000, 10_000), 10);
        history.observed(at(2_000), bounds(9_500, 10_500), 10);
        history.observed(at(5_000), bounds(14_000, 15_000), 10);
        let marks: Vec<Mark> = history.marks().copied().collect();
        let observed = |deadline, is_renewal| Tick::Observed { deadline, is_renewal };
        assert_eq!(marks[0], Mark { at: at(1_000), tick: observed(bounds(9_500, 10_000), false) });
        let renewed = Mark { at: at(4_500), tick: observed(bounds(14_000, 15_000), true) };
        assert_eq!(marks[1..], [renewed], "a TTL before the middle of its new deadline");
    }
}
