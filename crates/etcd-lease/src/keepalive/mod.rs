//! The scheduler: which leases are due, on which stream they are renewed, and what follows from each reply.
//!
//! It does no input or output. Its inputs are events ([`Scheduler::on_renewal_reply`], [`Scheduler::stream_ended`],
//! ...) and the time ([`Scheduler::turn`]); its outputs are [`Action`]s and [`Notice`]s. Leases wait in buckets of
//! equal times, and due leases are renewed in the order of their deadlines.
//!
//! Renewals go out on several shared lanes. A lane has one stream at a time. The scheduler handles three hazards of shared
//! streams: a renewal that blocks those behind it (head of line), a forbidden lease that ends the stream, and a server
//! that does not answer. If a stream does not reply in time, its renewals are sent on another one as well, and the first
//! reply counts. If a stream replies slowly, one renewal after the other, they are spread over spare lanes.

mod faults;
mod io;
mod kept_lease;
mod renewal_stats;
mod resend;
mod spare_lanes;
mod stream_state;
mod timers;
mod turn;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use self::kept_lease::{KeptLease, NextStep};
use self::stream_state::StreamState;
use self::timers::Timers;
use super::renewal_schedule::StartJitter;
use super::wire::CallError;
use super::{Ended, LeaseId, LeaseStatus, Phase, RenewalSchedule, TimeToLive, Timestamp, TtlStatus};

pub use self::io::{Action, AnsweredRenewal, Notice, SlotId, StreamEnd, Timeouts, TurnOutput};

/// Maximum number of TTL queries in flight.
const MAX_TTL_QUERIES: usize = 64;

/// Schedules the renewals of all leases that are kept alive.
#[derive(Debug)]
pub struct Scheduler {
    /// For leases without their own schedule.
    pace: RenewalSchedule,
    timeouts: Timeouts,
    slots: Vec<Option<KeptLease>>,
    free: Vec<SlotId>,
    /// Slots of leases that ended since the last turn.
    freed: Vec<SlotId>,
    by_id: HashMap<LeaseId, SlotId>,
    /// Waiting and suspect leases, by the time of their timer.
    timers: Timers,
    /// Due leases, the earliest deadline first.
    ready: BTreeSet<(Timestamp, SlotId)>,
    /// Due leases whose renewal may block, with the time at which they were queued.
    suspect_queue: VecDeque<(SlotId, Timestamp)>,
    ttl_queries: VecDeque<SlotId>,
    queries_in_flight: usize,
    /// The shared lanes, then the lane for suspects, then spare lanes.
    lanes: Vec<StreamState>,
    /// The number of shared lanes.
    shared: usize,
    /// The lane with which the search for a free one starts, so that the lanes take turns.
    next_lane: usize,
    /// Until when renewals are spread over spare lanes, because streams reply slowly.
    spread_until: Timestamp,
    start_jitter: StartJitter,
    /// When the last reply to any renewal arrived.
    last_reply: Timestamp,
    /// When the last TTL query was answered.
    last_ttl_reply: Timestamp,
    /// The last error of a stream or of a TTL query; `None` after a reply.
    trouble: Option<String>,
    /// Why the last TTL query failed; `None` if it was answered.
    query_error: Option<CallError>,
    output: TurnOutput,
    /// Whether [`TurnOutput::changed`] is wanted.
    tracks_changes: bool,
    /// When the last sleep of the machine was noticed, and how long it was.
    last_sleep: Option<(Timestamp, Duration)>,
}

