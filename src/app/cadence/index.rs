//! Incremental statistics of all leases by TTL, for the cadence view.
//!
//! When a lease changes, what was counted of it is subtracted and its new figures are added. So with 100,000 leases, the
//! cost of a frame depends only on how many changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use etcd_lease::{Fault, LeaseId, RenewalSchedule};
use simkit::Timestamp;

use super::OthersCadence;
use super::cohort::{Cohort, CohortKey, CohortOwner};
use super::share_grid::{ShareGrid, ShareMark};
use crate::app::{Lease, LeaseState, Ownership};
use crate::inference::lease_inference::Certainty;

/// Maximum number of cohorts. Leases of further TTLs are counted together. This bounds the cost of a frame however many TTLs
/// there are.
pub const MAX_COHORTS: usize = 256;

/// Above this share of the TTL, one missed renewal kills the lease: the next one would come after the deadline. The
/// excess over 1/2 allows for the error of inferred intervals, and for a healthy TTL of 2 s, which Go's client renews
/// every second.
pub const TOO_LATE: f64 = 0.51;

/// How urgent the response queue of an own lease is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum QueueRank {
    Full,
    Filling,
    Read,
}

/// What was counted of one lease.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    key: CohortKey,
    /// The granted TTL in seconds. It differs from that of `key` in a cohort of several TTLs.
    ttl: u32,
    /// The usual interval in milliseconds. 0 if unknown.
    every: u32,
    is_bound: bool,
    is_too_late: bool,
    is_silent: bool,
    dropped: u32,
    queue: Option<QueueRank>,
}

impl Entry {
    fn of(lease: &Lease, now: Timestamp) -> Option<Self> {
        let ttl = lease.granted_ttl.filter(|ttl| *ttl > 0)?;
        let is_own = lease.is_kept_alive || lease.ownership != Ownership::Other;
        let owner = if is_own { CohortOwner::Own } else { CohortOwner::Others };
        let asked = if is_own { lease.asked_ttl.unwrap_or(ttl) } else { ttl };
        let key = CohortKey::new(owner, ttl, asked);
        let is_bound = lease.others_usual_interval().is_some_and(|usual| usual.certainty == Certainty::AtLeast);
        let every = lease.usual_interval().map_or(0, |every| u32::try_from(every.as_millis()).unwrap_or(u32::MAX));
        let state = lease.state(now);
        Some(Entry {
            key,
            ttl: key.ttl,
            every,
            is_bound,
            is_too_late: !is_bound && f64::from(every) > TOO_LATE * 1e3 * ttl as f64,
            is_silent: every > 0 && (state == LeaseState::Dying || state == LeaseState::Risk && lease.is_late(now)),
            dropped: lease.engine.as_ref().map_or(0, |status| u32::try_from(status.queue.dropped).unwrap_or(u32::MAX)),
            queue: queue_rank(lease),
        })
    }

    fn share(&self) -> Option<f64> {
        if self.every == 0 { None } else { Some(f64::from(self.every) / 1e3 / f64::from(self.ttl)) }
    }

    /// The interval as a share of the TTL, in units of 1/10,000.
    fn share_per_10_000(&self) -> u32 {
        u32::try_from(u64::from(self.every) * 10 / u64::from(self.ttl.max(1))).unwrap_or(u32::MAX)
    }

    fn mark(&self) -> ShareMark {
        match self.key.owner {
            _ if self.is_too_late => ShareMark::TooLate,
            _ if self.is_bound => ShareMark::AtMost,
            CohortOwner::Own => ShareMark::Own,
            CohortOwner::Others => ShareMark::Others,
        }
    }

    /// Whether the interval is about TTL/3, as a healthy client has it: up to the interval of Go's client, which renews
    /// a TTL of 2 s every second.
    fn is_at_a_third(&self) -> bool {
        /// Shortest interval as a share of TTL/3. Inferred intervals are inexact.
        const SHORTEST: f64 = 0.9;
        /// Longest interval as a multiple of TTL/3, or of the interval of Go's client.
        const LONGEST: f64 = 1.06;
        /// Error of an inferred interval in seconds. It matters for short TTLs.
        const TOLERANCE: f64 = 0.05;
        let third = f64::from(self.ttl) / 3.0;
        let go = RenewalSchedule::Clientv3.expected(Duration::from_secs(self.ttl.into())).as_secs_f64();
        let every = f64::from(self.every) / 1e3;
        every > SHORTEST * third - TOLERANCE && every < LONGEST * go.max(third) + TOLERANCE
    }
}

