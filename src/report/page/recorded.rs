//! The page of a recording.

use std::collections::BTreeMap;

use super::collect::{Collected, collect, seconds};
use super::shortened::{FoldedEvent, fold};
use super::time::{TimeScale, date_and_time, span};
use super::trace::lease_table;
use super::{Diagnosis, EventLine, Page, Tone, verdict};
use crate::app::{AppConfig, AppState, EventCategory};
use crate::escape::printable;
use crate::inference::lints::Finding;
use crate::plural::plural;
use crate::recording::{Header, Recording};
use crate::width::{cut, cut_key};

/// Maximum number of events in the list.
const MAX_EVENTS: usize = 400;
/// Maximum number of problems in the list if there are too many events.
const MAX_PROBLEMS: usize = 300;
/// Cells of an event's text.
const TEXT_WIDTH: usize = 400;
/// Cells of a key in a finding.
const NAME_WIDTH: usize = 100;
/// Findings of one diagnosis that are quoted.
const MAX_FINDINGS: usize = 5;

/// The page of a recording in the file `file`. `config` has the user's muted warnings and locks.
pub(super) fn recorded_page(recording: Recording, file: &str, config: AppConfig) -> Page {
    let (header, is_truncated) = (recording.header.clone(), recording.is_truncated);
    let time = TimeScale {
        from: seconds(recording.start()),
        until: seconds(recording.end()),
        start: Some(header.wall_start()),
        sleeps: recording.sleeps().map(|(at, span)| (seconds(at), span)).collect(),
    };
    let Collected { app, traces, mut events, marks } = collect(recording, config);
    events.sort_by_key(|event| event.at);
    let diagnoses = diagnoses(&app);
    let (verdict, verdict_tone) = verdict::of_recording(&traces, &events, &diagnoses, &time);
    let folded = fold(&events);
    let (listed, omitted) = listed(&folded);
    Page {
        title: format!("Leases of {}", printable(header.cluster.as_bytes())),
        verdict,
        verdict_tone,
        notes: notes(&header, is_truncated, &app),
        facts: facts(&header, file, &time, &app),
        events: listed.into_iter().map(|folded| line(folded, &time)).collect(),
        omitted,
        tables: vec![lease_table(&traces)],
        caption: "A tick is a renewal. Renewals of other clients are inferred from polls.",
        time,
        traces,
        marks,
        diagnoses,
    }
}

fn notes(header: &Header, is_truncated: bool, app: &AppState) -> Vec<String> {
    let mut notes = Vec::new();
    if is_truncated {
        notes.push("The file has no proper end: the report covers what is in it.".to_owned());
    }
    if header.part > 1 {
        notes.push(format!("This is part {} of a recording; earlier parts are in other files.", header.part));
    }
    if let Some(speed) = header.sandbox.filter(|speed| *speed != 1) {
        notes.push(format!(
            "The clock of the sandbox ran at {speed} times real time, so its times are later than real ones."
        ));
    }
    if let Some(failure) = &app.cluster.list_failure {
        notes.push(format!("At the end the list of leases failed: {}.", printable(failure.text.as_bytes())));
    }
    notes
}

fn facts(header: &Header, file: &str, time: &TimeScale, app: &AppState) -> Vec<(&'static str, String)> {
    let wall = |at| time.wall(at).map(date_and_time).unwrap_or_default();
    let mut versions: Vec<String> =
        app.cluster.view.members.iter().map(|member| printable(member.version.as_bytes())).collect();
    versions.retain(|version| !version.is_empty());
    versions.sort();
    versions.dedup();
    let members = plural(app.cluster.view.members.len(), "endpoint");
    let etcd = if versions.is_empty() { members } else { format!("etcd {}, {members}", versions.join(" and ")) };
    let mut facts = vec![
        ("from", format!("{} UTC", wall(time.from))),
        ("until", format!("{} UTC ({})", wall(time.until), span(time.span()))),
        ("cluster", format!("{}, {etcd}", printable(header.cluster.as_bytes()))),
        (
            "source",
            format!("recording {}, by leasetop {}", printable(file.as_bytes()), printable(header.leasetop.as_bytes())),
        ),
    ];
    if let Some(prefix) = header.range.as_prefix().filter(|prefix| !prefix.is_empty()) {
        facts.push(("keys", format!("only those below {}", printable(prefix))));
    }
    facts
}

