//! The usual interval of a lease: how often it is renewed now, and when the next renewal is overdue.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::renewal_pattern::Certainty;

/// How many of the newest intervals count: those that together cover this many TTLs, and at least this number of them.
const WINDOW: (u32, usize) = (3, 8);
/// Intervals that differ from the median by less than this share are averaged.
const NEAR: f64 = 0.1;
/// Share of the TTL that the intervals must cover before the next renewal can be predicted. A burst covers less: clients
/// such as Patroni renew several times within seconds at their start and at a failover.
const ESTABLISHED: f64 = 0.8;
/// Minimum number of intervals to predict the next one. With fewer, the next renewal may come from a slower client.
const MIN_INTERVALS: usize = 3;
/// Number of intervals that predict the next one even if they cover less of the TTL.
const MANY_INTERVALS: usize = 16;
/// Number of intervals that predict the next one even if they cover less of the TTL, if they are regular: each is shorter
/// than this factor times the shortest. The intervals of a burst are not regular.
const REGULAR: (usize, f64) = (6, 1.2);
/// Number of intervals, and share of the TTL that they must cover, before a long silence is late although the next renewal
/// cannot be predicted: after several times the longest interval, and after a third of the TTL, at which most clients renew.
const SEVERAL_INTERVALS: (usize, f64) = (6, 0.4);
/// While the next renewal cannot be predicted, a silence is late after this many times the longest interval.
const SEVERAL: u32 = 3;
/// An interval longer than the longest of the others by this factor is a stall if it is rare.
const STALL: f64 = 1.25;
/// Minimum number of intervals for two of them to be stalls.
const MIN_FOR_TWO_STALLS: usize = 7;
/// A renewal is late after this factor times the longest usual interval.
const LATE: f64 = 1.1;
/// How late a Go client may be: its send loop wakes every 500 ms (clientv3/lease.go, `sendKeepAliveLoop`).
const CLIENTV3_TICK: Duration = Duration::from_millis(500);

/// An estimated span of time: the true span differs from `value` by at most `half_width`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Estimate {
    pub(super) value: Duration,
    pub(super) half_width: Duration,
}

/// The usual interval between renewals: the median of the latest intervals, weighted by their length. Half of the time
/// is spent in intervals of at least this length, so a burst of renewals, which takes little time, does not change it. Rare
/// long intervals are stalls and do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsualInterval {
    /// The mean of the intervals near the median.
    pub every: Duration,
    /// Whether renewals may have been missed, so that the true interval is shorter.
    pub certainty: Certainty,
    /// The shortest of the intervals that count.
    pub shortest: Duration,
    /// The longest of the intervals that count.
    pub longest: Duration,
    /// The time after a renewal at which the next one is overdue, without the limit that the TTL sets. `None` until the
    /// intervals cover enough time to predict the next one.
    overdue: Option<Duration>,
    /// The longest interval from which the next renewal is predicted, if a renewal may have been missed in it. It can be longer
    /// than `longest`.
    #[serde(default)]
    longest_unsure: Duration,
    /// Whether so many intervals were seen that a silence of several of them is late.
    has_several: bool,
}

impl UsualInterval {
    /// The usual interval of a lease from its latest intervals, newest first. `None` if there are none.
    pub(super) fn of(newest: impl Iterator<Item = Estimate>, ttl: Duration, certainty: Certainty) -> Option<Self> {
        let mut sorted: Vec<Estimate> = Vec::with_capacity(MANY_INTERVALS);
        let mut covered = Duration::ZERO;
        for interval in newest {
            if covered >= ttl * WINDOW.0 && sorted.len() >= WINDOW.1 {
                break;
            }
            covered += interval.value;
            sorted.push(interval);
        }
        sorted.sort_unstable_by_key(|interval| interval.value);
        let has_several = sorted.len() >= SEVERAL_INTERVALS.0 && covered >= ttl.mul_f64(SEVERAL_INTERVALS.1);
        drop_stalls(&mut sorted, ttl);
        let (shortest, longest) = (sorted.first()?.value, sorted.last()?.value);
        let overdue = sorted.iter().map(overdue_after).max().filter(|_| is_established(&sorted, ttl));
        let overdue = overdue.map(|overdue| overdue + unseen_spread(&sorted));
        let (every, longest_unsure) = (every(&sorted)?, Duration::ZERO);
        Some(UsualInterval { every, certainty, shortest, longest, overdue, longest_unsure, has_several })
    }

    /// An interval that was measured exactly.
    pub fn exact(every: Duration) -> Self {
        UsualInterval {
            every,
            certainty: Certainty::About,
            shortest: every,
            longest: every,
            overdue: None,
            longest_unsure: Duration::ZERO,
            has_several: false,
        }
    }

