//! Updating the counts, and reporting leases that became late, at risk or unrenewed.

use crate::app::{AppState, EventKind, Lease, LeaseState};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Updates the counts and adds an event for each lease that became late, at risk or unrenewed. Ends the mutes that the user
/// set for a lease that became late or at risk.
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
        if state == LeaseState::Unrenewed {
            report_unrenewed(app, id, now);
            continue;
        }
        app.leases.lift_mutes(id);
        if let Some((at, what)) = app.leases.get(id).and_then(|lease| alarm_event(lease, state, now)) {
            app.events.push(at, Some(id), what);
        }
    }
}

/// Adds an event, once, for a lease of which two thirds of the TTL have passed without a renewal. That may be intended, so
/// it is not an alarm. All figures are as of the time of the event.
fn report_unrenewed(app: &mut AppState, id: LeaseId, now: Timestamp) {
    let Some(lease) = app.leases.alive_mut(id).filter(|lease| !lease.is_reported_unrenewed) else { return };
    let (Some(from), Some(deadline)) = (lease.unrenewed_from(), lease.shown_deadline()) else { return };
    lease.is_reported_unrenewed = true;
    let at = from.max(lease.first_seen).min(now);
    let what = EventKind::Unrenewed {
        left: deadline - at,
        ttl: lease.granted_ttl,
        is_never_renewed: lease.is_never_renewed(),
    };
    app.events.push(at, Some(id), what);
}

/// The start and the event of an alarming state. All times in the event are as of that start. `None` for the late event of a
/// lease that is at risk but not late.
fn alarm_event(lease: &Lease, state: LeaseState, now: Timestamp) -> Option<(Timestamp, EventKind)> {
    let next = lease.next_lease();
    let expected = next.map(|next| next.every).or_else(|| lease.established_interval());
    let awaited = lease.awaited();
    if state == LeaseState::Risk {
        let at = lease.risk_from()?.min(now);
        let left = lease.shown_deadline()? - at;
        return Some((at, EventKind::Risk { awaited, left, expected }));
    }
    let at = lease.late_from()?;
    if at > now {
        return None;
    }
    let interval = lease.unrenewed_since().map(|since| at - since);
    Some((at, EventKind::Late { awaited, interval, expected }))
}
