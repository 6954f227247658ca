//! What a drill changes: a held sender sends nothing, answers to be dropped count as lost.

use super::kept::{Kept, Step};
use super::lane::InFlight;
use super::{Keeper, Limits, News, Slot};
use crate::{Drill, Phase};
use simkit::Moment;

impl Keeper {
    /// Begins a drill on a lease, or ends the one that there is. [`Drill::CutStream`] is not kept: it is the end of a
    /// stream, see [`Keeper::stream_of`].
    pub fn drill(&mut self, now: Moment, slot: Slot, drill: Option<Drill>) {
        let Some(kept) = self.get_mut(slot) else { return };
        kept.drill = drill.filter(|drill| *drill != Drill::CutStream);
        let (id, phase, due) = (kept.id, kept.phase, kept.due);
        self.tell(slot, id, News::Moved);
        match phase {
            // It may be in a queue, and must leave it.
            Phase::Due => self.route(slot, now, Step::Send),
            // It was held beyond its time.
            Phase::Waiting if due <= now => self.fire(slot, now),
            Phase::Suspect if drill.is_none() => self.route(slot, now, Step::Ask),
            _ => (),
        }
    }

    /// The open stream that a lease was renewed on last: its lane, and which of the lane's streams it is.
    pub fn stream_of(&self, slot: Slot) -> Option<(usize, u32)> {
        let lane = self.get(slot)?.lane?;
        self.lanes[lane].open.then(|| (lane, self.lanes[lane].generation))
    }

    /// Whether the answer to a renewal is dropped by a drill. Then it is waited for as if it were still to come.
    pub(super) fn is_thrown_away(&mut self, renewal: InFlight, now: Moment) -> bool {
        let limits = self.limits;
        let Some(kept) = self.in_flight(renewal) else { return false };
        let Some(Drill::DropAnswers { left }) = kept.drill else { return false };
        kept.drill = left.checked_sub(1).filter(|left| *left > 0).map(|left| Drill::DropAnswers { left });
        kept.timer = (kept.sent + limits.answer).max(now);
        let (id, timer) = (kept.id, kept.timer);
        self.timers.insert((timer, renewal.slot));
        self.tell(renewal.slot, id, News::Moved);
        true
    }

    /// Tells of a renewal that was waited for long enough after its answer was dropped.
    pub(super) fn miss_if_thrown_away(&mut self, slot: Slot, now: Moment) {
        let Some(kept) = self.get(slot).filter(|kept| kept.phase == Phase::InFlight) else { return };
        let (id, waited) = (kept.id, now.since(kept.sent));
        self.tell(slot, id, News::Missed { waited });
    }
}

impl Kept {
    /// Whether nothing may be sent for it.
    pub(super) fn is_held(&self) -> bool {
        self.drill == Some(Drill::HoldSender)
    }

    /// The step that a drill makes of it: what is held waits for its deadline, and then for a word about its end.
    pub(super) fn drilled(&self, now: Moment, step: Step, limits: &Limits) -> Step {
        match step {
            Step::Send | Step::SendApart if self.is_held() && now < self.deadline => Step::Wait(self.deadline),
            Step::Send | Step::SendApart if self.is_held() => Step::Wait(now + limits.ask_again),
            step => step,
        }
    }
}
