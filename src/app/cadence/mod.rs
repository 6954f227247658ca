//! The exercise: is the interval between renewals the same for every TTL? Counted, and answered in a sentence.
//!
//! The command `exercise` and the cadence view count and answer with the same code.

mod answer;
mod stats;

use std::time::Duration;

use etcd_lease::{Ended, LeaseId, QueueGauge, RenewalSchedule};
use simkit::Timestamp;

pub use stats::CadenceStats;

/// What an exercise has shown.
#[derive(Clone, Debug)]
pub struct CadenceReport {
    /// The pace that they were renewed at.
    pub pace: RenewalSchedule,
    /// How long the leases were kept; none while they still are.
    pub kept_for: Option<Duration>,
    /// Whether nobody read the responses.
    pub stalled: bool,
    /// One for each TTL asked for, in the order asked.
    pub series: Vec<Series>,
}

/// The leases of one TTL.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The TTL asked for, in seconds.
    pub ttl: i64,
    /// The TTL granted, in seconds; none where nothing was granted.
    pub granted_ttl: Option<i64>,
    /// How many leases.
    pub count: u64,
    /// How many of them ended while they were to be kept.
    pub lost: u64,
    /// Which, when and why, as far as that was told.
    pub losses: Vec<LostLease>,
    /// Renewals answered.
    pub renewals: u64,
    /// The intervals between them.
    pub intervals: Intervals,
    /// Round trips of renewals: the median and the 99th of a hundred.
    pub round_trip: Option<(Duration, Duration)>,
    /// The least time left at any renewal.
    pub least_left: Option<Duration>,
    /// The response queues: the deepest seen, drops summed.
    pub queue: QueueGauge,
    /// The first ids, at most 16.
    pub ids: Vec<LeaseId>,
}

/// A lease that ended while it was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostLease {
    /// Which.
    pub id: LeaseId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: Ended,
}

/// Intervals between renewals, from answer to answer.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// What the pace aims at.
    pub expected: Option<Duration>,
    /// The mean; this and what follows is none where no lease was renewed twice.
    pub mean: Option<Duration>,
    /// The shortest.
    pub min: Option<Duration>,
    /// The longest.
    pub max: Option<Duration>,
    /// The median.
    pub p50: Option<Duration>,
    /// The 99th of a hundred.
    pub p99: Option<Duration>,
}

impl Series {
    /// The TTL that renewals go by: as granted, else as asked for.
    pub fn effective_ttl(&self) -> i64 {
        self.granted_ttl.unwrap_or(self.ttl)
    }

    /// The TTL; as asked -> granted where the server raised it.
    pub fn ttl_in_words(&self) -> String {
        match self.granted_ttl {
            Some(granted) if granted != self.ttl => format!("{} -> {granted} s", self.ttl),
            _ => format!("{} s", self.ttl),
        }
    }

    /// The mean interval as a share of the TTL.
    pub fn interval_to_ttl(&self) -> Option<f64> {
        let mean = self.intervals.mean?;
        Some(mean.as_secs_f64() / self.effective_ttl() as f64)
    }
}

/// A duration for people: `3.50 s`, from 1000 s on `1200.5 s`.
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 999.995 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}
