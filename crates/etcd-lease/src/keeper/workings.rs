//! How the schedule does its turn: who goes where, and what becomes of a stream that fails.

use std::collections::VecDeque;

use super::kept::{Kept, Step};
use super::lane::InFlight;
use super::{Act, Keeper, News, Slot};
use crate::{Ended, LeaseId, Phase};
use simkit::Moment;

impl Keeper {
    pub(super) fn get(&self, slot: Slot) -> Option<&Kept> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Kept> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// The lease of a renewal in flight, if it still waits for just that answer.
    pub(super) fn in_flight(&mut self, renewal: InFlight) -> Option<&mut Kept> {
        self.get_mut(renewal.slot).filter(|kept| kept.phase == Phase::InFlight && kept.sent == renewal.sent)
    }

    pub(super) fn insert(&mut self, kept: Kept) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            Slot::try_from(self.slots.len() - 1).unwrap_or(Slot::MAX)
        });
        self.by_id.insert(kept.id, slot);
        self.slots[slot as usize] = Some(kept);
        slot
    }

    pub(super) fn tell(&mut self, slot: Slot, id: LeaseId, news: News) {
        self.outcome.news.push((slot, id, news));
    }

    /// Puts a lease where its next step wants it: the one place that changes a phase.
    pub(super) fn route(&mut self, slot: Slot, now: Moment, step: Step) {
        let limits = self.limits;
        let Some(kept) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        self.timers.remove(&(kept.timer, slot));
        self.ready.remove(&(kept.deadline, slot));
        let id = kept.id;
        match kept.drilled(now, step, &limits) {
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

    pub(super) fn bury(&mut self, slot: Slot, ended: Ended) {
        let Some(mut last) = self.status(slot) else { return };
        last.phase = Phase::Over;
        last.ended = Some(ended);
        self.slots[slot as usize] = None;
        self.by_id.remove(&last.id);
        self.free.push(slot);
        self.tell(slot, last.id, News::Ended(Box::new(last)));
    }

    /// The timer of a lease has run out.
    pub(super) fn fire(&mut self, slot: Slot, now: Moment) {
        let limits = self.limits;
        let trouble = self.trouble.clone();
        // While answers come in, a question that is still queued here is our own delay.
        let ours = trouble.is_none() && !self.asks.is_empty();
        self.miss_if_thrown_away(slot, now);
        let Some(kept) = self.get_mut(slot) else { return };
        let step = match kept.phase {
            Phase::InFlight => Step::Ask,
            Phase::Suspect if kept.is_held() && trouble.is_none() => Step::Ask,
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
    pub(super) fn send(&mut self, now: Moment) {
        let shared = self.lanes.len() - 1;
        while let Some(&(_, slot)) = self.ready.first() {
            let lane = (0..shared).map(|step| (self.turn + step) % shared);
            let Some(lane) = lane.into_iter().find(|lane| self.lanes[*lane].takes(now, &self.limits)) else { return };
            self.turn = lane + 1;
            self.ready.pop_first();
            self.send_on(lane, slot, now);
        }
    }

    pub(super) fn send_apart(&mut self, now: Moment) {
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

    pub(super) fn send_on(&mut self, lane: usize, slot: Slot, now: Moment) {
        let Some(kept) = self.get_mut(slot) else { return };
        kept.sent(now);
        kept.lane = Some(lane);
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
    pub(super) fn give_up_stuck_lanes(&mut self, now: Moment) {
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

    pub(super) fn requeue(&mut self, now: Moment, line: VecDeque<InFlight>) {
        for renewal in line {
            if let Some(step) = self.in_flight(renewal).map(|kept| kept.unanswered(now)) {
                self.route(renewal.slot, now, step);
            }
        }
    }

    pub(super) fn retire_if_idle(&mut self, lane: usize) {
        if self.lanes[lane].retiring && self.lanes[lane].line.is_empty() {
            self.lanes[lane].close();
            self.outcome.acts.push(Act::Close { lane });
        }
    }
}
