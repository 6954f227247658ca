//! Fault drills: renewals that are held back, and replies that count as lost.

use super::Scheduler;
use super::io::{Notice, SlotId, Timeouts};
use super::kept_lease::{KeptLease, NextStep};
use super::stream_state::InFlight;
use crate::{Fault, Phase};
use simkit::Timestamp;

impl Scheduler {
    /// Starts a fault on a lease, or ends the current one. A [`Fault::CutStream`] is not passed here: it is the end of a
    /// stream, see [`Scheduler::stream_of`].
    pub fn set_fault(&mut self, now: Timestamp, slot: SlotId, fault: Option<Fault>) {
        let Some(kept) = self.get_mut(slot) else { return };
        kept.drill = fault.map(Box::new);
        let (phase, due) = (kept.phase, kept.due);
        self.mark_changed(slot);
        match phase {
            // It may be in a queue and must be removed from it.
            Phase::Due => self.route(slot, now, NextStep::Send),
            // It was held back until after its due time.
            Phase::Waiting if due <= now => self.on_timer(slot, now),
            // Its query may have been put off while renewals were held back.
            Phase::Suspect if fault.is_none() => self.route(slot, now, NextStep::QueryTtl),
            _ => (),
        }
    }

    /// The lane on which a lease was renewed last, and the generation of its newest stream; `None` if that is not open.
    pub fn stream_of(&self, slot: SlotId) -> Option<(usize, u32)> {
        let lane = self.get(slot)?.lane()?;
        if !self.lanes[lane].open {
            return None;
        }
        Some((lane, self.lanes[lane].generation))
    }

    /// Drops the reply to a renewal if a drill demands it, and returns whether it did. The lease then waits for a reply
    /// until a timeout.
    pub(super) fn drops_reply(&mut self, renewal: InFlight, now: Timestamp) -> bool {
        let timeouts = self.timeouts;
        let Some(kept) = self.in_flight(renewal) else { return false };
        let Some(Fault::DropReplies { left }) = kept.drill.as_deref().copied() else { return false };
        kept.drill = if left > 1 { Some(Box::new(Fault::DropReplies { left: left - 1 })) } else { None };
        let timer = (kept.sent + timeouts.answer).max(now);
        self.set_timer(renewal.slot, timer);
        self.mark_changed(renewal.slot);
        true
    }

    /// Reports a renewal as missed, if its reply was dropped by a drill and the timeout has passed.
    pub(super) fn report_dropped_reply(&mut self, slot: SlotId, now: Timestamp) {
        let Some(kept) = self.get(slot).filter(|kept| kept.phase == Phase::InFlight) else { return };
        let (id, waited) = (kept.id, now.since(kept.sent));
        self.emit(slot, id, Notice::Missed { waited });
    }
}

impl KeptLease {
    /// Whether its renewals are held back.
    pub(super) fn is_held(&self) -> bool {
        self.drill.as_deref() == Some(&Fault::HoldSender)
    }

    /// Replaces a step that sends while renewals are held back: the lease waits for its deadline, and then until etcd
    /// reports its end.
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
