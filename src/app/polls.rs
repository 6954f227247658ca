//! The poll plan: what is asked when, within a budget.
//!
//! Each lease has a moment at which its next question tells most: about six times in a third of its TTL, just before its
//! deadline, never above four times a second ([`LeaseInference`](crate::inference::lease_inference::LeaseInference)). What has to be known at once
//! comes first, then the rows that can be seen (which are asked oftener, until their time left is sharp), then those that may
//! end in this moment, of which an answer decides whether they expired or were revoked, then those
//! with the least time left by the leader's own list, then whoever has waited longest. What the budget has no room for waits:
//! such a lease becomes unseen, which says so. No lease is asked twice at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cluster_state::ClusterState;
use super::lease_store::LeaseStore;
use super::{Lease, LeaseState};
use etcd_lease::LeaseId;
use simkit::Timestamp;

const SECOND: Duration = Duration::from_secs(1);
/// The budget is spent in slots of this length, so that it holds for each second and not only on the mean.
const SLOT: Duration = Duration::from_millis(50);
/// No lease is asked oftener, whatever it answers.
const FLOOR: Duration = Duration::from_millis(250);
/// A doubt below this is not worth a question of its own.
const SHARP: Duration = Duration::from_millis(50);
/// How often a row that can be seen is asked once it is sharp: a renewal of a long lease shows as soon.
const SEEN: Duration = Duration::from_secs(5);
/// How long before its earliest possible end a lease is asked: who is there then and gone after it has expired.
const NEAR_EXPIRY_BEFORE: Duration = Duration::from_millis(45);
/// And until how long after that, where it could not be asked in time: etcd looks every half second.
const NEAR_EXPIRY_AFTER: Duration = Duration::from_millis(600);
/// Lists out of turn are no closer than this.
const LIST_PAUSE: Duration = Duration::from_millis(80);
/// Nor closer than so many times as long as a list takes.
const LIST_REST: u32 = 20;

/// Which lease is asked when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollScheduler {
    /// LeaseTimeToLive calls a second, at most.
    pub limit: u32,
    /// The limit that was chosen while the monitor runs, if one was.
    pub chosen_limit: Option<u32>,
    /// The slot that is being spent, counted from the clock's start.
    slot: Option<u64>,
    /// What is left of it.
    left: u32,
    /// Every living lease, by the moment at which it is to be asked.
    plan: BTreeSet<(Timestamp, LeaseId)>,
    /// Leases that nobody seems to renew, by their earliest possible end: what is there shortly before and gone after it
    /// has expired.
    ends: BTreeSet<(Timestamp, LeaseId)>,
    /// When a list was last asked for here.
    list_asked: Timestamp,
    /// Leases that have to be asked at once.
    urgent: BTreeSet<LeaseId>,
    /// The leases with the least time left, as the leader listed them last.
    soonest: Vec<LeaseId>,
    rate: PollRate,
}

/// How much was asked in the last whole second.
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
            (self.second, self.now) = (second, 0);
        }
        self.now += asked;
    }
}

impl PollScheduler {
    /// Nothing is asked yet; so many calls a second, at most.
    pub(super) fn new(limit: u32) -> Self {
        PollScheduler { limit, ..PollScheduler::default() }
    }

    /// Nothing is asked yet; the limit stays as it was chosen.
    pub(super) fn restarted(&self) -> Self {
        PollScheduler { chosen_limit: self.chosen_limit, ..PollScheduler::new(self.limit) }
    }

    /// The leases with the least time left are these, in this order.
    pub(super) fn set_soonest(&mut self, soonest: Vec<LeaseId>) {
        self.soonest = soonest;
    }

    /// How many leases have expired though nobody has asked them since the list that was asked for at `listed`: the leader lists
    /// them before one that was seen to have expired.
    pub(super) fn ahead_of_dying(&self, leases: &LeaseStore, listed: Timestamp) -> usize {
        let dying = |id: &LeaseId| leases.get(*id).is_some_and(|lease| lease.state(listed) == LeaseState::Dying);
        let was_not_asked = |id: &&LeaseId| {
            let lease = leases.get(**id).filter(|lease| lease.end.is_none());
            lease.is_some_and(|lease| lease.observed.seen_at().is_none_or(|seen| seen < listed)) && !dying(id)
        };
        let last = self.soonest.iter().rposition(dying).unwrap_or(0);
        self.soonest[..last].iter().filter(was_not_asked).count()
    }

