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

use super::dialog::Dialog;
use super::lease_store::LeaseStore;
use super::{AppState, Lease, LeaseState};
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

/// A lease that is listed though its latest possible deadline has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Nobody renews it: it waits to be removed.
    Dying,
    /// It may as well have been renewed, and nobody saw it.
    Unseen,
}

/// The polling of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PollState {
    /// When it is to be asked next, by plan.
    pub(super) due: Timestamp,
    /// Its earliest possible end, where that may well be one; FAR where it is not.
    pub(super) end: Timestamp,
    /// When it was last asked.
    pub(super) asked: Option<Timestamp>,
    /// Whether an answer is awaited: never two questions in flight.
    pub(super) in_flight: bool,
    /// Since when a first answer is awaited; none where one is missing since the machine slept.
    pub(super) awaited: Option<Timestamp>,
}

impl Default for PollState {
    fn default() -> Self {
        PollState {
            due: Timestamp::START,
            end: Timestamp::NEVER,
            asked: None,
            in_flight: false,
            awaited: Some(Timestamp::NEVER),
        }
    }
}

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
}

/// Asks a lease at this moment, and not when it was planned before; a dead one never.
pub(super) fn plan(app: &mut AppState, id: LeaseId, due: Timestamp) {
    let polls = &mut app.polls;
    let Some(lease) = app.leases.get_mut(id) else { return };
    polls.plan.remove(&(lease.poll.due, id));
    polls.ends.remove(&(lease.poll.end, id));
    (lease.poll.due, lease.poll.end) = (due, lease.idle_end().unwrap_or(Timestamp::NEVER));
    if lease.end.is_none() {
        polls.plan.insert((due, id));
    } else {
        polls.urgent.remove(&id);
    }
    if lease.poll.end < Timestamp::NEVER {
        polls.ends.insert((lease.poll.end, id));
    }
}

/// Leases that nobody seems to renew and whose earliest possible end came before a moment.
pub(super) fn ended_before(app: &AppState, moment: Timestamp) -> Vec<LeaseId> {
    app.polls.ends.range(..(moment, LeaseId(i64::MIN))).map(|(_, id)| *id).collect()
}

/// Leases that nobody seems to renew and that may end now, or may have just ended, where no poll has decided that.
fn ending(app: &AppState, now: Timestamp) -> impl Iterator<Item = LeaseId> {
    let (from, to) = (now.before(NEAR_EXPIRY_AFTER), now + NEAR_EXPIRY_BEFORE);
    let may_end = app.polls.ends.range((from, LeaseId(i64::MIN))..=(to, LeaseId(i64::MAX))).map(|(_, id)| *id);
    may_end.filter(|id| app.leases.get(*id).is_some_and(|lease| !lease.observed.is_decided()))
}

/// Whether to list the leases now, out of turn: where more may end in these moments than can be asked, one list tells who of
/// all of them was there. No oftener than a list pays for.
pub(super) fn start_list_if_due(app: &mut AppState, now: Timestamp) -> bool {
    let pause = LIST_PAUSE.max(app.cluster.list_took * LIST_REST);
    let last = app.cluster.listed_at.unwrap_or(now).max(app.polls.list_asked);
    let few = (app.polls.limit / 20) as usize;
    let is_due = last + pause <= now && app.cluster.list_failure.is_none() && app.cluster.is_reached();
    let takes = is_due && (app.polls.urgent.len() > few || ending(app, now).nth(few).is_some());
    if takes {
        app.polls.list_asked = now;
    }
    takes
}

