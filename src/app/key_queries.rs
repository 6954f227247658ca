//! Plans the queries for the keys of single leases, within a limit of bytes per minute.
//!
//! A query of the time left can carry the keys of the lease. In a large key space each lease is queried for its keys soon
//! after it is first seen, a few times more while it is new, and then rarely. A lease with many keys is queried less often.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::byte_budget::ByteBudget;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Bytes of a reply besides the keys.
const REPLY_BYTES: u64 = 60;
/// Bytes of each key in a reply besides its name.
const KEY_BYTES: u64 = 4;
/// Expected bytes of the first reply of a lease.
const UNKNOWN_BYTES: u64 = 1_024;
/// The first reply of a lease counts as at least the budget divided by this, so that not too many leases are queried at
/// once.
const UNKNOWN_SHARE: u64 = 64;
/// A new lease is queried again this long after its first reply, then after twice as long, and so on, because a client
/// usually puts the keys right after the grant.
const FIRST_REPEAT: Duration = Duration::from_millis(500);
/// Number of queries of a new lease at growing intervals.
const REPEATS: u32 = 7;
/// Interval of the queries of a lease that has replied.
const INTERVAL: Duration = Duration::from_secs(60);
/// Interval of the queries of a lease whose detail is shown.
const SHOWN_INTERVAL: Duration = Duration::from_secs(5);
/// One lease gets at most the budget divided by this. As much is kept for leases on the screen.
const LARGEST_SHARE: u64 = 8;
/// How soon to query again if it is not known what is newer: the reply or a change.
const DOUBT_PAUSE: Duration = Duration::from_millis(1_100);

/// When to query which lease for its keys, and what that may cost.
#[derive(Clone, Debug, Default)]
pub struct KeyQueries {
    budget: ByteBudget,
    /// What leases on the screen may cost after a reply has used up the budget.
    shown: ByteBudget,
    /// Whether more was received than the budget allows, as of the last call of `take_excess`.
    is_exceeded: bool,
    /// The leases by whether they have replied, and by when they are due: leases without a reply come first.
    plan: BTreeSet<(bool, Timestamp, LeaseId)>,
    leases: HashMap<LeaseId, LeaseQuery>,
}

/// The queries of one lease.
#[derive(Clone, Copy, Debug, Default)]
struct LeaseQuery {
    due: Timestamp,
    /// When it was last queried.
    asked: Timestamp,
    /// Not to be queried before this time, even if its detail is shown.
    not_before: Timestamp,
    /// Queries at growing intervals that are left.
    repeats: u32,
    /// Bytes of its last reply.
    cost: Option<u32>,
    /// What is reserved for a query without a reply yet.
    reserved: Option<Reserved>,
    /// When its keys were last known: at its last reply, or when it was granted.
    known_at: Option<Timestamp>,
}

/// The expected bytes of a query, and whether its lease is on the screen.
#[derive(Clone, Copy, Debug)]
struct Reserved {
    bytes: u64,
    is_shown: bool,
}

/// Where a lease is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Not on the screen.
    No,
    /// In a row.
    Row,
    /// In the open detail or in a dialog.
    Detail,
}

impl LeaseQuery {
    /// Where the lease is in the plan.
    fn place(&self, id: LeaseId) -> (bool, Timestamp, LeaseId) {
        (self.cost.is_some(), self.due, id)
    }
}

impl KeyQueries {
    /// No queries yet, with a limit in bytes per minute.
    pub(super) fn new(bytes_per_minute: u64) -> Self {
        let shown = ByteBudget::new(bytes_per_minute / LARGEST_SHARE);
        KeyQueries { budget: ByteBudget::new(bytes_per_minute), shown, ..KeyQueries::default() }
    }

    /// The limit in bytes per minute.
    pub fn limit(&self) -> u64 {
        self.budget.per_minute()
    }

    /// Bytes received for keys in the last minute.
    pub fn received(&self, now: Timestamp) -> u64 {
        self.budget.received(now)
    }

    /// All bytes received for keys so far.
    pub(super) fn total(&self) -> u64 {
        self.budget.total()
    }

    /// Whether queries are due and wait because the budget is spent.
    pub fn is_waiting(&self, now: Timestamp) -> bool {
        let is_due = |has_replied| self.first_due(has_replied).is_some_and(|due| due <= now);
        is_due(false) && !self.allows(false, now) || is_due(true) && self.budget.left(now) <= 0
    }

    /// Returns the bytes received in the last minute if they have come to exceed the budget since the last call.
    pub(super) fn take_excess(&mut self, now: Timestamp) -> Option<u64> {
        let received = self.received(now);
        let is_exceeded = received > self.limit();
        let was_exceeded = std::mem::replace(&mut self.is_exceeded, is_exceeded);
        if is_exceeded && !was_exceeded { Some(received) } else { None }
    }

