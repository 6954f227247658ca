//! The table of leases: ids, deadlines and attached keys.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::RequestError;
use super::refill_spread::{RefillSpread, SPREAD_FROM};
use crate::LeaseId;
use crate::MAX_TTL;
use simkit::Timestamp;

/// The minimum TTL in seconds, as in etcd with its default election timeout of 1 s.
pub(crate) const MIN_TTL: i64 = 2;

/// The outcome of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RenewOutcome {
    /// The lease was reset to its full TTL, in seconds.
    Renewed(i64),
    /// The lease does not exist.
    Missing,
    /// The lease has expired but is not removed yet. The reply must wait for the removal.
    Dying,
}

/// The time left of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLeft {
    /// The seconds left, truncated toward zero, so it is 0 until one second after the deadline.
    pub(crate) ttl: i64,
    /// The granted TTL in seconds.
    pub(crate) granted_ttl: i64,
}

/// One lease.
#[derive(Clone, Debug)]
struct LeaseRecord {
    ttl: i64,
    deadline: Timestamp,
    /// Its order among leases with the same deadline. The lowest expires first.
    turn: u64,
    keys: BTreeSet<Vec<u8>>,
}

/// All leases, and the order in which they expire.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeaseTable {
    by_id: HashMap<LeaseId, LeaseRecord>,
    by_deadline: BTreeMap<(Timestamp, u64), LeaseId>,
    turns: u64,
}

impl LeaseTable {
    /// Adds a lease of `ttl` seconds (at least [`MIN_TTL`]). Returns the granted TTL.
    ///
    /// # Errors
    /// `TtlTooLarge` above 9,000,000,000 s, then `LeaseExists`, checked in the order of etcd's `Grant`.
    pub(crate) fn grant(&mut self, id: LeaseId, ttl: i64, now: Timestamp) -> Result<i64, RequestError> {
        if ttl > MAX_TTL {
            return Err(RequestError::TtlTooLarge);
        }
        if self.by_id.contains_key(&id) {
            return Err(RequestError::LeaseExists);
        }
        let ttl = ttl.max(MIN_TTL);
        self.by_id.insert(id, LeaseRecord { ttl, deadline: now, turn: 0, keys: BTreeSet::new() });
        self.extend(id, now, Duration::ZERO);
        Ok(ttl)
    }

    /// Removes a lease and returns its keys, sorted; `None` if it does not exist.
    pub(crate) fn remove(&mut self, id: LeaseId) -> Option<BTreeSet<Vec<u8>>> {
        let lease = self.by_id.remove(&id)?;
        self.by_deadline.remove(&(lease.deadline, lease.turn));
        Some(lease.keys)
    }

    /// Extends a lease to its full TTL, unless its deadline has passed.
    pub(crate) fn renew(&mut self, id: LeaseId, now: Timestamp) -> RenewOutcome {
        match self.by_id.get(&id).map(|lease| lease.deadline) {
            None => RenewOutcome::Missing,
            Some(deadline) if deadline <= now => RenewOutcome::Dying,
            Some(_) => RenewOutcome::Renewed(self.extend(id, now, Duration::ZERO)),
        }
    }

    /// Extends every lease to its full TTL plus `extra`, as a new leader does (`Promote` in etcd's `lessor.go`).
    /// Expired leases that are not removed yet become valid again. With 1,000 or more leases the deadlines are spread.
    pub(crate) fn refill(&mut self, now: Timestamp, extra: Duration) {
        for (_, id) in self.order() {
            self.extend(id, now, extra);
        }
        if self.by_id.len() >= SPREAD_FROM {
            self.spread_deadlines(now, extra);
        }
    }

    fn spread_deadlines(&mut self, now: Timestamp, extra: Duration) {
        let Some(earliest) = self.earliest() else { return };
        let mut spread = RefillSpread::new(earliest);
        for (deadline, id) in self.order() {
            let delay = spread.delay(deadline);
            if !delay.is_zero() {
                self.extend(id, now, extra + delay);
            }
        }
    }

    /// A copy of all deadlines and ids, sorted.
    fn order(&self) -> Vec<(Timestamp, LeaseId)> {
        self.by_deadline.iter().map(|(&(deadline, _), &id)| (deadline, id)).collect()
    }

    /// The time left; `None` if the lease does not exist.
    pub(crate) fn time_left(&self, id: LeaseId, now: Timestamp) -> Option<TimeLeft> {
        let lease = self.by_id.get(&id)?;
        let left = lease.deadline.since(now).as_secs().cast_signed();
        let overdue = now.since(lease.deadline).as_secs().cast_signed();
        Some(TimeLeft { ttl: left - overdue, granted_ttl: lease.ttl })
    }

    /// The deadline of a lease; `None` if it does not exist.
    pub(crate) fn deadline(&self, id: LeaseId) -> Option<Timestamp> {
        self.by_id.get(&id).map(|lease| lease.deadline)
    }

    /// The earliest deadline of all leases.
    pub(crate) fn earliest(&self) -> Option<Timestamp> {
        self.by_deadline.keys().next().map(|&(deadline, _)| deadline)
    }