/// A reader that keeps up may leave this many responses in the queue for a moment.
const UNREAD_WHEN_READ: usize = 2;

fn queue_rank(lease: &Lease) -> Option<QueueRank> {
    let status = lease.engine.as_ref().filter(|_| lease.is_kept_alive)?;
    let queue = status.queue;
    Some(match lease.drill() {
        _ if queue.dropped > 0 || queue.depth >= queue.capacity => QueueRank::Full,
        Some(Fault::StallConsumer | Fault::SlowConsumer { .. }) => QueueRank::Filling,
        _ if queue.depth > UNREAD_WHEN_READ => QueueRank::Filling,
        _ => QueueRank::Read,
    })
}

/// Shares of other clients' leases whose every renewal was seen.
#[derive(Clone, Debug, Default)]
struct OthersShares {
    at_a_third: u64,
    /// Number of leases by share in tenths of a percent.
    by_share: BTreeMap<u16, u32>,
}

/// Statistics of all living leases by TTL.
#[derive(Clone, Debug, Default)]
pub struct CadenceIndex {
    cohorts: BTreeMap<CohortKey, Cohort>,
    entries: HashMap<LeaseId, Entry>,
    grid: ShareGrid,
    others: OthersShares,
    queues: BTreeSet<(QueueRank, u32, LeaseId)>,
}

