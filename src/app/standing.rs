//! Where each lease stands: its row, and its share in the counts.
//!
//! Neither is worked out anew for a frame. A lease that was touched, or whose state turned by time alone, is taken out at
//! its old place and put in at its new one; with 100,000 leases a frame costs what has changed.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::leases::Leases;
use super::{Census, Lease, State, Who};
use crate::domain::{LeaseId, Moment};

/// The least time left first, the id decides where it is the same; unknown ones after that, and the dead last.
type Rank = (bool, Moment, LeaseId);

fn rank(lease: &Lease) -> Rank {
    (lease.death.is_some(), lease.deadline().unwrap_or(Moment::FAR), lease.id)
}

/// What one living lease adds to the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    who: Who,
    is_endangered: bool,
    /// Renewals in a billion seconds: whole numbers, which come out as they went in.
    rate: u64,
    dropped: u64,
}

impl Share {
    fn of(lease: &Lease, now: Moment) -> Self {
        let habit = lease.habit().filter(|_| lease.kept);
        Share {
            who: lease.who,
            is_endangered: matches!(lease.state(now), State::Risk | State::Late),
            rate: habit.map_or(0, |habit| (1e9 / habit.as_secs_f64().max(1e-3)) as u64),
            dropped: lease.engine.as_ref().map_or(0, |status| status.queue.dropped),
        }
    }
}

/// What is known of one lease since it was last looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    /// As which it stands in the order; none while it does not.
    rank: Option<Rank>,
    share: Option<Share>,
    /// Its state, while it lives.
    state: Option<State>,
    /// When time alone turns its state.
    turn: Option<Moment>,
}

/// Where each lease stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    seats: HashMap<LeaseId, Seat>,
    turns: BTreeSet<(Moment, LeaseId)>,
    /// Those whose rank is another than the one as which they stand in the order.
    unseated: HashSet<LeaseId>,
    /// Those that have become late, or at risk: to be told.
    worrying: Vec<(LeaseId, State)>,
    census: Census,
    rate: u64,
}

impl Standing {
    /// The counts at a moment.
    pub(super) fn count(&mut self, leases: &mut Leases, now: Moment) -> Census {
        let mut changed = leases.take_touched();
        while let Some(&(turn, id)) = self.turns.first().filter(|(turn, _)| *turn <= now) {
            self.turns.remove(&(turn, id));
            changed.insert(id);
        }
        for id in changed {
            self.look_at(id, leases.get(&id), now);
        }
        Census { renewals: self.rate as f64 / 1e9, ..self.census }
    }

    fn look_at(&mut self, id: LeaseId, lease: Option<&Lease>, now: Moment) {
        let living = lease.filter(|lease| lease.death.is_none());
        let seat = self.seats.entry(id).or_default();
        let old = (seat.share, seat.turn);
        (seat.share, seat.turn) =
            (living.map(|lease| Share::of(lease, now)), living.and_then(|lease| lease.turns_after(now)));
        let new = (seat.share, seat.turn);
        if seat.rank != lease.map(rank) {
            self.unseated.insert(id);
        }
        self.turns.extend(new.1.map(|turn| (turn, id)));
        if let Some(turn) = old.1.filter(|_| old.1 != new.1) {
            self.turns.remove(&(turn, id));
        }
        self.exchange(old.0, new.0);
        self.worry(id, living.map(|lease| lease.state(now)));
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
    pub(super) fn next_turn(&self) -> Option<Moment> {
        self.turns.first().map(|(turn, _)| *turn)
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
            let times = |value: u64| value.wrapping_mul(sign as u64);
            census.dropped = census.dropped.wrapping_add(times(share.dropped));
            self.rate = self.rate.wrapping_add(times(share.rate));
        }
    }

    /// Moves to their new rows those whose rank has changed.
    pub(super) fn seat(&mut self, order: &mut Vec<LeaseId>, leases: &Leases) {
        if self.unseated.is_empty() {
            return;
        }
        let unseated = std::mem::take(&mut self.unseated);
        let mut leaving: Vec<usize> = unseated.iter().filter_map(|id| self.row(order, *id)).collect();
        leaving.sort_unstable();
        take_out(order, &leaving);
        let mut arriving: Vec<Rank> = unseated.into_iter().filter_map(|id| self.re_rank(id, leases)).collect();
        arriving.sort_unstable();
        self.put_in(order, &arriving);
    }

    /// The row at which a lease stands, if it does.
    fn row(&self, order: &[LeaseId], id: LeaseId) -> Option<usize> {
        let rank = self.rank(id)?;
        Some(order.partition_point(|other| self.rank(*other) < Some(rank)))
    }

    fn rank(&self, id: LeaseId) -> Option<Rank> {
        self.seats.get(&id)?.rank
    }

    fn re_rank(&mut self, id: LeaseId, leases: &Leases) -> Option<Rank> {
        let Some(lease) = leases.get(&id) else {
            self.seats.remove(&id);
            return None;
        };
        let rank = rank(lease);
        self.seats.entry(id).or_default().rank = Some(rank);
        Some(rank)
    }

    /// From the back on, so that each row moves once.
    fn put_in(&self, order: &mut Vec<LeaseId>, arriving: &[Rank]) {
        let mut end = order.len();
        order.resize(end + arriving.len(), LeaseId(0));
        for (before, rank) in arriving.iter().enumerate().rev() {
            let row = order[..end].partition_point(|other| self.rank(*other) < Some(*rank));
            order.copy_within(row..end, row + before + 1);
            order[row + before] = rank.2;
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
