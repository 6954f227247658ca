//! The poll plan: what is asked when, within a budget.
//!
//! Time to live is asked for the rows that can be seen about once a second, each at the moment at which the answer tells most; what is left of the
//! budget goes to the leases out of sight, the most endangered first and then the longest unasked; one with minutes left
//! is asked less often, since nothing of it can be seen but its row. No lease is asked twice at a time.

use std::collections::VecDeque;
use std::time::Duration;

use super::dialog::Dialog;
use super::{Lease, Model};
use crate::domain::{LeaseId, Moment};

const SECOND: Duration = Duration::from_secs(1);
/// The budget is spent in slots of this length, so that it holds for each second and not only on the mean.
const SLOT: Duration = Duration::from_millis(50);
/// A doubt below this is not worth a question at its own moment.
const SHARP: Duration = Duration::from_millis(50);
/// For how long a lease out of sight with much time left is let alone.
const CALM: Duration = Duration::from_secs(10);
/// A lease out of sight with less left than this is asked before the others.
const SOON: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Polls {
    /// The slot that is being spent, counted from the clock's start.
    slot: Option<u64>,
    /// What is left of it.
    left: u32,
    /// Leases out of sight, in the order in which they are to be asked.
    queue: VecDeque<LeaseId>,
    /// When the queue is made anew.
    refill: Moment,
}

/// Whether the keys are to be asked for too: of a lease that is looked at, where not all keys are followed.
pub(super) fn wants_keys(model: &Model, id: LeaseId) -> bool {
    let is_looked_at =
        model.cursor == Some(id) && model.shows_detail() || model.dialog.as_ref().and_then(Dialog::lease) == Some(id);
    is_looked_at && !model.follows_all_keys()
}

/// When a lease is asked next, after an answer that was asked for at `asked`.
pub(super) fn next_due(lease: &Lease, asked: Moment) -> Moment {
    match lease.bounds {
        Some(bounds) if bounds.doubt() > SHARP => bounds.best_ask(asked + SECOND * 3 / 4),
        _ => asked + SECOND,
    }
}

/// The leases to be asked now; they count as asked.
pub(super) fn take(model: &mut Model, now: Moment) -> Vec<LeaseId> {
    open_slot(model, now);
    let mut ids = due_in_sight(model, now);
    if model.polls.refill <= now {
        model.polls.refill = now + SECOND;
        model.polls.queue = out_of_sight(model, now);
    }
    while ids.len() < model.polls.left as usize {
        let Some(id) = model.polls.queue.pop_front() else { break };
        ids.push(id);
    }
    ids.retain(|id| ask(model, *id, now));
    model.polls.left -= ids.len() as u32;
    ids
}

fn open_slot(model: &mut Model, now: Moment) {
    let slot = Some(slot_of(now));
    if slot != model.polls.slot {
        model.polls.slot = slot;
        model.polls.left = (model.setup.budget / 20).max(1);
    }
}

fn slot_of(now: Moment) -> u64 {
    now.nanos() / SLOT.as_nanos() as u64
}

/// Rows that can be seen and are due, the least time left first.
fn due_in_sight(model: &Model, now: Moment) -> Vec<LeaseId> {
    let mut due: Vec<&Lease> = model.visible().filter(|lease| is_due(lease, now)).collect();
    due.sort_by_key(|lease| (lease.bounds.map(|bounds| bounds.earliest), lease.id));
    due.truncate(model.polls.left as usize);
    due.iter().map(|lease| lease.id).collect()
}

fn is_due(lease: &Lease, now: Moment) -> bool {
    lease.death.is_none() && lease.poll.due <= now
}

/// Out of sight a lease is asked again when a sixtieth of the time that it has left is over, at the latest after
/// [`CALM`].
fn is_due_unseen(lease: &Lease, now: Moment) -> bool {
    let patience = lease.bounds.map_or(SECOND, |bounds| ((bounds.earliest - now) / 60).clamp(SECOND, CALM));
    is_due(lease, now) && lease.poll.asked.is_none_or(|asked| asked + patience <= now)
}

/// As many leases out of sight as the budget of a second allows.
fn out_of_sight(model: &Model, now: Moment) -> VecDeque<LeaseId> {
    let in_sight: std::collections::BTreeSet<LeaseId> = model.visible().map(|lease| lease.id).collect();
    let rank = |lease: &Lease| {
        let endangered = lease.bounds.map(|bounds| bounds.earliest).filter(|earliest| *earliest < now + SOON);
        (endangered.is_none(), endangered, lease.poll.asked, lease.id)
    };
    // Whoever becomes due while this round is being asked belongs to it.
    let hidden =
        model.leases.values().filter(|lease| is_due_unseen(lease, now + SECOND) && !in_sight.contains(&lease.id));
    let mut ranked: Vec<_> = hidden.map(rank).collect();
    let most = model.setup.budget as usize;
    if ranked.len() > most {
        ranked.select_nth_unstable(most);
        ranked.truncate(most);
    }
    ranked.sort_unstable();
    ranked.into_iter().map(|(.., id)| id).collect()
}

/// Marks a lease as asked; no if it is gone, or if the last question is still open, which counts as a missed poll.
fn ask(model: &mut Model, id: LeaseId, now: Moment) -> bool {
    let is_reached = model.is_reached();
    let Some(lease) = model.alive(id) else { return false };
    let poll = &mut lease.poll;
    poll.due = now + SECOND;
    if poll.in_flight || !is_reached {
        poll.missed += 1;
        return false;
    }
    poll.in_flight = true;
    poll.asked = Some(now);
    true
}

/// When something is to be asked next.
pub(super) fn next_wake(model: &Model, now: Moment) -> Moment {
    let polls = &model.polls;
    let seen = model.visible().filter(|lease| lease.death.is_none()).map(|lease| lease.poll.due).min();
    let hidden = (model.leases.len() > model.visible_range().len()).then_some(polls.refill);
    let queued = (!polls.queue.is_empty()).then_some(now);
    let ask = [seen, hidden, queued].into_iter().flatten().min().unwrap_or(Moment::FAR);
    let is_spent = polls.left == 0 && polls.slot == Some(slot_of(now));
    if is_spent { ask.max(slot_start(now)) } else { ask }
}

/// The start of the slot after the present one.
fn slot_start(now: Moment) -> Moment {
    Moment::from_nanos((slot_of(now) + 1) * SLOT.as_nanos() as u64)
}
