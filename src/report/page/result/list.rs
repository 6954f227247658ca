//! The page of `list -w json`.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{MAX_RENEWALS, deadlines, seconds, time_of, visible};
use crate::app::service_of;
use crate::escape::printable;
use crate::inference::lints::urgency;
use crate::plural::plural;
use crate::report::page::severity::Severity;
use crate::report::page::time::{TimeScale, date_and_time, span};
use crate::report::page::trace::{DeadlinePoint, Trace, lease_table};
use crate::report::page::{Diagnosis, Page, Sentence, Tone, verdict};
use crate::width::cut_key;
use etcd_lease::LeaseId;

/// Cells of a key in a finding.
const NAME_WIDTH: usize = 100;
/// Findings of one diagnosis that are quoted.
const MAX_FINDINGS: usize = 5;

#[derive(Deserialize)]
pub(super) struct ListResult {
    at: Option<String>,
    cluster: ClusterResult,
    watched: Option<f64>,
    leases: Vec<LeaseResult>,
    #[serde(default)]
    ended: Vec<EndResult>,
}

#[derive(Deserialize)]
struct ClusterResult {
    id: String,
    version: Option<String>,
}

#[derive(Deserialize)]
struct LeaseResult {
    id: String,
    granted_ttl: Option<i64>,
    left: Option<f64>,
    state: String,
    who: String,
    keys: Option<Vec<String>>,
    keys_base64: Option<Vec<String>>,
    #[serde(default)]
    renewals: u64,
    every: Option<f64>,
    last_renewed: Option<String>,
    margin: Option<f64>,
    #[serde(default)]
    warnings: Vec<WarningResult>,
}

/// A lease that ended while the leases were watched.
#[derive(Deserialize)]
struct EndResult {
    at: Option<String>,
    event: String,
    lease: Option<String>,
    who: Option<String>,
    ttl: Option<f64>,
    keys: Option<Vec<String>>,
    keys_base64: Option<Vec<String>>,
    #[serde(default)]
    never_renewed: bool,
    interval: Option<f64>,
    expected: Option<f64>,
}

#[derive(Clone, Deserialize)]
struct WarningResult {
    name: String,
    what: String,
    why: String,
    advice: String,
    #[serde(default)]
    muted: bool,
}

pub(super) fn page(result: ListResult, file: &str) -> Page {
    let watched = seconds(result.watched);
    let length = watched.unwrap_or_default();
    let at = time_of(result.at.as_deref());
    let start = at.and_then(|at| at.checked_sub(Duration::try_from_secs_f64(length).ok()?));
    let time = TimeScale { from: 0.0, until: length, start, sleeps: Vec::new() };
    let diagnoses = diagnoses(&result.leases);
    let living = result.leases.iter().map(|lease| trace(lease, &time));
    let mut traces: Vec<Trace> = living.chain(result.ended.iter().map(|end| ended(end, &time))).collect();
    Trace::sort(&mut traces);
    let ClusterResult { id, version } = &result.cluster;
    let version = version.as_ref().map_or_else(String::new, |version| format!(", etcd {}", visible(version)));
    let mut facts =
        vec![("cluster", format!("{}{version}", visible(id))), ("source", format!("result of list, {file}"))];
    if let Some(at) = at {
        facts.insert(0, ("at", format!("{} UTC", date_and_time(at))));
    }
    let worst = traces.iter().map(|trace| trace.severity).max().unwrap_or_default();
    Page {
        title: format!("Leases of cluster {}", visible(id)),
        verdict: verdict_of(&traces, &diagnoses, watched),
        verdict_tone: if traces.is_empty() { Tone::Plain } else { worst.tone() },
        notes: notes(watched),
        facts,
        time,
        marks: Vec::new(),
        caption: "A tick is a renewal, drawn from the last renewal and the mean interval.",
        tables: vec![lease_table(&traces)],
        diagnoses,
        events: Vec::new(),
        omitted: None,
        traces,
    }
}

fn notes(watched: Option<f64>) -> Vec<String> {
    match watched {
        Some(_) => Vec::new(),
        None => vec!["The leases were read once, so renewals are unknown: use `list --for 1m`.".to_owned()],
    }
}

