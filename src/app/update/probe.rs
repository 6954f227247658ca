//! A lease's time to live was answered.

use crate::app::{Model, Redraw, Trouble, polls};
use crate::domain::{LeaseId, Moment, Reading, TimeToLive};

use super::life::bury;

/// Takes in the answer. Only what is new asks for a frame: a lease counts down by itself.
pub(super) fn answered(model: &mut Model, answer: TimeToLive, sent: Moment, received: Moment) {
    let (id, reading) = (answer.id, answer.reading());
    let Some(lease) = model.alive(id) else { return };
    lease.poll.in_flight = false;
    let before = (lease.keys.clone(), lease.bounds, lease.granted_ttl);
    match reading {
        Reading::Missing => {
            let cause = lease.cause_of_death(received);
            return bury(model, id, received, cause);
        }
        Reading::Nonsense => {}
        Reading::Alive | Reading::AtDeadline | Reading::Dying => lease.hear(answer, sent, received),
    }
    lease.poll.due = polls::next_due(lease, sent);
    if before != (lease.keys.clone(), lease.bounds, lease.granted_ttl) {
        model.show(Redraw::Soon);
    }
}

/// A planned poll without an answer.
pub(super) fn failed(model: &mut Model, id: LeaseId, _trouble: &Trouble) {
    if let Some(lease) = model.alive(id) {
        lease.poll.in_flight = false;
        lease.poll.missed += 1;
    }
}
