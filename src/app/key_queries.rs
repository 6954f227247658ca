//! Plans the queries for the keys of single leases, within a limit of bytes per minute.
//!
//! A query of the time left can carry the keys of the lease. In a large key space each lease is queried for its keys soon
//! after it is first seen, a few times more while it is new, and then rarely. A lease with many keys is queried less often.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::byte_budget::ByteBudget;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Bytes of a reply besides the keys, and of each key besides its name.
const REPLY_BYTES: u64 = 60;
const KEY_BYTES: u64 = 4;
/// Expected bytes of the keys of a lease that has not replied yet.
const UNKNOWN_BYTES: u64 = 1_024;
/// A client usually puts the keys of a new lease right after the grant. It is queried again after this long, then twice
/// as long, and so on.
const FIRST_REPEAT: Duration = Duration::from_millis(500);
/// Number of queries of a new lease at growing intervals.
const REPEATS: u32 = 7;
/// Interval of the queries of a lease that has replied.
const INTERVAL: Duration = Duration::from_secs(60);
/// The same for a lease whose detail is shown.
const SHOWN_INTERVAL: Duration = Duration::from_secs(5);
/// One lease gets at most this fraction of the budget.
const LARGEST_SHARE: u32 = 8;
/// How soon to query again if it is not known what is newer: the reply or a change.
const DOUBT_PAUSE: Duration = Duration::from_millis(1_100);

/// When to query which lease for its keys, and what that may cost.
#[derive(Clone, Debug, Default)]
pub struct KeyQueries {
    budget: ByteBudget,
    received: ReceivedBytes,
    /// The leases by whether they have replied, and by when they are due: leases without a reply come first.
    plan: BTreeSet<(bool, Timestamp, LeaseId)>,
    leases: HashMap<LeaseId, LeaseQuery>,
}

/// The queries of one lease.
#[derive(Clone, Copy, Debug, Default)]
struct LeaseQuery {
    due: Timestamp,
    /// Queries at growing intervals that are left.
    repeats: u32,
    /// Bytes of its last reply.
    cost: Option<u32>,
    /// What is reserved for a query without a reply yet.
    reserved: Option<u32>,
    /// The time up to which its keys are known: of its last reply, or when it was granted.
    known_since: Option<Timestamp>,
}

impl LeaseQuery {
    /// Where the lease is in the plan.
    fn place(&self, id: LeaseId) -> (bool, Timestamp, LeaseId) {
        (self.cost.is_some(), self.due, id)
    }
}

/// The bytes received for keys in the last minute, in slots of 10 s.
#[derive(Clone, Copy, Debug, Default)]
struct ReceivedBytes {
    slots: [u64; ReceivedBytes::SLOTS],
    current: u64,
}

impl ReceivedBytes {
    const SLOTS: usize = 6;

    fn slot_of(now: Timestamp) -> u64 {
        now.since_start().as_secs() / 10
    }

    fn add(&mut self, bytes: u64, now: Timestamp) {
        let slot = Self::slot_of(now);
        let passed = slot.saturating_sub(self.current).min(Self::SLOTS as u64);
        (0..passed).for_each(|back| self.slots[((slot - back) % Self::SLOTS as u64) as usize] = 0);
        self.current = self.current.max(slot);
        self.slots[(slot % Self::SLOTS as u64) as usize] += bytes;
    }

    fn last_minute(&self, now: Timestamp) -> u64 {
        let mut current = *self;
        current.add(0, now);
        current.slots.iter().sum()
    }
}

impl KeyQueries {
    /// No queries yet, with a limit in bytes per minute.
    pub(super) fn new(bytes_per_minute: u64) -> Self {
        KeyQueries { budget: ByteBudget::new(bytes_per_minute, Timestamp::START), ..KeyQueries::default() }
    }

    /// The limit in bytes per minute.
    pub fn limit(&self) -> u64 {
        self.budget.per_minute()
    }

    /// Bytes received for keys in the last minute.
    pub fn received(&self, now: Timestamp) -> u64 {
        self.received.last_minute(now)
    }

    /// Whether the budget is not spent.
    pub(super) fn has_room(&self, now: Timestamp) -> bool {
        self.budget.left(now) > 0
    }

    /// Counts bytes that a watch or a read received.
    pub(super) fn count(&mut self, bytes: u64, now: Timestamp) {
        self.received.add(bytes, now);
        self.budget.spend(bytes, now);
    }

    /// Plans a query of a lease at once. Its keys are known up to `known_since`, if at all. A lease that `is_new` is
    /// queried several times.
    pub(super) fn add(&mut self, id: LeaseId, known_since: Option<Timestamp>, is_new: bool, now: Timestamp) {
        let repeats = if is_new { REPEATS } else { 0 };
        let query = LeaseQuery { due: now, repeats, known_since, ..LeaseQuery::default() };
        self.remove(id);
        self.plan.insert(query.place(id));
        self.leases.insert(id, query);
    }

