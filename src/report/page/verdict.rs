//! The answer in one or two sentences.

use super::severity::Severity;
use super::time::{TimeScale, span};
use super::trace::Trace;
use super::{Diagnosis, Sentence, Tone};
use crate::app::{Event, EventCategory, EventKind};
use crate::plural::plural;
use crate::width::cut;

/// Cells of a quoted event.
const QUOTE_WIDTH: usize = 240;

/// The answer of a recording: how many leases there were, how they ended, and what went wrong first. `events` are in the
/// order in which they happened.
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
    if first.is_some() && !diagnoses.is_empty() {
        let names = |one: &Diagnosis| format!("{} ({})", one.name, plural(one.leases, "lease"));
        let names: Vec<String> = diagnoses.iter().map(names).collect();
        sentences.push(Sentence::text(format!("Diagnoses at the end: {}.", names.join(", "))));
    }
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

/// The number of leases in each state, in the order of the traces, but ended leases first: `2 expired, 1 late, 8 ok`.
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
    let trace = id.and_then(|id| traces.iter().find(|trace| trace.id == id));
    let named = match trace {
        Some(trace) => start.and_text(", lease ").and_quote(cut(trace.name(), QUOTE_WIDTH / 2)),
        None => start,
    };
    let told = named.and_text(": ").and_quote(text).and_text(".");
    match trace.and_then(|trace| trace.end.map(|end| (&trace.state, end))) {
        Some((state, end)) if !matches!(event.kind, EventKind::LeaseEnded(_)) => {
            told.and_text(format!(" The lease {} at {}.", ended(state), time.label(end)))
        }
        _ => told,
    }
}

/// The state of an ended lease as a verb.
fn ended(state: &str) -> String {
    match state {
        "revoked" | "replaced" => format!("was {state}"),
        "gone" => "ended".to_owned(),
        "absent" => "was not restored".to_owned(),
        state => state.to_owned(),
    }
}

/// `No lease was late or lost, but 2 leases have the diagnosis thin-margin: ...`
pub(super) fn first_diagnosis(diagnosis: &Diagnosis) -> Sentence {
    let Diagnosis { name, leases, what, .. } = diagnosis;
    let start = Sentence::text(format!(
        "No lease was late or lost, but {} {} the diagnosis ",
        plural(*leases, "lease"),
        has(*leases)
    ));
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
    /// Charts of leases that only have a diagnosis: they look alike.
    const MOST_NOTED: usize = 2;
    let has_line = |trace: &&Trace| trace.ttl.is_some() && trace.deadlines.iter().any(|point| point.deadline.is_some());
    let lines = || traces.iter().filter(has_line);
    let bad = lines().filter(|trace| trace.severity > Severity::Noted);
    let noted = lines().filter(|trace| trace.severity == Severity::Noted).take(MOST_NOTED);
    let chosen: Vec<&Trace> = bad.chain(noted).take(most).collect();
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
    lines().filter(|trace| !trace.renewals.is_empty()).filter(is_new).take(most.min(3)).collect()
}
