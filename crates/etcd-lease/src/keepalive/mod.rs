//! The schedule: which leases are due, on which stream they go, and what follows from each answer.
//!
//! It does nothing itself. It is told what happened ([`Scheduler::on_renewal_reply`], [`Scheduler::stream_ended`], ...) and what
//! time it is ([`Scheduler::turn`]), and it says what is to be done ([`Action`]) and what there is to tell ([`Notice`]).
//! Every cost is O(due · log n): leases wait in an ordered set, and whoever is due goes in the order of its deadline.
//!
//! Three hazards of a shared stream are dealt with here (all measured, see the map in the crate's root):
//! a head of line that blocks, a forbidden lease that ends the stream, and a server that does not answer at all.

mod faults;
mod io;
mod kept_lease;
mod stream_state;
mod turn;

use std::collections::{BTreeSet, HashMap, VecDeque};

use self::kept_lease::{KeptLease, NextStep};
use self::stream_state::StreamState;
use super::renewal_schedule::StartJitter;
use super::{Ended, LeaseId, LeaseStatus, Phase, RenewalSchedule, TimeToLive, Timestamp};

pub use self::io::{Action, AnsweredRenewal, Notice, SlotId, StreamEnd, Timeouts, TurnOutput};

/// Questions for time left that are on their way at once, at most.
const MAX_TTL_QUERIES: usize = 64;

/// The schedule of all leases that are kept alive.
#[derive(Debug)]
pub struct Scheduler {
    /// Of leases that bring none of their own.
    pace: RenewalSchedule,
    timeouts: Timeouts,
    slots: Vec<Option<KeptLease>>,
    free: Vec<SlotId>,
    /// Slots of leases that ended since the last turn.
    freed: Vec<SlotId>,
    by_id: HashMap<LeaseId, SlotId>,
    /// Waiting and suspect leases by the time of their timer.
    timers: BTreeSet<(Timestamp, SlotId)>,
    /// Due leases, the most endangered first.
    ready: BTreeSet<(Timestamp, SlotId)>,
    /// Due leases that may block.
    suspect_queue: VecDeque<(SlotId, Timestamp)>,
    ttl_queries: VecDeque<SlotId>,
    queries_in_flight: usize,
    /// The shared lanes, and the one for suspects as the last.
    lanes: Vec<StreamState>,
    next_lane: usize,
    start_jitter: StartJitter,
    trouble: Option<String>,
    output: TurnOutput,
}