impl Scheduler {
    /// Creates a scheduler with `streams` shared lanes (at least one) and one more lane for suspects.
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
            timers: Timers::default(),
            ready: BTreeSet::new(),
            suspect_queue: VecDeque::new(),
            ttl_queries: VecDeque::new(),
            queries_in_flight: 0,
            shared: lanes.len() - 1,
            lanes,
            next_lane: 0,
            spread_until: Timestamp::START,
            start_jitter: StartJitter::default(),
            last_reply: Timestamp::START,
            last_ttl_reply: Timestamp::START,
            trouble: None,
            query_error: None,
            output: TurnOutput::default(),
            tracks_changes: true,
            last_sleep: None,
        }
    }

    /// The number of lanes, including the one for suspects. It grows when spare lanes are needed.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// The lane for suspects.
    fn suspect_lane(&self) -> usize {
        self.shared
    }

    /// The number of leases that are kept alive.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether no lease is kept alive.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The slot of a lease.
    pub fn slot(&self, id: LeaseId) -> Option<SlotId> {
        self.by_id.get(&id).copied()
    }

    /// Starts the keepalive of a lease of which only the id is known. The time left is read first. Has no effect if the
    /// lease is already kept alive. `pace` replaces the scheduler's own schedule.
    pub fn adopt(&mut self, now: Timestamp, id: LeaseId, pace: Option<RenewalSchedule>) -> SlotId {
        self.slot(id).unwrap_or_else(|| {
            let slot =
                self.insert(KeptLease::adopted(id, pace.unwrap_or(self.pace), now, now + self.timeouts.first_answer));
            self.route(slot, now, NextStep::QueryTtl);
            slot
        })
    }

    /// Starts the keepalive of a lease whose time left was read with a query sent at `sent`. Has no effect if the lease is
    /// already kept alive and the reply agrees with that; otherwise it was granted again with its id. `pace` replaces the
    /// scheduler's own schedule.
    pub fn adopt_read(
        &mut self,
        now: Timestamp,
        answer: &TimeToLive,
        sent: Timestamp,
        pace: Option<RenewalSchedule>,
    ) -> SlotId {
        let known = self.slot(answer.id);
        let former = known.and_then(|slot| self.get(slot));
        if let (Some(slot), Some(former)) = (known, former)
            && former.agrees_with(answer, sent, now)
        {
            return slot;
        }
        let pace = pace.or(former.map(|former| former.pace)).unwrap_or(self.pace);
        let mut kept = KeptLease::adopted(answer.id, pace, now, now + self.timeouts.first_answer);
        let step = kept.on_ttl_reply(sent, now, answer, &self.timeouts);
        let slot = self.put(known, kept);
        self.route(slot, now, step);
        slot
    }

    /// Starts the keepalive of a new lease of `ttl` seconds whose grant was sent at `granted`. It replaces a lease with the
    /// same id, which has ended: etcd grants no id that is in use. `pace` replaces the scheduler's own schedule.
    pub fn grant(
        &mut self,
        now: Timestamp,
        id: LeaseId,
        ttl: i64,
        granted: Timestamp,
        pace: Option<RenewalSchedule>,
    ) -> SlotId {
        let pace = pace.unwrap_or(self.pace);
        let due = self.start_jitter.first_due(pace, granted, now, kept_lease::seconds(ttl));
        let slot = self.put(self.slot(id), KeptLease::granted(id, pace, ttl, granted, due));
        self.route(slot, now, NextStep::Wait(due));
        slot
    }

    /// Why a lease ended that etcd no longer has at `now`.
    pub fn end_reason(&self, slot: SlotId, now: Timestamp) -> Option<Ended> {
        Some(self.get(slot)?.end_reason(now))
    }

    /// The leases that are kept alive.
    pub fn kept(&self) -> impl Iterator<Item = (SlotId, LeaseId)> {
        self.by_id.iter().map(|(id, slot)| (*slot, *id))
    }

    /// Ends the keepalive of a lease for an external reason.
    pub fn end(&mut self, slot: SlotId, ended: Ended) {
        self.route(slot, Timestamp::START, NextStep::End(ended));
    }

    /// Renews a lease now, if its next renewal is not due yet. Has no effect in any other phase.
    pub fn renew_now(&mut self, now: Timestamp, slot: SlotId) {
        if self.get(slot).is_some_and(|kept| kept.phase == Phase::Waiting) {
            self.on_timer(slot, now);
        }
    }

    /// Notes that the machine slept for this long, which the clock did not count. Leases that were not renewed since may have
    /// expired meanwhile.
    pub fn on_sleep(&mut self, now: Timestamp, slept: Duration) {
        self.last_sleep = Some((now, slept));
    }

    /// Handles a reply that arrived on a lane. If etcd cannot have sent it, ends the stream and returns what is wrong.
    pub fn on_renewal_reply(
        &mut self,
        now: Timestamp,
        lane: usize,
        generation: u32,
        id: LeaseId,
        ttl: i64,
        revision: i64,
    ) -> Option<String> {
        let is_newest = self.lanes[lane].generation == generation;
        let first = match self.lanes[lane].answered(generation, id, ttl)? {
            Ok(first) => first,
            Err(message) => {
                self.stream_ended(now, lane, generation, StreamEnd::Broken(message.clone()));
                return Some(message);
            }
        };
        self.trouble = None;
        self.last_reply = now;
        if is_newest {
            self.read_ahead_of_replies(lane);
            self.lanes[lane].pop(now);
        } else if self.lanes[lane].pop_older(generation, now) {
            self.output.actions.push(Action::Close { lane, generation });
        }
        if !self.drops_reply(first, now)
            && let Some((step, renewal)) =
                self.awaiting_reply(first).map(|kept| kept.on_renewal_reply(first.sent, now, ttl, revision))
        {
            if let Some(renewal) = renewal {
                self.emit(first.slot, id, Notice::Renewed(renewal));
            }
            self.route(first.slot, now, step);
        }
        if is_newest {
            self.spread_if_slow(now, lane);
        }
        self.retire_if_idle(lane);
        None
    }

    /// Handles the end of a stream of a lane: what was in flight on it is sent again.
    pub fn stream_ended(&mut self, now: Timestamp, lane: usize, generation: u32, end: StreamEnd) {
        let state = &mut self.lanes[lane];
        let mut in_flight = if let Some(in_flight) = state.take_older(generation) {
            in_flight
        } else if state.generation == generation && state.open {
            state.fail(now, &self.timeouts)
        } else {
            return;
        };
        self.output.actions.push(Action::Close { lane, generation });
        match end {
            // etcd replies in the order of the requests, so it denied the first one without a reply.
            StreamEnd::Forbidden(message) => {
                if let Some(first) = in_flight.pop_front()
                    && self.awaiting_reply(first).is_some()
                {
                    self.route(first.slot, now, NextStep::End(Ended::Forbidden { message }));
                }
            }
            StreamEnd::Broken(message) => self.trouble = Some(message),
        }
        for renewal in in_flight {
            self.requeue(now, renewal);
        }
    }

    /// Handles the reply to a TTL query sent at `sent`, or its error.
    pub fn on_ttl_reply(
        &mut self,
        now: Timestamp,
        slot: SlotId,
        id: LeaseId,
        sent: Timestamp,
        answer: Result<&TimeToLive, CallError>,
    ) {
        self.queries_in_flight -= 1;
        let timeouts = self.timeouts;
        if answer.is_ok() {
            self.last_ttl_reply = now;
        }
        // A reply that says nothing is a failed query, so that the reason of the end is known.
        let is_usable = |reply: &&TimeToLive| reply.ttl_status() != TtlStatus::Invalid;
        let answer = answer.and_then(|reply| Some(reply).filter(is_usable).ok_or_else(kept_lease::invalid_time_left));
        self.query_error = answer.as_ref().err().cloned();
        self.trouble = self.query_error.as_ref().map(CallError::to_string);
        let Some(kept) = self.get_mut(slot).filter(|kept| kept.id == id && kept.phase == Phase::Suspect) else {
            return;
        };
        let step = match answer {
            Ok(answer) => kept.on_ttl_reply(sent, now, answer, &timeouts),
            Err(error) => kept.on_failed_query(now, &error, &timeouts),
        };
        self.route(slot, now, step);
    }

    /// Ends the pauses before new streams, because another member may answer sooner. A lane without a stream then opens
    /// one as soon as a renewal is due.
    pub fn start_over(&mut self, now: Timestamp) {
        self.lanes.iter_mut().for_each(|lane| lane.start_over(now));
    }

    /// Whether renewals are due or in flight on a stream that failed, or whose reply is late.
    pub fn is_failing(&self) -> bool {
        self.lanes.iter().any(|lane| lane.is_failing() && !(lane.in_flight.is_empty() && self.ready.is_empty()))
    }

    /// Processes what is due, and returns everything that happened since the last turn.
    pub fn turn(&mut self, now: Timestamp) -> TurnOutput {
        for lane in &mut self.lanes {
            lane.note_late(now, &self.timeouts);
        }
        self.resend_stuck_lanes(now);
        self.close_spare_lanes(now);
        self.expire_timers(now);
        while self.ready.first().is_some_and(|(deadline, _)| *deadline <= now)
            && let Some((_, slot)) = self.ready.pop_first()
        {
            self.route(slot, now, NextStep::QueryTtl);
        }
        self.send(now);
        self.send_suspects(now);
        while self.queries_in_flight < MAX_TTL_QUERIES
            && let Some(slot) = self.ttl_queries.pop_front()
        {
            self.query_ttl(slot, now);
        }
        self.hand_out()
    }

    /// When the next turn is needed, unless an event happens before; `None` if no lease is kept alive.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let stuck = self.lanes.iter().filter_map(|lane| {
            let times = [lane.late_at(&self.timeouts), lane.resend_at(&self.timeouts)];
            times.into_iter().flatten().min()
        });
        let wanted = |lane| match lane {
            _ if lane < self.shared => !self.ready.is_empty(),
            _ if lane == self.suspect_lane() => !self.suspect_queue.is_empty(),
            _ => false,
        };
        let closed = self.lanes.iter().enumerate().filter(|(index, lane)| !lane.open && wanted(*index));
        let reopen = closed.map(|(_, lane)| lane.retry_at());
        let ready = self.ready.first().map(|(at, _)| *at);
        self.timers.first().into_iter().chain(ready).chain(stuck).chain(reopen).chain(self.spread_ends_at()).min()
    }

    /// Sets whether [`TurnOutput::changed`] lists anything from now on. Initially it does.
    pub fn track_changes(&mut self, tracks_changes: bool) {
        self.tracks_changes = tracks_changes;
    }

    /// Puts every lease into [`TurnOutput::changed`] of the next turn, changed or not. Has no effect while changes are not
    /// tracked.
    pub fn mark_all_changed(&mut self) {
        for slot in 0..self.slots.len() {
            self.mark_changed(SlotId::try_from(slot).unwrap_or(SlotId::MAX));
        }
    }

    /// The status of a lease, without its queue.
    pub fn status(&self, slot: SlotId) -> Option<LeaseStatus> {
        let kept = self.get(slot)?;
        let mut status = LeaseStatus::new(kept.id, kept.pace);
        kept.write(&mut status);
        Some(status)
    }

    /// Updates the status of a lease in place, except its queue. Has no effect on the status of another lease.
    pub fn write_status(&self, slot: SlotId, status: &mut LeaseStatus) {
        if let Some(kept) = self.get(slot)
            && kept.id == status.id
        {
            kept.write(status);
        }
    }
}

#[cfg(test)]
mod tests;
