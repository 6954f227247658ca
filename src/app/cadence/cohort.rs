//! Leases with the same TTL and the same kind of owner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use etcd_lease::{LeaseId, RenewalSchedule};

use super::median_set::MedianSet;
use super::{Intervals, Series};

/// Who renews the leases of a cohort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CohortOwner {
    /// leasetop: own and adopted leases.
    Own,
    /// Other clients.
    Others,
}

impl CohortOwner {
    /// The word on the screen and in the CSV.
    pub fn word(self) -> &'static str {
        match self {
            CohortOwner::Own => "own",
            CohortOwner::Others => "others",
        }
    }
}

/// Identifies a cohort. Own leases sort before those of other clients, shorter TTLs before longer ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CohortKey {
    /// Who renews the leases.
    pub owner: CohortOwner,
    /// The granted TTL in seconds, at most 136 years. [`CohortKey::MORE`] for all TTLs beyond the
    /// [limit](super::index::MAX_COHORTS).
    pub ttl: u32,
    /// The requested TTL in seconds. For other clients' leases, the granted TTL.
    pub asked: u32,
}

impl CohortKey {
    /// The TTL of the cohort that takes all further TTLs once there are too many.
    pub const MORE: u32 = u32::MAX;

    /// The TTL of the cohort of all TTLs that are at least as long.
    const LONGEST: u32 = CohortKey::MORE - 1;

    /// The key of leases with these TTLs in seconds.
    pub(super) fn new(owner: CohortOwner, ttl: i64, asked: i64) -> Self {
        let [ttl, asked] =
            [ttl, asked].map(|ttl| u32::try_from(ttl.max(0)).unwrap_or(u32::MAX).min(CohortKey::LONGEST));
        CohortKey { owner, ttl, asked }
    }

    /// The key of the cohort of all further TTLs of the same owner.
    pub(super) fn rest(self) -> Self {
        CohortKey { ttl: CohortKey::MORE, asked: CohortKey::MORE, ..self }
    }

    /// Whether the series has the own leases of this cohort.
    pub fn is_of(&self, series: &Series) -> bool {
        let ttls = (i64::from(self.asked), Some(i64::from(self.ttl)));
        self.owner == CohortOwner::Own && ttls == (series.ttl, series.granted_ttl)
    }

    /// Whether the cohort takes all TTLs of 136 years and more.
    pub(in crate::app) fn is_longest(self) -> bool {
        self.ttl == CohortKey::LONGEST
    }

    /// Whether the cohort takes all TTLs beyond the limit.
    pub fn is_rest(&self) -> bool {
        self.ttl == CohortKey::MORE
    }

    /// The TTL in words: `10 s`, `1 -> 2 s` if the server raised it, or `more`.
    pub fn ttl_in_words(&self) -> String {
        match self {
            CohortKey { ttl: CohortKey::MORE, .. } => "more".to_owned(),
            CohortKey { ttl, asked, .. } if ttl != asked => format!("{asked} -> {ttl} s"),
            CohortKey { ttl, .. } => format!("{ttl} s"),
        }
    }

    /// The interval that Go's client has with this TTL. `None` for a cohort of several TTLs.
    pub fn expected(&self) -> Option<Duration> {
        if self.is_rest() {
            return None;
        }
        Some(RenewalSchedule::Clientv3.expected(Duration::from_secs(self.ttl.into())))
    }
}

/// The usual intervals of many leases, one value per lease, rounded to about three digits.
#[derive(Clone, Debug, Default)]
pub struct IntervalCounts {
    count: u64,
    /// Milliseconds.
    sum: u64,
    /// Number of leases by rounded interval in milliseconds.
    by_interval: BTreeMap<u32, u32>,
}

impl IntervalCounts {
    /// Adds one lease.
    pub(super) fn add(&mut self, millis: u32) {
        self.count += 1;
        self.sum += u64::from(millis);
        *self.by_interval.entry(rounded(millis)).or_default() += 1;
    }

    /// Removes a lease that was added with the same interval.
    pub(super) fn remove(&mut self, millis: u32) {
        self.count = self.count.saturating_sub(1);
        self.sum = self.sum.saturating_sub(u64::from(millis));
        let key = rounded(millis);
        if let Some(leases) = self.by_interval.get_mut(&key) {
            *leases -= 1;
            if *leases == 0 {
                self.by_interval.remove(&key);
            }
        }
    }

    /// Number of leases with an interval.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean, extremes and 99th percentile over the leases. All but the mean are rounded, so the mean is moved between the
    /// extremes.
    pub(super) fn intervals(&self) -> Intervals {
        let millis = |millis: &u32| Duration::from_millis((*millis).into());
        let (min, max) = (self.by_interval.keys().next().map(millis), self.by_interval.keys().next_back().map(millis));
        let mean = self.sum.checked_div(self.count).map(Duration::from_millis);
        Intervals {
            expected: None,
            mean: mean.map(|mean| mean.clamp(min.unwrap_or(mean), max.unwrap_or(mean))),
            min,
            max,
            p50: None,
            p99: self.p99().as_ref().map(millis),
        }
    }

