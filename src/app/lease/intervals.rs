//! How a lease is renewed: its interval as a share of the TTL, its last cycles, and when little time is left.

use std::time::Duration;

use crate::app::{Lease, TimeRange};
use crate::inference::lease_inference::UsualInterval;
use simkit::Timestamp;

/// Number of cycles in [`Lease::cycles`].
const CYCLES: usize = 5;
/// Below this share of an interval, a lease is at risk. It is below 1 because a healthy 2 s lease has exactly one interval
/// left when it is renewed.
const DANGER: f64 = 0.9;

/// How much time a lease has left, compared with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLeft {
    /// As much as in every cycle, or the interval is unknown.
    Usual,
    /// Less than half of what a healthy cycle leaves above the danger line.
    Low,
    /// Less than one interval, or less than the usual time left at a renewal: the next renewal must succeed. Without an
    /// interval, less than 5 s.
    Critical,
}

impl Lease {
    /// The observed interval: the last one if the engine renews the lease, else the usual one that polls have
    /// shown. `None` before the second renewal.
    pub fn observed_interval(&self) -> Option<UsualInterval> {
        match &self.engine {
            Some(status) => Some(UsualInterval::exact(status.cadence.last?)),
            None => self.others_usual_interval(),
        }
    }

    /// The observed interval as a share of the TTL: about 0.33 is healthy, from 0.5 on one missed renewal ends the
    /// lease. An upper bound if the interval is one.
    pub fn interval_share(&self) -> Option<f64> {
        Some(self.observed_interval()?.every.as_secs_f64() / self.ttl_seconds()?)
    }

    /// The share of the TTL that each of the last five cycles used up, from 0 to 1, oldest first; `None` for a cycle in
    /// which polls were too late to show every renewal. The last cycle is still running. Empty before the first renewal,
    /// and if no cycle is known.
    pub fn cycles(&self, now: Timestamp) -> Vec<Option<f64>> {
        let Some(ttl) = self.ttl_seconds() else { return Vec::new() };
        let mut until = self.end().map_or(now, |end| end.at);
        let mut shares: Vec<Option<f64>> = Vec::with_capacity(CYCLES);
        for (renewed, has_gap) in self.latest_renewals() {
            let share = ((until - renewed).as_secs_f64() / ttl).min(1.0);
            shares.push(if has_gap { None } else { Some(share) });
            until = renewed;
        }
        if shares.iter().all(Option::is_none) {
            return Vec::new();
        }
        shares.reverse();
        shares
    }

    /// The times of the latest renewals, newest first, at most [`CYCLES`], each with whether polls after it were too
    /// late to show every renewal.
    fn latest_renewals(&self) -> Vec<(Timestamp, bool)> {
        if self.engine.is_some() {
            let renewals = self.history.iter().flat_map(|history| history.renewals());
            return renewals.map(|(at, _)| (at, false)).take(CYCLES).collect();
        }
        let renewals = self.observed.renewals();
        let mut has_gap = renewals.has_gap_since_last();
        let with_gap_after =
            |(at, gap_before): (TimeRange, bool)| (at.middle(), std::mem::replace(&mut has_gap, gap_before));
        renewals.recent_with_gaps().rev().map(with_gap_after).take(CYCLES).collect()
    }

    /// How much time is left at `now`, compared with the danger line. Half of what a healthy cycle leaves above that line is
    /// low. A lease that a newer one replaces, or that released its lock, runs out as planned.
    pub fn time_left(&self, now: Timestamp) -> TimeLeft {
        /// Without an interval, only the last seconds are critical.
        const LAST_SECONDS: f64 = 5.0;
        let (Some(left), Some(ttl)) = (self.left(now), self.ttl_seconds()) else { return TimeLeft::Usual };
        if self.has_released_lock() {
            return TimeLeft::Usual;
        }
        let every = self.usual_interval().or_else(|| self.engine.as_ref()?.expected);
        let Some(every) = every.filter(|every| !every.is_zero()) else {
            let is_planned = self.replaced_by().is_some() || self.new_lease_every().is_some();
            return if !is_planned && left < LAST_SECONDS.min(ttl / 3.0) {
                TimeLeft::Critical
            } else {
                TimeLeft::Usual
            };
        };
        let every = every.as_secs_f64();
        let (danger, least) = (danger_line(every, ttl), ttl - every);
        match left {
            left if left < danger => TimeLeft::Critical,
            left if left < danger + (least - danger) / 2.0 => TimeLeft::Low,
            _ => TimeLeft::Usual,
        }
    }

    /// The time left below which a lease whose renewal is overdue is at risk. While no usual interval is known, this is a
    /// sixth of the TTL. While a new lease is awaited, two thirds of what is left once it is late, if that is less. `None`
    /// while the TTL is unknown.
    pub(super) fn danger_left(&self) -> Option<Duration> {
        let ttl = self.ttl_seconds()?;
        if let Some(next) = self.next_lease() {
            let usual = danger_line(next.every.as_secs_f64(), ttl);
            return Some(Duration::from_secs_f64(
                usual.min((ttl - next.late_after.as_secs_f64()).max(0.0) * 2.0 / 3.0),
            ));
        }
        let every = self.established_interval();
        Some(Duration::from_secs_f64(every.map_or(ttl / 6.0, |every| danger_line(every.as_secs_f64(), ttl))))
    }

    fn ttl_seconds(&self) -> Option<f64> {
        self.granted_ttl.filter(|ttl| *ttl > 0).map(|ttl| ttl as f64)
    }
}

/// [`DANGER`] times the interval, or times the usual time left at a renewal if that is less. It is less for a client that
/// renews when more than half of the TTL has passed. In seconds.
fn danger_line(every: f64, ttl: f64) -> f64 {
    every.min(ttl - every).max(0.0) * DANGER
}
