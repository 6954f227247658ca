//! Infers how other clients renew a lease.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::interleaving::{self, Interleaving};
use super::poll_timing::planned_interval;
use super::seen_renewals::{NONE_SEEN, SeenRenewal, SeenRenewals};
use super::usual_interval::{Estimate, UsualInterval, late_after_by_ttl};
use crate::inference::{Renewal, RenewalSource, TimeRange};
use etcd_lease::{Cadence, TimeToLive};
use simkit::Timestamp;

/// Below this TTL in seconds, renewals are too close together for replies in whole seconds to distinguish them.
const MIN_TIMED_TTL: i64 = 6;
/// Below this TTL in seconds, polls cannot even bound the interval or the time left at a renewal.
const MIN_BOUNDED_TTL: i64 = 4;
/// Between renewals closer than this, more may have been missed.
const CLOSE: Duration = Duration::from_millis(1_900);
/// How long every poll must find the lease just renewed before its renewals count as too frequent.
const STREAK: Duration = Duration::from_secs(5);
/// Minimum number of sure intervals for an upper bound to become exact.
const MIN_SURE: usize = 3;
/// Polls can miss a renewal if they are further apart than this many planned intervals.
const GAP: u32 = 2;
/// Two consecutive observed renewals, the earlier one first.
type IntervalEnds<'a> = (&'a SeenRenewal, &'a SeenRenewal);

/// How certain a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certainty {
    /// Inferred, with no renewal missed; shown as `~`.
    About,
    /// Polls were too slow to show every renewal; shown as `>=` for a count, `<=` for an interval.
    AtLeast,
}

/// How a lease is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalPattern {
    /// Too few renewals were seen.
    Unknown,
    /// At this interval.
    Steady(UsualInterval),
    /// By two or three clients, each at its own interval.
    Interleaved {
        /// Number of clients.
        count: usize,
        /// The interval of each client.
        each: Duration,
    },
    /// Every second or more often. Replies in whole seconds do not show how often exactly.
    Frequent,
}

/// The renewals of one lease that polls have shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObservedRenewals {
    /// A box keeps leases that nobody renews small.
    seen: Option<Box<SeenRenewals>>,
    /// Whether a poll since the last renewal came too late to show every renewal.
    gap: bool,
    /// Whether any renewal may have been missed, so that the number of renewals is a lower bound.
    any_gap: bool,
    /// When the last poll was sent.
    last_poll: Option<Timestamp>,
    /// The start of the time without a late poll.
    close_since: Option<Timestamp>,
    /// The TTL in seconds.
    ttl: i64,
    /// Whether a poll since the last renewal has ruled out another one.
    is_quiet_confirmed: bool,
    /// The start of the time in which every poll found the lease just renewed.
    fresh_since: Option<Timestamp>,
}

impl ObservedRenewals {
    fn seen(&self) -> &SeenRenewals {
        self.seen.as_deref().unwrap_or(&NONE_SEEN)
    }

    fn seen_mut(&mut self) -> &mut SeenRenewals {
        self.seen.get_or_insert_default()
    }

    /// Count, intervals and the lowest time left at a renewal. The lowest time left may be too low if renewals were
    /// missed.
    pub fn cadence(&self) -> &Cadence {
        &self.seen().cadence
    }

    /// Lowest time left at a renewal; `None` if only a lower bound is known.
    pub fn least_left(&self) -> Option<Duration> {
        self.seen().least_sure
    }

    /// Whether every renewal was counted.
    pub fn certainty(&self) -> Certainty {
        if self.any_gap { Certainty::AtLeast } else { Certainty::About }
    }

    /// The time of the last renewal.
    pub fn last(&self) -> Option<TimeRange> {
        Some(self.seen().recent.back()?.at)
    }