    /// The interval of a lease that `count` clients renew in turn, if the interval of each client is `each`.
    pub(super) fn shared_by(self, count: usize, each: Duration) -> Self {
        let every = each / u32::try_from(count).unwrap_or(1).max(1);
        UsualInterval { every: every.clamp(self.shortest, self.longest), ..self }
    }

    /// Whether enough intervals were seen to predict the next one.
    pub fn is_established(&self) -> bool {
        self.overdue.is_some()
    }

    /// Takes the prediction of the next renewal from `all` intervals, including those in which a renewal may have been
    /// missed: a missed renewal only makes an interval longer.
    pub(super) fn predicted_by(self, all: UsualInterval) -> Self {
        UsualInterval { overdue: all.overdue, longest_unsure: all.longest, has_several: all.has_several, ..self }
    }

    /// The time after a renewal at which the next one is late, for a lease with this TTL; `None` if too little is known.
    pub(super) fn late_after(&self, ttl: Duration) -> Option<Duration> {
        let longest = self.longest.max(self.longest_unsure);
        if let Some(overdue) = self.overdue {
            return Some(before_the_end(overdue, longest, ttl));
        }
        if !self.has_several {
            return None;
        }
        let late = (longest * SEVERAL).max(ttl / 3).mul_f64(LATE) + CLIENTV3_TICK;
        if late < late_after_by_ttl(longest, ttl) { Some(late) } else { None }
    }
}

/// The time after a renewal at which the next one is late, for a client that renews every `interval`.
pub fn late_after(interval: Duration, ttl: Duration) -> Duration {
    before_the_end(interval.mul_f64(LATE) + CLIENTV3_TICK, interval, ttl)
}

/// The time after a renewal at which the next one is late while no usual interval is known: a healthy client renews within
/// two thirds of the TTL. `longest` is the longest time without a renewal so far.
pub fn late_after_by_ttl(longest: Duration, ttl: Duration) -> Duration {
    let interval = longest.max(ttl * 2 / 3);
    before_the_end((ttl * 2 / 3).max(longest.mul_f64(LATE)) + CLIENTV3_TICK, interval, ttl)
}

/// Limits `overdue`, so that a renewal is late before the lease expires: at the latest after a third of the time from the
/// expected renewal to the deadline.
fn before_the_end(overdue: Duration, interval: Duration, ttl: Duration) -> Duration {
    overdue.min(interval + ttl.saturating_sub(interval) / 3)
}

fn overdue_after(interval: &Estimate) -> Duration {
    interval.value.mul_f64(LATE).max(interval.value + interval.half_width) + CLIENTV3_TICK
}

/// By how much an irregular client may exceed its longest interval because only few of them were seen: five times their
/// spread after three intervals, less with each further one, and nothing once the window is full. Bursts do not count.
/// Of clients whose intervals differ by up to 20 % from a third of the TTL, 1 of 120 is late once, instead of 1 of 12.
fn unseen_spread(sorted: &[Estimate]) -> Duration {
    let Some(longest) = sorted.last() else { return Duration::ZERO };
    let usual = &sorted[sorted.partition_point(|interval| interval.value < longest.value / 2)..];
    let [shortest, .., longest] = usual else { return Duration::ZERO };
    let (unseen, pairs) = (WINDOW.1.saturating_sub(usual.len()), usual.len() - 1);
    (longest.value - shortest.value).mul_f64(2.0 * unseen as f64 / pairs as f64)
}

/// Whether these intervals predict the next one.
fn is_established(sorted: &[Estimate], ttl: Duration) -> bool {
    let is_long = covers_most(sorted, ttl) || sorted.len() >= MANY_INTERVALS;
    sorted.len() >= MIN_INTERVALS && (is_long || is_regular(sorted))
}

fn covers_most(intervals: &[Estimate], ttl: Duration) -> bool {
    sum(intervals) >= ttl.mul_f64(ESTABLISHED)
}

fn sum(intervals: &[Estimate]) -> Duration {
    intervals.iter().map(|interval| interval.value).sum()
}

fn is_regular(sorted: &[Estimate]) -> bool {
    let [shortest, .., longest] = sorted else { return false };
    sorted.len() >= REGULAR.0 && longest.value < shortest.value.mul_f64(REGULAR.1)
}