/// Asks a lease at once, before all others: also one that has died, where it seems to be there again.
pub(super) fn prioritize(app: &mut AppState, id: LeaseId) {
    app.polls.urgent.insert(id);
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

/// Whether the keys are to be asked for too: of a lease that is looked at, where not all keys are followed.
pub(super) fn wants_keys(app: &AppState, id: LeaseId) -> bool {
    let is_looked_at = app.view.shows_detail_of(id);
    let is_asked_about = app.view.dialog.as_ref().and_then(Dialog::lease) == Some(id);
    (is_looked_at || is_asked_about) && !app.keys.follows_all()
}

/// The leases to be asked now; they count as asked. Without a member that answers nobody is.
pub(super) fn start_due(app: &mut AppState, now: Timestamp) -> Vec<LeaseId> {
    if !app.cluster.is_reached() {
        return Vec::new();
    }
    open_slot(app, now);
    let mut asked = Vec::new();
    for class in [urgent, on_screen_due, near_expiry, soonest_due, planned] {
        let room = app.polls.left as usize - asked.len();
        if room == 0 {
            break;
        }
        let due = class(app, now, room);
        asked.extend(due.into_iter().filter(|id| ask(app, *id, now)));
    }
    app.polls.left -= asked.len() as u32;
    app.polls.rate.count(asked.len() as u32, now);
    asked
}

fn slot(app: &AppState) -> Duration {
    SLOT.max(SECOND / app.polls.limit.max(1))
}

fn open_slot(app: &mut AppState, now: Timestamp) {
    let length = slot(app);
    let slot = Some(slot_of(now, length));
    if slot != app.polls.slot {
        app.polls.slot = slot;
        app.polls.left = (app.polls.limit / 20).max(1);
    }
}

fn slot_of(now: Timestamp, length: Duration) -> u64 {
    now.nanos() / length.as_nanos() as u64
}

fn urgent(app: &mut AppState, _: Timestamp, room: usize) -> Vec<LeaseId> {
    let (leases, urgent) = (&app.leases, &mut app.polls.urgent);
    std::iter::from_fn(|| urgent.pop_first()).filter(|id| leases.contains(*id)).take(room).collect()
}

/// Rows that can be seen and are due, the least time left first. Half of what there is goes to others: rows that are asked
/// for the first time move, and give way to others that were not asked yet.
fn on_screen_due(app: &mut AppState, now: Timestamp, room: usize) -> Vec<LeaseId> {
    let is_due = |lease: &&Lease| lease.end.is_none() && due_on_screen(lease) <= now;
    let mut due: Vec<&Lease> = on_screen(app).filter(is_due).collect();
    due.sort_by_key(|lease| (lease.bounds().map(|bounds| bounds.earliest), lease.id));
    due.iter().take(room.div_ceil(2)).map(|lease| lease.id).collect()
}

/// The rows that can be seen, the lease whose detail is, and those in line for a lock where these are.
fn on_screen(app: &AppState) -> impl Iterator<Item = &Lease> {
    let selected = app.cursor_lease().filter(|_| app.view.shows_detail());
    app.visible().chain(selected).chain(app.view.candidates_on_screen(&app.keys.locks, &app.leases))
}

/// Those that nobody seems to renew and that end now: an answer decides whether they expired or were revoked.
fn near_expiry(app: &mut AppState, now: Timestamp, room: usize) -> Vec<LeaseId> {
    let can_be_asked = |id: &LeaseId| app.leases.get(*id).is_some_and(|lease| !lease.poll.in_flight);
    ending(app, now).filter(can_be_asked).take(room).collect()
}

/// Those with the least time left, where not all that are due can be asked.
fn soonest_due(app: &mut AppState, now: Timestamp, room: usize) -> Vec<LeaseId> {
    let is_tight = app.polls.plan.range(..=(now, LeaseId(i64::MAX))).nth(room).is_some();
    let due = |id: &&LeaseId| app.leases.get(**id).is_some_and(|lease| lease.poll.due <= now && lease.end.is_none());
    let soonest = app.polls.soonest.iter().filter(|_| is_tight);
    soonest.filter(due).take(room).copied().collect()
}

fn planned(app: &mut AppState, now: Timestamp, room: usize) -> Vec<LeaseId> {
    app.polls.plan.range(..=(now, LeaseId(i64::MAX))).take(room).map(|(_, id)| *id).collect()
}

/// Marks a lease as asked, and plans for when no answer comes; no if it is gone, or if the last question is still open.
fn ask(app: &mut AppState, id: LeaseId, now: Timestamp) -> bool {
    let Some(lease) = app.leases.get_mut(id) else { return false };
    let (is_open, again) = (lease.poll.in_flight, now + lease.pace().max(SECOND));
    (lease.poll.in_flight, lease.poll.asked) = (true, if is_open { lease.poll.asked } else { Some(now) });
    plan(app, id, again);
    !is_open
}

/// When something is to be asked next.
pub(super) fn next_wake(app: &AppState, now: Timestamp) -> Timestamp {
    if !app.cluster.is_reached() {
        return Timestamp::NEVER;
    }
    let polls = &app.polls;
    let seen = on_screen(app).filter(|lease| lease.end.is_none()).map(due_on_screen).min();
    let planned = polls.plan.first().map(|(due, _)| *due);
    let urgent = (!polls.urgent.is_empty()).then_some(now);
    let ask = [seen, planned, urgent].into_iter().flatten().min().unwrap_or(Timestamp::NEVER);
    let length = slot(app);
    let is_spent = polls.left == 0 && polls.slot == Some(slot_of(now, length));
    let next_slot = Timestamp::from_nanos((slot_of(now, length) + 1) * length.as_nanos() as u64);
    if is_spent { ask.max(next_slot) } else { ask }
}
