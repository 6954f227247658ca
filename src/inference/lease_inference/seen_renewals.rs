//! The latest renewals of a lease, and the values computed from them.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::usual_interval::{Estimate, UsualInterval};
use crate::inference::TimeRange;
use etcd_lease::Cadence;
use simkit::Timestamp;

/// Number of renewals kept.
const RECENT: usize = 17;

/// The latest renewals of one lease, and the values computed from its renewals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct SeenRenewals {
    pub(super) cadence: Cadence,
    /// Lowest time left at a renewal, counting only renewals without a gap in the polls before them.
    pub(super) least_sure: Option<Duration>,
    pub(super) recent: VecDeque<SeenRenewal>,
    /// The usual interval, from `recent`.
    pub(super) usual: Option<UsualInterval>,
    /// Whether too little of the latest time was in exact intervals, so that the usual interval is an upper bound.
    pub(super) is_usual_bound: bool,
}

/// The value for a lease without a renewal.
pub(super) static NONE_SEEN: SeenRenewals = SeenRenewals {
    cadence: Cadence {
        answers: 0,
        last: None,
        min: None,
        max: None,
        sum: Duration::ZERO,
        last_left: None,
        least_left: None,
    },
    least_sure: None,
    recent: VecDeque::new(),
    usual: None,
    is_usual_bound: false,
};

impl SeenRenewals {
    /// Adds the latest renewal. Memory is reserved in steps, because most leases have few renewals at first.
    pub(super) fn push(&mut self, seen: SeenRenewal) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        } else if self.recent.len() == self.recent.capacity() {
            self.recent.reserve_exact(self.recent.len().clamp(1, RECENT - self.recent.len()));
        }
        self.recent.push_back(seen);
    }
}

/// An observed renewal, and its relation to the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "RenewalRecord", into = "RenewalRecord")]
pub(super) struct SeenRenewal {
    pub(super) at: TimeRange,
    /// Whether no renewal can have been missed since the previous one.
    pub(super) is_sure: bool,
    /// Whether polls since the previous renewal were too late to show every renewal.
    pub(super) has_gap: bool,
}

/// A renewal in a recording, without names because each lease has many: the range of its time, `is_sure`, `has_gap`.
type RenewalRecord = (Timestamp, Timestamp, bool, bool);

impl From<RenewalRecord> for SeenRenewal {
    fn from((earliest, latest, is_sure, has_gap): RenewalRecord) -> Self {
        SeenRenewal { at: TimeRange { earliest, latest }, is_sure, has_gap }
    }
}

impl From<SeenRenewal> for RenewalRecord {
    fn from(SeenRenewal { at, is_sure, has_gap }: SeenRenewal) -> Self {
        (at.earliest, at.latest, is_sure, has_gap)
    }
}

impl SeenRenewal {
    pub(super) fn since(&self, before: &SeenRenewal) -> Duration {
        self.at.middle() - before.at.middle()
    }

    pub(super) fn interval_since(&self, before: &SeenRenewal) -> Estimate {
        Estimate { value: self.since(before), half_width: self.at.half_width() + before.at.half_width() }
    }
}