fn verdict_of(traces: &[Trace], diagnoses: &[Diagnosis], watched: Option<f64>) -> Vec<Sentence> {
    let how = watched.map_or_else(|| "read once".to_owned(), |watched| format!("watched for {}", span(watched)));
    let count = plural(traces.len(), "lease");
    if traces.is_empty() {
        return vec![Sentence::text(format!("There are {count} ({how})."))];
    }
    let counts = Sentence::text(format!("{count}, {how}: {}.", verdict::states(traces)));
    let second = match (diagnoses.first(), traces.first().filter(|trace| trace.severity >= Severity::Late)) {
        (_, Some(trace)) => {
            Sentence::text("The most urgent is ").and_quote(trace.name()).and_text(format!(": {}.", trace.state))
        }
        (Some(diagnosis), None) => verdict::first_diagnosis(diagnosis),
        (None, None) => match traces.iter().filter(|trace| trace.severity == Severity::Noted).count() {
            0 if traces.len() == 1 => Sentence::text("Nothing is wrong with it."),
            0 => Sentence::text("Nothing is wrong with them."),
            // They are `unseen` or `unrenewed`.
            unclear => Sentence::text(format!("No renewal of {} was seen.", plural(unclear, "lease"))),
        },
    };
    vec![counts, second]
}

fn trace(lease: &LeaseResult, time: &TimeScale) -> Trace {
    let ttl = lease.granted_ttl.filter(|ttl| *ttl > 0).map(|ttl| ttl as f64);
    let every = seconds(lease.every);
    let renewals = renewals(lease, time, every);
    let severity = severity(lease);
    let active = || lease.warnings.iter().filter(|warning| !warning.muted);
    let what = active().next().map_or_else(|| visible(&lease.state), |warning| visible(&warning.what));
    let last = renewals.last().copied();
    let due = last.zip(every).map(|(last, every)| last + every).filter(|due| *due < time.until);
    let overdue = due.filter(|_| severity >= Severity::Late).map(|due| (due, time.until, severity.tone()));
    let key = first_key(lease);
    let id = lease.id.parse().unwrap_or(LeaseId(0));
    Trace {
        id: visible(&lease.id),
        service: key.as_deref().map(|key| printable(service_of(key, id))).unwrap_or_default(),
        key: key.as_deref().map(printable).unwrap_or_default(),
        owner: visible(&lease.who),
        ttl,
        last: time.until,
        deadlines: ttl.map(|ttl| known_deadlines(&renewals, ttl, every, seconds(lease.left), time)).unwrap_or_default(),
        renewals,
        overdue: overdue.into_iter().collect(),
        state: visible(&lease.state),
        severity,
        worst: if severity > Severity::Healthy { Some((time.until, what)) } else { None },
        interval: every,
        margin: seconds(lease.margin),
        warnings: active().map(|warning| visible(&warning.name)).collect(),
        ..Trace::default()
    }
}

/// The trace of a lease that ended while the leases were watched.
fn ended(end: &EndResult, time: &TimeScale) -> Trace {
    let at = time_of(end.at.as_deref()).zip(time.start).and_then(|(at, start)| at.duration_since(start).ok());
    let at = at.map_or(time.until, |at| at.as_secs_f64()).min(time.until);
    let is_intended = end.never_renewed || matches!(end.event.as_str(), "revoked" | "replaced");
    let state = if end.never_renewed { "ran out".to_owned() } else { visible(&end.event) };
    let what = match seconds(end.interval) {
        Some(interval) => format!("{state}, last renewed {} before its end", span(interval)),
        None => state.clone(),
    };
    let key = first_of(end.keys.as_ref(), end.keys_base64.as_ref());
    let id = end.lease.as_deref().unwrap_or_default();
    let number = id.parse().unwrap_or(LeaseId(0));
    Trace {
        id: visible(id),
        service: key.as_deref().map(|key| printable(service_of(key, number))).unwrap_or_default(),
        key: key.as_deref().map(printable).unwrap_or_default(),
        owner: end.who.as_deref().map(visible).unwrap_or_default(),
        ttl: seconds(end.ttl).filter(|ttl| *ttl > 0.0),
        last: at,
        end: Some(at),
        state,
        severity: if is_intended { Severity::Ended } else { Severity::Lost },
        worst: Some((at, what)),
        interval: seconds(end.expected),
        ..Trace::default()
    }
}

