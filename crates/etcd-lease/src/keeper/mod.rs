//! The schedule: which leases are due, on which stream they go, and what follows from each answer.
//!
//! It does nothing itself. It is told what happened ([`Keeper::answered`], [`Keeper::stream_ended`], ...) and what
//! time it is ([`Keeper::turn`]), and it says what is to be done ([`Act`]) and what there is to tell ([`News`]).
//! Every cost is O(due · log n): leases wait in an ordered set, and whoever is due goes in the order of its deadline.
//!
//! Three hazards of a shared stream are dealt with here (all measured, see the map in the crate's root):
//! a head of line that blocks, a forbidden lease that ends the stream, and a server that does not answer at all.

mod drills;
mod kept;
mod lane;
mod words;
mod workings;

use std::collections::{BTreeSet, HashMap, VecDeque};

use self::kept::{Kept, Step};
use self::lane::Lane;
use super::pace::Spread;
use super::{Ended, LeaseId, LeaseStatus, Moment, Pace, Phase, QueueGauge, TimeToLive};

pub use self::kept::Renewal;
pub use self::words::{Act, Limits, News, Outcome, Slot, StreamEnd};

/// Questions for time left that are on their way at once, at most.
const ASKS: usize = 64;

/// The schedule of all leases that are kept alive.
#[derive(Debug)]
pub struct Keeper {
    /// Of leases that bring none of their own.
    pace: Pace,
    limits: Limits,
    slots: Vec<Option<Kept>>,
    free: Vec<Slot>,
    by_id: HashMap<LeaseId, Slot>,
    /// Waiting and suspect leases by the time of their timer.
    timers: BTreeSet<(Moment, Slot)>,
    /// Due leases, the most endangered first.
    ready: BTreeSet<(Moment, Slot)>,
    /// Due leases that may block.
    apart: VecDeque<(Slot, Moment)>,
    asks: VecDeque<Slot>,
    asking: usize,
    /// The shared lanes, and the one for suspects as the last.
    lanes: Vec<Lane>,
    turn: usize,
    spread: Spread,
    trouble: Option<String>,
    outcome: Outcome,
}

impl Keeper {
    /// A schedule with so many shared streams (at least one) and one more for suspects.
    pub fn new(pace: Pace, streams: usize, limits: Limits) -> Self {
        let mut lanes: Vec<Lane> = (0..streams.max(1)).map(|_| Lane::shared()).collect();
        lanes.push(Lane::apart());
        Keeper {
            pace,
            limits,
            slots: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            timers: BTreeSet::new(),
            ready: BTreeSet::new(),
            apart: VecDeque::new(),
            asks: VecDeque::new(),
            asking: 0,
            lanes,
            turn: 0,
            spread: Spread::default(),
            trouble: None,
            outcome: Outcome::default(),
        }
    }

    /// How many lanes there are, the one for suspects included.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// How many leases are kept.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The slot of a lease.
    pub fn slot(&self, id: LeaseId) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    /// Begins to keep a lease of which nothing is known: its time left is asked first. Kept already, nothing changes.
    /// Without a pace of its own it goes at the schedule's.
    pub fn adopt(&mut self, now: Moment, id: LeaseId, pace: Option<Pace>) -> Slot {
        self.slot(id).unwrap_or_else(|| {
            let slot = self.insert(Kept::adopted(id, pace.unwrap_or(self.pace), now, &self.limits));
            self.route(slot, now, Step::Ask);
            slot
        })
    }

    /// Begins to keep a lease that was just granted `ttl` seconds; the grant was sent at `granted`. Without a pace of its
    /// own it goes at the schedule's.
    pub fn grant(&mut self, now: Moment, id: LeaseId, ttl: i64, granted: Moment, pace: Option<Pace>) -> Slot {
        self.slot(id).unwrap_or_else(|| {
            let pace = pace.unwrap_or(self.pace);
            let due = self.spread.first(pace, granted, now, kept::seconds(ttl));
            let slot = self.insert(Kept::granted(id, pace, ttl, granted, due));
            self.route(slot, now, Step::Wait(due));
            slot
        })
    }