    /// How many leases were asked in the last whole second for the time that they have left.
    pub fn rate(&self, now: Timestamp) -> u32 {
        match now.since_start().as_secs().saturating_sub(self.rate.second) {
            0 => self.rate.before,
            1 => self.rate.now,
            _ => 0,
        }
    }

    /// Asks a lease at this moment, and not when it was planned before; an ended one never.
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

    /// Leases that nobody seems to renew and whose earliest possible end came before a moment.
    pub(super) fn ended_before(&self, moment: Timestamp) -> Vec<LeaseId> {
        self.ends.range(..(moment, LeaseId(i64::MIN))).map(|(_, id)| *id).collect()
    }

    /// Leases that nobody seems to renew and that may end now, or may have just ended, where no poll has decided that.
    fn ending<'a>(&'a self, leases: &'a LeaseStore, now: Timestamp) -> impl Iterator<Item = LeaseId> {
        let (from, to) = (now.before(NEAR_EXPIRY_AFTER), now + NEAR_EXPIRY_BEFORE);
        let may_end = self.ends.range((from, LeaseId(i64::MIN))..=(to, LeaseId(i64::MAX))).map(|(_, id)| *id);
        may_end.filter(|id| leases.get(*id).is_some_and(|lease| !lease.observed.is_decided()))
    }

    /// Whether to list the leases now, out of turn: where more may end in these moments than can be asked, one list shows who
    /// of all of them was there. No oftener than a list pays for.
    pub(super) fn start_list_if_due(&mut self, leases: &LeaseStore, cluster: &ClusterState, now: Timestamp) -> bool {
        let pause = LIST_PAUSE.max(cluster.list_took * LIST_REST);
        let last = cluster.listed_at.unwrap_or(now).max(self.list_asked);
        if last + pause > now || cluster.list_failure.is_some() || !cluster.is_reached() {
            return false;
        }
        let few = (self.limit / 20) as usize;
        let is_due = self.urgent.len() > few || self.ending(leases, now).nth(few).is_some();
        if is_due {
            self.list_asked = now;
        }
        is_due
    }

    /// Asks a lease at once, before all others: also one that has ended, where it seems to be there again.
    pub(super) fn prioritize(&mut self, id: LeaseId) {
        self.urgent.insert(id);
    }

    /// The leases to be asked now; they count as asked. Those on the screen are asked more often.
    pub(super) fn start_due(&mut self, leases: &mut LeaseStore, on_screen: &[LeaseId], now: Timestamp) -> Vec<LeaseId> {
        self.open_slot(now);
        let mut asked = Vec::new();
        for class in [Class::Urgent, Class::OnScreen, Class::NearExpiry, Class::Soonest, Class::Planned] {
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

    /// At most `room` leases of a class that are to be asked.
    fn due(
        &mut self,
        class: Class,
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
                let can_be_asked = |id: &LeaseId| leases.get(*id).is_some_and(|lease| !lease.poll.in_flight);
                self.ending(leases, now).filter(can_be_asked).take(room).collect()
            }
            Class::Soonest => self.soonest_due(leases, now, room),
            Class::Planned => self.planned(now).take(room).collect(),
        }
    }

    /// The leases whose moment has come by plan.
    fn planned(&self, now: Timestamp) -> impl Iterator<Item = LeaseId> {
        self.plan.range(..=(now, LeaseId(i64::MAX))).map(|(_, id)| *id)
    }

    /// Those with the least time left, where not all that are due can be asked.
    fn soonest_due(&self, leases: &LeaseStore, now: Timestamp, room: usize) -> Vec<LeaseId> {
        if self.planned(now).nth(room).is_none() {
            return Vec::new();
        }
        let is_due = |id: &&LeaseId| leases.alive(**id).is_some_and(|lease| lease.poll.due <= now);
        self.soonest.iter().filter(is_due).take(room).copied().collect()
    }

    /// Marks a lease as asked, and plans for when no answer comes; no if it is gone, or if the last question is still open.
    fn ask(&mut self, leases: &mut LeaseStore, id: LeaseId, now: Timestamp) -> bool {
        let Some(lease) = leases.get_mut(id) else { return false };
        let was_in_flight = std::mem::replace(&mut lease.poll.in_flight, true);
        if !was_in_flight {
            lease.poll.asked = Some(now);
        }
        let again = now + lease.pace().max(SECOND);
        self.plan(leases, id, again);
        !was_in_flight
    }

    /// When something is to be asked next, while a member answers.
    pub(super) fn next_wake(&self, leases: &LeaseStore, on_screen: &[LeaseId], now: Timestamp) -> Timestamp {
        let seen = on_screen.iter().filter_map(|id| leases.alive(*id)).map(due_on_screen).min();
        let planned = self.plan.first().map(|(due, _)| *due);
        let urgent = if self.urgent.is_empty() { None } else { Some(now) };
        let ask = [seen, planned, urgent].into_iter().flatten().min().unwrap_or(Timestamp::NEVER);
        let length = self.slot_length();
        let is_spent = self.left == 0 && self.slot == Some(slot_of(now, length));
        let next_slot = Timestamp::from_nanos((slot_of(now, length) + 1) * length.as_nanos() as u64);
        if is_spent { ask.max(next_slot) } else { ask }
    }

    fn slot_length(&self) -> Duration {
        SLOT.max(SECOND / self.limit.max(1))
    }

    fn open_slot(&mut self, now: Timestamp) {
        let slot = Some(slot_of(now, self.slot_length()));
        if slot != self.slot {
            self.slot = slot;
            self.left = (self.limit / 20).max(1);
        }
    }
}

