//! What was seen of a lease's renewals.

use std::time::Duration;

/// Statistics of one lease's renewals, as its answers arrived.
///
/// The first answer gives no interval: `answers` renewals have `answers - 1` intervals.
/// Intervals run from answer to answer; `least_left` is the least time that was left
/// (deadline so far minus the time of the answer) at any renewal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cadence {
    /// Answers with a TTL above 0 so far.
    pub answers: u64,
    /// The last interval.
    pub last: Option<Duration>,
    /// The shortest interval.
    pub min: Option<Duration>,
    /// The longest interval.
    pub max: Option<Duration>,
    /// The sum of all intervals.
    pub sum: Duration,
    /// The time left at the last renewal.
    pub last_left: Option<Duration>,
    /// The least time left at any renewal.
    pub least_left: Option<Duration>,
}

impl Cadence {
    /// Takes in one answer: `interval` since the answer before (none for the first), and
    /// the time `left` when it arrived (none where no deadline was known).
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

    /// How many intervals were seen.
    pub fn intervals(&self) -> u64 {
        self.answers.saturating_sub(1)
    }

    /// The mean interval; none before the second answer.
    pub fn mean(&self) -> Option<Duration> {
        (self.intervals() > 0).then(|| self.sum.div_f64(self.intervals() as f64))
    }
}