/// The first key in bytes.
fn first_key(lease: &LeaseResult) -> Option<Vec<u8>> {
    first_of(lease.keys.as_ref(), lease.keys_base64.as_ref())
}

/// The first key of a list that may also be there in base64 (`raw`), which is exact.
fn first_of(keys: Option<&Vec<String>>, raw: Option<&Vec<String>>) -> Option<Vec<u8>> {
    let raw = raw.and_then(|keys| keys.first()).and_then(|key| STANDARD.decode(key).ok());
    raw.or_else(|| Some(keys?.first()?.clone().into_bytes()))
}

/// The times of the last renewals: the last known one, and those before it at the usual interval.
fn renewals(lease: &LeaseResult, time: &TimeScale, every: Option<f64>) -> Vec<f64> {
    let wall = time_of(lease.last_renewed.as_deref());
    let last = wall.zip(time.start).and_then(|(wall, start)| wall.duration_since(start).ok());
    let Some(last) = last.map(|last| last.as_secs_f64()).filter(|last| *last <= time.until) else { return Vec::new() };
    let Some(every) = every.filter(|every| *every > 0.0) else { return vec![last] };
    let count = usize::try_from(lease.renewals).unwrap_or(MAX_RENEWALS).clamp(1, MAX_RENEWALS);
    let times = (0..count).map(|number| last - number as f64 * every).take_while(|at| *at >= 0.0);
    let mut times: Vec<f64> = times.collect();
    times.reverse();
    times
}

/// The deadlines that the renewals set. The last deadline follows from the time left instead, if that is known. Another
/// renewal is assumed one interval before the first one.
fn known_deadlines(
    renewals: &[f64],
    ttl: f64,
    every: Option<f64>,
    left: Option<f64>,
    time: &TimeScale,
) -> Vec<DeadlinePoint> {
    let mut points = deadlines(renewals, ttl);
    let first = renewals.first().zip(every).map(|(first, every)| first - every + ttl);
    if let Some(deadline) = first {
        points.insert(0, DeadlinePoint { at: time.from, deadline: Some(deadline) });
    }
    if let Some(left) = left {
        let deadline = Some(time.until + left);
        match points.last_mut() {
            Some(last) => last.deadline = deadline,
            None => points.push(DeadlinePoint { at: time.from, deadline }),
        }
    }
    points
}

fn severity(lease: &LeaseResult) -> Severity {
    let is_warned = lease.warnings.iter().any(|warning| !warning.muted);
    match lease.state.as_str() {
        "dying" => Severity::Lost,
        "risk" => Severity::Risk,
        "late" => Severity::Late,
        "stalled" => Severity::Dropped,
        "unrenewed" | "unseen" => Severity::Noted,
        _ if is_warned => Severity::Noted,
        _ => Severity::Healthy,
    }
}

/// The warnings that are not muted, by name, most urgent first.
fn diagnoses(leases: &[LeaseResult]) -> Vec<Diagnosis> {
    let mut by_name: BTreeMap<(usize, &str), Vec<(String, &WarningResult)>> = BTreeMap::new();
    for lease in leases {
        for warning in lease.warnings.iter().filter(|warning| !warning.muted) {
            let name = first_key(lease).map_or_else(|| visible(&lease.id), |key| cut_key(&printable(&key), NAME_WIDTH));
            by_name.entry((urgency(&warning.name), &warning.name)).or_default().push((name, warning));
        }
    }
    let diagnosis = |((_, name), warnings): ((usize, &str), Vec<(String, &WarningResult)>)| {
        let what = warnings.iter().map(|(name, warning)| format!("{name}: {}", visible(&warning.what)));
        let what = what.take(MAX_FINDINGS).collect();
        let first = warnings.first().map(|(_, warning)| warning);
        Diagnosis {
            name: visible(name),
            leases: warnings.len(),
            what,
            why: first.map(|warning| visible(&warning.why)).unwrap_or_default(),
            advice: first.map(|warning| visible(&warning.advice)).unwrap_or_default(),
        }
    };
    by_name.into_iter().map(diagnosis).collect()
}