    /// Counts bytes that a watch or a read received.
    pub(super) fn count(&mut self, bytes: u64, now: Timestamp) {
        self.budget.spend(bytes, now);
    }

    /// Whether the budget has room for a read. Half of the budget is room for a larger read too: more may never be left.
    pub(super) fn has_room(&self, bytes: u64, now: Timestamp) -> bool {
        let needed = bytes.min((self.limit() / 2).max(1));
        self.budget.left(now) >= i64::try_from(needed).unwrap_or(i64::MAX)
    }

    /// Reserves the bytes of a read.
    pub(super) fn reserve_read(&mut self, bytes: u64) {
        self.budget.reserve(bytes);
    }

    /// Ends the reservation of a read.
    pub(super) fn end_read(&mut self, bytes: u64) {
        self.budget.give_back(bytes);
    }

    /// Plans an immediate query of a lease, and several more if it `is_new`. Its keys were last known at `known_at`, if
    /// ever.
    pub(super) fn add(&mut self, id: LeaseId, known_at: Option<Timestamp>, is_new: bool, now: Timestamp) {
        let repeats = if is_new { REPEATS } else { 0 };
        let query = LeaseQuery { due: now, repeats, known_at, ..LeaseQuery::default() };
        self.remove(id);
        self.plan.insert(query.place(id));
        self.leases.insert(id, query);
    }

    /// Ends the queries of a lease.
    pub(super) fn remove(&mut self, id: LeaseId) {
        let Some(query) = self.leases.remove(&id) else { return };
        self.plan.remove(&query.place(id));
        self.give_back(query.reserved);
    }

    fn give_back(&mut self, reserved: Option<Reserved>) {
        let Some(Reserved { bytes, is_shown }) = reserved else { return };
        self.budget.give_back(bytes);
        if is_shown {
            self.shown.give_back(bytes);
        }
    }

    /// Plans a query of a lease after [`DOUBT_PAUSE`], because its keys are uncertain. Keeps a query that is due earlier.
    pub(super) fn doubt(&mut self, id: LeaseId, now: Timestamp) {
        let Some(query) = self.leases.get_mut(&id) else { return };
        query.not_before = query.due.min(now + DOUBT_PAUSE);
        let due = query.not_before;
        self.reschedule(id, due);
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
        let ids: Vec<LeaseId> = self.leases.keys().copied().collect();
        ids.into_iter().for_each(|id| self.remove(id));
    }

    /// Whether every lease has replied.
    pub fn is_complete(&self) -> bool {
        self.first_due(false).is_none()
    }

    /// The leases that are due and that the budget allows: first those that have not replied yet, then the others. In both
    /// groups, the longest waiting comes first.
    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = LeaseId> {
        let due = |has_replied: bool| {
            let from = (has_replied, Timestamp::START, LeaseId(i64::MIN));
            let span = from..=(has_replied, now, LeaseId(i64::MAX));
            let is_allowed = self.allows(has_replied, now);
            self.plan.range(span).map(|(.., id)| *id).take_while(move |_| is_allowed)
        };
        due(false).chain(due(true)).filter(|id| self.is_idle(*id))
    }

    /// When the first lease is due, of those that have replied or of those that have not.
    fn first_due(&self, has_replied: bool) -> Option<Timestamp> {
        let from = (has_replied, Timestamp::START, LeaseId(i64::MIN));
        let (_, due, _) = *self.plan.range(from..=(has_replied, Timestamp::NEVER, LeaseId(i64::MAX))).next()?;
        Some(due)
    }

