//! The poll scheduler: which lease is polled when, within a rate limit.
//!
//! Each lease has a time at which its next poll yields the most information: about six times per TTL/3, shortly before
//! its deadline, and at most four times a second
//! ([`LeaseInference`](crate::inference::lease_inference::LeaseInference)). The limit is spent in this order:
//!
//! 1. leases that must be polled at once;
//!
//! 2. visible rows, which are polled more often until their time left is precise;
//!
//! 3. leases that may be ending now, because a reply decides whether they expired or were revoked;
//!
//! 4. leases with the least time left by the leader's list;
//!
//! 5. leases whose keys are due;
//!
//! 6. the leases that have waited longest.
//!
//! A lease that does not fit into the limit becomes unseen. Each lease has at most one poll in flight.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cluster_state::ClusterState;
use super::lease_store::LeaseStore;
use super::{Lease, LeaseState};
use crate::compact::compact_set;
use crate::list_interval::list_interval;
use etcd_lease::LeaseId;
use simkit::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
/// The limit is enforced per slot of this length, so that it holds for every second and not just on average.
const SLOT: Duration = Duration::from_millis(50);
const SLOTS_PER_SECOND: u32 = 20;
/// Minimum time between two polls of a lease.
const FLOOR: Duration = Duration::from_millis(250);
/// An uncertainty below this is not worth a poll.
const SHARP: Duration = Duration::from_millis(50);
/// Minimum time between two polls of a visible row whose time left is not precise yet.
const SHARPEN: Duration = Duration::from_millis(750);
/// Poll interval of a visible row whose time left is precise. Bounds how late a renewal of a long lease is shown.
const SEEN: Duration = Duration::from_secs(5);
/// A lease is polled this long before its earliest possible end. If it exists then and is gone afterwards, it expired.
const NEAR_EXPIRY_BEFORE: Duration = Duration::from_millis(45);
/// A lease that could not be polled before its earliest possible end is polled until this long after it. etcd removes
/// expired leases every 500 ms.
const NEAR_EXPIRY_AFTER: Duration = Duration::from_millis(600);
/// Minimum time between unscheduled lists of a few leases.
const LIST_PAUSE: Duration = Duration::from_millis(80);

/// Decides which lease is polled when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollScheduler {
    /// Maximum number of LeaseTimeToLive calls per second.
    pub limit: u32,
    /// The limit set by the user at run time, if any.
    pub chosen_limit: Option<u32>,
    /// The current slot, counted from the start of the clock.
    slot: Option<u64>,
    /// Polls left in the current slot.
    left: u32,
    /// Every living lease by the time of its next poll.
    plan: BTreeSet<(Timestamp, LeaseId)>,
    /// Leases that nothing seems to renew, by their earliest possible end. One that exists shortly before its end and
    /// is gone afterwards has expired.
    ends: BTreeSet<(Timestamp, LeaseId)>,
    /// When the scheduler last requested a list.
    list_asked: Timestamp,
    /// Leases to poll at once.
    urgent: BTreeSet<LeaseId>,
    /// The leases with the least time left by the leader's last list.
    soonest: Vec<LeaseId>,
    rate: PollRate,
    /// Number of answered calls.
    pub(super) answered: u64,
    /// Number of calls that failed.
    pub(super) failed: u64,
}

/// Counts the polls of the current second and of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct PollRate {
    second: u64,
    now: u32,
    before: u32,
}

impl PollRate {
    fn count(&mut self, asked: u32, now: Timestamp) {
        let second = now.since_start().as_secs();
        if second != self.second {
            self.before = if second == self.second + 1 { self.now } else { 0 };
            self.second = second;
            self.now = 0;
        }
        self.now += asked;
    }
}

impl PollScheduler {
    /// A scheduler with a limit in polls per second.
    pub(super) fn new(limit: u32) -> Self {
        PollScheduler { limit, ..PollScheduler::default() }
    }

    /// An empty scheduler with the same limit.
    pub(super) fn restarted(&self) -> Self {
        PollScheduler { chosen_limit: self.chosen_limit, ..PollScheduler::new(self.limit) }
    }

    /// Sets the leases with the least time left, soonest first.
    pub(super) fn set_soonest(&mut self, soonest: Vec<LeaseId>) {
        self.soonest = soonest;
    }

    /// Number of leases that must have expired although no poll since the list requested at `listed` showed it: the
    /// leader lists them before one that is known to have expired.
    pub(super) fn ahead_of_dying(&self, leases: &LeaseStore, listed: Timestamp) -> usize {
        let dying = |id: &LeaseId| leases.get(*id).is_some_and(|lease| lease.state(listed) == LeaseState::Dying);
        let was_not_asked = |id: &&LeaseId| {
            let lease = leases.get(**id).filter(|lease| lease.end.is_none());
            lease.is_some_and(|lease| lease.observed.seen_at().is_none_or(|seen| seen < listed)) && !dying(id)
        };
        let last = self.soonest.iter().rposition(dying).unwrap_or(0);
        self.soonest[..last].iter().filter(was_not_asked).count()
    }

