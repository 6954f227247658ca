//! Counters and histograms since the start, from events.

use std::time::Duration;

use super::OWNERS;
use super::histogram::Histogram;
use super::lease_table::{TTL_CLASS_COUNT, ttl_class};
use crate::app::{EndCause, EventKind, EventName, Renewal, RenewalSource};
use crate::inference::lease_inference::RemovalDelay;
use etcd_lease::Ended;

/// The causes of [`EventMetrics::ended`].
pub const END_CAUSES: [EndCause; 6] = [
    EndCause::Expired,
    EndCause::RanOut,
    EndCause::Revoked,
    EndCause::Replaced,
    EndCause::Unknown,
    EndCause::NotRestored,
];
/// The sources of [`EventMetrics::renewals`].
pub const RENEWAL_SOURCES: [RenewalSource; 3] = [RenewalSource::Kept, RenewalSource::Once, RenewalSource::Inferred];
/// The reasons why keepalives are lost.
pub const LOSS_REASONS: [&str; 5] = ["expired", "not found", "unanswered", "not started", "forbidden"];

/// Bounds of the renewal interval as a share of the TTL.
const RATIO_BOUNDS: [f64; 11] = [0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// Bounds of the delay from a deadline to the removal, in seconds. etcd looks every 0.5 s.
const DELAY_BOUNDS: [f64; 9] = [0.25, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
/// Bounds of the round trip of a renewal, in seconds.
const ROUND_TRIP_BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// An interval counts if its error is at most this share of the TTL.
const MAX_RATIO_DOUBT: f64 = 0.1;
/// A delay counts if its possible range is at most this long.
const MAX_DELAY_RANGE: Duration = Duration::from_secs(1);

/// Counters and histograms since the start.
#[derive(Clone, Debug, PartialEq)]
pub struct EventMetrics {
    /// Number of events by name, in the order of [`EventName::ALL`].
    pub events: [u64; EventName::ALL.len()],
    /// Number of renewals by [source](RENEWAL_SOURCES).
    pub renewals: [u64; RENEWAL_SOURCES.len()],
    /// The renewal interval as a share of the TTL, by TTL class: intervals that are known to a tenth of the TTL.
    pub interval_ratios: Vec<Histogram>,
    /// Number of ended leases by [cause](END_CAUSES) and [owner](OWNERS).
    pub ended: [[u64; OWNERS.len()]; END_CAUSES.len()],
    /// The delay from the deadline to the removal by etcd in seconds: delays that are known to a second.
    pub removal_delays: Histogram,
    /// The round trip of renewals by leasetop, in seconds.
    pub round_trips: Histogram,
    /// Number of responses to own renewals that were dropped because their queue was full.
    pub dropped: u64,
    /// Number of own renewals that got no reply in time.
    pub missed: u64,
    /// Number of keepalives that were lost, by [reason](LOSS_REASONS).
    pub lost: [u64; LOSS_REASONS.len()],
}

impl Default for EventMetrics {
    fn default() -> Self {
        EventMetrics {
            events: [0; EventName::ALL.len()],
            renewals: [0; RENEWAL_SOURCES.len()],
            interval_ratios: vec![Histogram::new(&RATIO_BOUNDS); TTL_CLASS_COUNT],
            ended: [[0; OWNERS.len()]; END_CAUSES.len()],
            removal_delays: Histogram::new(&DELAY_BOUNDS),
            round_trips: Histogram::new(&ROUND_TRIP_BOUNDS),
            dropped: 0,
            missed: 0,
            lost: [0; LOSS_REASONS.len()],
        }
    }
}

impl EventMetrics {
    /// Counts an event.
    pub(in crate::app) fn observe(&mut self, kind: &EventKind) {
        count(&mut self.events, &EventName::ALL, &kind.name());
        match kind {
            EventKind::Renewed(renewal) => self.renewed(renewal),
            EventKind::Dropped { .. } => self.dropped += 1,
            EventKind::Missed { .. } => self.missed += 1,
            EventKind::Lost { loss, .. } => self.lost(&loss.why),
            EventKind::LeaseEnded(ended) => {
                if let Some(cause) = END_CAUSES.iter().position(|cause| *cause == ended.cause) {
                    count(&mut self.ended[cause], &OWNERS, &ended.ownership);
                }
                self.removed_after(ended.lag);
                // If a renewal is still due, its failure will be an event of its own.
                if let Some(loss) = ended.loss.as_ref().filter(|loss| loss.next.is_none()) {
                    self.lost(&loss.why);
                }
            }
            _ => (),
        }
    }

    fn renewed(&mut self, renewal: &Renewal) {
        count(&mut self.renewals, &RENEWAL_SOURCES, &renewal.source);
        if let Some(round_trip) = renewal.round_trip {
            self.round_trips.observe(round_trip.as_secs_f64());
        }
        let (Some(interval), Some(ttl)) = (renewal.interval, renewal.ttl.filter(|ttl| *ttl > 0)) else { return };
        let share = |duration: Duration| duration.as_secs_f64() / ttl as f64;
        if !renewal.is_bound && share(renewal.interval_doubt.unwrap_or_default()) <= MAX_RATIO_DOUBT {
            self.interval_ratios[ttl_class(Some(ttl))].observe(share(interval));
        }
    }

    fn removed_after(&mut self, delay: Option<RemovalDelay>) {
        let Some(RemovalDelay { least, most }) = delay else { return };
        if most.saturating_sub(least) <= MAX_DELAY_RANGE {
            self.removal_delays.observe((least + most).as_secs_f64() / 2.0);
        }
    }

    fn lost(&mut self, why: &Ended) {
        count(&mut self.lost, &LOSS_REASONS, &why.word());
    }
}

/// Increments the count of a value. Values that are not counted are ignored.
fn count<T: PartialEq>(counts: &mut [u64], all: &[T], value: &T) {
    if let Some(place) = all.iter().position(|other| other == value) {
        counts[place] += 1;
    }
}
