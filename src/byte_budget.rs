//! A limit of the bytes received per minute.

use std::time::Duration;

use simkit::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);

/// A number of bytes that is spent and grows back by the limit per minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByteBudget {
    per_minute: u64,
    /// What is left; negative if more was received than planned.
    left: i64,
    refilled: Timestamp,
}

impl ByteBudget {
    /// A full budget.
    pub fn new(per_minute: u64, now: Timestamp) -> Self {
        ByteBudget { per_minute, left: signed(per_minute), refilled: now }
    }

    /// The limit in bytes per minute.
    pub fn per_minute(&self) -> u64 {
        self.per_minute
    }

    /// Bytes left at `now`.
    pub fn left(&self, now: Timestamp) -> i64 {
        let grown = u128::from(self.per_minute) * (now - self.refilled).as_millis() / MINUTE.as_millis();
        self.left.saturating_add(signed(u64::try_from(grown).unwrap_or(u64::MAX))).min(signed(self.per_minute))
    }

    /// Takes received bytes from the budget.
    pub fn spend(&mut self, bytes: u64, now: Timestamp) {
        self.left = self.left(now).saturating_sub(signed(bytes));
        self.refilled = now;
    }

    /// Returns bytes that were reserved and not received.
    pub fn give_back(&mut self, bytes: u64) {
        self.left = self.left.saturating_add(signed(bytes)).min(signed(self.per_minute));
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    #[test]
    fn the_budget_grows_back_up_to_the_limit() {
        let mut budget = ByteBudget::new(6_000, at(0));
        budget.spend(9_000, at(0));
        assert_eq!([0, 30, 45, 90, 900].map(|second| budget.left(at(second))), [-3_000, 0, 1_500, 6_000, 6_000]);
        budget.spend(60_000, at(900));
        assert_eq!(budget.left(at(900 + 9 * 60)), 0, "it waits for what was received beyond the limit");
    }
}
