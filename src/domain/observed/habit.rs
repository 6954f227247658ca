//! How others renew a lease, as far as polls can tell.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::{Bounds, Cadence, Moment, TimeToLive};

/// Intervals that are remembered.
const RECENT: usize = 16;
/// Below this TTL in seconds renewals follow each other closer than whole seconds can tell apart.
const TOO_SHORT: i64 = 6;
/// Renewals closer than this may hide more of them.
const CLOSE: Duration = Duration::from_millis(1_900);
/// Where not even one poll found nothing between two renewals, there may have been more of them than polls.
const QUIET: u32 = 1;
/// How long a lease must look just renewed at every poll before that is called a habit.
const STREAK: Duration = Duration::from_secs(5);
/// What a client may be late by for reasons of its own: the tick of Go's.
const GRID: Duration = Duration::from_millis(500);

/// How much a figure says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// Inferred, and nothing can have stayed hidden: `~`.
    About,
    /// The polls were too slow to see all: `>=`.
    AtLeast,
}

/// The interval between renewals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// The mean of the last intervals.
    pub every: Duration,
    /// Whether renewals may have stayed hidden, so that the true interval is shorter.
    pub sureness: Sureness,
}

/// How a lease is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Not seen often enough to say.
    Unknown,
    /// At this interval.
    Steady(Rhythm),
    /// By two, whose renewals fall between each other's, each at this interval.
    Two(Duration),
    /// Every 500 ms or oftener: an old client of Go's whose channel nobody reads.
    Unread,
}

/// The renewals of one lease that polls have shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Renewals {
    cadence: Cadence,
    last: Option<Bounds>,
    recent: VecDeque<Interval>,
    /// Whether a poll since the last renewal came too late to see all.
    gap: bool,
    any_gap: bool,
    asked: Option<Moment>,
    /// Since when no poll came too late.
    close_since: Option<Moment>,
    /// Polls since the last renewal.
    polls: u32,
    /// Since when every poll found it just renewed.
    fresh_since: Option<Moment>,
    fresh_until: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Interval {
    length: Duration,
    /// How far the truth can lie from it.
    doubt: Duration,
    sure: bool,
}

impl Renewals {
    /// Count and intervals, and the least time left at a renewal.
    pub fn cadence(&self) -> &Cadence {
        &self.cadence
    }

    /// Whether the count is all that there were.
    pub fn sureness(&self) -> Sureness {
        if self.any_gap { Sureness::AtLeast } else { Sureness::About }
    }

    /// When the last one was.
    pub fn last(&self) -> Option<Bounds> {
        self.last
    }

    /// For how long polls have been close enough to see any renewal, up to the last one.
    pub fn watched(&self) -> Duration {
        self.asked.zip(self.close_since).map_or(Duration::ZERO, |(asked, since)| asked - since)
    }

    /// The interval between the last ones; none before the second.
    pub fn rhythm(&self) -> Option<Rhythm> {
        let count = u32::try_from(self.recent.len()).ok().filter(|count| *count > 0)?;
        let every = self.recent.iter().map(|interval| interval.length).sum::<Duration>() / count;
        let sure = self.recent.iter().all(|interval| interval.sure);
        Some(Rhythm { every, sureness: if sure { Sureness::About } else { Sureness::AtLeast } })
    }

    pub(super) fn habit(&self, ttl: Duration) -> Habit {
        if self.is_unread(ttl) {
            return Habit::Unread;
        }
        match (self.two(), self.rhythm()) {
            (Some(each), _) => Habit::Two(each),
            (None, Some(rhythm)) => Habit::Steady(rhythm),
            (None, None) => Habit::Unknown,
        }
    }

    pub(super) fn is_late(&self, now: Moment) -> bool {
        let (Some(last), Some(rhythm)) = (self.last, self.rhythm()) else { return false };
        now - last.latest > rhythm.every.mul_f64(1.1) + GRID
    }

    /// A poll was answered: were the polls close enough, and did it look just renewed?
    pub(super) fn polled(&mut self, answer: &TimeToLive, sent: Moment) {
        let ttl = Duration::from_secs(answer.granted_ttl.unsigned_abs());
        let too_far = self.asked.replace(sent).is_some_and(|before| sent - before > ttl / 9);
        self.polls += 1;
        if too_far {
            self.close_since = None;
        }
        self.close_since.get_or_insert(sent);
        self.gap |= too_far || answer.granted_ttl < TOO_SHORT;
        self.any_gap |= self.gap;
        if answer.ttl + 1 < answer.granted_ttl {
            self.fresh_since = None;
        } else {
            self.fresh_since.get_or_insert(sent);
        }
        self.fresh_until = Some(sent);
    }

    /// It was renewed, with that much left.
    pub(super) fn renewed(&mut self, at: Bounds, left: Duration) {
        let before = self.last.replace(at);
        let interval = before.map(|before| {
            let length = at.middle() - before.middle();
            let gap = std::mem::take(&mut self.gap);
            let sure = !gap && length >= CLOSE && self.polls > QUIET;
            Interval { length, doubt: at.doubt() + before.doubt(), sure }
        });
        self.polls = 0;
        self.any_gap |= interval.is_some_and(|interval| !interval.sure);
        self.cadence.answered(interval.map(|interval| interval.length), Some(left));
        self.recent.extend(interval);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    /// The last renewal was within these bounds, by polls since: they count where they say more.
    pub(super) fn last_was(&mut self, at: Bounds) {
        self.last = self.last.map(|last| if at.doubt() < last.doubt() { at } else { last });
    }

    /// Something came between the polls that may have hidden a renewal.
    pub(super) fn interrupted(&mut self) {
        (self.gap, self.any_gap) = (true, true);
        self.close_since = self.asked;
    }

    /// Whether it has looked just renewed for longer than any healthy client's would. Where a third of the TTL is
    /// little more than a second, every lease does.
    fn is_unread(&self, ttl: Duration) -> bool {
        let (Some(since), Some(until)) = (self.fresh_since, self.fresh_until) else { return false };
        ttl.as_secs() >= 5 && until - since >= STREAK.max(ttl / 2)
    }

    /// The interval of each of two renewers: long and short ones take turns, and any two together are the same.
    fn two(&self) -> Option<Duration> {
        if self.recent.len() < 8 || self.recent.iter().any(|interval| !interval.sure) {
            return None;
        }
        let turn =
            |first: usize| self.recent.iter().skip(first).step_by(2).map(|interval| interval.length.as_secs_f64());
        let (even, odd) = (Spread::of(turn(0)), Spread::of(turn(1)));
        let doubt = self.recent.iter().map(|interval| interval.doubt).max().unwrap_or_default().as_secs_f64();
        let apart = (even.mean - odd.mean).abs();
        let each = even.mean + odd.mean;
        // One client is late now and then, and by chance in turns, but by a small part of its interval.
        let is_told_apart = apart > doubt + each * 0.1 && apart > 2.0 * even.width.max(odd.width);
        is_told_apart.then(|| Duration::from_secs_f64(each))
    }
}

struct Spread {
    mean: f64,
    width: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (count, sum) = values.clone().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
        let (low, high) = values.fold((f64::MAX, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        Spread { mean: sum / count, width: high - low }
    }
}
