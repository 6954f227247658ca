//! A limit of the bytes received in any minute.

use simkit::Timestamp;

/// Seconds that count. One more than a minute, because the oldest of them has partly passed.
const SECONDS: usize = 61;

/// The bytes received in the last minute, and a limit for them.
#[derive(Clone, Debug, PartialEq)]
pub struct ByteBudget {
    per_minute: u64,
    /// The bytes of each second, in turn.
    seconds: [u64; SECONDS],
    /// The last second with bytes, counted from the start of the clock.
    last: u64,
    /// Expected bytes of requests without a reply yet.
    reserved: u64,
    /// All bytes received so far.
    total: u64,
}

impl Default for ByteBudget {
    fn default() -> Self {
        ByteBudget::new(0)
    }
}

impl ByteBudget {
    /// A budget of which nothing is spent.
    pub fn new(per_minute: u64) -> Self {
        ByteBudget { per_minute, seconds: [0; SECONDS], last: 0, reserved: 0, total: 0 }
    }

    /// The limit in bytes per minute.
    pub fn per_minute(&self) -> u64 {
        self.per_minute
    }

    /// All bytes received so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes received in the last minute, to a second.
    pub fn received(&self, now: Timestamp) -> u64 {
        let passed = self.passed(now);
        // The slot after the last second has the oldest bytes.
        let kept =
            (0..SECONDS as u64).skip(passed).map(|nth| self.seconds[slot((self.last + nth + 1) % SECONDS as u64)]);
        kept.fold(0, u64::saturating_add)
    }

    /// Bytes that may still be received at `now`; negative if more was received than the limit.
    pub fn left(&self, now: Timestamp) -> i64 {
        let taken = self.received(now).saturating_add(self.reserved);
        signed(self.per_minute).saturating_sub(signed(taken))
    }

    /// Counts received bytes.
    pub fn spend(&mut self, bytes: u64, now: Timestamp) {
        for _ in 0..self.passed(now) {
            self.last += 1;
            self.seconds[slot(self.last)] = 0;
        }
        // A recording may contain any numbers.
        self.total = self.total.saturating_add(bytes);
        self.last = self.last.max(second(now));
        let this = &mut self.seconds[slot(self.last)];
        *this = this.saturating_add(bytes);
    }

    /// Reserves the expected bytes of a request.
    pub fn reserve(&mut self, bytes: u64) {
        self.reserved = self.reserved.saturating_add(bytes);
    }

    /// Ends a reservation.
    pub fn give_back(&mut self, bytes: u64) {
        self.reserved = self.reserved.saturating_sub(bytes);
    }

    /// Seconds from the last one with bytes to `now`, at most [`SECONDS`].
    fn passed(&self, now: Timestamp) -> usize {
        usize::try_from(second(now).saturating_sub(self.last)).unwrap_or(SECONDS).min(SECONDS)
    }
}

/// `8.0` for 8,000,000 bytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

fn second(now: Timestamp) -> u64 {
    now.since_start().as_secs()
}

fn slot(second: u64) -> usize {
    (second % SECONDS as u64) as usize
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    #[test]
    fn bytes_count_for_a_minute_however_many_they_are() {
        let mut budget = ByteBudget::new(6_000);
        budget.spend(4_000, at(10));
        budget.spend(100_000, at(30));
        assert_eq!(
            [30, 70, 71, 90, 91].map(|second| budget.left(at(second))),
            [-98_000, -98_000, -94_000, -94_000, 6_000]
        );
        budget.spend(1_000, at(900));
        assert_eq!((budget.left(at(900)), budget.left(at(5_000))), (5_000, 6_000));
    }

    #[test]
    fn what_is_reserved_is_not_left_until_it_is_given_back() {
        let mut budget = ByteBudget::new(6_000);
        budget.reserve(2_000);
        assert_eq!((budget.left(at(0)), budget.left(at(900)), budget.received(at(0))), (4_000, 4_000, 0));
        budget.give_back(2_000);
        assert_eq!(budget.left(at(0)), 6_000);
    }

    proptest! {
        #[test]
        fn the_bytes_of_the_last_minute_are_counted(spent in prop::collection::vec((0..40_u64, 1..100_u64), 1..40)) {
            let mut budget = ByteBudget::new(1_000);
            let mut now = 0;
            let mut all = Vec::new();
            for (passed, bytes) in spent {
                now += passed;
                budget.spend(bytes, at(now));
                all.push((now, bytes));
            }
            for later in now..now + 70 {
                let expected: u64 = all.iter().filter(|(when, _)| when + 60 >= later).map(|(_, bytes)| *bytes).sum();
                prop_assert_eq!(budget.received(at(later)), expected);
            }
        }
    }
}
