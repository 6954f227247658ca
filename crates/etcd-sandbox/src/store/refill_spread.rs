//! How a new leader keeps refilled leases from ending all at once.

use std::time::Duration;

use simkit::Timestamp;

/// From that many leases on a new leader spreads them: as many as etcd removes in a second.
pub(super) const SPREAD_FROM: usize = 1_000;
/// At most that many keep their deadline in one window of a second: three quarters of what is removed in one.
const DEADLINES_PER_SECOND: u32 = 750;
const SECOND: Duration = Duration::from_secs(1);

/// Goes through deadlines in their order and tells by how much to move each, as the second half of `Promote` in etcd's
/// `lessor.go`: in a window that is full the n-th ends n/750 s after the window's start.
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

    /// By how much the next deadline moves.
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
    fn a_full_window_flows_over_at_750_a_second() {
        let mut spread = RefillSpread::new(at(10));
        let delays: Vec<Duration> = (0..3_000).map(|_| spread.delay(at(10))).collect();
        assert!(delays[..750].iter().all(Duration::is_zero));
        assert_eq!((delays[1_499], delays[2_999]), (Duration::from_secs(2), Duration::from_secs(4)));
    }

    #[test]
    fn what_lies_behind_the_window_stays_and_what_it_reaches_waits_its_turn() {
        let mut spread = RefillSpread::new(at(10));
        (0..3_000).for_each(|_| _ = spread.delay(at(10)));
        assert_eq!(spread.delay(at(12)).as_millis(), 2_001);
        assert_eq!(spread.delay(at(60)), Duration::ZERO);
        assert_eq!(spread.delay(at(61)), Duration::ZERO);
    }
}