    /// Ends the queries of a lease.
    pub(super) fn remove(&mut self, id: LeaseId) {
        let Some(query) = self.leases.remove(&id) else { return };
        self.plan.remove(&query.place(id));
        self.budget.give_back(u64::from(query.reserved.unwrap_or(0)));
    }

    /// Queries a lease again soon.
    pub(super) fn doubt(&mut self, id: LeaseId, now: Timestamp) {
        let due = self.leases.get(&id).map(|query| query.due.min(now + DOUBT_PAUSE));
        if let Some(due) = due {
            self.reschedule(id, due);
        }
    }

    /// Whether a lease is queried.
    pub(super) fn contains(&self, id: LeaseId) -> bool {
        self.leases.contains_key(&id)
    }

    /// Queries a lease as soon as possible.
    pub(super) fn query_now(&mut self, id: LeaseId, now: Timestamp) {
        self.reschedule(id, now);
    }

    /// Ends all queries. The limit stays.
    pub(super) fn clear(&mut self) {
        self.plan.clear();
        self.leases.clear();
    }

    /// The leases that are due and that the budget allows: those that have not replied yet, then the others, each longest
    /// waiting first.
    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = LeaseId> {
        let due = |has_replied: bool| {
            let from = (has_replied, Timestamp::START, LeaseId(i64::MIN));
            let span = from..=(has_replied, now, LeaseId(i64::MAX));
            let is_allowed = self.allows(has_replied, now);
            self.plan.range(span).map(|(.., id)| *id).take_while(move |_| is_allowed)
        };
        due(false).chain(due(true)).filter(|id| self.is_idle(*id))
    }

