//! Counts, and the leases that have become late or at risk by time alone.

use std::time::Duration;

use crate::app::{Lease, Model, State, What};
use simkit::Timestamp;

/// Takes in what has changed since this was last done, and tells of each lease that has become late, or at risk.
pub(super) fn attend(model: &mut Model, now: Timestamp) {
    model.census = model.standing.count(&mut model.leases, now);
    if let Some(listed) = model.listed_at.filter(|_| model.census.dying > 0) {
        let more = model.polls.ahead_of_dying(&model.leases, listed);
        model.census.dying += more;
        model.census.perhaps_dying = model.census.perhaps_dying.saturating_sub(more);
    }
    for (id, state) in model.standing.take_worrying() {
        if let Some((at, what)) = model.lease(id).and_then(|lease| worry(lease, state, now)) {
            model.log(at.min(now), Some(id), what);
        }
    }
}

/// Since when, and with what figures.
fn worry(lease: &Lease, state: State, now: Timestamp) -> Option<(Timestamp, What)> {
    let expected = lease.habit();
    if state == State::Risk {
        let left = lease.left(now).map(Duration::from_secs_f64);
        // A renewal that left it at risk from the first moment on begins the risk.
        let from = lease.risk_from()?.max(lease.last_renewed().unwrap_or(Timestamp::START));
        return Some((from, What::Risk { left, expected }));
    }
    let interval = lease.unrenewed_since().map(|since| now - since);
    Some((lease.late_from()?, What::Late { interval, expected }))
}
