//! What follows from a stream that failed, got no reply in time, or is no longer the best: renewals are sent again.

use super::Scheduler;
use super::io::{Action, Notice};
use super::kept_lease::NextStep;
use super::stream_state::InFlight;
use simkit::Timestamp;

impl Scheduler {
    /// Sends the renewals of each stream that did not reply in time on another stream as well.
    pub(super) fn resend_stuck_lanes(&mut self, now: Timestamp) {
        for lane in 0..self.lanes.len() {
            if self.lanes[lane].resend_at(&self.timeouts).is_none_or(|at| at > now) {
                continue;
            }
            let waited = self.lanes[lane].waited(now);
            if let Some(first) = self.lanes[lane].in_flight.front().copied()
                && let Some(id) = self.in_flight(first).map(|kept| kept.id)
            {
                self.emit(first.slot, id, Notice::Missed { waited });
                self.doubt(first, now);
            }
            self.lanes[lane].unanswered += 1;
            self.resend(lane, now);
        }
    }

    /// Makes the first lease of a stream without a reply a suspect if it may have expired, or if it was first in such a
    /// stream before and another stream replied since. Otherwise the member is at fault.
    fn doubt(&mut self, first: InFlight, now: Timestamp) {
        let last_reply = self.last_reply;
        let Some(kept) = self.in_flight(first) else { return };
        let is_suspect = now >= kept.deadline || (kept.is_stuck && last_reply > kept.sent);
        kept.is_stuck = true;
        if is_suspect {
            self.route(first.slot, now, NextStep::QueryTtl);
        }
    }

    /// Sends what is in flight on a lane again, on its next stream. The older streams stay open, because one of them
    /// may reply first.
    fn resend(&mut self, lane: usize, now: Timestamp) {
        for renewal in self.replace_stream(lane) {
            self.send_again(lane, renewal, now);
        }
    }

    /// Makes the newest stream of a lane an older one; that of suspects is closed. Returns what was in flight on it.
    pub(super) fn replace_stream(&mut self, lane: usize) -> Vec<InFlight> {
        let is_suspect_lane = lane == self.suspect_lane();
        let state = &mut self.lanes[lane];
        let generation = state.generation;
        let in_flight = state.close();
        let to_send = in_flight.iter().copied().collect();
        let closed = if is_suspect_lane { Some(generation) } else { state.keep_older(generation, in_flight) };
        if let Some(generation) = closed {
            self.output.actions.push(Action::Close { lane, generation });
        }
        to_send
    }

    /// Handles a better path to the leader, such as a new leader: what still waits on this lane is sent again, on a new
    /// stream. Without anything in flight the stream is closed.
    pub fn resend_on_new_path(&mut self, now: Timestamp, lane: usize) {
        self.lanes[lane].start_over(now);
        if self.lanes[lane].in_flight.is_empty() {
            self.lanes[lane].retiring = self.lanes[lane].open;
            self.retire_if_idle(lane);
        } else {
            self.resend(lane, now);
        }
    }

    /// Sends a renewal again on the newest stream of its lane, because other lanes may use the same silent connection.
    /// If the lease may have expired or is held back, it is queued again instead.
    fn send_again(&mut self, lane: usize, renewal: InFlight, now: Timestamp) {
        match self.in_flight(renewal) {
            Some(kept) if now < kept.deadline && !kept.is_held() => {
                self.send_on(lane, renewal.slot, now);
            }
            _ => self.requeue(now, renewal),
        }
    }

    /// Makes the lease of a renewal due again, unless it no longer waits for the reply.
    pub(super) fn requeue(&mut self, now: Timestamp, renewal: InFlight) {
        if let Some(step) = self.in_flight(renewal).map(|kept| kept.step_when_due(now)) {
            self.route(renewal.slot, now, step);
        }
    }

    /// Closes the older streams of a lane if the newest one has replied to everything, and the newest one too if the
    /// lane is retiring.
    pub(super) fn retire_if_idle(&mut self, lane: usize) {
        if !self.lanes[lane].open || !self.lanes[lane].in_flight.is_empty() {
            return;
        }
        self.close_older(lane);
        if self.lanes[lane].retiring {
            let generation = self.lanes[lane].generation;
            self.lanes[lane].close();
            self.output.actions.push(Action::Close { lane, generation });
        }
    }

    /// Closes the older streams of a lane. Their renewals were sent again.
    pub(super) fn close_older(&mut self, lane: usize) {
        let close = |generation| Action::Close { lane, generation };
        self.output.actions.extend(self.lanes[lane].drop_older().map(close));
    }
}