    /// When the next query is due and the budget allows it.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        const BUDGET_PAUSE: Duration = Duration::from_secs(1);
        let first = |has_replied| {
            let (.., due, _) = self.plan.range((has_replied, Timestamp::START, LeaseId(i64::MIN))..).next()?;
            let is_due = *due <= now;
            Some(if is_due && !self.allows(has_replied, now) { now + BUDGET_PAUSE } else { *due })
        };
        [first(false), first(true)].into_iter().flatten().min()
    }

    /// Whether a query of the lease is due, and the budget has room for it. Half of the budget is for leases whose keys
    /// are not known yet. A lease that `is_shown` is queried more often.
    pub(super) fn wants(&self, id: LeaseId, is_shown: bool, now: Timestamp) -> bool {
        let Some(query) = self.leases.get(&id) else { return false };
        let asked = query.due.before(self.interval(query));
        let due = if is_shown { query.due.min(asked + self.shown_interval(query)) } else { query.due };
        due <= now && query.reserved.is_none() && self.allows(query.cost.is_some(), now)
    }

    /// Whether the budget has room for a query of a lease that has replied, or that has not.
    fn allows(&self, has_replied: bool, now: Timestamp) -> bool {
        let kept = if has_replied { self.budget.per_minute() / 2 } else { 0 };
        self.budget.left(now) > i64::try_from(kept).unwrap_or(i64::MAX)
    }

    /// Whether no query of the lease is in flight.
    fn is_idle(&self, id: LeaseId) -> bool {
        self.leases.get(&id).is_some_and(|query| query.reserved.is_none())
    }

    /// Records that a query was sent.
    pub(super) fn asked(&mut self, id: LeaseId, now: Timestamp) {
        let Some(query) = self.leases.get_mut(&id) else { return };
        let cost = query.cost.map_or(UNKNOWN_BYTES, u64::from);
        query.reserved = Some(u32::try_from(cost).unwrap_or(u32::MAX));
        self.budget.spend(cost, now);
        let due = now + self.interval(&self.leases[&id]);
        self.reschedule(id, due);
    }

    /// Records that a query failed.
    pub(super) fn failed(&mut self, id: LeaseId, now: Timestamp) {
        let Some(query) = self.leases.get_mut(&id) else { return };
        if let Some(reserved) = query.reserved.take() {
            self.budget.give_back(reserved.into());
            self.doubt(id, now);
        }
    }

    /// Records a reply without keys to a query for them, because the user may not read them.
    pub(super) fn refused(&mut self, id: LeaseId) {
        if let Some(reserved) = self.leases.get_mut(&id).and_then(|query| query.reserved.take()) {
            self.budget.give_back(reserved.into());
        }
    }

    /// Records the keys of a reply. Returns the time up to which they were known before; none for the first reply of a
    /// lease that existed already.
    pub(super) fn answered(&mut self, id: LeaseId, keys: &[Vec<u8>], now: Timestamp) -> Option<Timestamp> {
        let bytes = REPLY_BYTES + keys.iter().map(|key| key.len() as u64 + KEY_BYTES).sum::<u64>();
        self.received.add(bytes, now);
        let Some(query) = self.leases.get_mut(&id) else {
            self.budget.spend(bytes, now);
            return None;
        };
        self.budget.give_back(query.reserved.take().unwrap_or(0).into());
        self.budget.spend(bytes, now);
        self.plan.remove(&query.place(id));
        query.cost = Some(u32::try_from(bytes).unwrap_or(u32::MAX));
        let since = query.known_since.replace(now);
        let interval = match query.repeats.checked_sub(1) {
            Some(left) => {
                query.repeats = left;
                FIRST_REPEAT * 2_u32.pow(REPEATS - 1 - left)
            }
            None => self.interval(&self.leases[&id]),
        };
        self.reschedule(id, now + interval);
        since
    }

    fn interval(&self, query: &LeaseQuery) -> Duration {
        INTERVAL.max(self.affordable(query))
    }

    fn shown_interval(&self, query: &LeaseQuery) -> Duration {
        SHOWN_INTERVAL.max(self.affordable(query))
    }

    /// The interval at which a lease takes its share of the budget.
    fn affordable(&self, query: &LeaseQuery) -> Duration {
        let cost = u64::from(query.cost.unwrap_or(0)) * u64::from(LARGEST_SHARE);
        Duration::from_millis(cost.saturating_mul(60_000) / self.budget.per_minute().max(1))
    }

    fn reschedule(&mut self, id: LeaseId, due: Timestamp) {
        let Some(query) = self.leases.get_mut(&id) else { return };
        self.plan.remove(&query.place(id));
        query.due = due;
        self.plan.insert(query.place(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: LeaseId = LeaseId(1);

    fn at(seconds: f64) -> Timestamp {
        Timestamp::at(Duration::from_secs_f64(seconds))
    }

    fn keys(count: usize) -> Vec<Vec<u8>> {
        vec![vec![b'k'; 36]; count]
    }

    #[test]
    fn a_new_lease_is_queried_at_growing_intervals_and_an_old_one_once_a_minute() {
        let mut queries = KeyQueries::new(1_000_000);
        queries.add(ID, Some(at(0.0)), true, at(0.0));
        queries.add(LeaseId(2), None, false, at(0.0));
        let mut sent = Vec::new();
        for tenth in 0..1_300 {
            let now = at(f64::from(tenth) / 10.0);
            let due: Vec<LeaseId> = queries.due(now).collect();
            for id in due {
                queries.asked(id, now);
                queries.answered(id, &keys(1), now);
                sent.push((id.0, f64::from(tenth) / 10.0));
            }
        }
        let of = |id| sent.iter().filter(|(of, _)| *of == id).map(|(_, when)| *when).collect::<Vec<f64>>();
        assert_eq!(of(1), [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5]);
        assert_eq!(of(2), [0.0, 60.0, 120.0]);
    }

    #[test]
    fn a_lease_without_a_reply_does_not_wait_for_those_that_have_replied() {
        let mut queries = KeyQueries::new(60_000);
        for id in 1..=2_000 {
            queries.add(LeaseId(id), None, false, at(0.0));
            queries.answered(LeaseId(id), &[], at(0.0));
        }
        queries.count(40_000, at(300.0));
        queries.add(LeaseId(9_999), None, true, at(300.0));
        assert_eq!(
            queries.due(at(300.0)).collect::<Vec<_>>(),
            [LeaseId(9_999)],
            "the rest of the budget is kept for it"
        );
    }

    #[test]
    fn a_lease_of_many_keys_is_queried_less_often() {
        let mut queries = KeyQueries::new(1_000_000);
        queries.add(ID, None, false, at(0.0));
        queries.asked(ID, at(0.0));
        queries.answered(ID, &keys(6_000), at(0.0));
        let shown = |seconds| queries.wants(ID, true, at(seconds));
        assert!(!shown(100.0) && shown(116.0), "240 kB every 115 s are an eighth of the budget");
    }

    #[test]
    fn without_budget_nothing_is_queried_until_it_has_grown_back() {
        let mut queries = KeyQueries::new(60_000);
        (1..=100).for_each(|id| queries.add(LeaseId(id), None, false, at(0.0)));
        let mut asked = 0;
        loop {
            let next = queries.due(at(0.0)).next();
            let Some(id) = next else { break };
            queries.asked(id, at(0.0));
            asked += 1;
        }
        assert_eq!(asked, 59, "each may have keys of 1 kB");
        for id in 1..=59 {
            queries.answered(LeaseId(id), &keys(25), at(0.0));
        }
        assert!(queries.due(at(0.0)).next().is_none(), "they had");
        assert!(queries.due(at(5.0)).next().is_some_and(|id| id.0 > 59));
        assert_eq!(queries.received(at(0.0)), 59 * (60 + 25 * 40));
        assert_eq!(queries.received(at(70.0)), 0);
    }
}
