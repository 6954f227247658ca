//! Where each lease stands: its row, and its share in the counts.
//!
//! Neither is worked out anew for a frame. A lease that was touched, or whose state turned by time alone, is taken out at
//! its old place and put in at its new one; with 100,000 leases a frame costs what has changed. Another filter or sort
//! puts all in place at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::time::Duration;

use super::leases::Leases;
use super::sieve::{Criteria, Sieve};
use super::sort::{Rank, Sort};
use super::{Census, Lease, State, Who};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Where more than one lease in so many is to be moved, all are put in place at once.
const MANY: usize = 16;

/// What one living lease adds to the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    who: Who,
    is_endangered: bool,
    is_dying: bool,
    may_be_dying: bool,
    is_pinned: bool,
    /// Renewals in a billion seconds: whole numbers, which come out as they went in.
    rate: u64,
    dropped: u64,
}

impl Share {
    fn of(lease: &Lease, now: Timestamp) -> Self {
        let habit = lease.habit().filter(|_| lease.kept);
        Share {
            who: lease.who,
            is_endangered: matches!(lease.state(now), State::Risk | State::Late),
            is_dying: lease.is_dying(),
            may_be_dying: lease.may_be_dying(now),
            is_pinned: lease.is_pinned,
            rate: habit.map_or(0, |habit| (1e9 / habit.as_secs_f64().max(1e-3)) as u64),
            dropped: lease.engine.as_ref().map_or(0, |status| status.queue.dropped),
        }
    }
}

/// Who has a row, and in which order.
#[derive(Clone, Debug, Default)]
struct Plan {
    sort: Sort,
    criteria: Criteria,
    /// The times left at which the criteria can turn.
    times_left: Vec<Duration>,
}

impl Plan {
    fn new(sieve: &Sieve, sort: Sort) -> Self {
        let criteria = Criteria::of(sieve);
        let span = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let times_left = criteria.times_left().into_iter().map(span).collect();
        Plan { sort, criteria, times_left }
    }

    fn is_for(&self, sieve: &Sieve, sort: Sort) -> bool {
        self.sort == sort && self.criteria.are_of(sieve)
    }

    /// As which a lease stands in the order; none where it has no row.
    fn rank(&self, lease: &Lease, now: Timestamp) -> Option<Rank> {
        self.criteria.let_through(lease, now).then(|| Rank::of(lease, self.sort, now))
    }

    /// When time alone turns what the criteria say of a lease.
    fn crossing(&self, lease: &Lease, now: Timestamp) -> Option<Timestamp> {
        // "Less than 5 s" holds just after the moment at which 5 s are left.
        let around = |moment: Timestamp| [moment, moment + Duration::from_nanos(1)];
        let times = self.times_left.iter().filter_map(|left| lease.left_below(*left)).flat_map(around);
        times.filter(|time| *time > now).min()
    }
}

/// What is known of one lease since it was last looked at.
#[derive(Clone, Debug, Default)]
struct Seat {
    /// As which it stands in the order; none while it does not.
    rank: Option<Rank>,
    share: Option<Share>,
    /// Its state, while it lives.
    state: Option<State>,
    /// When time alone turns its state.
    turn: Option<Timestamp>,
    /// When time alone turns what the criteria say of it.
    crossing: Option<Timestamp>,
}

impl Seat {
    /// When it is to be looked at again though nothing happens to it.
    fn alarm(&self) -> Option<Timestamp> {
        self.turn.into_iter().chain(self.crossing).min()
    }
}

/// Where each lease stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    plan: Plan,
    /// Whether the plan is another than the one by which the rows stand.
    is_new: bool,
    /// Whether time turns leases at other moments under it.
    is_timed_anew: bool,
    seats: BTreeMap<LeaseId, Seat>,
    /// When they are to be looked at again, the soonest first. An alarm that was put off since is void.
    alarms: BinaryHeap<Reverse<(Timestamp, LeaseId)>>,
    /// Those whose rank is another than the one as which they stand in the order.
    unseated: HashSet<LeaseId>,
    /// Those that have become late, or at risk: to be told.
    worrying: Vec<(LeaseId, State)>,
    census: Census,
    rate: u64,
}