    /// All ids, sorted by time left.
    pub(crate) fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.by_deadline.values().copied()
    }

    /// The first `limit` leases whose deadline has passed.
    pub(crate) fn expired(&self, now: Timestamp, limit: usize) -> Vec<LeaseId> {
        self.by_deadline.range(..=(now, u64::MAX)).map(|(_, &id)| id).take(limit).collect()
    }

    /// Whether a lease exists. An expired lease exists until it is removed.
    pub(crate) fn contains(&self, id: LeaseId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// The keys attached to a lease, sorted.
    pub(crate) fn keys(&self, id: LeaseId) -> impl Iterator<Item = &Vec<u8>> {
        self.by_id.get(&id).into_iter().flat_map(|lease| &lease.keys)
    }

    /// Detaches a key from one lease and attaches it to another. Either may be `None`.
    pub(crate) fn move_key(&mut self, key: &[u8], from: Option<LeaseId>, to: Option<LeaseId>) {
        if let Some(lease) = from.and_then(|id| self.by_id.get_mut(&id)) {
            lease.keys.remove(key);
        }
        if let Some(lease) = to.and_then(|id| self.by_id.get_mut(&id)) {
            lease.keys.insert(key.to_vec());
        }
    }

    /// Moves the deadline of a lease to its full TTL plus `extra` from now. Returns the TTL.
    fn extend(&mut self, id: LeaseId, now: Timestamp, extra: Duration) -> i64 {
        let Some(lease) = self.by_id.get_mut(&id) else { return 0 };
        self.by_deadline.remove(&(lease.deadline, lease.turn));
        self.turns += 1;
        lease.turn = self.turns;
        lease.deadline = now + Duration::from_secs(lease.ttl.unsigned_abs()) + extra;
        self.by_deadline.insert((lease.deadline, lease.turn), id);
        lease.ttl
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: LeaseId = 7;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::at(Duration::from_secs_f64(seconds))
    }

    fn table(ids: &[(i64, i64)]) -> LeaseTable {
        let mut leases = LeaseTable::default();
        for &(id, ttl) in ids {
            leases.grant(id, ttl, Timestamp::START).unwrap();
        }
        leases
    }

    #[test]
    fn short_ttls_are_raised_and_long_ones_rejected() {
        let mut leases = LeaseTable::default();
        for (id, ttl, granted) in [(1, i64::MIN, 2), (2, 0, 2), (3, 2, 2), (4, 3, 3), (5, MAX_TTL, MAX_TTL)] {
            assert_eq!(leases.grant(id, ttl, Timestamp::START), Ok(granted));
        }
        assert_eq!(leases.grant(1, MAX_TTL + 1, Timestamp::START), Err(RequestError::TtlTooLarge));
        assert_eq!(leases.grant(1, 5, Timestamp::START), Err(RequestError::LeaseExists));
        assert_eq!(leases.time_left(5, at(0.5)).unwrap().ttl, MAX_TTL - 1);
    }

    #[test]
    fn time_left_is_truncated_toward_zero() {
        let leases = table(&[(7, 10)]);
        let ttl = |seconds| leases.time_left(ID, at(seconds)).unwrap().ttl;
        assert_eq!(
            [ttl(0.0), ttl(0.1), ttl(9.1), ttl(10.0), ttl(10.9), ttl(11.0), ttl(15.5)],
            [10, 9, 0, 0, 0, -1, -5]
        );
        assert_eq!(leases.time_left(8, at(0.0)), None);
    }

    #[test]
    fn an_expired_lease_is_never_renewed() {
        let mut leases = table(&[(7, 10)]);
        assert_eq!(leases.renew(ID, at(9.999)), RenewOutcome::Renewed(10));
        assert_eq!(leases.renew(ID, at(19.999)), RenewOutcome::Dying);
        assert_eq!(leases.remove(ID), Some(BTreeSet::new()));
        assert_eq!(leases.renew(ID, at(20.0)), RenewOutcome::Missing);
    }

    #[test]
    fn the_list_is_sorted_by_time_left_and_then_by_turn() {
        let mut leases = table(&[(5, 60), (4, 10), (3, 60), (-2, 5)]);
        assert_eq!(leases.ids().collect::<Vec<_>>(), [-2, 4, 5, 3]);
        leases.renew(5, Timestamp::START);
        assert_eq!(leases.ids().collect::<Vec<_>>(), [-2, 4, 3, 5]);
    }

    #[test]
    fn expired_takes_the_first_up_to_the_limit() {
        let leases = table(&[(1, 3), (2, 2), (3, 4), (4, 5)]);
        assert_eq!(leases.expired(at(1.9), 10), []);
        assert_eq!(leases.expired(at(4.0), 10), [2, 1, 3]);
        assert_eq!(leases.expired(at(4.0), 2), [2, 1]);
    }

    #[test]
    fn a_refill_restores_every_ttl_plus_the_election_timeout() {
        let mut leases = table(&[(1, 3), (2, 60)]);
        leases.refill(at(30.0), Duration::from_secs(1));
        assert_eq!(leases.deadline(1), Some(at(34.0)));
        assert_eq!(leases.deadline(2), Some(at(91.0)));
        assert_eq!(leases.earliest(), Some(at(34.0)));
    }

    #[test]
    fn a_refill_of_many_spreads_their_deadlines() {
        let many: Vec<(i64, i64)> = (1..=1_500).map(|id| (id, 10)).collect();
        let mut leases = table(&many);
        leases.refill(at(5.0), Duration::from_secs(1));
        assert_eq!((leases.earliest(), leases.deadline(1_500)), (Some(at(16.0)), Some(at(18.0))));
        let mut few = table(&many[..999]);
        few.refill(at(5.0), Duration::from_secs(1));
        assert_eq!(few.deadline(999), Some(at(16.0)));
    }
}