    /// Ends the keeping of a lease, with a reason from outside.
    pub fn end(&mut self, slot: Slot, ended: Ended) {
        self.route(slot, Moment::START, Step::End(ended));
    }

    /// Renews a lease now, unless that is under way already.
    pub fn renew_now(&mut self, now: Moment, slot: Slot) {
        if self.get(slot).is_some_and(|kept| kept.phase == Phase::Waiting) {
            self.fire(slot, now);
        }
    }

    /// An answer came in on a lane.
    pub fn answered(&mut self, now: Moment, lane: usize, generation: u32, id: LeaseId, ttl: i64, revision: i64) {
        if self.lanes[lane].generation != generation {
            return;
        }
        self.trouble = None;
        let Some(first) = self.lanes[lane].line.front().copied() else { return };
        if first.id != id {
            let words = format!("the answer names lease {id}, {} was asked for", first.id);
            return self.stream_ended(now, lane, generation, StreamEnd::Broken(words));
        }
        self.lanes[lane].pop(now);
        if self.is_thrown_away(first, now) {
            return self.retire_if_idle(lane);
        }
        if let Some((step, renewal)) = self.in_flight(first).map(|kept| kept.answered(now, ttl, revision)) {
            if let Some(renewal) = renewal {
                self.tell(first.slot, id, News::Renewed(renewal));
            }
            self.route(first.slot, now, step);
        }
        self.retire_if_idle(lane);
    }

    /// A lane's stream has ended.
    pub fn stream_ended(&mut self, now: Moment, lane: usize, generation: u32, end: StreamEnd) {
        if self.lanes[lane].generation != generation || !self.lanes[lane].open {
            return;
        }
        let mut line = self.lanes[lane].fail(now, &self.limits);
        self.outcome.acts.push(Act::Close { lane });
        match end {
            // The server answers in the order of the questions: what it refuses is the first that it has not answered.
            StreamEnd::Forbidden(message) => {
                if let Some(first) = line.pop_front()
                    && self.in_flight(first).is_some()
                {
                    self.route(first.slot, now, Step::End(Ended::Forbidden { message }));
                }
            }
            StreamEnd::Broken(words) => self.trouble = Some(words),
        }
        self.requeue(now, line);
    }

    /// A question for time left was answered: `sent` is when it was asked, an error says why there is no answer.
    pub fn asked(&mut self, now: Moment, slot: Slot, id: LeaseId, sent: Moment, answer: Result<&TimeToLive, String>) {
        self.asking -= 1;
        let limits = self.limits;
        self.trouble = answer.as_ref().err().cloned();
        let Some(kept) = self.get_mut(slot).filter(|kept| kept.id == id && kept.phase == Phase::Suspect) else {
            return;
        };
        let step = match answer {
            Ok(answer) => kept.probed(sent, now, answer, &limits),
            Err(trouble) => kept.ask_again(now, Some(trouble), &limits),
        };
        self.route(slot, now, step);
    }

    /// Another member is the better one now: every stream is closed as soon as nothing is in flight on it.
    pub fn move_on(&mut self) {
        for lane in 0..self.lanes.len() {
            self.lanes[lane].retiring = self.lanes[lane].open;
            self.retire_if_idle(lane);
        }
    }

    /// Does all that has become due, and hands out what came of everything since the last turn.
    pub fn turn(&mut self, now: Moment) -> Outcome {
        self.give_up_stuck_lanes(now);
        while let Some(&(timer, slot)) = self.timers.first()
            && timer <= now
        {
            self.fire(slot, now);
        }
        while let Some(&(deadline, slot)) = self.ready.first()
            && deadline <= now
        {
            self.route(slot, now, Step::Ask);
        }
        self.send(now);
        self.send_apart(now);
        while self.asking < ASKS
            && let Some(slot) = self.asks.pop_front()
        {
            if let Some(id) = self.get(slot).filter(|kept| kept.phase == Phase::Suspect).map(|kept| kept.id) {
                self.asking += 1;
                self.outcome.acts.push(Act::Ask { slot, id });
            }
        }
        std::mem::take(&mut self.outcome)
    }