impl Standing {
    /// Follows this filter and this sort from the next [`seat`](Standing::seat) on.
    pub(super) fn follow(&mut self, sieve: &Sieve, sort: Sort) {
        if !self.plan.is_for(sieve, sort) {
            let before = std::mem::replace(&mut self.plan, Plan::new(sieve, sort));
            self.is_new = true;
            self.is_timed_anew |= before.times_left != self.plan.times_left;
        }
    }

    /// The counts at a moment.
    pub(super) fn count(&mut self, leases: &mut Leases, now: Timestamp) -> Census {
        let mut changed = leases.take_touched();
        while self.next_turn().is_some_and(|turn| turn <= now) {
            changed.extend(self.alarms.pop().map(|Reverse((_, id))| id));
        }
        for id in changed {
            self.look_at(id, leases.get(&id), now);
        }
        self.clear_alarms();
        Census { renewals: self.rate as f64 / 1e9, ..self.census }
    }

    fn look_at(&mut self, id: LeaseId, lease: Option<&Lease>, now: Timestamp) {
        let living = lease.filter(|lease| lease.death.is_none());
        let rank = lease.and_then(|lease| self.plan.rank(lease, now));
        let seat = self.seats.entry(id).or_default();
        let (share, alarm) = (seat.share, seat.alarm());
        seat.share = living.map(|lease| Share::of(lease, now));
        seat.turn = living.and_then(|lease| lease.turns_after(now));
        seat.crossing = living.and_then(|lease| self.plan.crossing(lease, now));
        if lease.is_none() || seat.rank != rank {
            self.unseated.insert(id);
        }
        let (new_share, new_alarm) = (seat.share, seat.alarm());
        self.alarms.extend(new_alarm.filter(|_| new_alarm != alarm).map(|at| Reverse((at, id))));
        self.exchange(share, new_share);
        self.worry(id, living.map(|lease| lease.state(now)));
    }

    /// Lets go of the alarms that are void, where one is the next or they are as many as those that are not.
    fn clear_alarms(&mut self) {
        let is_void = |Reverse((at, id)): &Reverse<(Timestamp, LeaseId)>| {
            self.seats.get(id).is_none_or(|seat| seat.alarm() != Some(*at))
        };
        while self.alarms.peek().is_some_and(is_void) {
            self.alarms.pop();
        }
        if self.alarms.len() > 2 * self.seats.len() + MANY {
            self.set_alarms();
        }
    }

    /// Sets the alarm of every lease anew.
    fn set_alarms(&mut self) {
        let alarms = self.seats.iter().filter_map(|(id, seat)| Some(Reverse((seat.alarm()?, *id))));
        self.alarms = alarms.collect::<Vec<_>>().into();
    }

    /// Remembers its state, and that it is one to be told: what was at risk and is late now is no news.
    fn worry(&mut self, id: LeaseId, state: Option<State>) {
        let seat = self.seats.entry(id).or_default();
        let before = std::mem::replace(&mut seat.state, state);
        match (before, state) {
            (Some(State::Risk), Some(State::Risk | State::Late)) | (Some(State::Late), Some(State::Late)) => (),
            (_, Some(state @ (State::Risk | State::Late))) => self.worrying.push((id, state)),
            _ => (),
        }
    }

    /// The leases that have become late, or at risk, since this was last asked.
    pub(super) fn take_worrying(&mut self) -> Vec<(LeaseId, State)> {
        std::mem::take(&mut self.worrying)
    }

