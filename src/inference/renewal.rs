//! One renewal of a lease, by any client.

use std::time::Duration;

use super::TimeRange;
use simkit::Timestamp;

/// How a renewal is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalSource {
    /// The engine sent it, as all renewals of a lease that is kept alive here.
    Kept,
    /// The user asked for it here, once.
    Once,
    /// Another client sent it; polls showed it.
    Inferred,
}

/// One renewal: the only record of it between the inference or the engine and the history, the events and the reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// How it is known.
    pub source: RenewalSource,
    /// When it happened. Of renewals sent from here, when the answer arrived.
    pub at: TimeRange,
    /// Whether it is the first known renewal of its lease.
    pub is_first: bool,
    /// The TTL that it set, in seconds.
    pub ttl: Option<i64>,
    /// Time since the previous renewal; `None` for the first, and where polls were too slow to see all in between.
    pub interval: Option<Duration>,
    /// The possible error of `interval` in either direction, where it is inferred.
    pub interval_doubt: Option<Duration>,
    /// Whether renewals in between may have stayed hidden, so that `interval` is an upper bound.
    pub is_bound: bool,
    /// The expected interval, by the renewal schedule or by the lease's own mean. Of an inferred renewal the mean before
    /// this one; where this one ends the first interval, that interval.
    pub expected: Option<Duration>,
    /// Time left just before it; `None` where one may have stayed hidden before it, or the TTL is too short to tell.
    pub left: Option<Duration>,
    /// The possible error of `left` in either direction, where it is inferred.
    pub left_doubt: Option<Duration>,
    /// From sending to the answer, where it was sent from here.
    pub round_trip: Option<Duration>,
}

impl Renewal {
    /// A renewal of which only this is known.
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
