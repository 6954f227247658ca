//! The steps of a turn: how leases move between the queues, and what follows from a failed stream.

use std::collections::VecDeque;

use super::Scheduler;
use super::io::{Action, Notice, SlotId, TurnOutput};
use super::kept_lease::{KeptLease, NextStep};
use super::stream_state::InFlight;
use crate::{Ended, LeaseId, Phase};
use simkit::Timestamp;

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

    pub(super) fn insert(&mut self, kept: KeptLease) -> SlotId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            SlotId::try_from(self.slots.len() - 1).unwrap_or(SlotId::MAX)
        });
        self.by_id.insert(kept.id, slot);
        self.slots[slot as usize] = Some(kept);
        slot
    }

    pub(super) fn emit(&mut self, slot: SlotId, id: LeaseId, notice: Notice) {
        self.output.notices.push((slot, id, notice));
    }

    /// Puts a lease into [`TurnOutput::changed`] of the next turn.
    pub fn mark_changed(&mut self, slot: SlotId) {
        if let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut)
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

    /// Moves a lease to where its next step belongs. This is the only place that changes a phase, except for sending.
    pub(super) fn route(&mut self, slot: SlotId, now: Timestamp, step: NextStep) {
        let timeouts = self.timeouts;
        let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        self.timers.remove(&(kept.timer, slot));
        self.ready.remove(&(kept.deadline, slot));
        match kept.with_fault(now, step, &timeouts) {
            NextStep::Wait(until) => {
                if kept.phase != Phase::Suspect {
                    kept.phase = Phase::Waiting;
                }
                kept.timer = until;
                self.timers.insert((until, slot));
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
                kept.timer = kept.give_up(&timeouts).max(now + timeouts.grace);
                self.timers.insert((kept.timer, slot));
                self.ttl_queries.push_back(slot);
            }
            NextStep::End(ended) => return self.record_end(slot, ended),
        }
        self.mark_changed(slot);
    }

    pub(super) fn record_end(&mut self, slot: SlotId, ended: Ended) {
        let Some(mut last) = self.status(slot) else { return };
        last.phase = Phase::Over;
        last.ended = Some(ended);
        self.slots[slot as usize] = None;
        self.by_id.remove(&last.id);
        self.freed.push(slot);
        self.emit(slot, last.id, Notice::Ended(Box::new(last)));
    }

    /// The timer of a lease has expired.
    pub(super) fn on_timer(&mut self, slot: SlotId, now: Timestamp) {
        let timeouts = self.timeouts;
        let trouble = self.trouble.clone();
        let query_error = self.query_error.clone();
        // While replies arrive, a query that is still queued is delayed by us and not by etcd.
        let is_own_delay = trouble.is_none() && !self.ttl_queries.is_empty();
        self.report_dropped_reply(slot, now);
        let Some(kept) = self.get_mut(slot) else { return };
        let step = match kept.phase {
            Phase::InFlight => NextStep::QueryTtl,
            Phase::Suspect if kept.is_held() && trouble.is_none() => NextStep::QueryTtl,
            Phase::Suspect if now < kept.give_up(&timeouts) => NextStep::QueryTtl,
            Phase::Suspect if is_own_delay => NextStep::Wait(now + timeouts.query_retry_interval),
            Phase::Suspect => kept.gave_up(trouble, query_error.as_ref()),
            _ => {
                kept.due = kept.due.min(now);
                kept.due(now)
            }
        };
        self.route(slot, now, step);
    }

    /// Sends due renewals, the earliest deadline first. The lanes take turns.
    pub(super) fn send(&mut self, now: Timestamp) {
        let shared = self.lanes.len() - 1;
        while let Some(&(_, slot)) = self.ready.first() {
            let lane = (0..shared).map(|step| (self.next_lane + step) % shared);
            let Some(lane) = lane.into_iter().find(|lane| self.lanes[*lane].can_accept(now, &self.timeouts)) else {
                return;
            };
            self.next_lane = lane + 1;
            self.ready.pop_first();
            self.send_on(lane, slot, now);
        }
    }

    pub(super) fn send_suspects(&mut self, now: Timestamp) {
        let lane = self.lanes.len() - 1;
        while self.lanes[lane].can_accept(now, &self.timeouts)
            && let Some((slot, asked)) = self.suspect_queue.pop_front()
        {
            if !self.get(slot).is_some_and(|kept| kept.phase == Phase::Due) {
                continue;
            }
            // The reply is too old, so the time left is read again.
            if now.since(asked) > self.timeouts.head {
                self.route(slot, now, NextStep::QueryTtl);
            } else {
                self.send_on(lane, slot, now);
            }
        }
    }

    pub(super) fn send_on(&mut self, lane: usize, slot: SlotId, now: Timestamp) {
        let Some(kept) = self.get_mut(slot) else { return };
        kept.sent(now);
        kept.lane = Some(lane);
        let id = kept.id;
        if !self.lanes[lane].open {
            self.lanes[lane].open = true;
            self.output.actions.push(Action::Open { lane, generation: self.lanes[lane].generation });
        }
        self.lanes[lane].push(InFlight { slot, id, sent: now });
        self.output.actions.push(Action::Send { lane, id });
        self.mark_changed(slot);
    }

    /// Closes every stream that timed out. Its first renewal becomes a suspect; the others are sent again.
    pub(super) fn give_up_stuck_lanes(&mut self, now: Timestamp) {
        for lane in 0..self.lanes.len() {
            if self.lanes[lane].overdue_at(&self.timeouts).is_none_or(|at| at > now) {
                continue;
            }
            let waited = self.lanes[lane].waited(now);
            let mut in_flight = self.lanes[lane].give_up(now, &self.timeouts);
            self.output.actions.push(Action::Close { lane });
            if let Some(first) = in_flight.pop_front()
                && let Some(id) = self.in_flight(first).map(|kept| kept.id)
            {
                self.emit(first.slot, id, Notice::Missed { waited });
                self.route(first.slot, now, NextStep::QueryTtl);
            }
            self.requeue(now, in_flight);
        }
    }

    pub(super) fn requeue(&mut self, now: Timestamp, in_flight: VecDeque<InFlight>) {
        for renewal in in_flight {
            if let Some(step) = self.in_flight(renewal).map(|kept| kept.on_stream_lost(now)) {
                self.route(renewal.slot, now, step);
            }
        }
    }

    pub(super) fn retire_if_idle(&mut self, lane: usize) {
        if self.lanes[lane].retiring && self.lanes[lane].in_flight.is_empty() {
            self.lanes[lane].close();
            self.output.actions.push(Action::Close { lane });
        }
    }
}
