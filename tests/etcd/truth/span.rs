//! Spans of wall-clock time, and percentiles.

use std::time::{Duration, SystemTime};

use simkit::Clock;
use simkit::Timestamp;

/// The two moments between which something happened, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Span {
    /// Between two moments of a clock.
    pub(super) fn between(clock: &Clock, from: Timestamp, to: Timestamp) -> Span {
        Span { from: seconds(clock.wall(from)), to: seconds(clock.wall(to)) }
    }

    /// A moment with an error.
    pub(super) fn around(at: f64, error: f64) -> Span {
        Span { from: at - error, to: at + error }
    }

    pub(super) fn middle(self) -> f64 {
        f64::midpoint(self.from, self.to)
    }

    pub(super) fn later(self, by: f64) -> Span {
        Span { from: self.from + by, to: self.to + by }
    }

    /// How far a moment is outside of it.
    pub(super) fn distance(self, at: f64) -> f64 {
        (self.from - at).max(at - self.to).max(0.0)
    }

    /// Whether both can be the same moment. Times are reported to the millisecond.
    pub(super) fn fits(self, other: Span) -> bool {
        const DIGIT: f64 = 0.002;
        self.from <= other.to + DIGIT && other.from <= self.to + DIGIT
    }
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

/// A percentile; none of an empty list.
pub(super) fn percentile(values: &[f64], hundredths: usize) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * hundredths).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// In milliseconds, `-` for none.
pub(super) fn millis(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{:.0}", value * 1e3))
}
