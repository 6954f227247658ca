//! Figures over all living leases for the strip above the table: when they expire, and how the renewals and the number of
//! leases went in the last ten minutes.
//!
//! Everything is kept up to date lease by lease, so a frame costs the same with 100,000 leases as with ten.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use super::metrics::{LIVING_STATES, LeaseTable, TTL_CLASS_COUNT, TTL_CLASSES, state_index, ttl_class};
use super::{Lease, LeaseState, Ownership};
use crate::inference::lease_inference::Certainty;
use simkit::Timestamp;

/// Number of points over time.
pub const POINTS: usize = 60;
/// Time between two points.
pub const STEP: Duration = Duration::from_secs(10);
/// Deadlines are counted by this span, so the histogram is that exact.
const SLOT: Duration = Duration::from_millis(250);
/// Bounds of the histogram. A lease counts in the first whose bound is above its time left.
const BOUNDS: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(300)];

/// Names of the spans in which leases expire.
pub const SPANS: [&str; 4] = ["< 5 s", "5–30 s", "30 s–5 min", "> 5 min"];

/// What one living lease adds to the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OverviewShare {
    /// The slot of its deadline. `None` while the deadline is unknown.
    slot: Option<NonZeroU32>,
    /// Its TTL class; the one after [`TTL_CLASSES`] while the TTL is unknown.
    class: u8,
    /// The place of its state in [`LIVING_STATES`].
    state: u8,
}

impl OverviewShare {
    /// The index of its map in `Overview::deadlines`. Unseen leases have their own map, because they may have been renewed.
    fn deadlines(&self) -> usize {
        if self.state() == LeaseState::Unseen { TTL_CLASS_COUNT } else { self.class.into() }
    }

    /// The state of the lease.
    pub(super) fn state(&self) -> LeaseState {
        LIVING_STATES[usize::from(self.state)]
    }

    pub(super) fn of(lease: &Lease, state: LeaseState) -> Self {
        OverviewShare {
            slot: lease.shown_deadline().map(slot),
            class: ttl_class(lease.granted_ttl) as u8,
            state: state_index(state).unwrap_or(LIVING_STATES.len() - 1) as u8,
        }
    }
}

/// Above this TTL in seconds, a lease whose interval is unknown adds nothing that is worth mentioning to the renewals per
/// second.
const SLOW_TTL: i64 = 600;

/// The renewals of a lease per second: by leasetop, or by another client as far as polls have shown. 0 while it misses
/// its renewals.
pub(super) fn renewals_per_second(lease: &Lease, state: LeaseState) -> f64 {
    let is_renewed = match lease.ownership {
        Ownership::Other => matches!(state, LeaseState::Ok),
        _ => lease.is_kept_alive && matches!(state, LeaseState::Ok | LeaseState::Stalled),
    };
    let interval = if is_renewed { lease.usual_interval() } else { None };
    // No client renews a lease more often than every millisecond; the limit avoids a division by zero.
    interval.map_or(0.0, |interval| 1.0 / interval.as_secs_f64().max(1e-3))
}

/// Whether another client may renew the lease at an interval that is not known yet.
pub(super) fn is_unmeasured(lease: &Lease, state: LeaseState) -> bool {
    let is_slow = lease.granted_ttl.is_some_and(|ttl| ttl > SLOW_TTL);
    let may_be_renewed = lease.ownership == Ownership::Other && state == LeaseState::Ok && !is_slow;
    // The interval may be shorter than a bound.
    let is_known = lease.others_usual_interval().is_some_and(|usual| usual.certainty != Certainty::AtLeast);
    if !may_be_renewed || is_known {
        return false;
    }
    let renewals = lease.observed.renewals();
    let ttl = lease.granted_ttl.map(|ttl| Duration::from_secs(ttl.unsigned_abs()));
    // A lease that was watched for its whole TTL without a renewal is not renewed.
    renewals.last().is_some() || ttl.is_none_or(|ttl| renewals.watched() < ttl)
}

/// The figures at one point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OverviewPoint {
    /// Renewals per second of all leases.
    pub renewals: f64,
    /// Living leases by TTL class.
    pub by_ttl: [usize; TTL_CLASSES.len()],
}

/// The figures over all living leases.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Number of leases by the slot of their deadline, for each TTL class and for unseen leases.
    deadlines: [BTreeMap<NonZeroU32, usize>; TTL_CLASS_COUNT + 1],
    /// Number of leases in `deadlines`.
    known: usize,
    /// Leases whose deadline is unknown.
    unknown: usize,
    table: LeaseTable,
    /// One point every ten seconds, oldest first. The last one is the current one.
    points: VecDeque<OverviewPoint>,
    /// Number of the last point, counted from the start of the clock.
    last: u64,
}

/// The slot of a time. Slots are counted from 1; the last one ends after 34 years.
fn slot(at: Timestamp) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(u32::try_from(at.nanos() / SLOT.as_nanos() as u64).unwrap_or(u32::MAX))
}

impl Overview {
    pub(super) fn add(&mut self, share: OverviewShare) {
        match share.slot {
            Some(slot) => {
                self.known += 1;
                *self.deadlines[share.deadlines()].entry(slot).or_default() += 1;
            }
            None => self.unknown += 1,
        }
        self.table[usize::from(share.state)][usize::from(share.class)] += 1;
    }

    /// Removes a share that was added before.
    pub(super) fn remove(&mut self, share: OverviewShare) {
        match share.slot {
            Some(slot) => {
                self.known -= 1;
                let deadlines = &mut self.deadlines[share.deadlines()];
                let count = deadlines.entry(slot).or_default();
                *count -= 1;
                if *count == 0 {
                    deadlines.remove(&slot);
                }
            }
            None => self.unknown -= 1,
        }
        self.table[usize::from(share.state)][usize::from(share.class)] -= 1;
    }

