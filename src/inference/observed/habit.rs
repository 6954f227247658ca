//! How others renew a lease, as far as polls can tell.

use std::collections::VecDeque;
use std::time::Duration;

use super::renewers::{self, Turns};
use crate::inference::Bounds;
use etcd_lease::{Cadence, TimeToLive};
use simkit::Moment;

/// Renewals that are remembered.
const RECENT: usize = 17;
/// Below this TTL in seconds renewals follow each other closer than whole seconds can tell apart.
const TOO_SHORT: i64 = 6;
/// Below this TTL in seconds not even a bound for the interval, or for the time left at a renewal, can be told.
const BLURRED: i64 = 4;
/// Renewals closer than this may hide more of them.
const CLOSE: Duration = Duration::from_millis(1_900);
/// How long a lease must look just renewed at every poll before that is called a habit.
const STREAK: Duration = Duration::from_secs(5);
/// What a client may be late by for reasons of its own: the tick of Go's.
const GRID: Duration = Duration::from_millis(500);
/// So many intervals are a habit: of fewer the next may be of another client, and longer.
const HABIT: usize = 3;

/// How much a figure says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// Inferred, and nothing can have stayed hidden: `~`.
    About,
    /// The polls were too slow to see all: `>=` for what was seen, `<=` for the interval between what was seen.
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
    /// By two or three, whose renewals fall between each other's.
    ByTurns {
        /// How many.
        count: usize,
        /// The interval of each.
        each: Duration,
    },
    /// Every 500 ms or oftener: an old client of Go's whose channel nobody reads.
    Unread,
}

/// A renewal that polls have shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Renewal {
    /// When it was.
    pub at: Bounds,
    /// Since the one before, by the best that is known of both; none for the first, and where polls came too late to see all
    /// in between.
    pub interval: Option<Measured>,
    /// Whether nothing can have stayed hidden in between; else the true interval is shorter.
    pub sureness: Sureness,
    /// The mean of the intervals before this one, which is known less well than they are; of all, where it ends the first.
    pub expected: Option<Duration>,
    /// What was left when it came; none where one may have stayed hidden before it, or the TTL is too short to tell.
    pub left: Option<Measured>,
}

/// A span of time, known to some extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The middle of what is possible.
    pub about: Duration,
    /// How far the truth can lie from it.
    pub doubt: Duration,
}

/// The renewals of one lease that polls have shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Renewals {
    cadence: Cadence,
    /// The least that was left at a renewal before which none can have stayed hidden.
    least_sure: Option<Duration>,
    recent: VecDeque<Seen>,
    /// Whether a poll since the last renewal came too late to see all.
    gap: bool,
    any_gap: bool,
    asked: Option<Moment>,
    /// Since when no poll came too late.
    close_since: Option<Moment>,
    /// The TTL in seconds.
    ttl: i64,
    /// Whether a poll since the last renewal has ruled another one out.
    was_quiet: bool,
    /// Since when every poll found it just renewed.
    fresh_since: Option<Moment>,
    fresh_until: Option<Moment>,
}

/// A renewal that was seen, and how it follows the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    at: Bounds,
    /// Whether nothing can have stayed hidden in between.
    is_sure: bool,
    /// Whether polls in between came too late to see all.
    has_gap: bool,
}

impl Seen {
    fn since(&self, before: &Seen) -> Duration {
        self.at.middle() - before.at.middle()
    }

    fn measured(&self, before: &Seen) -> Measured {
        Measured { about: self.since(before), doubt: self.at.doubt() + before.at.doubt() }
    }
}

impl Renewals {
    /// Count and intervals, and the least time left at a renewal, or less where some were not seen.
    pub fn cadence(&self) -> &Cadence {
        &self.cadence
    }

    /// The least that was left at a renewal; none where that is not known but as a lower bound.
    pub fn least_left(&self) -> Option<Duration> {
        self.least_sure
    }

    /// Whether the count is all that there were.
    pub fn sureness(&self) -> Sureness {
        if self.any_gap { Sureness::AtLeast } else { Sureness::About }
    }

    /// When the last one was.
    pub fn last(&self) -> Option<Bounds> {
        Some(self.recent.back()?.at)
    }

    /// When the last ones were, oldest first: since polls came too late to see all, and none if they did since the last one.
    pub fn unbroken(&self) -> impl Iterator<Item = Bounds> {
        let first = self.recent.iter().rposition(|seen| seen.has_gap).unwrap_or(0);
        let first = if self.gap { self.recent.len() } else { first };
        self.recent.iter().skip(first).map(|seen| seen.at)
    }

    /// Since when polls have been close enough to see any renewal, up to the last one; none before the first.
    pub fn watched_since(&self) -> Option<Moment> {
        self.close_since
    }

    /// For how long polls have been close enough to see any renewal, up to the last one.
    pub fn watched(&self) -> Duration {
        self.asked.zip(self.close_since).map_or(Duration::ZERO, |(asked, since)| asked - since)
    }

    /// The interval between the last ones; none before the second. Where some were watched closely these count alone.
    pub fn rhythm(&self) -> Option<Rhythm> {
        let watched = self.intervals().filter(|(_, seen)| !seen.has_gap);
        let (count, sum, sure) = sum(watched).or_else(|| sum(self.intervals()))?;
        let sureness = if sure { Sureness::About } else { Sureness::AtLeast };
        Some(Rhythm { every: sum / count, sureness })
    }

    fn mean(&self) -> Option<Duration> {
        Some(self.rhythm()?.every)
    }

