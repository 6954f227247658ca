//! The steps of a turn: how leases move between the queues.

use super::Scheduler;
use super::io::{Action, Notice, SlotId, TurnOutput};
use super::kept_lease::{self, KeptLease, NextStep};
use super::stream_state::InFlight;
use super::timers::NO_TIMER;
use crate::{Ended, LeaseId, LeaseStatus, Phase};
use simkit::Timestamp;

/// Number of records that are read before the first of them is needed. The processor then waits for memory once for all of
/// them.
const READ_AHEAD: usize = 32;

impl Scheduler {
    pub(super) fn get(&self, slot: SlotId) -> Option<&KeptLease> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: SlotId) -> Option<&mut KeptLease> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// The lease of a renewal in flight, if it still waits for that reply.
    pub(super) fn in_flight(&mut self, renewal: InFlight) -> Option<&mut KeptLease> {
        self.get_mut(renewal.slot).filter(|kept| kept.phase == Phase::InFlight && kept.sent == renewal.sent)
    }

    /// The lease of a renewal, unless it has its reply already. Takes the lease out of the due ones, so the caller must
    /// route it.
    pub(super) fn awaiting_reply(&mut self, renewal: InFlight) -> Option<&mut KeptLease> {
        let kept = self.slots.get_mut(renewal.slot as usize)?.as_mut()?;
        if kept.id != renewal.id || kept.phase == Phase::Waiting {
            return None;
        }
        if kept.phase == Phase::Due {
            // The reply changes the deadline, which is the key there.
            self.ready.remove(&(kept.deadline, renewal.slot));
        }
        Some(kept)
    }

    /// Reads the records of the next slots.
    fn read_ahead(&self, slots: impl Iterator<Item = SlotId>) {
        slots.take(READ_AHEAD).filter_map(|slot| self.get(slot)).for_each(KeptLease::read);
    }

    /// Reads the records of the next renewals that a lane will have replies to, each time after as many replies.
    pub(super) fn read_ahead_of_replies(&self, lane: usize) {
        let in_flight = &self.lanes[lane].in_flight;
        if in_flight.len().is_multiple_of(READ_AHEAD) {
            self.read_ahead(in_flight.iter().map(|renewal| renewal.slot));
        }
    }

    pub(super) fn insert(&mut self, kept: KeptLease) -> SlotId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            SlotId::try_from(self.slots.len() - 1).unwrap_or(SlotId::MAX)
        });
        self.by_id.insert(kept.id, slot);
        self.slots[slot as usize] = Some(kept);
        slot
    }

    /// Stores a record in the slot of an earlier lease with the same id, or in a new one. The caller must route it.
    pub(super) fn put(&mut self, known: Option<SlotId>, kept: KeptLease) -> SlotId {
        match known {
            Some(slot) => {
                self.replace(slot, kept);
                slot
            }
            None => self.insert(kept),
        }
    }

    /// Replaces the record of a lease by that of a new lease with the same id. The caller must route it.
    fn replace(&mut self, slot: SlotId, new: KeptLease) {
        self.clear_timer(slot);
        self.forget_in_flight(slot);
        let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        if kept.phase == Phase::Due {
            self.ready.remove(&(kept.deadline, slot));
        }
        let is_changed = kept.is_changed;
        *kept = new;
        kept.is_changed = is_changed;
    }

    /// Detaches a slot from its renewals in flight. Their replies are about an earlier lease.
    fn forget_in_flight(&mut self, slot: SlotId) {
        self.lanes.iter_mut().for_each(|lane| lane.forget(slot));
    }

    pub(super) fn emit(&mut self, slot: SlotId, id: LeaseId, notice: Notice) {
        self.output.notices.push((slot, id, notice));
    }

    /// Puts a lease into [`TurnOutput::changed`] of the next turn. Has no effect while changes are not tracked.
    pub fn mark_changed(&mut self, slot: SlotId) {
        if self.tracks_changes
            && let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut)
            && !kept.is_changed
        {
            kept.is_changed = true;
            self.output.changed.push(slot);
        }
    }

    /// Returns the output, and frees the slots of the leases that have ended.
    pub(super) fn hand_out(&mut self) -> TurnOutput {
        let mut output = std::mem::take(&mut self.output);
        output.changed.retain(|slot| match &mut self.slots[*slot as usize] {
            Some(kept) => std::mem::take(&mut kept.is_changed),
            None => false,
        });
        // Only now, so that the slots in this output still belong to these leases.
        self.free.append(&mut self.freed);
        output
    }

    /// Takes the memory of an output that was processed, for the next one.
    pub fn reuse(&mut self, mut output: TurnOutput) {
        /// Maximum capacity that is kept. More was needed because many leases changed or ended at once.
        const KEPT: usize = 4_096;
        let is_small = output.notices.capacity().max(output.changed.capacity()) <= KEPT;
        if is_small && self.output.is_empty() {
            output.clear();
            self.output = output;
        }
    }

    /// Puts a lease into the queue of its next step, or ends its keepalive. Besides this, only sending and a reply
    /// change a phase.
    pub(super) fn route(&mut self, slot: SlotId, now: Timestamp, step: NextStep) {
        let timeouts = self.timeouts;
        self.clear_timer(slot);
        let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        if kept.phase == Phase::Due {
            self.ready.remove(&(kept.deadline, slot));
        }
        match kept.with_fault(now, step, &timeouts) {
            NextStep::Wait(until) => {
                if kept.phase != Phase::Suspect {
                    kept.phase = Phase::Waiting;
                }
                kept.timer = until;
                kept.place = self.timers.insert(until, slot);
            }
            NextStep::Send => {
                kept.phase = Phase::Due;
                self.ready.insert((kept.deadline, slot));
            }
            NextStep::SendAsSuspect => {
                kept.phase = Phase::Due;
                self.suspect_queue.push_back((slot, now));
            }
            NextStep::QueryTtl => {
                kept.phase = Phase::Suspect;
                kept.timer = kept.give_up_at(&timeouts).max(now + timeouts.grace);
                kept.place = self.timers.insert(kept.timer, slot);
                if !std::mem::replace(&mut kept.is_queued, true) {
                    self.ttl_queries.push_back(slot);
                }
            }
            NextStep::End(ended) => self.record_end(slot, ended),
        }
        // Has no effect on a lease that has just ended: its last status is in the notice.
        self.mark_changed(slot);
    }

    /// Sets the timer of a lease, and clears the one that it has.
    pub(super) fn set_timer(&mut self, slot: SlotId, at: Timestamp) {
        self.clear_timer(slot);
        if let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) {
            kept.timer = at;
            kept.place = self.timers.insert(at, slot);
        }
    }

    fn clear_timer(&mut self, slot: SlotId) {
        let Some(kept) = self.get_mut(slot).filter(|kept| kept.place != NO_TIMER) else { return };
        let place = std::mem::replace(&mut kept.place, NO_TIMER);
        let at = kept.timer;
        if let Some(moved) = self.timers.remove(at, place)
            && let Some(kept) = self.get_mut(moved)
        {
            kept.place = place;
        }
    }

    /// Handles the timers that have expired.
    pub(super) fn expire_timers(&mut self, now: Timestamp) {
        while let Some(slots) = self.timers.pop_due(now) {
            for group in slots.chunks(READ_AHEAD) {
                for slot in group {
                    if let Some(kept) = self.get_mut(*slot) {
                        kept.place = NO_TIMER;
                    }
                }
                group.iter().for_each(|slot| self.on_timer(*slot, now));
            }
        }
    }

    /// Forgets a lease whose keepalive ended, and emits its last status.
    fn record_end(&mut self, slot: SlotId, ended: Ended) {
        let Some(mut last) = self.status(slot) else { return };
        self.forget_in_flight(slot);
        last.phase = Phase::Over;
        let reason = if self.has_expired_asleep(&last, &ended) { Ended::Expired } else { ended };
        last.ended = Some(reason.clone());
        self.slots[slot as usize] = None;
        self.by_id.remove(&last.id);
        self.freed.push(slot);
        self.emit(slot, last.id, Notice::Ended(reason, Box::new(last)));
    }

    /// Whether a lease that etcd no longer has was not renewed since a sleep of the machine that was longer than its time
    /// left.
    fn has_expired_asleep(&self, last: &LeaseStatus, ended: &Ended) -> bool {
        let (Some((noticed, slept)), Some(deadline)) = (self.last_sleep, last.deadline) else { return false };
        let is_renewed_since = last.last_answer.is_some_and(|at| at >= noticed);
        *ended == Ended::NotFound && !is_renewed_since && deadline.before(slept) <= noticed
    }

    /// Takes the next step of a lease whose timer has expired, or that is to be renewed now.
    pub(super) fn on_timer(&mut self, slot: SlotId, now: Timestamp) {
        self.report_dropped_reply(slot, now);
        let Some(kept) = self.get_mut(slot) else { return };
        let step = match kept.phase {
            Phase::InFlight => NextStep::QueryTtl,
            Phase::Suspect => self.after_late_query(slot, now),
            _ => {
                kept.due = kept.due.min(now);
                kept.step_when_due(now)
            }
        };
        self.route(slot, now, step);
    }

    /// The step of a suspect whose TTL query was not answered in time.
    fn after_late_query(&self, slot: SlotId, now: Timestamp) -> NextStep {
        let Some(kept) = self.get(slot) else { return NextStep::QueryTtl };
        let timeouts = self.timeouts;
        // While replies arrive, a query that is still queued is delayed by us and not by etcd. One error among them is no end.
        let is_replying = self.trouble.is_none() || now < self.last_ttl_reply + timeouts.first_answer;
        let is_own_delay = kept.is_queued && is_replying;
        if kept.is_held() && self.trouble.is_none() || now < kept.give_up_at(&timeouts) {
            NextStep::QueryTtl
        } else if is_own_delay {
            NextStep::Wait(now + timeouts.grace)
        } else {
            kept.end_unanswered(self.trouble.clone(), self.query_error.as_ref())
        }
    }

    /// Sends due renewals, the earliest deadline first. The lanes take turns.
    pub(super) fn send(&mut self, now: Timestamp) {
        let mut are_read = 0;
        while let Some(&(_, slot)) = self.ready.first() {
            let Some(lane) = self.free_lane(now) else { return };
            self.next_lane = lane + 1;
            if are_read == 0 {
                self.read_ahead(self.ready.iter().map(|(_, slot)| *slot));
                are_read = READ_AHEAD;
            }
            are_read -= 1;
            self.ready.pop_first();
            self.send_on(lane, slot, now);
        }
    }

    pub(super) fn send_suspects(&mut self, now: Timestamp) {
        let lane = self.suspect_lane();
        while self.lanes[lane].can_accept(now, &self.timeouts)
            && let Some((slot, queued)) = self.suspect_queue.pop_front()
        {
            let Some(kept) = self.get(slot).filter(|kept| kept.phase == Phase::Due) else { continue };
            // A new lease may have got the slot of the suspect.
            let deadline = kept.deadline;
            self.ready.remove(&(deadline, slot));
            // The reply to the TTL query is too old, so the time left is read again.
            if now.since(queued) > self.timeouts.head {
                self.route(slot, now, NextStep::QueryTtl);
            } else {
                self.send_on(lane, slot, now);
            }
        }
    }

    /// Asks for the time left of a suspect.
    pub(super) fn query_ttl(&mut self, slot: SlotId, now: Timestamp) {
        let timeouts = self.timeouts;
        let Some(kept) = self.get_mut(slot) else { return };
        if !std::mem::take(&mut kept.is_queued) || kept.phase != Phase::Suspect {
            return;
        }
        let (id, wait_until) = (kept.id, kept.on_asked(now, &timeouts));
        self.set_timer(slot, wait_until);
        self.queries_in_flight += 1;
        self.output.actions.push(Action::QueryTtl { slot, id });
    }

    pub(super) fn send_on(&mut self, lane: usize, slot: SlotId, now: Timestamp) {
        let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        kept.on_sent(now, lane);
        // Without a known TTL, one that allows the longest wait: `Timeouts::resend` is a tenth of the TTL.
        let (id, ttl) = (kept.id, kept.ttl().map_or(self.timeouts.answer * 10, kept_lease::seconds));
        let state = &mut self.lanes[lane];
        if !state.open {
            state.open = true;
            let (generation, unanswered) = (state.generation, state.unanswered);
            self.output.actions.push(Action::Open { lane, generation, unanswered });
        }
        state.push(InFlight { slot, id, sent: now }, ttl);
        self.output.actions.push(Action::Send { lane, id });
        self.mark_changed(slot);
    }
}