impl Scheduler {
    /// A schedule with so many shared streams (at least one) and one more for suspects.
    pub fn new(pace: RenewalSchedule, streams: usize, timeouts: Timeouts) -> Self {
        let mut lanes: Vec<StreamState> = (0..streams.max(1)).map(|_| StreamState::shared()).collect();
        lanes.push(StreamState::suspect_stream());
        Scheduler {
            pace,
            timeouts,
            slots: Vec::new(),
            free: Vec::new(),
            freed: Vec::new(),
            by_id: HashMap::new(),
            timers: BTreeSet::new(),
            ready: BTreeSet::new(),
            suspect_queue: VecDeque::new(),
            ttl_queries: VecDeque::new(),
            queries_in_flight: 0,
            lanes,
            next_lane: 0,
            start_jitter: StartJitter::default(),
            trouble: None,
            output: TurnOutput::default(),
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
    pub fn slot(&self, id: LeaseId) -> Option<SlotId> {
        self.by_id.get(&id).copied()
    }

    /// Begins to keep a lease of which nothing is known: its time left is asked first. Kept already, nothing changes.
    /// Without a pace of its own it goes at the schedule's.
    pub fn adopt(&mut self, now: Timestamp, id: LeaseId, pace: Option<RenewalSchedule>) -> SlotId {
        self.slot(id).unwrap_or_else(|| {
            let slot = self.insert(KeptLease::adopted(id, pace.unwrap_or(self.pace), now, &self.timeouts));
            self.route(slot, now, NextStep::QueryTtl);
            slot
        })
    }

    /// Begins to keep a lease that was just granted `ttl` seconds; the grant was sent at `granted`. Without a pace of its
    /// own it goes at the schedule's.
    pub fn grant(
        &mut self,
        now: Timestamp,
        id: LeaseId,
        ttl: i64,
        granted: Timestamp,
        pace: Option<RenewalSchedule>,
    ) -> SlotId {
        self.slot(id).unwrap_or_else(|| {
            let pace = pace.unwrap_or(self.pace);
            let due = self.start_jitter.first_due(pace, granted, now, kept_lease::seconds(ttl));
            let slot = self.insert(KeptLease::granted(id, pace, ttl, granted, due));
            self.route(slot, now, NextStep::Wait(due));
            slot
        })
    }

    /// Ends the keeping of a lease, with a reason from outside.
    pub fn end(&mut self, slot: SlotId, ended: Ended) {
        self.route(slot, Timestamp::START, NextStep::End(ended));
    }

    /// Renews a lease now, unless that is under way already.
    pub fn renew_now(&mut self, now: Timestamp, slot: SlotId) {
        if self.get(slot).is_some_and(|kept| kept.phase == Phase::Waiting) {
            self.on_timer(slot, now);
        }
    }

    /// An answer came in on a lane.
    pub fn on_renewal_reply(
        &mut self,
        now: Timestamp,
        lane: usize,
        generation: u32,
        id: LeaseId,
        ttl: i64,
        revision: i64,
    ) {
        if self.lanes[lane].generation != generation {
            return;
        }
        self.trouble = None;
        let Some(first) = self.lanes[lane].in_flight.front().copied() else { return };
        if first.id != id {
            let words = format!("the answer names lease {id}, {} was asked for", first.id);
            return self.stream_ended(now, lane, generation, StreamEnd::Broken(words));
        }
        self.lanes[lane].pop(now);
        if self.drops_reply(first, now) {
            return self.retire_if_idle(lane);
        }
        if let Some((step, renewal)) = self.in_flight(first).map(|kept| kept.on_renewal_reply(now, ttl, revision)) {
            if let Some(renewal) = renewal {
                self.emit(first.slot, id, Notice::Renewed(renewal));
            }
            self.route(first.slot, now, step);
        }
        self.retire_if_idle(lane);
    }

    /// A lane's stream has ended.
    pub fn stream_ended(&mut self, now: Timestamp, lane: usize, generation: u32, end: StreamEnd) {
        if self.lanes[lane].generation != generation || !self.lanes[lane].open {
            return;
        }
        let mut in_flight = self.lanes[lane].fail(now, &self.timeouts);
        self.output.actions.push(Action::Close { lane });
        match end {
            // The server answers in the order of the questions: what it refuses is the first that it has not answered.
            StreamEnd::Forbidden(message) => {
                if let Some(first) = in_flight.pop_front()
                    && self.in_flight(first).is_some()
                {
                    self.route(first.slot, now, NextStep::End(Ended::Forbidden { message }));
                }
            }
            StreamEnd::Broken(words) => self.trouble = Some(words),
        }
        self.requeue(now, in_flight);
    }

    /// A question for time left was answered: `sent` is when it was asked, an error says why there is no answer.
    pub fn on_ttl_reply(
        &mut self,
        now: Timestamp,
        slot: SlotId,
        id: LeaseId,
        sent: Timestamp,
        answer: Result<&TimeToLive, String>,
    ) {
        self.queries_in_flight -= 1;
        let timeouts = self.timeouts;
        self.trouble = answer.as_ref().err().cloned();
        let Some(kept) = self.get_mut(slot).filter(|kept| kept.id == id && kept.phase == Phase::Suspect) else {
            return;
        };
        let step = match answer {
            Ok(answer) => kept.on_ttl_reply(sent, now, answer, &timeouts),
            Err(trouble) => kept.retry_query(now, Some(trouble), &timeouts),
        };
        self.route(slot, now, step);
    }

    /// Another member is the better one now: every stream is closed as soon as nothing is in flight on it.
    pub fn migrate_streams(&mut self) {
        for lane in 0..self.lanes.len() {
            self.lanes[lane].retiring = self.lanes[lane].open;
            self.retire_if_idle(lane);
        }
    }

    /// Does all that has become due, and hands out what came of everything since the last turn.
    pub fn turn(&mut self, now: Timestamp) -> TurnOutput {
        self.give_up_stuck_lanes(now);
        while let Some(&(timer, slot)) = self.timers.first()
            && timer <= now
        {
            self.on_timer(slot, now);
        }
        while let Some(&(deadline, slot)) = self.ready.first()
            && deadline <= now
        {
            self.route(slot, now, NextStep::QueryTtl);
        }
        self.send(now);
        self.send_suspects(now);
        while self.queries_in_flight < MAX_TTL_QUERIES
            && let Some(slot) = self.ttl_queries.pop_front()
        {
            if let Some(id) = self.get(slot).filter(|kept| kept.phase == Phase::Suspect).map(|kept| kept.id) {
                self.queries_in_flight += 1;
                self.output.actions.push(Action::QueryTtl { slot, id });
            }
        }
        self.hand_out()
    }

    /// When the next turn is needed, if nothing happens before; none while nothing is kept.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let first = |set: &BTreeSet<(Timestamp, SlotId)>| set.first().map(|(at, _)| *at);
        let overdue = self.lanes.iter().filter_map(|lane| lane.overdue_at(&self.timeouts));
        let suspect_lane = self.lanes.len() - 1;
        let wanted = |lane| if lane == suspect_lane { !self.suspect_queue.is_empty() } else { !self.ready.is_empty() };
        let closed = self.lanes.iter().enumerate().filter(|(index, lane)| !lane.open && wanted(*index));
        let reopen = closed.map(|(_, lane)| lane.retry_at());
        first(&self.timers).into_iter().chain(first(&self.ready)).chain(overdue).chain(reopen).min()
    }

    /// Puts every lease into [`TurnOutput::changed`] of the next turn, changed or not.
    pub fn mark_all_changed(&mut self) {
        for slot in 0..self.slots.len() {
            self.mark_changed(SlotId::try_from(slot).unwrap_or(SlotId::MAX));
        }
    }

    /// What is known of a lease; its queue is the subscribers' business.
    pub fn status(&self, slot: SlotId) -> Option<LeaseStatus> {
        let kept = self.get(slot)?;
        let mut status = LeaseStatus::new(kept.id, kept.pace);
        kept.write(&mut status);
        Some(status)
    }

    /// Writes what is known of a lease into its status, in place: the queue is left as it is. Without effect if the
    /// status is another lease's.
    pub fn write_status(&self, slot: SlotId, status: &mut LeaseStatus) {
        if let Some(kept) = self.get(slot)
            && kept.id == status.id
        {
            kept.write(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: LeaseId = LeaseId(1);
    const USUAL: LeaseId = LeaseId(2);
    const NOW: Timestamp = Timestamp::from_nanos(1_000_000);

    /// A schedule at Go's pace with two leases of 10 s, one of which is renewed exactly.
    fn two() -> Scheduler {
        let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 1, Timeouts::at_speed(1));
        scheduler.grant(NOW, EXACT, 10, NOW, Some(RenewalSchedule::Exact));
        scheduler.grant(NOW, USUAL, 10, NOW, None);
        scheduler
    }

    fn status(scheduler: &Scheduler, id: LeaseId) -> LeaseStatus {
        scheduler.slot(id).and_then(|slot| scheduler.status(slot)).expect("kept")
    }

    #[test]
    fn each_lease_is_due_by_its_own_pace() {
        let mut scheduler = two();
        for action in scheduler.turn(NOW).actions {
            if let Action::Send { lane, id } = action {
                scheduler.on_renewal_reply(NOW, lane, scheduler.lanes[lane].generation, id, 10, 1);
            }
        }
        let due = |id| status(&scheduler, id).next_due.map(Timestamp::nanos);
        assert_eq!(due(EXACT), Some(NOW.nanos() + 10_000_000_000 / 3));
        assert_eq!(due(USUAL), Some(3_500_000_000));
    }

    #[test]
    fn what_is_expected_follows_the_leases_own_pace() {
        let mut scheduler = two();
        let expected = |scheduler: &Scheduler, id| status(scheduler, id).expected.map(|every| every.as_millis());
        assert_eq!((expected(&scheduler, EXACT), expected(&scheduler, USUAL)), (Some(3_333), Some(3_500)));
        scheduler.adopt(NOW, EXACT, Some(RenewalSchedule::Clientv3));
        assert_eq!(status(&scheduler, EXACT).pace, RenewalSchedule::Exact, "kept already, nothing changes");
    }

    #[test]
    fn a_pace_takes_no_room_of_its_own() {
        // The schedule holds 100,000 of them.
        assert!(size_of::<KeptLease>() <= 256, "{}", size_of::<KeptLease>());
    }
}