    /// The last renewals, each but the first with the one before it.
    fn intervals(&self) -> impl Iterator<Item = (&Seen, &Seen)> {
        self.recent.iter().zip(self.recent.iter().skip(1))
    }

    /// For how long it may stay without a renewal before that is against its habit: the longest that it did of late, and a
    /// little. None before there is a habit.
    pub fn patience(&self) -> Option<Duration> {
        let span = |(before, seen): (&Seen, &Seen)| {
            let length = seen.since(before);
            length.mul_f64(1.1).max(length + seen.at.doubt() + before.at.doubt())
        };
        let watched = || self.intervals().filter(|(_, seen)| !seen.has_gap);
        let longest = match watched().count() >= HABIT {
            true => watched().map(span).max(),
            false => self.intervals().map(span).max().filter(|_| self.intervals().count() >= HABIT),
        };
        Some(longest? + GRID)
    }

    pub(super) fn habit(&self) -> Habit {
        if self.is_unread() {
            return Habit::Unread;
        }
        match (self.turns(), self.rhythm()) {
            (Some(Turns { count, each }), _) => Habit::ByTurns { count, each: Duration::from_secs_f64(each) },
            (None, Some(rhythm)) => Habit::Steady(rhythm),
            (None, None) => Habit::Unknown,
        }
    }

    /// A poll was answered: were the polls close enough, and did it look just renewed?
    pub(super) fn polled(&mut self, answer: &TimeToLive, sent: Moment) {
        let ttl = Duration::from_secs(answer.granted_ttl.unsigned_abs());
        let too_far = self.asked.replace(sent).is_some_and(|before| sent - before > ttl / 9);
        self.ttl = answer.granted_ttl;
        if too_far {
            self.close_since = None;
        }
        self.close_since.get_or_insert(sent);
        self.gap |= too_far;
        self.any_gap |= self.gap || answer.granted_ttl < TOO_SHORT;
        if answer.ttl + 1 < answer.granted_ttl {
            self.fresh_since = None;
        } else {
            self.fresh_since.get_or_insert(sent);
        }
        self.fresh_until = Some(sent);
    }

    /// It was renewed, with that much left by what was known before.
    pub(super) fn renewed(&mut self, at: Bounds, left: Measured) -> Renewal {
        let has_gap = std::mem::take(&mut self.gap);
        let before = self.recent.back().copied();
        let mut seen = Seen { at, is_sure: false, has_gap };
        if self.ttl < BLURRED {
            self.any_gap = true;
            self.recent.clear();
            self.recent.push_back(seen);
            self.cadence.answered(None, None);
            return Renewal { at, interval: None, sureness: Sureness::AtLeast, expected: None, left: None };
        }
        let (length, by_habit) = (before.map(|before| seen.measured(&before)), self.mean());
        // Where no poll found nothing between two renewals, there may have been more of them than polls.
        let is_seen = !has_gap && self.was_quiet && self.ttl >= TOO_SHORT;
        seen.is_sure = is_seen && length.is_some_and(|length| length.about >= CLOSE);
        self.was_quiet = false;
        self.any_gap |= before.is_some() && !seen.is_sure;
        self.remember(seen);
        let (interval, known) = (length.filter(|_| !has_gap), Some(left).filter(|_| !has_gap));
        self.cadence.answered(interval.map(|interval| interval.about), Some(left.about));
        self.least_sure = self.least_sure.into_iter().chain(known.map(|left| left.about)).min();
        let sureness = if seen.is_sure { Sureness::About } else { Sureness::AtLeast };
        Renewal { at, interval, sureness, expected: by_habit.or_else(|| self.mean()), left: known }
    }

    fn remember(&mut self, seen: Seen) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(seen);
    }

    /// A poll has shown that it was not renewed since the last one.
    pub(super) fn was_quiet(&mut self) {
        self.was_quiet = true;
    }

    /// The last renewal was within these bounds, by polls since: they count where they say more.
    pub(super) fn last_was(&mut self, at: Bounds) {
        if let Some(last) = self.recent.back_mut().filter(|last| at.doubt() < last.at.doubt()) {
            last.at = at;
        }
    }

    /// Something came between the polls that may have hidden a renewal.
    pub(super) fn interrupted(&mut self) {
        (self.gap, self.any_gap) = (true, true);
        self.close_since = self.asked;
    }

    /// Whether it has looked just renewed for longer than any healthy client's would. Where a third of the TTL is
    /// little more than a second, every lease does.
    fn is_unread(&self) -> bool {
        let (Some(since), Some(until)) = (self.fresh_since, self.fresh_until) else { return false };
        let ttl = Duration::from_secs(self.ttl.unsigned_abs());
        ttl.as_secs() >= 5 && until - since >= STREAK.max(ttl / 2)
    }

    /// Who renews it by turns, by the renewals since polls last came too late.
    fn turns(&self) -> Option<Turns> {
        let seconds = |at: Bounds| (at.middle().since_start().as_secs_f64(), at.doubt().as_secs_f64());
        let renewals: Vec<(f64, f64)> = self.unbroken().map(seconds).collect();
        renewers::turns(&renewals)
    }
}

/// How many intervals there are, how long they are together, and whether nothing can have stayed hidden in any of them; none
/// where there are none.
fn sum<'a>(intervals: impl Iterator<Item = (&'a Seen, &'a Seen)>) -> Option<(u32, Duration, bool)> {
    let add = |(count, sum, sure): (u32, Duration, bool), (before, seen): (&Seen, &Seen)| {
        (count + 1, sum + seen.since(before), sure && seen.is_sure)
    };
    Some(intervals.fold((0, Duration::ZERO, true), add)).filter(|(count, ..)| *count > 0)
}