    /// Number of polls in the last whole second.
    pub fn rate(&self, now: Timestamp) -> u32 {
        match now.since_start().as_secs().saturating_sub(self.rate.second) {
            0 => self.rate.before,
            1 => self.rate.now,
            _ => 0,
        }
    }

    /// Reschedules the next poll of a lease. An ended lease is not polled.
    pub(super) fn plan(&mut self, leases: &mut LeaseStore, id: LeaseId, due: Timestamp) {
        let Some(lease) = leases.get_mut(id) else { return };
        self.plan.remove(&(lease.poll.due, id));
        self.ends.remove(&(lease.poll.end, id));
        lease.poll.due = due;
        lease.poll.end = lease.idle_end().unwrap_or(Timestamp::NEVER);
        if lease.end.is_none() {
            self.plan.insert((due, id));
        } else {
            self.urgent.remove(&id);
        }
        if lease.poll.end < Timestamp::NEVER {
            self.ends.insert((lease.poll.end, id));
        }
    }

    /// Saves memory after `new` leases were added.
    pub(super) fn compact(&mut self, new: usize) {
        compact_set(&mut self.plan, new);
    }

    /// Leases that nothing seems to renew and whose earliest possible end was before `moment`.
    pub(super) fn ended_before(&self, moment: Timestamp) -> Vec<LeaseId> {
        self.ends.range(..(moment, LeaseId(i64::MIN))).map(|(_, id)| *id).collect()
    }

    /// Leases that nothing seems to renew and that may end now or have just ended, if no poll has decided it yet.
    fn ending<'a>(&'a self, leases: &'a LeaseStore, now: Timestamp) -> impl Iterator<Item = LeaseId> {
        let (from, to) = (now.before(NEAR_EXPIRY_AFTER), now + NEAR_EXPIRY_BEFORE);
        let may_end = self.ends.range((from, LeaseId(i64::MIN))..=(to, LeaseId(i64::MAX))).map(|(_, id)| *id);
        may_end.filter(|id| leases.get(*id).is_some_and(|lease| !lease.observed.is_decided()))
    }

    /// Whether to list the leases now, ahead of schedule. If more leases may be ending than can be polled, one list
    /// shows which of them still exist. Lists are limited by their cost.
    pub(super) fn start_list_if_due(&mut self, leases: &LeaseStore, cluster: &ClusterState, now: Timestamp) -> bool {
        let pause = list_interval(LIST_PAUSE, leases.living_count(), cluster.list_took);
        let last = cluster.listed_at.unwrap_or(now).max(self.list_asked);
        if last + pause > now || cluster.list_failure.is_some() || !cluster.is_reached() {
            return false;
        }
        // What one slot has room for can be polled instead.
        let per_slot = (self.limit / SLOTS_PER_SECOND) as usize;
        let is_due = self.urgent.len() > per_slot || self.ending(leases, now).nth(per_slot).is_some();
        if is_due {
            self.list_asked = now;
        }
        is_due
    }

    /// Polls a lease at once, before all others. Also works for an ended lease that seems to exist again.
    pub(super) fn prioritize(&mut self, id: LeaseId) {
        self.urgent.insert(id);
    }

    /// Returns the leases to poll now and marks them as polled. Visible leases are polled more often. The keys of
    /// `for_keys` are due.
    pub(super) fn start_due(
        &mut self,
        leases: &mut LeaseStore,
        on_screen: &[LeaseId],
        for_keys: &[LeaseId],
        now: Timestamp,
    ) -> Vec<LeaseId> {
        self.open_slot(now);
        let mut asked = Vec::new();
        let classes =
            [Class::Urgent, Class::OnScreen, Class::NearExpiry, Class::Soonest, Class::Keys(for_keys), Class::Planned];
        for class in classes {
            let room = self.left as usize - asked.len();
            if room == 0 {
                break;
            }
            let due = self.due(class, leases, on_screen, now, room);
            asked.extend(due.into_iter().filter(|id| self.ask(leases, *id, now)));
        }
        self.left -= asked.len() as u32;
        self.rate.count(asked.len() as u32, now);
        asked
    }

    /// At most `room` due leases of a class.
    fn due(
        &mut self,
        class: Class<'_>,
        leases: &LeaseStore,
        on_screen: &[LeaseId],
        now: Timestamp,
        room: usize,
    ) -> Vec<LeaseId> {
        match class {
            Class::Urgent => {
                let urgent = std::iter::from_fn(|| self.urgent.pop_first());
                urgent.filter(|id| leases.contains(*id)).take(room).collect()
            }
            Class::OnScreen => on_screen_due(leases, on_screen, now, room),
            Class::NearExpiry => {
                let can_be_asked = |id: &LeaseId| leases.get(*id).is_some_and(|lease| !lease.is_poll_in_flight);
                self.ending(leases, now).filter(can_be_asked).take(room).collect()
            }
            Class::Soonest => self.soonest_due(leases, now, room),
            Class::Keys(due) => {
                // The other half of the room is for planned polls.
                let can_be_asked = |id: &&LeaseId| leases.alive(**id).is_some_and(|lease| !lease.is_poll_in_flight);
                due.iter().filter(can_be_asked).take(room.div_ceil(2)).copied().collect()
            }
            Class::Planned => self.planned(now).take(room).collect(),
        }
    }

    /// The leases whose scheduled poll is due.
    fn planned(&self, now: Timestamp) -> impl Iterator<Item = LeaseId> {
        self.plan.range(..=(now, LeaseId(i64::MAX))).map(|(_, id)| *id)
    }

    /// The due leases with the least time left, if not all due leases fit into `room`.
    fn soonest_due(&self, leases: &LeaseStore, now: Timestamp, room: usize) -> Vec<LeaseId> {
        if self.planned(now).nth(room).is_none() {
            return Vec::new();
        }
        let is_due = |id: &&LeaseId| leases.alive(**id).is_some_and(|lease| lease.poll.due <= now);
        self.soonest.iter().filter(is_due).take(room).copied().collect()
    }

    /// Marks a lease as polled and schedules a retry for when no reply arrives. Returns false if the lease does not
    /// exist or already has a poll in flight.
    fn ask(&mut self, leases: &mut LeaseStore, id: LeaseId, now: Timestamp) -> bool {
        let Some(lease) = leases.get_mut(id) else { return false };
        let was_in_flight = std::mem::replace(&mut lease.is_poll_in_flight, true);
        if !was_in_flight {
            lease.poll.asked = Some(now);
        }
        let again = now + lease.pace().max(SECOND);
        self.plan(leases, id, again);
        !was_in_flight
    }

    /// When the limit allows a poll that is due at `due`.
    pub(super) fn next_room(&self, due: Timestamp, now: Timestamp) -> Timestamp {
        let length = self.slot_length();
        let is_spent = self.left == 0 && self.slot == Some(slot_of(now, length));
        let next_slot = Timestamp::from_nanos((slot_of(now, length) + 1) * length.as_nanos() as u64);
        if is_spent { due.max(next_slot) } else { due }
    }

    /// When the next poll is due, provided that a member answers.
    pub(super) fn next_wake(&self, leases: &LeaseStore, on_screen: &[LeaseId], now: Timestamp) -> Timestamp {
        let seen = on_screen.iter().filter_map(|id| leases.alive(*id)).map(due_on_screen).min();
        let planned = self.plan.first().map(|(due, _)| *due);
        let urgent = if self.urgent.is_empty() { None } else { Some(now) };
        let ask = [seen, planned, urgent].into_iter().flatten().min().unwrap_or(Timestamp::NEVER);
        self.next_room(ask, now)
    }

    fn slot_length(&self) -> Duration {
        SLOT.max(SECOND / self.limit.max(1))
    }

    fn open_slot(&mut self, now: Timestamp) {
        let slot = Some(slot_of(now, self.slot_length()));
        if slot != self.slot {
            self.slot = slot;
            self.left = (self.limit / SLOTS_PER_SECOND).max(1);
        }
    }
}

