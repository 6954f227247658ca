//! How a new leader spreads the deadlines of refilled leases.

use std::time::Duration;

use simkit::Timestamp;

/// With this many leases or more, a new leader spreads the deadlines. etcd removes as many per second.
pub(super) const SPREAD_FROM: usize = 1_000;
/// Maximum number of deadlines in a window of 1 s: 75% of what etcd removes per second.
const DEADLINES_PER_SECOND: u32 = 750;
const SECOND: Duration = Duration::from_secs(1);

/// Computes how far to move each deadline, in sorted order, like the second half of `Promote` in etcd's `lessor.go`. In
/// a full window the n-th deadline is n/750 s after the start of the window.
#[derive(Debug)]
pub(super) struct RefillSpread {
    start: Timestamp,
    end: Timestamp,
    count: u32,
}

impl RefillSpread {
    /// Starts with the window of the earliest deadline.
    pub(super) fn new(earliest: Timestamp) -> Self {
        RefillSpread { start: earliest, end: earliest + SECOND, count: 0 }
    }

    /// How far to move the next deadline.
    pub(super) fn delay(&mut self, deadline: Timestamp) -> Duration {
        if deadline > self.end {
            *self = RefillSpread { count: 1, ..RefillSpread::new(deadline) };
            return Duration::ZERO;
        }
        self.count += 1;
        if self.count <= DEADLINES_PER_SECOND {
            return Duration::ZERO;
        }
        let delay = (SECOND * self.count / DEADLINES_PER_SECOND).saturating_sub(deadline.since(self.start));
        self.end = self.start + delay;
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    #[test]
    fn a_full_window_is_extended_by_a_second_per_750_leases() {
        let mut spread = RefillSpread::new(at(10));
        let delays: Vec<Duration> = (0..3_000).map(|_| spread.delay(at(10))).collect();
        assert!(delays[..750].iter().all(Duration::is_zero));
        assert_eq!((delays[1_499], delays[2_999]), (Duration::from_secs(2), Duration::from_secs(4)));
    }

    #[test]
    fn deadlines_after_the_window_stay_and_those_within_it_move() {
        let mut spread = RefillSpread::new(at(10));
        (0..3_000).for_each(|_| _ = spread.delay(at(10)));
        assert_eq!(spread.delay(at(12)).as_millis(), 2_001);
        assert_eq!(spread.delay(at(60)), Duration::ZERO);
        assert_eq!(spread.delay(at(61)), Duration::ZERO);
    }
}
