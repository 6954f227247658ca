//! The last renewals of a lease that is kept alive, and what befell them.
//!
//! Bounded and compact, 32 bytes a mark: a thousand leases have their history in a megabyte and a half. A chart of the time
//! left needs no more than this: at each renewal the time left falls to what [`Renewal::left`] says and rises to the TTL.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::Moment;

/// Marks that are kept of a lease.
const MOST: usize = 48;

/// Something that happened to a kept lease, at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Moment,
    /// What.
    pub tick: Tick,
}

/// What a mark tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// A renewal was answered.
    Renewed(Renewal),
    /// A renewal had no answer in time.
    Missed,
    /// Another member leads: every lease begins its TTL anew.
    Leader,
    /// From here to the next mark nothing is known: the link was lost, or events were.
    Unknown,
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    marks: VecDeque<Mark>,
    /// When it expires by the last renewal, or by its grant.
    deadline: Option<Moment>,
}

impl History {
    /// The marks, oldest first.
    pub fn marks(&self) -> impl DoubleEndedIterator<Item = &Mark> + ExactSizeIterator {
        self.marks.iter()
    }

    /// The renewals with their moments, newest first.
    pub fn renewals(&self) -> impl Iterator<Item = (Moment, Renewal)> {
        self.marks.iter().rev().filter_map(|mark| match mark.tick {
            Tick::Renewed(renewal) => Some((mark.at, renewal)),
            _ => None,
        })
    }

    /// When the oldest response of a queue of this depth arrived; none where that is too long ago. A full queue drops the
    /// newest, so it holds the last that were not dropped.
    pub fn oldest_unread(&self, depth: usize) -> Option<Moment> {
        let queued = self.renewals().filter(|(_, renewal)| !renewal.is_dropped);
        queued.map(|(at, _)| at).nth(depth.checked_sub(1)?)
    }

    /// It was granted, and lives until then if it is not renewed.
    pub(super) fn granted(&mut self, deadline: Moment) {
        self.deadline.get_or_insert(deadline);
    }

    /// It was renewed: sent a round trip before `at`, for `ttl` seconds.
    pub(super) fn renewed(&mut self, at: Moment, ttl: i64, interval: Option<Duration>, round_trip: Duration) {
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

    /// The response of the renewal at this moment was dropped.
    pub(super) fn dropped(&mut self, at: Moment) {
        let renewed = self.marks.iter_mut().rev().find(|mark| mark.at == at);
        if let Some(Tick::Renewed(renewal)) = renewed.map(|mark| &mut mark.tick) {
            renewal.is_dropped = true;
        }
    }

    /// Something else happened. What is unknown already stays so.
    pub(super) fn push(&mut self, at: Moment, tick: Tick) {
        if tick == Tick::Unknown && self.marks.back().is_none_or(|last| last.tick == Tick::Unknown) {
            return;
        }
        if self.marks.len() == MOST {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark { at, tick });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::at(Duration::from_millis(millis))
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
        (0..1_000).for_each(|n| renewed(&mut history, n, None));
        assert_eq!(history.marks().len(), MOST);
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
    }
}