/// Why a lease is polled, by priority.
#[derive(Clone, Copy)]
enum Class<'a> {
    /// Must be polled at once.
    Urgent,
    /// Visible on the screen.
    OnScreen,
    /// Nothing seems to renew it and it is ending now, so a reply decides whether it expired or was revoked.
    NearExpiry,
    /// Among those with the least time left by the leader's list.
    Soonest,
    /// Its keys are due.
    Keys(&'a [LeaseId]),
    /// Scheduled, longest waiting first.
    Planned,
}

/// When to poll a lease next, after a reply to the poll sent at `asked`.
pub(super) fn next_due(lease: &Lease, asked: Timestamp) -> Timestamp {
    let planned = lease.observed.next_poll(asked).max(asked + FLOOR);
    if lease.is_kept_alive { planned.max(asked + lease.pace()) } else { planned }
}

/// When to poll a visible lease next.
fn due_on_screen(lease: &Lease) -> Timestamp {
    if lease.is_poll_in_flight {
        return lease.poll.due;
    }
    let Some(asked) = lease.poll.asked else { return lease.poll.due };
    let sooner = match lease.bounds() {
        Some(bounds) if bounds.half_width() > SHARP => bounds.best_query_time(asked + SHARPEN),
        _ => asked + SEEN,
    };
    lease.poll.due.min(sooner)
}

/// Due visible rows, least time left first. They get half of `room`: rows polled for the first time move and make way
/// for other rows that were not polled yet.
fn on_screen_due(leases: &LeaseStore, on_screen: &[LeaseId], now: Timestamp, room: usize) -> Vec<LeaseId> {
    let living = on_screen.iter().filter_map(|id| leases.alive(*id));
    let mut due: Vec<&Lease> = living.filter(|lease| due_on_screen(lease) <= now).collect();
    due.sort_by_key(|lease| (lease.bounds().map(|bounds| bounds.earliest), lease.id));
    due.iter().take(room.div_ceil(2)).map(|lease| lease.id).collect()
}

fn slot_of(now: Timestamp, length: Duration) -> u64 {
    now.nanos() / length.as_nanos() as u64
}