/// Drops the longest intervals if they are much longer than all others and rare: one of at least four, or two of at least
/// seven. More, or two that take most of the time, could be the gaps of several clients that renew in turn.
fn drop_stalls(sorted: &mut Vec<Estimate>, ttl: Duration) {
    let counts: &[usize] = match sorted.len() {
        MIN_FOR_TWO_STALLS.. => &[2, 1],
        len if len > MIN_INTERVALS => &[1],
        _ => &[],
    };
    for count in counts {
        let (others, stalls) = sorted.split_at(sorted.len() - count);
        let (Some(longest), Some(stall)) = (others.last(), stalls.first()) else { return };
        let is_rare = *count == 1 || sum(stalls) < sum(others) && covers_most(others, ttl);
        let is_long = stall.value > longest.value.mul_f64(STALL) + CLIENTV3_TICK;
        if is_long && is_rare && is_established(others, ttl) {
            return sorted.truncate(others.len());
        }
    }
}

/// The mean of the median and of the intervals near it, also those that polls cannot distinguish from it. Errors of
/// consecutive intervals cancel out.
fn every(sorted: &[Estimate]) -> Option<Duration> {
    let median = weighted_median(sorted)?;
    let (mut count, mut sum) = (0, Duration::ZERO);
    for interval in sorted {
        let near = median.value.mul_f64(NEAR).max(interval.half_width + median.half_width);
        if interval.value.abs_diff(median.value) <= near {
            count += 1;
            sum += interval.value;
        }
    }
    sum.checked_div(count)
}