    /// When the next turn is needed, if nothing happens before; none while nothing is kept.
    pub fn wake_at(&self) -> Option<Moment> {
        let first = |set: &BTreeSet<(Moment, Slot)>| set.first().map(|(at, _)| *at);
        let overdue = self.lanes.iter().filter_map(|lane| lane.overdue_at(&self.limits));
        let apart = self.lanes.len() - 1;
        let wanted = |lane| if lane == apart { !self.apart.is_empty() } else { !self.ready.is_empty() };
        let closed = self.lanes.iter().enumerate().filter(|(index, lane)| !lane.open && wanted(*index));
        let reopen = closed.map(|(_, lane)| lane.retry_at());
        first(&self.timers).into_iter().chain(first(&self.ready)).chain(overdue).chain(reopen).min()
    }

    /// What is known of a lease; its queue is the subscribers' business.
    pub fn status(&self, slot: Slot) -> Option<LeaseStatus> {
        let kept = self.get(slot)?;
        Some(LeaseStatus {
            id: kept.id,
            granted_ttl: kept.ttl,
            phase: kept.phase,
            deadline: kept.ttl.map(|_| kept.deadline),
            last_answer: kept.last_answer,
            next_due: (kept.phase == Phase::Waiting).then_some(kept.due),
            pace: kept.pace,
            expected: kept.ttl.map(|ttl| kept.pace.expected(kept::seconds(ttl))),
            cadence: kept.cadence,
            round_trip: kept.round_trip,
            revision: kept.revision,
            queue: QueueGauge::default(),
            drill: kept.drill,
            ended: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: LeaseId = LeaseId(1);
    const USUAL: LeaseId = LeaseId(2);
    const NOW: Moment = Moment::from_nanos(1_000_000);

    /// A schedule at Go's pace with two leases of 10 s, one of which is renewed exactly.
    fn two() -> Keeper {
        let mut keeper = Keeper::new(Pace::Clientv3, 1, Limits::at_speed(1));
        keeper.grant(NOW, EXACT, 10, NOW, Some(Pace::Exact));
        keeper.grant(NOW, USUAL, 10, NOW, None);
        keeper
    }

    fn status(keeper: &Keeper, id: LeaseId) -> LeaseStatus {
        keeper.slot(id).and_then(|slot| keeper.status(slot)).expect("kept")
    }

    #[test]
    fn each_lease_is_due_by_its_own_pace() {
        let mut keeper = two();
        for act in keeper.turn(NOW).acts {
            if let Act::Send { lane, id } = act {
                keeper.answered(NOW, lane, keeper.lanes[lane].generation, id, 10, 1);
            }
        }
        let due = |id| status(&keeper, id).next_due.map(Moment::nanos);
        assert_eq!(due(EXACT), Some(NOW.nanos() + 10_000_000_000 / 3));
        assert_eq!(due(USUAL), Some(3_500_000_000));
    }

    #[test]
    fn what_is_expected_follows_the_leases_own_pace() {
        let mut keeper = two();
        let expected = |keeper: &Keeper, id| status(keeper, id).expected.map(|every| every.as_millis());
        assert_eq!((expected(&keeper, EXACT), expected(&keeper, USUAL)), (Some(3_333), Some(3_500)));
        keeper.adopt(NOW, EXACT, Some(Pace::Clientv3));
        assert_eq!(status(&keeper, EXACT).pace, Pace::Exact, "kept already, nothing changes");
    }

    #[test]
    fn a_pace_takes_no_room_of_its_own() {
        // The schedule holds 100,000 of them.
        assert!(size_of::<Kept>() <= 256, "{}", size_of::<Kept>());
    }
}
