//! Time went on.

use std::time::Duration;

use crate::app::keymap::Action;
use crate::app::{AppState, Effect, Lease, Redraw, lint_report, polls, values};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::counts::refresh_counts;

/// For how long the dead keep their row.
const ENDED_ROW_TTL: Duration = Duration::from_secs(30);

/// Asks what is due, and clears away what is over.
pub(super) fn tick(model: &mut AppState, now: Timestamp) -> Vec<Effect> {
    refresh_counts(model, now);
    drop_ended_rows(model, now);
    clear_status(model, now);
    lint_report::run_if_due(model, now);
    let mut effects = Vec::new();
    let (with_keys, due): (Vec<LeaseId>, Vec<LeaseId>) =
        polls::start_due(model, now).into_iter().partition(|id| polls::wants_keys(model, *id));
    if !due.is_empty() {
        effects.push(Effect::Probe(due));
    }
    effects.extend(with_keys.into_iter().map(Effect::ProbeKeys));
    effects.extend(polls::start_list_if_due(model, now).then_some(Effect::List));
    effects.extend(values::start_read_if_due(model, now));
    effects
}

fn drop_ended_rows(model: &mut AppState, now: Timestamp) {
    let shown_for = model.wall_time(ENDED_ROW_TTL);
    while let Some(&(at, id)) = model.recently_ended.front().filter(|(at, _)| *at + shown_for <= now) {
        model.recently_ended.pop_front();
        drop_ended(model, id, at, now);
        model.request_redraw(Redraw::Soon);
    }
}

/// A lease that was granted again under the same id lives, or has a death of its own; and one that is listed all the same
/// keeps its row.
fn drop_ended(model: &mut AppState, id: LeaseId, died: Timestamp, now: Timestamp) {
    let is_this = |lease: &&Lease| lease.end.is_some_and(|end| end.at <= died);
    let Some(lease) = model.lease(id).filter(is_this) else { return };
    if model.is_zombie(lease) {
        model.recently_ended.push_back((now, id));
    } else {
        model.leases.remove(&id);
    }
}

fn clear_status(model: &mut AppState, now: Timestamp) {
    if model.status.as_ref().is_some_and(|note| note.until <= now) {
        model.status = None;
        model.request_redraw(Redraw::Soon);
    }
}

/// Lists the leases, and makes every row that can be seen due.
pub(super) fn poll_now(model: &mut AppState, now: Timestamp) -> Vec<Effect> {
    for row in model.visible_range() {
        let id = model.order[row];
        polls::plan(model, id, now);
    }
    vec![Effect::List]
}

/// Asks for the time left of more leases a second at most, or of fewer: by the next step.
pub(super) fn change_pace(model: &mut AppState, action: Action, now: Timestamp) {
    let (budget, is_faster) = (model.config.budget, action == Action::PollFaster);
    let next =
        if is_faster { steps().find(|step| *step > budget) } else { steps().filter(|step| *step < budget).last() };
    let most = next.unwrap_or(budget);
    (model.config.budget, model.pace_of_polls) = (most, Some(most));
    let end = match (next, is_faster) {
        (Some(_), _) => "",
        (None, true) => ": more cannot be asked for here",
        (None, false) => ": fewer would be none",
    };
    model.set_status(now, false, format!("at most {most} polls a second{end}"));
}

/// The polls a second that can be chosen: 1, 2, 5, 10 and so on up to 100,000.
fn steps() -> impl Iterator<Item = u32> {
    let decades = (0..5).map(|power| 10_u32.pow(power));
    decades.flat_map(|decade| [1, 2, 5].map(|digit| digit * decade)).chain([100_000])
}

/// When the model wants a [`HistoryEvent`](crate::app::Msg::Tick) next.
pub fn next_wake(model: &AppState, now: Timestamp) -> Timestamp {
    let grave = model.recently_ended.front().map(|(at, _)| *at + model.wall_time(ENDED_ROW_TTL));
    let note = model.status.as_ref().map(|note| note.until);
    let values = Some(values::next_wake(model));
    let turn = model.row_index.next_state_change();
    let look = Some(lint_report::next_wake(model));
    [grave, note, values, look, turn].into_iter().flatten().fold(polls::next_wake(model, now), Timestamp::min)
}
