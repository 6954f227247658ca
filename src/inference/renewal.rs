//! One renewal of a lease, by any client.

use std::time::Duration;

use super::TimeRange;
use simkit::Timestamp;

/// How a renewal is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalSource {
    /// The engine sent it. All renewals of a lease that is kept alive here have this source.
    Kept,
    /// The user requested a single renewal in leasetop.
    Once,
    /// Another client sent it; inferred from polls.
    Inferred,
}

/// One renewal. This type is shared by the engine, the inference, the history, the events and the reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// How the renewal is known.
    pub source: RenewalSource,
    /// When it happened. For renewals by leasetop, when the reply arrived.
    pub at: TimeRange,
    /// Whether it is the first known renewal of its lease.
    pub is_first: bool,
    /// The TTL that it set, in seconds.
    pub ttl: Option<i64>,
    /// Time since the previous renewal; `None` for the first, or if polls were too slow to show every renewal in
    /// between.
    pub interval: Option<Duration>,
    /// The maximum error of an inferred `interval` in either direction.
    pub interval_doubt: Option<Duration>,
    /// Whether renewals in between may have been missed, so that `interval` is an upper bound.
    pub is_bound: bool,
    /// The expected interval, from the renewal schedule or the lease's usual interval. For an inferred renewal, it is the
    /// usual interval before the renewal, or the first interval if this renewal is the second one.
    pub expected: Option<Duration>,
    /// Time left just before it; `None` if an earlier renewal may have been missed or the TTL is too short.
    pub left: Option<Duration>,
    /// The maximum error of an inferred `left` in either direction.
    pub left_doubt: Option<Duration>,
    /// Time from the request to the reply, for renewals by leasetop.
    pub round_trip: Option<Duration>,
}

impl Renewal {
    /// Creates the first renewal of a lease, without further details.
    pub fn new(source: RenewalSource, at: impl Into<TimeRange>, ttl: Option<i64>) -> Self {
        Renewal {
            source,
            at: at.into(),
            is_first: true,
            ttl,
            interval: None,
            interval_doubt: None,
            is_bound: false,
            expected: None,
            left: None,
            left_doubt: None,
            round_trip: None,
        }
    }
}

impl From<Timestamp> for TimeRange {
    fn from(at: Timestamp) -> Self {
        TimeRange { earliest: at, latest: at }
    }
}