/// Why leases are asked, in the order in which the limit is spent on them.
#[derive(Clone, Copy)]
enum Class {
    /// What has to be known at once.
    Urgent,
    /// They can be seen.
    OnScreen,
    /// Nobody seems to renew them, and they end now: an answer decides whether they expired or were revoked.
    NearExpiry,
    /// They have the least time left, by the leader's own list.
    Soonest,
    /// They have waited longest.
    Planned,
}

/// When a lease is asked next, after an answer that was asked for at `asked`.
pub(super) fn next_due(lease: &Lease, asked: Timestamp) -> Timestamp {
    let planned = lease.observed.next_poll(asked).max(asked + FLOOR);
    if lease.is_kept_alive { planned.max(asked + lease.pace()) } else { planned }
}

/// When a lease that can be seen is asked next.
fn due_on_screen(lease: &Lease) -> Timestamp {
    let Some(asked) = lease.poll.asked.filter(|_| !lease.poll.in_flight) else { return lease.poll.due };
    let sooner = match lease.bounds() {
        Some(bounds) if bounds.half_width() > SHARP => bounds.best_query_time(asked + SECOND * 3 / 4),
        _ => asked + SEEN,
    };
    lease.poll.due.min(sooner)
}

/// Rows that can be seen and are due, the least time left first. Half of what there is goes to others: rows that are asked
/// for the first time move, and give way to others that were not asked yet.
fn on_screen_due(leases: &LeaseStore, on_screen: &[LeaseId], now: Timestamp, room: usize) -> Vec<LeaseId> {
    let living = on_screen.iter().filter_map(|id| leases.alive(*id));
    let mut due: Vec<&Lease> = living.filter(|lease| due_on_screen(lease) <= now).collect();
    due.sort_by_key(|lease| (lease.bounds().map(|bounds| bounds.earliest), lease.id));
    due.iter().take(room.div_ceil(2)).map(|lease| lease.id).collect()
}

fn slot_of(now: Timestamp, length: Duration) -> u64 {
    now.nanos() / length.as_nanos() as u64
}
