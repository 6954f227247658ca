//! The answer in one or two sentences.

use super::severity::Severity;
use super::time::{TimeScale, span};
use super::trace::Trace;
use super::{Diagnosis, Sentence, Tone};
use crate::app::{Event, EventCategory};
use crate::plural::plural;
use crate::width::cut;

/// Cells of a quoted event.
const QUOTE_WIDTH: usize = 240;

/// The answer of a recording: how many leases, how they ended, and what went wrong first. `events` are in the order in which they
/// happened.
pub(super) fn of_recording(
    traces: &[Trace],
    events: &[Event],
    diagnoses: &[Diagnosis],
    time: &TimeScale,
) -> (Vec<Sentence>, Tone) {
    if traces.is_empty() {
        return (vec![Sentence::text(format!("The recording of {} has no leases.", span(time.span())))], Tone::Plain);
    }
    let mut sentences = vec![counts(traces, time)];
    let first = events.iter().find(|event| EventCategory::Problems.has(&event.kind));
    sentences.push(match (first, diagnoses.first()) {
        (Some(event), _) => first_problem(event, traces, time),
        (None, Some(diagnosis)) => first_diagnosis(diagnosis),
        (None, None) => Sentence::text("Nothing went wrong."),
    });
    let worst = traces.iter().map(|trace| trace.severity).max().unwrap_or_default();
    let tone = match (worst.tone(), first) {
        (Tone::Bad, _) => Tone::Bad,
        (Tone::Warning, _) | (_, Some(_)) => Tone::Warning,
        (_, None) => Tone::Good,
    };
    (sentences, tone)
}

/// `12 leases in 7 min: 2 expired, 1 revoked, 1 late, 8 ok.`
fn counts(traces: &[Trace], time: &TimeScale) -> Sentence {
    Sentence::text(format!("{} in {}: {}.", plural(traces.len(), "lease"), span(time.span()), states(traces)))
}

/// The number of leases in each state, ended ones first, and of those the worst.
pub(super) fn states(traces: &[Trace]) -> String {
    let mut counts: Vec<(&str, bool, usize)> = Vec::new();
    for trace in traces {
        let (state, is_alive) = (trace.state.as_str(), trace.end.is_none());
        match counts.iter_mut().find(|(known, ..)| *known == state) {
            Some((.., count)) => *count += 1,
            None => counts.push((state, is_alive, 1)),
        }
    }
    counts.sort_by_key(|(_, is_alive, _)| *is_alive);
    counts.iter().map(|(state, _, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
}

/// `The first problem was at 03:12:20 UTC: expired, lease /svc/orders/1: ...`
fn first_problem(event: &Event, traces: &[Trace], time: &TimeScale) -> Sentence {
    let at = time.label(super::collect::seconds(event.at));
    let start = Sentence::text(format!("The first problem was at {at} UTC: {}", event.name().as_str()));
    let text = cut(&event.text(), QUOTE_WIDTH);
    let id = event.lease.map(|id| id.to_string());
    let of_lease = match id.and_then(|id| traces.iter().find(|trace| trace.id == id)) {
        Some(trace) => start.and_text(", lease ").and_quote(cut(trace.name(), QUOTE_WIDTH / 2)),
        None => start,
    };
    of_lease.and_text(": ").and_quote(text).and_text(".")
}

pub(super) fn first_diagnosis(diagnosis: &Diagnosis) -> Sentence {
    let Diagnosis { name, leases, what, .. } = diagnosis;
    let start = Sentence::text(format!("No lease was late or lost, but {} {} the diagnosis ", plural(*leases, "lease"), has(*leases)));
    let named = start.and_quote(name.clone());
    match what.first() {
        Some(what) => named.and_text(": ").and_quote(what.clone()),
        None => named.and_text("."),
    }
}

fn has(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}

/// The traces whose time left is worth a chart, the worst first. If nothing happened, a few leases of different TTLs.
pub(super) fn interesting(traces: &[Trace], most: usize) -> Vec<&Trace> {
    let has_line = |trace: &&Trace| trace.ttl.is_some() && trace.deadlines.iter().any(|point| point.deadline.is_some());
    let bad = traces.iter().filter(has_line).filter(|trace| trace.severity > Severity::Ended);
    let chosen: Vec<&Trace> = bad.take(most).collect();
    if !chosen.is_empty() {
        return chosen;
    }
    let mut ttls = Vec::new();
    let is_new = |trace: &&Trace| {
        let ttl = trace.ttl.unwrap_or_default().to_bits();
        let is_new = !ttls.contains(&ttl);
        ttls.push(ttl);
        is_new
    };
    traces.iter().filter(has_line).filter(|trace| !trace.renewals.is_empty()).filter(is_new).take(most.min(3)).collect()
}