    /// The times of the latest renewals, oldest first. Others may have been missed between them.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = TimeRange> {
        self.seen().recent.iter().map(|seen| seen.at)
    }

    /// Like [`recent`](Self::recent), each with whether polls before it were too late to show every renewal.
    pub fn recent_with_gaps(&self) -> impl DoubleEndedIterator<Item = (TimeRange, bool)> {
        self.seen().recent.iter().map(|seen| (seen.at, seen.has_gap))
    }

    /// Whether a poll since the last renewal came too late to show every renewal.
    pub fn has_gap_since_last(&self) -> bool {
        self.gap
    }

    /// The times of the latest renewals, oldest first, since the last gap in the polls.
    pub fn since_last_gap(&self) -> impl Iterator<Item = TimeRange> {
        let first = self.seen().recent.iter().rposition(|seen| seen.has_gap).unwrap_or(0);
        let first = if self.gap { self.seen().recent.len() } else { first };
        self.seen().recent.iter().skip(first).map(|seen| seen.at)
    }

    /// The start of the time in which polls were frequent enough to show every renewal; `None` before the first poll.
    pub fn watched_since(&self) -> Option<Timestamp> {
        self.close_since
    }

    /// How long polls have been frequent enough to show every renewal, up to the last poll.
    pub fn watched(&self) -> Duration {
        self.last_poll.zip(self.close_since).map_or(Duration::ZERO, |(last, since)| last - since)
    }

    /// The usual interval; `None` before the second renewal. Once enough intervals are exact, only those count. Otherwise
    /// it is an upper bound, from intervals without a gap in the polls if there are any.
    pub fn usual_interval(&self) -> Option<UsualInterval> {
        self.seen().usual
    }

    /// The usual interval, if enough renewals were seen to predict the next one and none can have been missed.
    pub fn sure_interval(&self) -> Option<Duration> {
        let usual = self.usual_interval()?;
        if usual.is_established() && usual.certainty == Certainty::About { Some(usual.every) } else { None }
    }

    /// Consecutive pairs of the latest renewals.
    fn intervals(&self) -> impl DoubleEndedIterator<Item = IntervalEnds<'_>> {
        self.seen().recent.iter().zip(self.seen().recent.iter().skip(1))
    }

    /// The intervals that the usual interval is computed from, newest first. If it is exact, these are the sure ones, and
    /// short ones: a missed renewal only makes an interval longer.
    fn counted_intervals(&self) -> impl Iterator<Item = Estimate> {
        let is_any_watched = self.intervals().any(|(_, seen)| !seen.has_gap);
        let is_bound = self.seen().is_usual_bound;
        let counts = move |(before, seen): &IntervalEnds<'_>| {
            if seen.has_gap {
                is_bound && !is_any_watched
            } else {
                is_bound || seen.is_sure || seen.since(before) < CLOSE
            }
        };
        let counted = self.intervals().rev().filter(counts);
        counted.map(|(before, seen)| seen.interval_since(before))
    }

    /// Decides whether the usual interval is exact. Up to half as much time in unsure intervals as in sure ones leaves an
    /// exact one exact, but an upper bound becomes exact only with clearly less, so that the sign on the screen does not
    /// flip at every renewal.
    fn update_usual_bound(&mut self) {
        let (mut sure, mut sure_time, mut unsure_time) = (0, Duration::ZERO, Duration::ZERO);
        for (before, seen) in self.intervals().filter(|(_, seen)| !seen.has_gap) {
            if seen.is_sure {
                sure += 1;
                sure_time += seen.since(before);
            } else {
                unsure_time += seen.since(before);
            }
        }
        let is_exact = if self.seen().is_usual_bound {
            sure >= MIN_SURE && unsure_time * 4 <= sure_time
        } else {
            unsure_time * 2 <= sure_time
        };
        let seen = self.seen_mut();
        seen.is_usual_bound = seen.recent.len() > 1 && (sure == 0 || !is_exact);
    }

    fn update_usual(&mut self) {
        self.update_usual_bound();
        let certainty = if self.seen().is_usual_bound { Certainty::AtLeast } else { Certainty::About };
        let mut usual = UsualInterval::of(self.counted_intervals(), self.ttl(), certainty);
        if usual.is_some_and(|usual| !usual.is_established()) {
            let watched = self.intervals().rev().filter(|(_, seen)| !seen.has_gap);
            let watched = watched.map(|(before, seen)| seen.interval_since(before));
            let all = UsualInterval::of(watched, self.ttl(), Certainty::AtLeast);
            usual = usual.zip(all).map(|(usual, all)| usual.predicted_by(all)).or(usual);
        }
        let usual = match (usual, self.interleaving()) {
            (Some(usual), Some(Interleaving { count, each })) => {
                Some(usual.shared_by(count, Duration::from_secs_f64(each)))
            }
            (usual, _) => usual,
        };
        self.seen_mut().usual = usual;
    }

    /// The time after a renewal at which the next one is late. Until enough intervals were seen, this depends on the TTL.
    /// `None` before the first renewal.
    pub fn late_after(&self) -> Option<Duration> {
        if self.seen().cadence.answers == 0 {
            return None;
        }
        let usual = self.usual_interval().and_then(|usual| usual.late_after(self.ttl()));
        Some(usual.unwrap_or_else(|| late_after_by_ttl(self.longest_unrenewed(), self.ttl())))
    }

    /// The longest known time without a renewal before a renewal. It includes the time from the grant to the first one.
    fn longest_unrenewed(&self) -> Duration {
        self.seen().least_sure.map_or(Duration::ZERO, |left| self.ttl().saturating_sub(left))
    }

    fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl.unsigned_abs())
    }

    pub(super) fn pattern(&self) -> RenewalPattern {
        if self.is_frequent() {
            return RenewalPattern::Frequent;
        }
        match (self.interleaving(), self.usual_interval()) {
            (Some(Interleaving { count, each }), _) => {
                RenewalPattern::Interleaved { count, each: Duration::from_secs_f64(each) }
            }
            (None, Some(interval)) => RenewalPattern::Steady(interval),
            (None, None) => RenewalPattern::Unknown,
        }
    }

    /// Records a poll reply: whether polls are close enough, and whether the lease was just renewed.
    pub(super) fn on_poll(&mut self, answer: &TimeToLive, sent: Timestamp) {
        let ttl = Duration::from_secs(answer.granted_ttl.unsigned_abs());
        let longest = planned_interval(ttl) * GAP;
        let too_far = self.last_poll.replace(sent).is_some_and(|before| sent - before > longest);
        self.ttl = answer.granted_ttl;
        if too_far {
            self.close_since = None;
            self.fresh_since = None;
        }
        self.close_since.get_or_insert(sent);
        self.gap |= too_far;
        self.any_gap |= self.gap || answer.granted_ttl < MIN_TIMED_TTL;
        // An election may leave more than the TTL, which no renewal does.
        if (answer.granted_ttl - 1..=answer.granted_ttl).contains(&answer.ttl) {
            self.fresh_since.get_or_insert(sent);
        } else {
            self.fresh_since = None;
        }
    }

    /// Records a poll reply while the user's own renewal set the deadline. The lease looks just renewed, but not by its
    /// client.
    pub(super) fn on_poll_after_manual(&mut self, answer: &TimeToLive, sent: Timestamp) {
        self.on_poll(answer, sent);
        self.fresh_since = None;
    }

    /// Records a renewal at a time within `at`. `left` is the time left just before it.
    pub(super) fn on_renewal(&mut self, at: TimeRange, left: Estimate) -> Renewal {
        let has_gap = std::mem::take(&mut self.gap);
        let before = self.seen().recent.back().copied();
        let mut seen = SeenRenewal { at, is_sure: false, has_gap };
        let unmeasured = Renewal {
            is_first: self.seen().cadence.answers == 0,
            is_bound: true,
            ..Renewal::new(RenewalSource::Inferred, at, Some(self.ttl))
        };
        if self.ttl < MIN_BOUNDED_TTL {
            self.any_gap = true;
            let renewals = self.seen_mut();
            renewals.recent.clear();
            renewals.push(seen);
            renewals.usual = None;
            renewals.cadence.record(None, None);
            return unmeasured;
        }
        let interval = before.map(|before| seen.interval_since(&before));
        let expected = self.usual_interval();
        // Without a poll that found no renewal in between, several renewals may look like one.
        let is_seen = !has_gap && self.is_quiet_confirmed && self.ttl >= MIN_TIMED_TTL;
        seen.is_sure = is_seen && interval.is_some_and(|interval| interval.value >= CLOSE);
        self.is_quiet_confirmed = false;
        self.any_gap |= before.is_some() && !seen.is_sure;
        self.seen_mut().push(seen);
        self.update_usual();
        let interval = if has_gap { None } else { interval };
        let known_left = if has_gap { None } else { Some(left) };
        let renewals = self.seen_mut();
        renewals.cadence.record(interval.map(|interval| interval.value), Some(left.value));
        renewals.least_sure = renewals.least_sure.into_iter().chain(known_left.map(|left| left.value)).min();
        Renewal {
            interval: interval.map(|interval| interval.value),
            interval_doubt: interval.map(|interval| interval.half_width),
            is_bound: !seen.is_sure,
            expected: expected.or(self.usual_interval()).map(|usual| usual.every),
            left: known_left.map(|left| left.value),
            left_doubt: known_left.map(|left| left.half_width),
            ..unmeasured
        }
    }

    /// Records that a poll ruled out a renewal since the last one.
    pub(super) fn confirm_no_renewal(&mut self) {
        self.is_quiet_confirmed = true;
    }

    /// Narrows the time of the last renewal to `at`. A wider range than the known one changes nothing.
    pub(super) fn refine_last(&mut self, at: TimeRange) {
        if let Some(last) = self.seen.as_mut().and_then(|seen| seen.recent.back_mut())
            && at.half_width() < last.at.half_width()
        {
            last.at = at;
            self.update_usual();
        }
    }

    /// Records that a renewal between the polls may have been missed.
    pub(super) fn mark_gap(&mut self) {
        self.gap = true;
        self.any_gap = true;
        self.close_since = self.last_poll;
    }

    /// Records that nothing is known of the time until the next poll.
    pub(super) fn forget(&mut self) {
        self.mark_gap();
        self.fresh_since = None;
    }

    /// Whether every poll has found the lease just renewed, for longer than with any healthy client. Below a TTL of 5 s
    /// every lease looks like that, so such a TTL never counts.
    fn is_frequent(&self) -> bool {
        let (Some(since), Some(until)) = (self.fresh_since, self.last_poll) else { return false };
        let ttl = self.ttl();
        ttl.as_secs() >= 5 && until - since >= STREAK.max(ttl / 2)
    }

    /// Detects interleaved clients from the renewals since the last gap in the polls.
    fn interleaving(&self) -> Option<Interleaving> {
        let seconds = |at: TimeRange| (at.middle().since_start().as_secs_f64(), at.half_width().as_secs_f64());
        let renewals: Vec<(f64, f64)> = self.since_last_gap().map(seconds).collect();
        interleaving::detect(&renewals)
    }
}