    /// When to look for due queries next. While the budget is spent, this is in a second.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        const BUDGET_PAUSE: Duration = Duration::from_secs(1);
        let first = |has_replied| {
            let due = self.first_due(has_replied)?;
            Some(if due <= now && !self.allows(has_replied, now) { now + BUDGET_PAUSE } else { due })
        };
        [first(false), first(true)].into_iter().flatten().min()
    }

    /// Whether a query of the lease is due, and the budget has room for it. A lease whose detail is shown is queried more
    /// often.
    pub(super) fn wants(&self, id: LeaseId, shown: Shown, now: Timestamp) -> bool {
        let Some(query) = self.leases.get(&id) else { return false };
        let due = match shown {
            Shown::Detail => query.due.min(query.not_before.max(query.asked + self.shown_interval(query))),
            Shown::Row | Shown::No => query.due,
        };
        let is_allowed = || self.allows(query.cost.is_some(), now) || self.allows_shown(query, shown, now);
        due <= now && query.reserved.is_none() && is_allowed()
    }

    /// Whether the budget has room for a query of a lease that has replied, or that has not. Half of the budget is for
    /// leases whose keys are not known yet.
    fn allows(&self, has_replied: bool, now: Timestamp) -> bool {
        let limit = self.budget.per_minute();
        let kept = if has_replied { limit / 2 } else { limit / LARGEST_SHARE };
        self.budget.left(now) > i64::try_from(kept).unwrap_or(i64::MAX)
    }

    /// Whether a lease is queried although the budget is spent: in the open detail, and in a row until its keys are known.
    fn allows_shown(&self, query: &LeaseQuery, shown: Shown, now: Timestamp) -> bool {
        let may_ask = shown == Shown::Detail || shown == Shown::Row && query.cost.is_none();
        may_ask && (self.budget.left(now) > 0 || self.shown.left(now) > 0)
    }

    /// Whether no query of the lease is in flight.
    fn is_idle(&self, id: LeaseId) -> bool {
        self.leases.get(&id).is_some_and(|query| query.reserved.is_none())
    }

    /// Records that a query was sent.
    pub(super) fn asked(&mut self, id: LeaseId, shown: Shown, now: Timestamp) {
        let unknown = UNKNOWN_BYTES.max(self.limit() / UNKNOWN_SHARE);
        let Some(query) = self.leases.get_mut(&id) else { return };
        let bytes = query.cost.map_or(unknown, u64::from);
        let is_shown = shown != Shown::No;
        query.reserved = Some(Reserved { bytes, is_shown });
        query.asked = now;
        self.budget.reserve(bytes);
        if is_shown {
            self.shown.reserve(bytes);
        }
        let due = now + self.interval(&self.leases[&id]);
        self.reschedule(id, due);
    }

    /// Records that a query failed.
    pub(super) fn failed(&mut self, id: LeaseId, now: Timestamp) {
        if self.refused(id) {
            self.doubt(id, now);
        }
    }

    /// Records a reply without keys. Returns whether a query for them was in flight: then the user may not read them.
    pub(super) fn refused(&mut self, id: LeaseId) -> bool {
        let reserved = self.leases.get_mut(&id).and_then(|query| query.reserved.take());
        self.give_back(reserved);
        reserved.is_some()
    }

    /// Counts the bytes of a reply about an earlier lease with the same id.
    pub(super) fn discarded(&mut self, keys: &[Vec<u8>], now: Timestamp) {
        self.budget.spend(reply_bytes(keys), now);
    }

    /// Records the keys of a reply. Returns when the keys of the lease were last known before. `None` for the first reply
    /// of a lease that existed already.
    pub(super) fn answered(&mut self, id: LeaseId, keys: &[Vec<u8>], now: Timestamp) -> Option<Timestamp> {
        let bytes = reply_bytes(keys);
        self.budget.spend(bytes, now);
        let query = self.leases.get_mut(&id)?;
        self.plan.remove(&query.place(id));
        query.cost = Some(u32::try_from(bytes).unwrap_or(u32::MAX));
        let reserved = query.reserved.take();
        let known_before = query.known_at.replace(now);
        let repeat = query.repeats.checked_sub(1).map(|left| FIRST_REPEAT * 2_u32.pow(REPEATS - 1 - left));
        query.repeats = query.repeats.saturating_sub(1);
        if reserved.is_some_and(|reserved| reserved.is_shown) {
            self.shown.spend(bytes, now);
        }
        self.give_back(reserved);
        let query = &self.leases[&id];
        let interval = repeat.map_or(self.interval(query), |repeat| repeat.max(self.affordable(query)));
        self.reschedule(id, now + interval);
        known_before
    }

    fn interval(&self, query: &LeaseQuery) -> Duration {
        INTERVAL.max(self.affordable(query))
    }

    fn shown_interval(&self, query: &LeaseQuery) -> Duration {
        SHOWN_INTERVAL.max(self.affordable(query))
    }

    /// The shortest interval at which a lease does not take more than its share of the budget.
    fn affordable(&self, query: &LeaseQuery) -> Duration {
        let cost = u64::from(query.cost.unwrap_or(0)) * LARGEST_SHARE;
        Duration::from_millis(cost.saturating_mul(60_000) / self.budget.per_minute().max(1))
    }

    fn reschedule(&mut self, id: LeaseId, due: Timestamp) {
        let Some(query) = self.leases.get_mut(&id) else { return };
        self.plan.remove(&query.place(id));
        query.due = due;
        self.plan.insert(query.place(id));
    }
}

/// The bytes of a reply with these keys.
fn reply_bytes(keys: &[Vec<u8>]) -> u64 {
    REPLY_BYTES + keys.iter().map(|key| key.len() as u64 + KEY_BYTES).sum::<u64>()
}

#[cfg(test)]
mod tests;