/// The first interval, from the shortest on, up to which half of the time is spent.
fn weighted_median(sorted: &[Estimate]) -> Option<Estimate> {
    let total = sum(sorted);
    let mut covered = Duration::ZERO;
    sorted.iter().copied().find(|interval| {
        covered += interval.value;
        covered * 2 >= total
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The usual interval in seconds of a lease with a TTL of 30 s, and when the next renewal is late, from intervals that
    /// are known to 50 ms, oldest first.
    fn usual(intervals: &[f64]) -> Option<(f64, Option<f64>)> {
        let ttl = Duration::from_secs(30);
        let estimate = |interval: &f64| Estimate {
            value: Duration::from_secs_f64(*interval),
            half_width: Duration::from_millis(50),
        };
        let usual = UsualInterval::of(intervals.iter().rev().map(estimate), ttl, Certainty::About)?;
        assert!(usual.shortest <= usual.every && usual.every <= usual.longest);
        Some((usual.every.as_secs_f64(), usual.late_after(ttl).map(|late| late.as_secs_f64())))
    }

    fn all(parts: &[&[f64]]) -> Vec<f64> {
        parts.concat()
    }

    #[test]
    fn it_is_known_after_three_intervals_that_cover_most_of_the_ttl() {
        assert_eq!(usual(&[]), None);
        assert_eq!(usual(&[10.0, 10.0]), Some((10.0, None)));
        assert_eq!(usual(&[10.0; 3]), Some((10.0, Some(11.5))));
        assert_eq!(usual(&[8.0, 6.0, 9.0]).unwrap().1, None);
        assert_eq!(usual(&[8.0, 7.0, 9.0]).unwrap().1, Some(16.0), "irregular");
        assert_eq!(usual(&[[1.0, 1.5]; 7].concat()).unwrap().1, Some(11.5), "maybe a burst before intervals of TTL/3");
        assert_eq!(usual(&[[1.0, 1.5]; 8].concat()).unwrap().1, Some(2.15), "many intervals");
    }

    #[test]
    fn it_is_known_after_six_regular_intervals_that_cover_less_of_the_ttl() {
        assert_eq!(usual(&[3.0; 5]), Some((3.0, None)));
        assert_eq!(usual(&[3.0; 6]), Some((3.0, Some(3.8))));
        assert_eq!(usual(&[3.0, 3.3, 2.9, 3.1, 3.4, 3.2]).unwrap().1, Some(4.64), "jitter");
        let irregular = usual(&[3.0, 3.3, 2.8, 3.1, 3.4, 3.2]).unwrap().1;
        assert_eq!(irregular, Some(11.72), "several times the longest, as it is too irregular");
        assert_eq!(usual(&[4.0, 5.3, 5.0, 4.1, 6.1, 4.4]).unwrap().1, Some(8.89), "they cover most of the TTL");
        assert_eq!(usual(&[0.5, 0.3, 3.0, 0.1, 6.5, 3.0]).unwrap().1, None, "not before two thirds of the TTL");
        assert_eq!(usual(&[0.3, 0.4, 2.5, 3.0, 0.3, 0.4, 2.5]).unwrap().1, None, "a burst");
    }

    #[test]
    fn an_irregular_client_gets_more_time_until_many_intervals_are_known() {
        let late = |intervals: &[f64]| (usual(intervals).unwrap().1.unwrap() * 100.0).round() / 100.0;
        assert_eq!(late(&[10.0, 10.02, 10.04]), 11.74, "regular");
        assert_eq!(late(&[9.0, 9.3, 9.4]), 12.84, "up to 10 % from 10 s: the next one can be 11 s");
        let mut jitter = fastrand::Rng::with_seed(1);
        let mut late_ones = 0;
        for _ in 0..1_000 {
            let intervals: Vec<f64> = (0..12).map(|_| 8.5 + 3.0 * jitter.f64()).collect();
            let is_late = |known: usize| {
                usual(&intervals[..known]).and_then(|it| it.1).is_some_and(|late| intervals[known] > late)
            };
            late_ones += usize::from((3..12).any(is_late));
        }
        assert!(late_ones <= 5, "{late_ones} of 1,000 with up to 15 %");
    }

    #[test]
    fn a_burst_at_the_start_or_later_does_not_change_it() {
        let burst = [1.0, 0.5, 2.0, 1.0, 0.7];
        assert_eq!(usual(&all(&[&burst])).unwrap().1, None);
        assert_eq!(usual(&all(&[&burst, &[10.0]])), Some((10.0, None)));
        for before in 0..12 {
            for after in 0..12 {
                let late = usual(&all(&[&vec![10.0; before], &burst, &vec![10.0; after]])).unwrap().1;
                assert!(late.is_none_or(|late| late == 11.5), "{before} {after}: {late:?}");
                assert!(late.is_some() || before + after < 3, "{before} {after}");
            }
        }
    }

    #[test]
    fn a_rare_stall_does_not_change_it_and_a_habit_does() {
        let steady = [10.0; 9];
        assert_eq!(usual(&all(&[&steady, &[16.0]])), Some((10.0, Some(11.5))));
        assert_eq!(usual(&all(&[&steady, &[16.0, 10.0, 10.0]])), Some((10.0, Some(11.5))));
        let two = usual(&all(&[&steady, &[16.0, 10.0, 10.0, 17.0, 10.0]]));
        assert_eq!(two, Some((10.0, Some(11.5))), "two stalls among eight intervals");
        let (every, late) = usual(&all(&[&steady, &[15.0, 10.0, 15.0, 10.0, 15.0]])).unwrap();
        assert_eq!((every, late), (10.0, Some(17.0)));
        assert_eq!(usual(&all(&[&steady, &[11.0, 9.0]])), Some((10.0, Some(12.6))), "jitter is no stall");
    }

    #[test]
    fn an_interval_with_a_missed_renewal_predicts_the_next_one_and_is_not_shown() {
        let ttl = Duration::from_secs(30);
        let of = |intervals: &[u64], certainty| {
            let estimate =
                |seconds: &u64| Estimate { value: Duration::from_secs(*seconds), half_width: Duration::ZERO };
            UsualInterval::of(intervals.iter().map(estimate), ttl, certainty).expect("intervals")
        };
        let all = of(&[4, 4, 4, 4, 4, 8], Certainty::AtLeast);
        let usual = of(&[4; 5], Certainty::About).predicted_by(all);
        assert_eq!((usual.shortest, usual.longest), (Duration::from_secs(4), Duration::from_secs(4)));
        assert!(usual.is_established() && usual.late_after(ttl) == all.late_after(ttl), "{usual:?}");
        // `late_after` limits it by the longest interval, in which a renewal may have been missed.
        let all = of(&[4, 4, 4, 4, 4, 25], Certainty::AtLeast);
        assert_eq!(of(&[4; 5], Certainty::About).predicted_by(all).late_after(ttl), all.late_after(ttl));
    }

    #[test]
    fn it_follows_a_new_interval() {
        let changed = |from: f64, to: f64, count: usize| usual(&all(&[&[from; 16], &vec![to; count]])).unwrap().0;
        assert_eq!((changed(10.0, 15.0, 2), changed(10.0, 15.0, 4)), (10.0, 15.0));
        assert_eq!((changed(10.0, 5.0, 4), changed(10.0, 5.0, 10)), (10.0, 5.0));
    }

    #[test]
    fn late_is_before_the_end_of_the_lease() {
        assert_eq!(usual(&[27.0; 4]), Some((27.0, Some(28.0))));
        let ttl = Duration::from_secs(10);
        let seconds = |span: Duration| (span.as_secs_f64() * 1_000.0).round() / 1_000.0;
        assert_eq!(seconds(late_after(Duration::from_millis(3_500), ttl)), 4.35);
        assert_eq!(seconds(late_after(Duration::from_secs(8), ttl)), 8.667);
        assert_eq!(seconds(late_after_by_ttl(Duration::ZERO, ttl)), 7.167);
        assert_eq!(seconds(late_after_by_ttl(Duration::from_secs(8), ttl)), 8.667);
        assert_eq!(seconds(late_after_by_ttl(Duration::ZERO, Duration::from_secs(1))), 0.778);
    }
}