    /// The lowest interval that at most 1 % of the leases exceed.
    fn p99(&self) -> Option<u32> {
        let mut above = self.count / 100;
        for (millis, leases) in self.by_interval.iter().rev() {
            if u64::from(*leases) > above {
                return Some(*millis);
            }
            above -= u64::from(*leases);
        }
        None
    }
}

/// Rounds to 10 ms below 100 s, to 100 ms below 1000 s, and to 1 s above. This bounds the number of different values.
fn rounded(millis: u32) -> u32 {
    let step = match millis {
        0..100_000 => 10,
        100_000..1_000_000 => 100,
        _ => 1_000,
    };
    millis.saturating_add(step / 2) / step * step
}

/// How far the lease in the row of a cohort may be from the median, as a share of the median, before another one takes
/// the row. This keeps the row from changing its lease at every renewal.
const TOLERANCE: f64 = 0.1;

/// The living leases of a cohort.
#[derive(Clone, Debug, Default)]
pub struct Cohort {
    /// Number of leases.
    pub leases: usize,
    /// Responses that were dropped because a queue was full. Own leases only.
    pub dropped: u64,
    /// Intervals of leases whose every renewal was seen.
    pub(super) sure: IntervalCounts,
    /// Upper bounds of the intervals of the other measured leases.
    pub(super) bounds: IntervalCounts,
    /// The leases in `sure` by their interval as a share of the TTL.
    pub(super) sure_shares: MedianSet,
    /// The leases in `bounds` by the upper bound of their interval as a share of the TTL.
    pub(super) bound_shares: MedianSet,
    /// Leases that are dying, and leases at risk whose renewal is overdue.
    pub(super) silent: BTreeSet<LeaseId>,
    /// Leases that one missed renewal kills.
    pub(super) too_late: BTreeSet<LeaseId>,
    /// The lease in the row of the cohort, and the share of its TTL after which it is renewed, in units of 1/10,000. The
    /// share is 0 if it is unknown.
    pub(super) representative: Option<(u32, LeaseId)>,
}

impl Cohort {
    /// Intervals over the leases, and whether they are only upper bounds because renewals may have been missed.
    pub fn intervals(&self) -> (Intervals, bool) {
        let is_bound = self.sure.count == 0 && self.bounds.count > 0;
        (if is_bound { &self.bounds } else { &self.sure }.intervals(), is_bound)
    }

    /// Number of leases with a measured interval.
    pub fn measured(&self) -> u64 {
        self.sure.count + self.bounds.count
    }

    /// Number of leases that are dying, or at risk with an overdue renewal.
    pub fn silent(&self) -> usize {
        self.silent.len()
    }

    /// Whether one missed renewal kills the lease.
    pub fn is_too_late(&self, id: LeaseId) -> bool {
        self.too_late.contains(&id)
    }

    /// Number of leases that one missed renewal kills.
    pub fn too_late(&self) -> usize {
        self.too_late.len()
    }

    /// Number of leases that are silent, or that one missed renewal kills.
    pub fn problems(&self) -> usize {
        self.too_late.union(&self.silent).count()
    }

    /// The lease in the row of the cohort. Its interval is close to the median. While no interval is known, it is any
    /// lease of the cohort.
    pub fn representative(&self) -> Option<LeaseId> {
        self.representative.map(|(_, id)| id)
    }

    /// Chooses the median lease for the row, unless the interval of the present one is still close to the median.
    pub(super) fn choose_representative(&mut self) {
        let Some(median) = self.sure_shares.median().or(self.bound_shares.median()) else { return };
        let distance = |share: u32| f64::from(share.abs_diff(median.0));
        if self.representative.is_none_or(|(share, _)| distance(share) > TOLERANCE * f64::from(median.0)) {
            self.representative = Some(median);
        }
    }

    /// Rank among other clients' cohorts: problems first, then measured ones.
    pub(super) fn rank(&self) -> u8 {
        match () {
            () if !self.silent.is_empty() => 0,
            () if !self.too_late.is_empty() => 1,
            () if self.measured() > 0 => 2,
            () => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_what_was_added_leaves_the_others() {
        let mut counts = IntervalCounts::default();
        let ms = |millis| Some(Duration::from_millis(millis));
        for interval in [3_334, 8_000, 6_666, 3_334] {
            counts.add(interval);
        }
        let seen = counts.intervals();
        assert_eq!((seen.mean, seen.min, seen.max, seen.p99), (ms(5_333), ms(3_330), ms(8_000), ms(8_000)));
        counts.remove(8_000);
        counts.remove(3_334);
        let seen = counts.intervals();
        assert_eq!((counts.count(), seen.min, seen.max), (2, ms(3_330), ms(6_670)));
        counts.remove(3_334);
        counts.remove(6_666);
        assert_eq!((counts.intervals().mean, counts.intervals().p99), (None, None));
    }

    #[test]
    fn the_99th_percentile_is_above_99_of_100_leases() {
        let mut counts = IntervalCounts::default();
        (0..199).for_each(|_| counts.add(3_500));
        counts.add(8_000);
        assert_eq!(counts.intervals().p99, Some(Duration::from_millis(3_500)));
        counts.add(8_000);
        counts.add(8_000);
        assert_eq!(counts.intervals().p99, Some(Duration::from_millis(8_000)));
    }
}
