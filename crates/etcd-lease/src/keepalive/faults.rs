//! What a drill changes: a held sender sends nothing, answers to be dropped count as lost.

use super::kept_lease::{KeptLease, NextStep};
use super::stream_state::InFlight;
use super::{Notice, Scheduler, SlotId, Timeouts};
use crate::Fault;
use crate::Phase;
use simkit::Timestamp;

impl Scheduler {
    /// Begins a drill on a lease, or ends the one that there is. [`Fault::CutStream`] is not kept: it is the end of a
    /// stream, see [`Scheduler::stream_of`].
    pub fn set_fault(&mut self, now: Timestamp, slot: SlotId, drill: Option<Fault>) {
        let Some(kept) = self.get_mut(slot) else { return };
        kept.drill = drill.filter(|drill| *drill != Fault::CutStream);
        let (phase, due) = (kept.phase, kept.due);
        self.mark_changed(slot);
        match phase {
            // It may be in a queue, and must leave it.
            Phase::Due => self.route(slot, now, NextStep::Send),
            // It was held beyond its time.
            Phase::Waiting if due <= now => self.on_timer(slot, now),
            Phase::Suspect if drill.is_none() => self.route(slot, now, NextStep::QueryTtl),
            _ => (),
        }
    }

    /// The open stream that a lease was renewed on last: its lane, and which of the lane's streams it is.
    pub fn stream_of(&self, slot: SlotId) -> Option<(usize, u32)> {
        let lane = self.get(slot)?.lane?;
        self.lanes[lane].open.then(|| (lane, self.lanes[lane].generation))
    }

    /// Whether the answer to a renewal is dropped by a drill. Then it is waited for as if it were still to come.
    pub(super) fn drops_reply(&mut self, renewal: InFlight, now: Timestamp) -> bool {
        let timeouts = self.timeouts;
        let Some(kept) = self.in_flight(renewal) else { return false };
        let Some(Fault::DropReplies { left }) = kept.drill else { return false };
        kept.drill = left.checked_sub(1).filter(|left| *left > 0).map(|left| Fault::DropReplies { left });
        kept.timer = (kept.sent + timeouts.answer).max(now);
        let timer = kept.timer;
        self.timers.insert((timer, renewal.slot));
        self.mark_changed(renewal.slot);
        true
    }

    /// Tells of a renewal that was waited for long enough after its answer was dropped.
    pub(super) fn report_dropped_reply(&mut self, slot: SlotId, now: Timestamp) {
        let Some(kept) = self.get(slot).filter(|kept| kept.phase == Phase::InFlight) else { return };
        let (id, waited) = (kept.id, now.since(kept.sent));
        self.emit(slot, id, Notice::Missed { waited });
    }
}

impl KeptLease {
    /// Whether nothing may be sent for it.
    pub(super) fn is_held(&self) -> bool {
        self.drill == Some(Fault::HoldSender)
    }

    /// The step that a drill makes of it: what is held waits for its deadline, and then for a word about its end.
    pub(super) fn with_fault(&self, now: Timestamp, step: NextStep, timeouts: &Timeouts) -> NextStep {
        match step {
            NextStep::Send | NextStep::SendAsSuspect if self.is_held() && now < self.deadline => {
                NextStep::Wait(self.deadline)
            }
            NextStep::Send | NextStep::SendAsSuspect if self.is_held() => {
                NextStep::Wait(now + timeouts.query_retry_interval)
            }
            step => step,
        }
    }
}