    /// Records the present figures. A span without a sample keeps the figures before it.
    pub(super) fn sample(&mut self, renewals: f64, now: Timestamp) {
        let number = now.nanos() / STEP.as_nanos() as u64;
        let steps = usize::try_from(number.saturating_sub(self.last)).unwrap_or(POINTS).min(POINTS);
        let before = self.points.back().copied();
        if let Some(before) = before {
            self.points.extend(std::iter::repeat_n(before, steps));
        } else {
            self.points.push_back(OverviewPoint::default());
        }
        self.last = number;
        let by_ttl = std::array::from_fn(|class| self.table.iter().map(|state| state[class]).sum());
        if let Some(point) = self.points.back_mut() {
            *point = OverviewPoint { renewals, by_ttl };
        }
        let spare = self.points.len().saturating_sub(POINTS);
        self.points.drain(..spare);
    }

    /// The points of the last ten minutes, oldest first.
    pub fn points(&self) -> impl ExactSizeIterator<Item = &OverviewPoint> + Clone {
        self.points.iter()
    }

    /// Number of living leases that expire in each of the [`SPANS`]. A lease that has expired and is not removed yet
    /// counts in the first.
    pub fn expiring(&self, now: Timestamp) -> [usize; SPANS.len()] {
        let mut counts = [0; SPANS.len()];
        let mut from = NonZeroU32::MIN;
        for (count, bound) in counts.iter_mut().zip(BOUNDS) {
            let end = slot(now + bound);
            *count = self.deadlines.iter().flat_map(|class| class.range(from..end)).map(|(_, count)| count).sum();
            from = end;
        }
        counts[BOUNDS.len()] = self.known - counts.iter().sum::<usize>();
        counts
    }

    /// Number of living leases by state and TTL class.
    pub(super) fn table(&self) -> &LeaseTable {
        &self.table
    }

    /// The lowest time left in each TTL class, to 250 ms. Zero for a lease that has expired and is not removed yet.
    /// Unseen leases do not count.
    pub(super) fn lowest_left(&self, now: Timestamp) -> [Option<Duration>; TTL_CLASS_COUNT] {
        std::array::from_fn(|class| {
            let (slot, _) = self.deadlines[class].first_key_value()?;
            Some(Timestamp::from_nanos(u64::from(slot.get() - 1) * SLOT.as_nanos() as u64) - now)
        })
    }

    /// Number of living leases whose deadline is unknown.
    pub fn unknown(&self) -> usize {
        self.unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::at(Duration::from_secs_f64(seconds))
    }

    fn share(deadline: Option<f64>, class: u8) -> OverviewShare {
        OverviewShare { slot: deadline.map(|seconds| slot(at(seconds))), class, state: 0 }
    }

    #[test]
    fn leases_move_from_span_to_span_as_time_passes() {
        let mut overview = Overview::default();
        for deadline in [3.0, 12.0, 100.0, 100.0, 1000.0] {
            overview.add(share(Some(deadline), 0));
        }
        overview.add(share(None, 0));
        assert_eq!(overview.expiring(at(0.0)), [1, 1, 2, 1]);
        assert_eq!(overview.expiring(at(8.0)), [2, 0, 2, 1], "one has expired and is still there");
        assert_eq!(overview.expiring(at(96.0)), [4, 0, 0, 1]);
        assert_eq!(overview.expiring(at(998.0)), [5, 0, 0, 0]);
        assert_eq!(overview.unknown(), 1);
        overview.remove(share(Some(100.0), 0));
        overview.remove(share(None, 0));
        assert_eq!((overview.expiring(at(96.0)), overview.unknown()), ([3, 0, 0, 1], 0));
    }

    #[test]
    fn the_lowest_time_left_leaves_unseen_leases_out() {
        let mut overview = Overview::default();
        let unseen = LIVING_STATES.iter().position(|state| *state == LeaseState::Unseen).unwrap() as u8;
        overview.add(share(Some(30.0), 1));
        overview.add(share(Some(12.5), 1));
        overview.add(OverviewShare { state: unseen, ..share(Some(5.0), 1) });
        overview.add(share(Some(2.0), 0));
        let left = overview.lowest_left(at(4.0)).map(|left| left.map(|left| left.as_secs_f64()));
        assert_eq!(left, [Some(0.0), Some(8.5), None, None, None]);
        assert_eq!(overview.expiring(at(4.0)), [2, 2, 0, 0], "they count in the strip");
        overview.remove(share(Some(12.5), 1));
        assert_eq!(overview.lowest_left(at(4.0))[1], Some(Duration::from_secs(26)));
    }

    #[test]
    fn there_is_a_point_every_ten_seconds_for_ten_minutes() {
        let mut overview = Overview::default();
        overview.add(share(None, 2));
        overview.sample(1.0, at(1.0));
        overview.sample(2.0, at(9.0));
        overview.sample(3.0, at(41.0));
        let points = |overview: &Overview| overview.points().map(|point| point.renewals).collect::<Vec<_>>();
        assert_eq!(points(&overview), [2.0, 2.0, 2.0, 2.0, 3.0]);
        overview.add(share(None, 2));
        overview.sample(4.0, at(3000.0));
        let last = OverviewPoint { renewals: 4.0, by_ttl: [0, 0, 2, 0] };
        assert_eq!((points(&overview).len(), overview.points().last()), (POINTS, Some(&last)));
        assert_eq!(points(&overview)[0], 3.0);
    }
}
