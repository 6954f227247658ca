//! Cadence statistics: is the renewal interval the same for every TTL?
//!
//! Shared by the command `exercise` and the cadence view.

mod answer;
mod stats;

use std::time::Duration;

use etcd_lease::{Ended, LeaseId, QueueGauge, RenewalSchedule};
use simkit::Timestamp;

pub use stats::CadenceStats;

/// The result of an exercise, or of the cadence view so far.
#[derive(Clone, Debug)]
pub struct CadenceReport {
    /// The renewal schedule of the leases.
    pub pace: RenewalSchedule,
    /// How long the leases were kept alive. None while they still are.
    pub kept_for: Option<Duration>,
    /// Whether the responses were left unread.
    pub stalled: bool,
    /// One per requested TTL, in the order of the request.
    pub series: Vec<Series>,
}

/// The leases of one TTL.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Requested TTL in seconds.
    pub ttl: i64,
    /// Granted TTL in seconds. None if nothing was granted.
    pub granted_ttl: Option<i64>,
    /// Number of leases.
    pub count: u64,
    /// Leases that ended while they were kept alive.
    pub lost: u64,
    /// The lost leases whose reason is known.
    pub losses: Vec<LostLease>,
    /// Renewals that got a reply.
    pub renewals: u64,
    /// Intervals between renewals.
    pub intervals: Intervals,
    /// Median and 99th percentile of the round trip of renewals.
    pub round_trip: Option<(Duration, Duration)>,
    /// Lowest time left at a renewal.
    pub least_left: Option<Duration>,
    /// The response queues: largest depth, and sum of drops.
    pub queue: QueueGauge,
    /// The first ids, at most 16.
    pub ids: Vec<LeaseId>,
}

/// A lease that ended while it was kept alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostLease {
    /// Its id.
    pub id: LeaseId,
    /// When it was lost.
    pub at: Timestamp,
    /// The reason.
    pub why: Ended,
}

/// Intervals between renewals, from reply to reply.
#[derive(Clone, Debug, Default)]
pub struct Intervals {
    /// The interval that the schedule aims at.
    pub expected: Option<Duration>,
    /// Mean. This and the following are None if no lease was renewed twice.
    pub mean: Option<Duration>,
    /// The shortest.
    pub min: Option<Duration>,
    /// The longest.
    pub max: Option<Duration>,
    /// The median.
    pub p50: Option<Duration>,
    /// 99th percentile.
    pub p99: Option<Duration>,
}

impl Series {
    /// The TTL that determines renewals: as granted, else as requested.
    pub fn effective_ttl(&self) -> i64 {
        self.granted_ttl.unwrap_or(self.ttl)
    }

    /// The TTL, as `requested -> granted` if the server raised it.
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

/// A duration in seconds with two decimals, or one from 1000 s on: `3.50 s`, `1200.5 s`.
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 999.995 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}
