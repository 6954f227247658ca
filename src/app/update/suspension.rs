//! The program, or the whole machine, did not run for a while.

use std::time::Duration;

use crate::app::{AppState, Effect, EventKind, HistoryEvent, Lease, Redraw, polls};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The program stood still and time went on: says for how long, and what it cost.
pub(super) fn over(model: &mut AppState, since: Timestamp, now: Timestamp) {
    model.expect_late_news(now);
    let span = now - since;
    let seconds = span.as_secs_f64();
    model.request_redraw(Redraw::Full);
    if model.kept_alive().next().is_none() {
        let told = format!("stood still for {seconds:.1} s; what is shown is polled again");
        model.events.push_verbose(now, None, || EventKind::ProcessStalled { span, told: told.clone() });
        return model.set_status(now, false, told);
    }
    let over: Vec<LeaseId> = model.kept_alive().filter(|lease| is_over(lease, now)).map(|lease| lease.id).collect();
    let text = format!("nothing was renewed for {seconds:.1} s: {}", cost(model, &over, now));
    model.log(now, None, EventKind::ProcessStalled { span, told: text.clone() });
    model.set_status(now, !over.is_empty(), text);
}

fn is_over(lease: &Lease, now: Timestamp) -> bool {
    lease.bounds().is_some_and(|bounds| bounds.latest <= now)
}

/// Which leases ran out of time, or how close it was.
fn cost(model: &AppState, over: &[LeaseId], now: Timestamp) -> String {
    let least = model.kept_alive().filter_map(Lease::bounds).map(|bounds| bounds.earliest).min();
    match (over, least) {
        ([], Some(least)) => {
            format!("no lease ran out of time, the least left was {:.1} s", (least - now).as_secs_f64())
        }
        ([], None) => "how much time was left is not known".to_owned(),
        ([id], _) => format!("the time of {} is over", model.ids.name(*id)),
        (over, _) => format!("the time of {} leases is over", over.len()),
    }
}

/// The machine slept, which our clock did not count: every deadline lies earlier than it seems, nobody knows by how
/// much until it is asked. What is kept alive is renewed at once.
pub(super) fn slept(model: &mut AppState, span: Duration, now: Timestamp) -> Vec<Effect> {
    let living: Vec<LeaseId> =
        model.leases.values().filter(|lease| lease.end.is_none()).map(|lease| lease.id).collect();
    for id in living {
        model.alive(id).into_iter().for_each(Lease::forget_time);
        polls::plan(model, id, now);
    }
    model.expect_late_news(now);
    model.record_in_all(now, HistoryEvent::Unknown);
    let text = format!("the machine slept for {} s: nothing is known until it is polled", span.as_secs());
    model.log(now, None, EventKind::ProcessStalled { span, told: text.clone() });
    model.set_status(now, false, text);
    model.request_redraw(Redraw::Full);
    let renewals = model.kept_alive().map(|lease| Effect::RenewNow(lease.id));
    std::iter::once(Effect::List).chain(renewals).collect()
}
