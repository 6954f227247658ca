//! Time went on.

use std::time::Duration;

use crate::app::keymap::Action;
use crate::app::{Effect, Lease, Model, Redraw, diagnoses, polls, values};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::attend::attend;

/// For how long the dead keep their row.
const MOURNING: Duration = Duration::from_secs(30);

/// Asks what is due, and clears away what is over.
pub(super) fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    attend(model, now);
    clear_graves(model, now);
    clear_note(model, now);
    diagnoses::look(model, now);
    let mut effects = Vec::new();
    let (with_keys, due): (Vec<LeaseId>, Vec<LeaseId>) =
        polls::take(model, now).into_iter().partition(|id| polls::wants_keys(model, *id));
    if !due.is_empty() {
        effects.push(Effect::Probe(due));
    }
    effects.extend(with_keys.into_iter().map(Effect::ProbeKeys));
    effects.extend(polls::take_list(model, now).then_some(Effect::List));
    effects.extend(values::take(model, now));
    effects
}

fn clear_graves(model: &mut Model, now: Timestamp) {
    let mourning = model.real(MOURNING);
    while let Some(&(at, id)) = model.graves.front().filter(|(at, _)| *at + mourning <= now) {
        model.graves.pop_front();
        bury_deep(model, id, at, now);
        model.show(Redraw::Soon);
    }
}

/// A lease that was granted again under the same id lives, or has a death of its own; and one that is listed all the same
/// keeps its row.
fn bury_deep(model: &mut Model, id: LeaseId, died: Timestamp, now: Timestamp) {
    let is_this = |lease: &&Lease| lease.death.is_some_and(|death| death.at <= died);
    let Some(lease) = model.lease(id).filter(is_this) else { return };
    if model.is_zombie(lease) {
        model.graves.push_back((now, id));
    } else {
        model.leases.remove(&id);
    }
}

fn clear_note(model: &mut Model, now: Timestamp) {
    if model.note.as_ref().is_some_and(|note| note.until <= now) {
        model.note = None;
        model.show(Redraw::Soon);
    }
}

/// Lists the leases, and makes every row that can be seen due.
pub(super) fn poll_now(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    for row in model.visible_range() {
        let id = model.order[row];
        polls::plan(model, id, now);
    }
    vec![Effect::List]
}

/// Asks for the time left of more leases a second at most, or of fewer: by the next step.
pub(super) fn change_pace(model: &mut Model, action: Action, now: Timestamp) {
    let (budget, is_faster) = (model.setup.budget, action == Action::PollFaster);
    let next =
        if is_faster { steps().find(|step| *step > budget) } else { steps().filter(|step| *step < budget).last() };
    let most = next.unwrap_or(budget);
    (model.setup.budget, model.pace_of_polls) = (most, Some(most));
    let end = match (next, is_faster) {
        (Some(_), _) => "",
        (None, true) => ": more cannot be asked for here",
        (None, false) => ": fewer would be none",
    };
    model.say(now, false, format!("at most {most} polls a second{end}"));
}

/// The polls a second that can be chosen: 1, 2, 5, 10 and so on up to 100,000.
fn steps() -> impl Iterator<Item = u32> {
    let decades = (0..5).map(|power| 10_u32.pow(power));
    decades.flat_map(|decade| [1, 2, 5].map(|digit| digit * decade)).chain([100_000])
}

/// When the model wants a [`Tick`](crate::app::Msg::Tick) next.
pub fn next_wake(model: &Model, now: Timestamp) -> Timestamp {
    let grave = model.graves.front().map(|(at, _)| *at + model.real(MOURNING));
    let note = model.note.as_ref().map(|note| note.until);
    let values = Some(values::next_wake(model));
    let turn = model.standing.next_turn();
    let look = Some(diagnoses::next_wake(model));
    [grave, note, values, look, turn].into_iter().flatten().fold(polls::next_wake(model, now), Timestamp::min)
}