/// The findings at the end by diagnosis, most urgent first.
fn diagnoses(app: &AppState) -> Vec<Diagnosis> {
    let mut found: Vec<Finding> = Vec::new();
    for lease in app.leases.living().filter(|lease| lease.active_warnings().next().is_some()) {
        let active: Vec<&str> = lease.active_warnings().collect();
        found.extend(app.leases.findings(lease).into_iter().filter(|finding| active.contains(&finding.lint)));
    }
    let mut by_name: BTreeMap<(usize, &str), Vec<Finding>> = BTreeMap::new();
    for finding in found {
        let same = by_name.entry((crate::inference::lints::urgency(finding.lint), finding.lint)).or_default();
        if !same.contains(&finding) {
            same.push(finding);
        }
    }
    by_name.into_iter().map(|((_, name), findings)| diagnosis(app, name, &findings)).collect()
}

fn diagnosis(app: &AppState, name: &str, findings: &[Finding]) -> Diagnosis {
    let mut leases: Vec<_> = findings.iter().flat_map(|finding| &finding.leases).collect();
    leases.sort();
    leases.dedup();
    Diagnosis {
        name: name.to_owned(),
        leases: leases.len(),
        what: findings.iter().take(MAX_FINDINGS).map(|finding| cut(&what(app, finding), TEXT_WIDTH)).collect(),
        why: findings.first().map_or("", |finding| finding.why).to_owned(),
        advice: findings.first().map_or("", |finding| finding.advice).to_owned(),
    }
}

/// The sentence of a finding, with the key or the id of its lease if there is only one.
fn what(app: &AppState, finding: &Finding) -> String {
    let [id] = finding.leases[..] else { return finding.what.clone() };
    let key = app.leases.get(id).and_then(|lease| lease.keys.as_ref()?.first.first());
    let name = key.map_or_else(|| id.to_string(), |key| cut_key(&printable(key), NAME_WIDTH));
    format!("{name}: {}", finding.what)
}

/// The events to list in the order in which they happened, and what is left out. If there are too many, others are left out
/// before problems.
fn listed<'a>(events: &'a [FoldedEvent<'a>]) -> (Vec<&'a FoldedEvent<'a>>, Option<String>) {
    if events.len() <= MAX_EVENTS {
        return (events.iter().collect(), None);
    }
    let is_problem = |line: &&FoldedEvent<'_>| EventCategory::Problems.has(&line.event.kind);
    let problems = events.iter().filter(is_problem).count().min(MAX_PROBLEMS);
    let mut room = (problems, MAX_EVENTS - problems);
    let (mut listed, mut omitted) = (Vec::new(), BTreeMap::new());
    for line in events {
        let room = if is_problem(&line) { &mut room.0 } else { &mut room.1 };
        match room.checked_sub(1) {
            Some(rest) => {
                *room = rest;
                listed.push(line);
            }
            None => *omitted.entry(line.event.name().as_str()).or_insert(0_u64) += 1 + line.more as u64,
        }
    }
    let total: u64 = omitted.values().sum();
    let kinds: Vec<String> = omitted.iter().map(|(name, count)| format!("{count} {name}")).collect();
    (listed, Some(format!("{} not listed: {}", plural(total, "more event"), kinds.join(", "))))
}

fn line(line: &FoldedEvent<'_>, time: &TimeScale) -> EventLine {
    let FoldedEvent { event, more, until } = line;
    let until = || time.label(seconds(*until));
    let more = if *more > 0 { format!("; {more} more like it until {}", until()) } else { String::new() };
    let tone = match (EventCategory::Problems.has(&event.kind), super::severity::Severity::of(&event.kind).tone()) {
        (false, _) => Tone::Plain,
        (true, Tone::Warning) => Tone::Warning,
        (true, _) => Tone::Bad,
    };
    EventLine {
        at: time.wall(seconds(event.at)).unwrap_or(std::time::SystemTime::UNIX_EPOCH),
        doubt: event.doubt,
        name: event.name().as_str(),
        lease: event.lease.map_or_else(String::new, |id| id.to_string()),
        text: cut(&event.text(), TEXT_WIDTH) + &more,
        tone,
    }
}
