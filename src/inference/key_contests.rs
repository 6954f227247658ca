//! Keys that leases keep taking from each other.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Number of takes that are kept per key.
const RECENT: usize = 16;
/// A contest is over after this time without a take, or after three times its usual interval if that is longer.
const OVER_AFTER: Duration = Duration::from_secs(10);
/// Maximum number of contests. Further ones are not recorded.
const MOST: usize = 10_000;

/// Two leases that take a key from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyContest {
    /// The leases, in the order of their ids.
    pub leases: [LeaseId; 2],
    /// The last times at which one of the leases took the key from the other, oldest first, at most 16.
    takes: VecDeque<Timestamp>,
}

impl KeyContest {
    /// How often the key was taken, at most 16.
    pub fn count(&self) -> usize {
        self.takes.len()
    }

    /// Time from the first to the last take.
    pub fn span(&self) -> Duration {
        self.takes.back().zip(self.takes.front()).map_or(Duration::ZERO, |(last, first)| *last - *first)
    }

    fn is_over(&self, now: Timestamp) -> bool {
        let gaps = u32::try_from(self.count().saturating_sub(1)).unwrap_or(u32::MAX).max(1);
        let patience = OVER_AFTER.max(self.span() / gaps * 3);
        self.takes.back().is_none_or(|last| now - *last > patience)
    }
}

/// The contested keys. A key that only moves on to newer leases is not contested and takes no memory.
#[derive(Clone, Debug, Default)]
pub struct KeyContests(BTreeMap<Box<[u8]>, KeyContest>);

impl KeyContests {
    /// Records that a lease took a key from another one. `is_newer` is whether the lease that took it was granted later.
    /// Then it may just replace the other lease: no contest starts, and a contest with a third lease ends.
    pub fn record(&mut self, key: &[u8], leases: (LeaseId, LeaseId), is_newer: bool, at: Timestamp) {
        let leases = [leases.0.min(leases.1), leases.0.max(leases.1)];
        let known = self.0.get_mut(key).filter(|contest| contest.leases == leases);
        if let Some(contest) = known {
            if contest.takes.len() == RECENT {
                contest.takes.pop_front();
            }
            contest.takes.push_back(at);
        } else if is_newer {
            self.0.remove(key);
        } else if self.0.len() < MOST {
            self.0.insert(Box::from(key), KeyContest { leases, takes: VecDeque::from([at]) });
        }
    }

    /// Every contest with its key, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &KeyContest)> {
        self.0.iter().map(|(key, contest)| (&key[..], contest))
    }

    /// Forgets the contests that are over: nobody takes the key any more, or one of the leases has ended.
    pub fn forget_over(&mut self, is_alive: impl Fn(LeaseId) -> bool, now: Timestamp) {
        self.0.retain(|_, contest| !contest.is_over(now) && contest.leases.iter().all(|id| is_alive(*id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    fn counts(contests: &KeyContests) -> Vec<(usize, u64)> {
        contests.iter().map(|(_, contest)| (contest.count(), contest.span().as_secs())).collect()
    }

    #[test]
    fn leases_that_take_a_key_in_turn_are_counted() {
        let (old, new, mut contests) = (LeaseId(1), LeaseId(2), KeyContests::default());
        contests.record(b"a", (old, new), true, at(0));
        assert_eq!(counts(&contests), [], "the first time it may just be replaced");
        for turn in 1..=6 {
            let leases = if turn % 2 == 1 { (new, old) } else { (old, new) };
            contests.record(b"a", leases, turn % 2 == 0, at(4 * turn));
        }
        assert_eq!(counts(&contests), [(6, 20)]);
        contests.forget_over(|_| true, at(36));
        assert_eq!(counts(&contests), [(6, 20)]);
        let mut other = contests.clone();
        other.forget_over(|_| true, at(37));
        assert_eq!(counts(&other), [], "three intervals without a take");
        contests.forget_over(|id| id != new, at(25));
        assert_eq!(counts(&contests), [], "one of them has ended");
    }

    #[test]
    fn a_key_that_moves_on_to_newer_leases_is_not_contested() {
        let mut contests = KeyContests::default();
        for n in 0..20 {
            contests.record(b"a", (LeaseId(n), LeaseId(n + 1)), true, at(n.unsigned_abs()));
        }
        assert_eq!(counts(&contests), []);
    }

    #[test]
    fn a_long_contest_keeps_its_last_takes() {
        let mut contests = KeyContests::default();
        (0..100).for_each(|n| contests.record(b"a", (LeaseId(1), LeaseId(2)), false, at(2 * n)));
        assert_eq!(counts(&contests), [(16, 30)]);
    }
}
