//! Updating the counts, and reporting leases that became late or at risk.

use crate::app::{AppState, EventKind, Lease, LeaseState};
use simkit::Timestamp;

/// Updates the counts and adds an event for each lease that became late or at risk.
pub(super) fn refresh_counts(app: &mut AppState, now: Timestamp) {
    app.leases.counts = app.view.row_index.count(&mut app.leases, now);
    if app.leases.counts.dying > 0
        && let Some(listed) = app.cluster.listed_at
    {
        let more = app.polls.ahead_of_dying(&app.leases, listed);
        app.leases.counts.dying += more;
        app.leases.counts.perhaps_dying = app.leases.counts.perhaps_dying.saturating_sub(more);
    }
    for (id, state) in app.view.row_index.drain_newly_alarming() {
        app.leases.lift_mutes(id);
        if let Some((at, what)) = app.leases.get(id).and_then(|lease| alarm_event(lease, state, now)) {
            app.events.push(at, Some(id), what);
        }
    }
}

/// The start and the event of an alarming state. All times in the event are as of that start. `None` if the lease is at risk
/// and not late.
fn alarm_event(lease: &Lease, state: LeaseState, now: Timestamp) -> Option<(Timestamp, EventKind)> {
    let expected = lease.established_interval();
    if state == LeaseState::Risk {
        let at = lease.risk_from()?.min(now);
        let left = lease.shown_deadline()? - at;
        return Some((at, EventKind::Risk { left, expected }));
    }
    let at = lease.late_from()?;
    if at > now {
        return None;
    }
    let interval = lease.unrenewed_since().map(|since| at - since);
    Some((at, EventKind::Late { interval, expected }))
}
