//! The schedule: which leases are due, on which stream they go, and what follows from each answer.
//!
//! It does nothing itself. It is told what happened ([`Keeper::answered`], [`Keeper::stream_ended`], ...) and what
//! time it is ([`Keeper::turn`]), and it says what is to be done ([`Act`]) and what there is to tell ([`News`]).
//! Every cost is O(due · log n): leases wait in an ordered set, and whoever is due goes in the order of its deadline.
//!
//! Three hazards of a shared stream are dealt with here (all measured, see the map in the crate's root):
//! a head of line that blocks, a forbidden lease that ends the stream, and a server that does not answer at all.

mod kept;
mod lane;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use self::kept::{Kept, Step};
use self::lane::{InFlight, Lane};
use super::pace::Spread;
use super::{Ended, LeaseId, LeaseStatus, Moment, Pace, Phase, QueueGauge, TimeToLive};

pub use self::kept::Renewal;

/// Where a lease is kept in the schedule; used anew once its lease is over.
pub type Slot = u32;

/// Questions for time left that are on their way at once, at most.
const ASKS: usize = 64;

/// How long to wait for what. Real time-outs: a clock with a speed stretches them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Nothing queues behind a renewal that has waited this long.
    pub head: Duration,
    /// A stream whose first in line has waited this long is given up; the next waits twice as long.
    pub answer: Duration,
    /// After a deadline passed, how long to wait for a word about it.
    pub grace: Duration,
    /// How long to wait for the first word about an adopted lease.
    pub first_answer: Duration,
    /// Between two questions for time left that got no answer.
    pub ask_again: Duration,
    /// Between two streams of one lane, at most.
    pub reopen: Duration,
}

impl Limits {
    /// The usual limits on a clock that runs `speed` times as fast as the wall.
    pub fn at_speed(speed: u32) -> Self {
        let millis = |millis: u64| Duration::from_millis(millis) * speed;
        Limits {
            head: millis(250),
            answer: millis(1_000),
            grace: millis(1_000),
            first_answer: millis(5_000),
            ask_again: millis(250),
            reopen: millis(500),
        }
    }

    /// After so many failures in a row: at once, then 1/8, 1/4, 1/2 and the whole of [`Limits::reopen`].
    fn reopen(&self, failures: u32) -> Duration {
        match failures {
            0 => Duration::ZERO,
            1..=3 => self.reopen / (1 << (4 - failures)),
            _ => self.reopen,
        }
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Open a stream on this lane; it takes renewals at once.
    Open {
        /// Which lane.
        lane: usize,
        /// Its how many-th stream: to be named with its answers and its end.
        generation: u32,
    },
    /// Send a renewal on this lane.
    Send {
        /// Which lane.
        lane: usize,
        /// For which lease.
        id: LeaseId,
    },
    /// Close this lane's stream.
    Close {
        /// Which lane.
        lane: usize,
    },
    /// Ask for a lease's time left; the answer goes to [`Keeper::asked`].
    Ask {
        /// Its slot.
        slot: Slot,
        /// Which lease.
        id: LeaseId,
    },
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A renewal was answered.
    Renewed(Renewal),
    /// A renewal was not answered in time.
    Missed {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The lease is not kept any more, its slot is free; the last that was known of it, with the reason.
    Ended(Box<LeaseStatus>),
    /// Something else about it changed.
    Moved,
}

/// Everything that came of an input.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is to be done, in this order.
    pub acts: Vec<Act>,
    /// What there is to tell, of which lease.
    pub news: Vec<(Slot, LeaseId, News)>,
}

/// Why a stream ended, as far as the schedule cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// The server refuses the first in line.
    Forbidden(String),
    /// Anything else: the leases are not to blame.
    Broken(String),
}

/// The schedule of all leases that are kept alive.
#[derive(Debug)]
pub struct Keeper {
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
    pub fn adopt(&mut self, now: Moment, id: LeaseId) -> Slot {
        self.slot(id).unwrap_or_else(|| {
            let slot = self.insert(Kept::adopted(id, now, &self.limits));
            self.route(slot, now, Step::Ask);
            slot
        })
    }

    /// Begins to keep a lease that was just granted `ttl` seconds; the grant was sent at `granted`.
    pub fn grant(&mut self, now: Moment, id: LeaseId, ttl: i64, granted: Moment) -> Slot {
        self.slot(id).unwrap_or_else(|| {
            let due = self.spread.first(self.pace, granted, now, kept::seconds(ttl));
            let slot = self.insert(Kept::granted(id, ttl, granted, due));
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
        let pace = self.pace;
        if let Some((step, renewal)) = self.in_flight(first).map(|kept| kept.answered(now, ttl, revision, pace)) {
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
        let (apart, shared) =
            self.lanes.split_last().map_or((&[][..], &[][..]), |(apart, shared)| (std::slice::from_ref(apart), shared));
        let apart = apart.iter().filter(|_| !self.apart.is_empty());
        let shared = shared.iter().filter(|_| !self.ready.is_empty());
        let reopen = apart.chain(shared).filter(|lane| !lane.open).map(Lane::retry_at);
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
            expected: kept.ttl.map(|ttl| self.pace.expected(kept::seconds(ttl))),
            cadence: kept.cadence,
            round_trip: kept.round_trip,
            revision: kept.revision,
            queue: QueueGauge::default(),
            ended: None,
        })
    }
}

/// The workings.
impl Keeper {
    fn get(&self, slot: Slot) -> Option<&Kept> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn get_mut(&mut self, slot: Slot) -> Option<&mut Kept> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// The lease of a renewal in flight, if it still waits for just that answer.
    fn in_flight(&mut self, renewal: InFlight) -> Option<&mut Kept> {
        self.get_mut(renewal.slot).filter(|kept| kept.phase == Phase::InFlight && kept.sent == renewal.sent)
    }

