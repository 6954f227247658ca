//! Statistics of the renewals of one lease.

use std::time::Duration;

/// Statistics of the renewals of one lease.
///
/// An interval is the time between two replies, so `answers` renewals have `answers - 1` intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cadence {
    /// The number of replies with a TTL above 0.
    pub answers: u64,
    /// The last interval.
    pub last: Option<Duration>,
    /// The shortest interval.
    pub min: Option<Duration>,
    /// The longest interval.
    pub max: Option<Duration>,
    /// The sum of all intervals.
    pub sum: Duration,
    /// The time left when the last reply arrived, before it extended the deadline.
    pub last_left: Option<Duration>,
    /// The lowest time left when a reply arrived, before it extended the deadline.
    pub least_left: Option<Duration>,
}

impl Cadence {
    /// Adds a reply: the `interval` since the previous reply (`None` for the first), and the time `left` when it
    /// arrived (`None` if no deadline was known).
    pub fn record(&mut self, interval: Option<Duration>, left: Option<Duration>) {
        self.answers += 1;
        self.last_left = left;
        if let Some(interval) = interval {
            self.last = Some(interval);
            self.min = Some(self.min.map_or(interval, |least| least.min(interval)));
            self.max = Some(self.max.map_or(interval, |most| most.max(interval)));
            self.sum += interval;
        }
        if let Some(left) = left {
            self.least_left = Some(self.least_left.map_or(left, |least| least.min(left)));
        }
    }

    /// The number of intervals.
    pub fn intervals(&self) -> u64 {
        self.answers.saturating_sub(1)
    }

    /// The mean interval; `None` before the second reply.
    pub fn mean(&self) -> Option<Duration> {
        if self.intervals() == 0 {
            return None;
        }
        Some(self.sum.div_f64(self.intervals() as f64))
    }
}
