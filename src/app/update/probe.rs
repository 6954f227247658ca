//! A lease's time to live was answered.

use crate::app::{Keys, Lease, Model, Redraw, State, Tick, Trouble, What, polls};
use crate::domain::{LeaseId, Moment, Reading, TimeToLive};

use super::keys;
use super::life::bury;

/// Takes in the answer. Only what is new asks for a frame: a lease counts down by itself.
pub(super) fn answered(model: &mut Model, mut answer: TimeToLive, (sent, received): (Moment, Moment), has_keys: bool) {
    let told = std::mem::take(&mut answer.keys);
    let is_asked_for_keys = polls::wants_keys(model, answer.id);
    let (id, reading) = (answer.id, answer.reading());
    let Some(lease) = model.alive(id) else { return };
    lease.poll.in_flight = false;
    let (bounds, before) = (lease.bounds, seen(lease, received));
    match reading {
        Reading::Missing => {
            let cause = lease.cause_of_death(received);
            return bury(model, id, received, cause);
        }
        Reading::Nonsense => {}
        Reading::Alive | Reading::AtDeadline | Reading::Dying => lease.hear(answer, sent, received),
    }
    // An answer from before its keys went does not tell whether it lives.
    let is_doomed = lease.doom.as_ref().is_some_and(|doom| doom.received >= sent);
    lease.poll.due = if is_doomed { received } else { polls::next_due(lease, sent) };
    let doubt = lease.bounds.zip(bounds).filter(|(new, old)| lease.kept && new.latest < old.earliest);
    if has_keys && reading != Reading::Nonsense {
        lease.keys = Some(Keys::of(told));
    } else if is_asked_for_keys {
        // Those that may not be read may be many.
        lease.keys.get_or_insert_default();
    }
    let has_lived_on = lease.doom.is_some() && !is_doomed && reading != Reading::Nonsense;
    if before != seen(lease, received) {
        model.show(Redraw::Soon);
    }
    remember(model, id, received);
    if has_lived_on {
        keys::survive(model, id, received);
    }
    if let Some((new, old)) = doubt {
        contradiction(model, id, new.middle().signed_since(received), old.middle().signed_since(received), received);
    }
}

/// What a poll can change of what is seen of a lease: corrections below a digit are none.
fn seen(lease: &Lease, now: Moment) -> (Option<Keys>, Option<i64>, Option<Moment>, State) {
    (lease.keys.clone(), lease.granted_ttl, lease.deadline(), lease.state(now))
}

/// The server gives a lease less time than it granted us.
fn contradiction(model: &mut Model, id: LeaseId, said: f64, believed: f64, at: Moment) {
    let text = format!("the server says that {said:.1} s are left, our last renewal left {believed:.1} s");
    model.log(at, Some(id), What::error(text));
}

/// What polls show of a lease that nobody keeps here is remembered from the first look at its detail on.
fn remember(model: &mut Model, id: LeaseId, at: Moment) {
    let is_seen = model.cursor == Some(id) && model.shows_detail();
    let Some(lease) = model.lease(id).filter(|lease| !lease.kept && (is_seen || lease.history.is_some())) else {
        return;
    };
    if let (Some(deadline), Some(ttl)) = (lease.bounds, lease.granted_ttl)
        && let Some(history) = model.history_mut(id)
    {
        history.observed(at, deadline, ttl);
    }
}

/// A planned poll without an answer. A lease that is kept goes on being known by its renewals.
pub(super) fn failed(model: &mut Model, id: LeaseId, _trouble: &Trouble, now: Moment) {
    let Some(lease) = model.alive(id) else { return };
    lease.poll.in_flight = false;
    lease.poll.missed += 1;
    let is_unseen = lease.state(now) == State::Unseen && !lease.kept;
    if let Some(history) = lease.history.as_mut().filter(|_| is_unseen) {
        history.push(now, Tick::Unknown);
    }
}
