//! Handling of time during which the program or the machine did not run.

use std::time::Duration;

use crate::app::dialog::Dialog;
use crate::app::{AppState, Effect, EventKind, HistoryEvent, Lease, Redraw};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Reports that the program did not run since `since`, and the effect on its leases.
pub(super) fn over(app: &mut AppState, since: Timestamp, now: Timestamp) {
    app.keys.expect_late_changes(now);
    let span = now - since;
    let seconds = span.as_secs_f64();
    app.view.request_redraw(Redraw::Full);
    if app.leases.kept_alive().next().is_none() {
        let text = format!("Was suspended for {seconds:.1} s; refreshing");
        app.events.push_verbose(now, None, || EventKind::ProcessStalled { span, text: text.clone() });
        return app.view.set_status(now, false, text);
    }
    let run_out: Vec<LeaseId> =
        app.leases.kept_alive().filter(|lease| has_run_out(lease, now)).map(|lease| lease.id).collect();
    let text = format!("No renewals for {seconds:.1} s: {}", cost(app, &run_out, now));
    app.events.push(now, None, EventKind::ProcessStalled { span, text: text.clone() });
    app.view.set_status(now, !run_out.is_empty(), text);
}

/// Whether the latest possible deadline of a lease has passed.
fn has_run_out(lease: &Lease, now: Timestamp) -> bool {
    lease.bounds().is_some_and(|bounds| bounds.latest <= now)
}

/// Which leases have run out, or the lowest time left if none has.
fn cost(app: &AppState, run_out: &[LeaseId], now: Timestamp) -> String {
    let least = app.leases.kept_alive().filter_map(Lease::bounds).map(|bounds| bounds.earliest).min();
    match (run_out, least) {
        ([], Some(least)) => {
            format!("no lease expired; the lowest left is {:.1} s", (least - now).as_secs_f64())
        }
        ([], None) => "the time left is unknown".to_owned(),
        ([id], _) => format!("the TTL of {} has run out", app.view.id_format.name(*id)),
        (run_out, _) => format!("the TTL of {} leases has run out", run_out.len()),
    }
}

/// Handles a sleep of the machine, which the monotonic clock did not count. Every deadline is earlier than calculated,
/// by an unknown amount, until the lease is polled. Kept-alive leases are renewed at once, even if the engine noticed the
/// sleep earlier and has renewed them.
pub(super) fn slept(app: &mut AppState, span: Duration, now: Timestamp) -> Vec<Effect> {
    let living: Vec<LeaseId> = app.leases.values().filter(|lease| lease.end.is_none()).map(|lease| lease.id).collect();
    for id in living {
        app.leases.alive_mut(id).into_iter().for_each(Lease::forget_time);
        app.polls.plan(&mut app.leases, id, now);
    }
    app.keys.expect_late_changes(now);
    app.leases.record_in_all(now, HistoryEvent::Unknown);
    let text = format!("The machine slept for {} s; refreshing", span.as_secs());
    app.events.push(now, None, EventKind::ProcessStalled { span, text: text.clone() });
    app.view.set_status(now, false, text);
    app.view.request_redraw(Redraw::Full);
    let renewals = app.leases.kept_alive().map(|lease| Effect::RenewNow(lease.id));
    std::iter::once(Effect::List).chain(renewals).collect()
}

/// Suspends at once, or asks first if leases are kept alive, because they would not be renewed. A second press
/// confirms.
pub(super) fn suspend(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    app.view.request_redraw(Redraw::Now);
    if !app.config.can_suspend {
        app.view.set_status(now, true, "Cannot suspend: leasetop was not started by a shell");
        return Vec::new();
    }
    let open = app.view.dialog.take();
    let is_confirmed = matches!(open, Some(Dialog::Suspend(_)));
    if !is_confirmed && !app.config.is_replay && app.leases.kept_alive().next().is_some() {
        app.view.dialog = Some(Dialog::Suspend(open.map(Box::new)));
        return Vec::new();
    }
    app.view.dialog = match open {
        Some(Dialog::Suspend(below)) => below.map(|dialog| *dialog),
        open => open,
    };
    vec![Effect::Suspend]
}