    /// When time alone turns the state of a lease next.
    pub(super) fn next_turn(&self) -> Option<Timestamp> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    fn exchange(&mut self, old: Option<Share>, new: Option<Share>) {
        if old == new {
            return;
        }
        let census = &mut self.census;
        for (share, sign) in [(new, 1), (old, -1)].into_iter().filter_map(|(share, sign)| Some((share?, sign))) {
            let number = match share.who {
                Who::Own => &mut census.own,
                Who::Adopted => &mut census.adopted,
                Who::Other => &mut census.others,
            };
            *number = number.wrapping_add_signed(sign);
            census.endangered = census.endangered.wrapping_add_signed(sign * isize::from(share.is_endangered));
            census.dying = census.dying.wrapping_add_signed(sign * isize::from(share.is_dying));
            census.pinned = census.pinned.wrapping_add_signed(sign * isize::from(share.is_pinned));
            census.perhaps_dying = census.perhaps_dying.wrapping_add_signed(sign * isize::from(share.may_be_dying));
            let times = |value: u64| value.wrapping_mul(sign as u64);
            census.dropped = census.dropped.wrapping_add(times(share.dropped));
            self.rate = self.rate.wrapping_add(times(share.rate));
        }
    }

    /// Moves to their new rows those whose rank has changed.
    pub(super) fn seat(&mut self, order: &mut Vec<LeaseId>, leases: &Leases, now: Timestamp) {
        if self.is_new || self.unseated.len() > order.len() / MANY + MANY {
            return self.seat_all(order, leases, now);
        }
        if self.unseated.is_empty() {
            return;
        }
        let unseated = std::mem::take(&mut self.unseated);
        let mut leaving: Vec<usize> = unseated.iter().filter_map(|id| self.row(order, *id)).collect();
        leaving.sort_unstable();
        take_out(order, &leaving);
        let mut arriving: Vec<Rank> = unseated.into_iter().filter_map(|id| self.re_rank(id, leases, now)).collect();
        arriving.sort_unstable();
        self.put_in(order, &arriving);
    }

    /// Puts every lease in its row. Each of them has had a seat since it was last counted, and nobody else has.
    fn seat_all(&mut self, order: &mut Vec<LeaseId>, leases: &Leases, now: Timestamp) {
        for id in std::mem::take(&mut self.unseated).into_iter().filter(|id| !leases.contains(*id)) {
            self.seats.remove(&id);
        }
        let (is_timed_anew, mut ranks) = (std::mem::take(&mut self.is_timed_anew), Vec::with_capacity(leases.len()));
        for (seat, lease) in self.seats.values_mut().zip(leases.values()) {
            seat.rank = self.plan.rank(lease, now);
            ranks.extend(seat.rank.clone());
            if is_timed_anew {
                seat.crossing = self.plan.crossing(lease, now).filter(|_| lease.death.is_none());
            }
        }
        if is_timed_anew {
            self.set_alarms();
        }
        ranks.sort_unstable();
        order.clear();
        order.extend(ranks.into_iter().map(|rank| rank.id));
        self.is_new = false;
    }

    /// The row at which a lease stands, if it does.
    fn row(&self, order: &[LeaseId], id: LeaseId) -> Option<usize> {
        let rank = self.rank(id)?;
        Some(order.partition_point(|other| self.rank(*other) < Some(rank)))
    }

    fn rank(&self, id: LeaseId) -> Option<&Rank> {
        self.seats.get(&id)?.rank.as_ref()
    }

    fn re_rank(&mut self, id: LeaseId, leases: &Leases, now: Timestamp) -> Option<Rank> {
        let Some(lease) = leases.get(&id) else {
            self.seats.remove(&id);
            return None;
        };
        let rank = self.plan.rank(lease, now);
        self.seats.entry(id).or_default().rank.clone_from(&rank);
        rank
    }

    /// From the back on, so that each row moves once.
    fn put_in(&self, order: &mut Vec<LeaseId>, arriving: &[Rank]) {
        let mut end = order.len();
        order.resize(end + arriving.len(), LeaseId(0));
        for (before, rank) in arriving.iter().enumerate().rev() {
            let row = order[..end].partition_point(|other| self.rank(*other) < Some(rank));
            order.copy_within(row..end, row + before + 1);
            order[row + before] = rank.id;
            end = row;
        }
    }
}

/// Takes out rows, named in their order.
fn take_out(order: &mut Vec<LeaseId>, rows: &[usize]) {
    for (before, row) in rows.iter().enumerate() {
        let next = rows.get(before + 1).copied().unwrap_or(order.len());
        order.copy_within(row + 1..next, row - before);
    }
    order.truncate(order.len() - rows.len());
}
