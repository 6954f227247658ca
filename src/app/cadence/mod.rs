//! Cadence statistics: is the renewal interval the same for every TTL?
//!
//! The `exercise` command and the cadence view share this code.

mod answer;
mod cohort;
mod csv;
mod headline;
pub mod index;
mod measured;
mod median_set;
mod queue;
mod share_grid;
mod stats;
mod ticks;

use std::time::Duration;

use etcd_lease::{Ended, LeaseId, QueueGauge, RenewalSchedule};
use simkit::Timestamp;

pub use cohort::{Cohort, CohortKey, CohortOwner, IntervalCounts};
pub(super) use csv::to_csv;
pub use headline::{Headline, OthersCadence};
pub use index::{CadenceIndex, TOO_LATE, silent_for};
pub use queue::{FirstDrop, QueueOutlook};
pub use share_grid::{ShareGrid, ShareMark, SharePoint};
pub use stats::CadenceStats;
pub use ticks::renewal_times;

/// The measured renewal cadence.
#[derive(Clone, Debug)]
pub struct CadenceReport {
    /// The renewal schedule.
    pub pace: RenewalSchedule,
    /// How long the leases were kept alive. `None` while they still are.
    pub kept_for: Option<Duration>,
    /// Whether the reader was stalled on purpose.
    pub stalled: bool,
    /// One series for each requested TTL, in the requested order.
    pub series: Vec<Series>,
}

/// The leases with one TTL.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The requested TTL, in seconds.
    pub ttl: i64,
    /// The granted TTL, in seconds. `None` if nothing was granted.
    pub granted_ttl: Option<i64>,
    /// The number of leases.
    pub count: u64,
    /// The number of leases that ended while they were being kept alive.
    pub lost: u64,
    /// Known details of the lost leases.
    pub losses: Vec<LostLease>,
    /// The number of answered renewals.
    pub renewals: u64,
    /// The intervals between renewals.
    pub intervals: Intervals,
    /// Round trips of renewals: the median and the 99th percentile.
    pub round_trip: Option<(Duration, Duration)>,
    /// Lowest time left at a renewal.
    pub least_left: Option<Duration>,
    /// The response queues: the maximum depth, and the total of dropped responses.
    pub queue: QueueGauge,
    /// The first lease ids, at most 16.
    pub ids: Vec<LeaseId>,
}

/// A lease that ended while it was being kept alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostLease {
    /// The lease.
    pub id: LeaseId,
    /// When it ended.
    pub at: Timestamp,
    /// Why it ended.
    pub why: Ended,
}

/// Intervals between renewals, from reply to reply.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// The interval that the schedule should give.
    pub expected: Option<Duration>,
    /// The mean interval. This and the following fields are `None` if no lease was renewed twice.
    pub mean: Option<Duration>,
    /// The shortest interval.
    pub min: Option<Duration>,
    /// The longest interval.
    pub max: Option<Duration>,
    /// The median interval.
    pub p50: Option<Duration>,
    /// The 99th percentile of the intervals.
    pub p99: Option<Duration>,
}

impl Series {
    /// The TTL that determines the schedule, in seconds: the granted TTL, or else the requested one.
    pub fn effective_ttl(&self) -> i64 {
        self.granted_ttl.unwrap_or(self.ttl)
    }

    /// The TTL in words: `10 s`, or `1 -> 2 s` if the server raised it.
    pub fn ttl_in_words(&self) -> String {
        match self.granted_ttl {
            Some(granted) if granted != self.ttl => format!("{} -> {granted} s", self.ttl),
            _ => format!("{} s", self.ttl),
        }
    }

    /// Mean interval divided by the TTL.
    pub fn interval_to_ttl(&self) -> Option<f64> {
        let mean = self.intervals.mean?;
        Some(mean.as_secs_f64() / self.effective_ttl() as f64)
    }
}

/// A duration such as `3.50 s`, or `1200.5 s` from 1000 s on.
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 999.995 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}