    fn insert(&mut self, kept: Kept) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            Slot::try_from(self.slots.len() - 1).unwrap_or(Slot::MAX)
        });
        self.by_id.insert(kept.id, slot);
        self.slots[slot as usize] = Some(kept);
        slot
    }

    fn tell(&mut self, slot: Slot, id: LeaseId, news: News) {
        self.outcome.news.push((slot, id, news));
    }

    /// Puts a lease where its next step wants it: the one place that changes a phase.
    fn route(&mut self, slot: Slot, now: Moment, step: Step) {
        let limits = self.limits;
        let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        self.timers.remove(&(kept.timer, slot));
        self.ready.remove(&(kept.deadline, slot));
        let id = kept.id;
        match step {
            Step::Wait(until) => {
                if kept.phase != Phase::Suspect {
                    kept.phase = Phase::Waiting;
                }
                kept.timer = until;
                self.timers.insert((until, slot));
            }
            Step::Send => {
                kept.phase = Phase::Due;
                self.ready.insert((kept.deadline, slot));
            }
            Step::SendApart => {
                kept.phase = Phase::Due;
                self.apart.push_back((slot, now));
            }
            Step::Ask => {
                kept.phase = Phase::Suspect;
                kept.timer = kept.give_up(&limits).max(now + limits.grace);
                self.timers.insert((kept.timer, slot));
                self.asks.push_back(slot);
            }
            Step::End(ended) => return self.bury(slot, ended),
        }
        self.tell(slot, id, News::Moved);
    }

    fn bury(&mut self, slot: Slot, ended: Ended) {
        let Some(mut last) = self.status(slot) else { return };
        last.phase = Phase::Over;
        last.ended = Some(ended);
        self.slots[slot as usize] = None;
        self.by_id.remove(&last.id);
        self.free.push(slot);
        self.tell(slot, last.id, News::Ended(Box::new(last)));
    }

    /// The timer of a lease has run out.
    fn fire(&mut self, slot: Slot, now: Moment) {
        let limits = self.limits;
        let trouble = self.trouble.clone();
        // While answers come in, a question that is still queued here is our own delay.
        let ours = trouble.is_none() && !self.asks.is_empty();
        let Some(kept) = self.get_mut(slot) else { return };
        let step = match kept.phase {
            Phase::Suspect if now < kept.give_up(&limits) => Step::Ask,
            Phase::Suspect if ours => Step::Wait(now + limits.ask_again),
            Phase::Suspect => Step::End(Ended::Unanswered { trouble }),
            _ => {
                kept.due = kept.due.min(now);
                kept.due(now)
            }
        };
        self.route(slot, now, step);
    }

    /// Hands the due to the lanes, the most endangered first, each lane in its turn.
    fn send(&mut self, now: Moment) {
        let shared = self.lanes.len() - 1;
        while let Some(&(_, slot)) = self.ready.first() {
            let lane = (0..shared).map(|step| (self.turn + step) % shared);
            let Some(lane) = lane.into_iter().find(|lane| self.lanes[*lane].takes(now, &self.limits)) else { return };
            self.turn = lane + 1;
            self.ready.pop_first();
            self.send_on(lane, slot, now);
        }
    }

    fn send_apart(&mut self, now: Moment) {
        let lane = self.lanes.len() - 1;
        while self.lanes[lane].takes(now, &self.limits)
            && let Some((slot, asked)) = self.apart.pop_front()
        {
            if !self.get(slot).is_some_and(|kept| kept.phase == Phase::Due) {
                continue;
            }
            // What was said long ago does not hold any more.
            if now.since(asked) > self.limits.head {
                self.route(slot, now, Step::Ask);
            } else {
                self.send_on(lane, slot, now);
            }
        }
    }

    fn send_on(&mut self, lane: usize, slot: Slot, now: Moment) {
        let Some(kept) = self.get_mut(slot) else { return };
        kept.sent(now);
        let id = kept.id;
        if !self.lanes[lane].open {
            self.lanes[lane].open = true;
            self.outcome.acts.push(Act::Open { lane, generation: self.lanes[lane].generation });
        }
        self.lanes[lane].push(InFlight { slot, id, sent: now });
        self.outcome.acts.push(Act::Send { lane, id });
        self.tell(slot, id, News::Moved);
    }

    /// Gives up every stream whose first in line has waited too long: the first is a suspect, the others go again.
    fn give_up_stuck_lanes(&mut self, now: Moment) {
        for lane in 0..self.lanes.len() {
            if self.lanes[lane].overdue_at(&self.limits).is_none_or(|at| at > now) {
                continue;
            }
            let waited = self.lanes[lane].waited(now);
            let mut line = self.lanes[lane].give_up(now, &self.limits);
            self.outcome.acts.push(Act::Close { lane });
            if let Some(first) = line.pop_front()
                && let Some(id) = self.in_flight(first).map(|kept| kept.id)
            {
                self.tell(first.slot, id, News::Missed { waited });
                self.route(first.slot, now, Step::Ask);
            }
            self.requeue(now, line);
        }
    }

    fn requeue(&mut self, now: Moment, line: VecDeque<InFlight>) {
        for renewal in line {
            if let Some(step) = self.in_flight(renewal).map(|kept| kept.unanswered(now)) {
                self.route(renewal.slot, now, step);
            }
        }
    }

    fn retire_if_idle(&mut self, lane: usize) {
        if self.lanes[lane].retiring && self.lanes[lane].line.is_empty() {
            self.lanes[lane].close();
            self.outcome.acts.push(Act::Close { lane });
        }
    }
}
