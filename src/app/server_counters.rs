//! What etcd counted, beside what leasetop saw: leases granted, renewed, revoked and expired per second.

use std::collections::VecDeque;
use std::time::Duration;

use super::metrics::{END_CAUSES, EventMetrics};
use super::{CallFailure, EndCause, EventName};
use etcd_lease::LeaseCounters;
use simkit::Timestamp;

/// How long the rates look back.
const WINDOW: Duration = Duration::from_secs(60);

/// Readings of the leader's counters in the last minute.
#[derive(Clone, Debug, Default)]
pub struct ServerCounters {
    /// The oldest first. All are of one member since its last start.
    readings: VecDeque<Reading>,
    /// Why the last reading failed.
    pub failure: Option<CallFailure>,
    /// Whether a reading is under way.
    pub(super) is_reading: bool,
    /// When the last reading ended.
    pub(super) last_read: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Timestamp,
    etcd: LeaseCounters,
    seen: LeaseCounters,
}

/// How many leases were granted, renewed, revoked and expired per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeaseRates {
    /// The time between the first and the last reading.
    pub over: Duration,
    /// When the last reading arrived.
    pub until: Timestamp,
    /// The rates of leases granted, renewed, revoked and expired, in this order.
    pub pairs: [RatePair; 4],
}

/// What etcd counted and leasetop saw per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatePair {
    /// `granted`, `renewed`, `revoked` or `expired`.
    pub what: &'static str,
    /// As etcd counted.
    pub etcd: f64,
    /// As leasetop saw.
    pub seen: f64,
}

impl ServerCounters {
    /// Stores a reading, with the number of events that leasetop has seen.
    pub(super) fn on_read(
        &mut self,
        reading: Result<LeaseCounters, CallFailure>,
        events: &EventMetrics,
        now: Timestamp,
    ) {
        self.is_reading = false;
        self.last_read = Some(now);
        let etcd = match reading {
            Ok(etcd) => etcd,
            Err(failure) => {
                self.failure = Some(failure);
                return;
            }
        };
        self.failure = None;
        let continues = |last: &Reading| last.etcd.member_id == etcd.member_id && !has_restarted(etcd, last.etcd);
        if !self.readings.back().is_some_and(continues) {
            self.readings.clear();
        }
        self.readings.push_back(Reading { at: now, etcd, seen: seen(events) });
        // One reading from before the window gives the rate over all of it.
        while self.readings.get(1).is_some_and(|second| now - second.at >= WINDOW) {
            self.readings.pop_front();
        }
    }

    /// The rates. `None` before the second reading.
    pub fn rates(&self) -> Option<LeaseRates> {
        let (first, last) = (self.readings.front()?, self.readings.back()?);
        let over = last.at - first.at;
        if over.is_zero() {
            return None;
        }
        let rate = |what, of: fn(&LeaseCounters) -> u64| {
            let per_second = |from, to| of(to).saturating_sub(of(from)) as f64 / over.as_secs_f64();
            RatePair { what, etcd: per_second(&first.etcd, &last.etcd), seen: per_second(&first.seen, &last.seen) }
        };
        let pairs = [
            rate("granted", |counters| counters.granted),
            rate("renewed", |counters| counters.renewed),
            rate("revoked", |counters| counters.revoked),
            rate("expired", |counters| counters.expired),
        ];
        Some(LeaseRates { over, until: last.at, pairs })
    }
}

/// Whether a member started again between two readings: its counters then begin at 0.
fn has_restarted(new: LeaseCounters, old: LeaseCounters) -> bool {
    new.granted < old.granted || new.renewed < old.renewed || new.expired < old.expired
}

/// What leasetop saw, in the form of etcd's counters.
fn seen(events: &EventMetrics) -> LeaseCounters {
    let of_name = |name| EventName::ALL.iter().position(|other| *other == name).map_or(0, |at| events.events[at]);
    let ended = |causes: &[EndCause]| {
        let of_cause = END_CAUSES.iter().zip(&events.ended);
        of_cause.filter(|(cause, _)| causes.contains(cause)).flat_map(|(_, by_owner)| by_owner).sum()
    };
    LeaseCounters {
        member_id: 0,
        granted: of_name(EventName::Granted),
        renewed: events.renewals.iter().sum(),
        revoked: ended(&[EndCause::Revoked]),
        expired: ended(&[EndCause::Expired, EndCause::RanOut, EndCause::Replaced]),
    }
}
