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

/// Maximum number of leases in a contest.
const MOST_LEASES: usize = 8;

/// Leases that take a key from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyContest {
    /// The leases, in the order of their ids.
    pub leases: Vec<LeaseId>,
    /// Newer leases that have the key now or had it just before. They belong to the contest once one of its leases takes the
    /// key back; until then, they may replace it.
    newcomers: Vec<LeaseId>,
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

    fn take(&mut self, at: Timestamp) {
        if self.takes.len() == RECENT {
            self.takes.pop_front();
        }
        self.takes.push_back(at);
    }

    /// Records a take, if a lease of the contest or a newcomer lost the key. Returns false if the contest ends with it.
    fn record(&mut self, (from, to): (LeaseId, LeaseId), is_newer: bool, at: Timestamp) -> bool {
        if !self.leases.contains(&from) && !self.newcomers.contains(&from) {
            return false;
        }
        if self.leases.contains(&to) {
            self.leases.append(&mut self.newcomers);
            self.leases.sort_unstable();
        } else if is_newer && self.leases.len() + self.newcomers.len() < MOST_LEASES {
            self.newcomers.push(to);
        } else {
            return false;
        }
        self.take(at);
        true
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
    /// Then it may just replace the other lease: no contest starts, and a contest is not reported until one of its leases
    /// takes the key back.
    pub fn record(&mut self, key: &[u8], leases: (LeaseId, LeaseId), is_newer: bool, at: Timestamp) {
        if self.0.get_mut(key).is_some_and(|contest| contest.record(leases, is_newer, at)) {
            return;
        }
        if is_newer {
            self.0.remove(key);
        } else if self.0.len() < MOST {
            let leases = vec![leases.0.min(leases.1), leases.0.max(leases.1)];
            let contest = KeyContest { leases, newcomers: Vec::new(), takes: VecDeque::from([at]) };
            self.0.insert(Box::from(key), contest);
        }
    }

    /// Every contest with its key, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &KeyContest)> {
        let certain = self.0.iter().filter(|(_, contest)| contest.newcomers.is_empty());
        certain.map(|(key, contest)| (&key[..], contest))
    }

    /// Forgets leases that have ended, and the contests that are over: nobody takes the key any more, or fewer than two of
    /// the leases are left.
    pub fn forget_over(&mut self, is_alive: impl Fn(LeaseId) -> bool, now: Timestamp) {
        self.0.retain(|_, contest| {
            contest.leases.retain(|id| is_alive(*id));
            contest.newcomers.retain(|id| is_alive(*id));
            contest.leases.len() >= 2 && !contest.is_over(now)
        });
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
    fn more_than_two_leases_can_take_a_key_in_turn() {
        let mut contests = KeyContests::default();
        for turn in 0..13 {
            let (from, to) = (LeaseId(turn % 4), LeaseId((turn + 1) % 4));
            contests.record(b"a", (from, to), to > from, at(2 * turn.unsigned_abs()));
        }
        let [(_, contest)] = contests.iter().collect::<Vec<_>>()[..] else { panic!("{contests:?}") };
        assert_eq!((contest.count(), &contest.leases[..]), (10, &[0, 1, 2, 3].map(LeaseId)[..]));
        contests.forget_over(|id| id != LeaseId(3), at(24));
        assert_eq!(contests.iter().map(|(_, contest)| contest.leases.len()).collect::<Vec<_>>(), [3], "one has ended");
        contests.record(b"a", (LeaseId(1), LeaseId(9)), true, at(26));
        assert_eq!(counts(&contests), [], "a newer lease may replace them");
        contests.record(b"a", (LeaseId(9), LeaseId(2)), false, at(27));
        assert_eq!(counts(&contests), [(12, 21)], "it did not");
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
