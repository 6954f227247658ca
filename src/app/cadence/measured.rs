//! The TTLs with a measured interval.

use std::time::Duration;

use super::{CadenceReport, Intervals, Series};
use etcd_lease::RenewalSchedule;

impl CadenceReport {
    /// The series with at least one interval.
    pub(super) fn measured(&self) -> Vec<MeasuredSeries> {
        self.series.iter().filter_map(MeasuredSeries::of).collect()
    }
}

/// A mean this close to the expected interval counts as equal to it.
const TOLERANCE: Duration = Duration::from_millis(30);

/// A series with at least one interval.
pub(super) struct MeasuredSeries {
    /// Seconds.
    pub(super) ttl: i64,
    pub(super) mean: Duration,
    /// The mean interval divided by the TTL.
    pub(super) share: f64,
    /// The interval that the schedule aims at.
    pub(super) expected: Option<Duration>,
}

impl MeasuredSeries {
    fn of(series: &Series) -> Option<Self> {
        let Intervals { mean, expected, .. } = series.intervals;
        Some(MeasuredSeries { ttl: series.effective_ttl(), mean: mean?, share: series.interval_to_ttl()?, expected })
    }

    /// Whether the mean is what this schedule gives: from TTL/3 to the expected interval, which is at most one tick later.
    pub(super) fn follows(&self, pace: RenewalSchedule) -> bool {
        let ttl = Duration::from_secs(self.ttl.unsigned_abs());
        let expected = self.expected.unwrap_or_else(|| pace.expected(ttl));
        let tolerance = |span: Duration| TOLERANCE.max(span / 100);
        let third = ttl / 3;
        self.mean + tolerance(third) >= third && self.mean <= expected + tolerance(expected)
    }

    /// How much longer the mean is than expected. `None` if no interval is expected, or if the difference is at most 30 ms
    /// or 1 % of the mean.
    pub(super) fn delay(&self) -> Option<Duration> {
        let late = self.mean.saturating_sub(self.expected?);
        if late > TOLERANCE.max(self.mean / 100) { Some(late) } else { None }
    }
}