impl CadenceIndex {
    /// Updates what is counted of a lease. `lease` is `None` if it does not exist any more.
    pub(in crate::app) fn recheck(&mut self, id: LeaseId, lease: Option<&Lease>, now: Timestamp) {
        let mut new = lease.filter(|lease| lease.end.is_none()).and_then(|lease| Entry::of(lease, now));
        if let Some(new) = &mut new
            && !self.cohorts.contains_key(&new.key)
            && self.cohorts.len() >= MAX_COHORTS
        {
            new.key = new.key.rest();
        }
        let old = match new {
            Some(new) => self.entries.insert(id, new),
            None => self.entries.remove(&id),
        };
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.uncount(id, &old, new.map(|new| new.key));
        }
        if let Some(new) = new {
            self.count(id, &new);
        }
        for key in old.into_iter().chain(new).map(|entry| entry.key) {
            if let Some(cohort) = self.cohorts.get_mut(&key) {
                cohort.choose_representative();
            }
        }
    }

    fn count(&mut self, id: LeaseId, entry: &Entry) {
        let cohort = self.cohorts.entry(entry.key).or_default();
        cohort.leases += 1;
        cohort.dropped += u64::from(entry.dropped);
        if entry.is_silent {
            cohort.silent.insert(id);
        }
        if entry.is_too_late {
            cohort.too_late.insert(id);
        }
        if entry.every > 0 {
            if entry.is_bound { &mut cohort.bounds } else { &mut cohort.sure }.add(entry.every);
            if entry.is_bound { &mut cohort.bound_shares } else { &mut cohort.sure_shares }
                .insert(entry.share_per_10_000(), id);
        }
        if let Some((share, _)) = cohort.representative.as_mut().filter(|(_, shown)| *shown == id) {
            *share = entry.share_per_10_000();
        }
        self.count_share(entry, true);
        self.queues.extend(entry.queue.map(|rank| (rank, entry.ttl, id)));
    }

    /// Subtracts what was counted of a lease. `now_in` is the cohort that it belongs to now, if any.
    fn uncount(&mut self, id: LeaseId, entry: &Entry, now_in: Option<CohortKey>) {
        if let Some(cohort) = self.cohorts.get_mut(&entry.key) {
            cohort.leases -= 1;
            cohort.dropped = cohort.dropped.saturating_sub(entry.dropped.into());
            cohort.silent.remove(&id);
            cohort.too_late.remove(&id);
            if entry.every > 0 {
                if entry.is_bound { &mut cohort.bounds } else { &mut cohort.sure }.remove(entry.every);
                if entry.is_bound { &mut cohort.bound_shares } else { &mut cohort.sure_shares }
                    .remove(entry.share_per_10_000(), id);
            }
            if now_in != Some(entry.key) {
                cohort.representative.take_if(|(_, shown)| *shown == id);
            }
            // An own TTL keeps its row after its last lease, because its figures are still of interest.
            if cohort.leases == 0 && entry.key.owner == CohortOwner::Others {
                self.cohorts.remove(&entry.key);
            }
        }
        self.count_share(entry, false);
        if let Some(rank) = entry.queue {
            self.queues.remove(&(rank, entry.ttl, id));
        }
    }

    fn count_share(&mut self, entry: &Entry, is_added: bool) {
        let Some(share) = entry.share() else { return };
        self.grid.count(entry.ttl, share, entry.mark(), is_added);
        if entry.key.owner == CohortOwner::Own || entry.is_bound {
            return;
        }
        let step = if is_added { 1 } else { -1 };
        let OthersShares { at_a_third, by_share } = &mut self.others;
        *at_a_third = at_a_third.saturating_add_signed(step * i64::from(entry.is_at_a_third()));
        let key = (share * 1e3).round().min(f64::from(u16::MAX)) as u16;
        let leases = by_share.entry(key).or_default();
        *leases = leases.saturating_add_signed(step as i32);
        if *leases == 0 {
            by_share.remove(&key);
        }
    }

    /// Chooses the lease with the lowest id as the representative of every cohort that has none. Visits all leases, but only
    /// if a cohort lacks one.
    pub(in crate::app) fn fill_representatives(&mut self) {
        let lacks_one = |cohort: &Cohort| cohort.leases > 0 && cohort.representative().is_none();
        if !self.cohorts.values().any(lacks_one) {
            return;
        }
        for (id, entry) in &self.entries {
            if let Some(cohort) = self.cohorts.get_mut(&entry.key)
                && cohort.representative.is_none_or(|(share, shown)| share == 0 && *id < shown)
            {
                cohort.representative = Some((0, *id));
            }
        }
    }

    /// The statistics of a cohort.
    pub fn cohort(&self, key: &CohortKey) -> Option<&Cohort> {
        self.cohorts.get(key)
    }

    /// The cohorts in the order of the screen: own leases by TTL, then other clients': problems first, then measured
    /// TTLs, then the rest, each by TTL.
    pub fn rows(&self) -> Vec<CohortKey> {
        let mut rows: Vec<(u8, CohortKey)> =
            self.cohorts.iter().map(|(key, cohort)| (rank(key, cohort), *key)).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, key)| key).collect()
    }

    /// The ids of a cohort, sorted. Visits all leases.
    pub(in crate::app) fn ids(&self, key: &CohortKey) -> Vec<LeaseId> {
        let mut ids: Vec<LeaseId> =
            self.entries.iter().filter(|(_, entry)| entry.key == *key).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether the lease belongs to the cohort.
    pub fn is_in(&self, id: LeaseId, key: &CohortKey) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.key == *key)
    }

    /// Interval / TTL of every lease.
    pub fn grid(&self) -> &ShareGrid {
        &self.grid
    }

    /// The own leases with a response queue: full queues first, then those that fill, each by TTL.
    pub fn queues(&self) -> impl ExactSizeIterator<Item = LeaseId> {
        self.queues.iter().map(|(_, _, id)| *id)
    }

    /// What is known of the intervals of other clients' leases.
    pub fn others(&self) -> OthersCadence {
        let OthersShares { at_a_third, by_share } = &self.others;
        let share = |permille: Option<&u16>| permille.map_or(0.0, |permille| f64::from(*permille) / 1e3);
        let is_measured =
            |(key, cohort): &(&CohortKey, &Cohort)| key.owner == CohortOwner::Others && cohort.sure.count() > 0;
        let means = self
            .cohorts
            .iter()
            .filter(|one| is_measured(one) && !one.0.is_rest())
            .filter_map(|(key, cohort)| Some((i64::from(key.ttl), cohort.sure.intervals().mean?)));
        OthersCadence {
            leases: by_share.values().map(|leases| u64::from(*leases)).sum(),
            at_a_third: *at_a_third,
            lowest: share(by_share.keys().next()),
            highest: share(by_share.keys().next_back()),
            means: means.collect(),
            is_partial: self.cohorts.iter().any(|one| is_measured(&one) && one.0.is_rest()),
        }
    }
}

fn rank(key: &CohortKey, cohort: &Cohort) -> u8 {
    match key.owner {
        CohortOwner::Own => 0,
        CohortOwner::Others if key.is_rest() => u8::MAX,
        CohortOwner::Others => 1 + cohort.rank(),
    }
}

/// The time since the last renewal of a lease that is silent; `None` if it is not.
pub fn silent_for(lease: &Lease, now: Timestamp) -> Option<Duration> {
    let is_silent = Entry::of(lease, now).is_some_and(|entry| entry.is_silent);
    let since = lease.last_renewed().filter(|_| is_silent && lease.end.is_none())?;
    Some(now - since)
}
