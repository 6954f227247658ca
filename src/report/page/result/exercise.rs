//! The page of `exercise -w json`.

use std::time::Duration;

use serde::Deserialize;

use super::{MAX_RENEWALS, deadlines, seconds, time_of, visible};
use crate::app::cadence::Headline;
use crate::plural::plural;
use crate::report::page::severity::Severity;
use crate::report::page::time::{TimeScale, date_and_time, span};
use crate::report::page::trace::Trace;
use crate::report::page::{Cell, EventLine, Page, Sentence, Table, Tone};

#[derive(Deserialize)]
pub(super) struct ExerciseResult {
    at: Option<String>,
    #[serde(default)]
    pace: String,
    #[serde(rename = "for")]
    kept_for: Option<f64>,
    series: Vec<SeriesResult>,
    answer: String,
}

#[derive(Deserialize)]
struct SeriesResult {
    ttl: i64,
    granted_ttl: Option<i64>,
    count: u64,
    lost: u64,
    #[serde(default)]
    losses: Vec<LossResult>,
    renewals: u64,
    interval: IntervalResult,
    least_left: Option<f64>,
    queue: QueueResult,
    #[serde(default)]
    ids: Vec<String>,
}

#[derive(Deserialize)]
struct IntervalResult {
    expected: Option<f64>,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    p99: Option<f64>,
}

#[derive(Deserialize)]
struct QueueResult {
    capacity: u64,
    depth: u64,
    dropped: u64,
}

#[derive(Deserialize)]
struct LossResult {
    id: String,
    at: jiff::Timestamp,
    cause: String,
}

pub(super) fn page(result: ExerciseResult, file: &str) -> Page {
    let kept_for = seconds(result.kept_for).unwrap_or_default();
    let ended = time_of(result.at.as_deref());
    let length = Duration::try_from_secs_f64(kept_for).unwrap_or_default();
    let start = ended.and_then(|ended| ended.checked_sub(length));
    let time = TimeScale { from: 0.0, until: kept_for, start, sleeps: Vec::new() };
    let mut traces: Vec<Trace> = result.series.iter().map(|series| trace(series, kept_for)).collect();
    traces.sort_by(|one, other| one.ttl.unwrap_or_default().total_cmp(&other.ttl.unwrap_or_default()));
    let worst = traces.iter().map(|trace| trace.severity).max().unwrap_or_default();
    let leases: u64 = result.series.iter().map(|series| series.count).sum();
    let mut facts = vec![
        ("leases", format!("{}, kept alive for {}", plural(leases, "lease"), span(kept_for))),
        ("pace", visible(&result.pace)),
        ("source", format!("result of exercise, {file}")),
    ];
    if let Some(start) = start {
        facts.insert(0, ("from", format!("{} UTC", date_and_time(start))));
    }
    Page {
        title: "Renewal exercise".to_owned(),
        verdict: verdict(&result.answer),
        verdict_tone: worst.tone(),
        notes: Vec::new(),
        facts,
        time,
        marks: Vec::new(),
        caption: "A tick is a renewal, drawn from the mean interval of the leases of one TTL.",
        tables: vec![table(&result.series)],
        diagnoses: Vec::new(),
        events: result.series.iter().flat_map(|series| &series.losses).map(loss).collect(),
        omitted: None,
        traces,
    }
}

/// The question with the first sentence of the answer, then the rest.
fn verdict(answer: &str) -> Vec<Sentence> {
    let answer = visible(answer);
    let (first, rest) = answer.split_once(". ").unwrap_or((&answer, ""));
    let stop = if first.ends_with('.') { "" } else { "." };
    let mut sentences = vec![Sentence::text(format!("{} {first}{stop}", Headline::QUESTION))];
    if !rest.is_empty() {
        sentences.push(Sentence::text(rest));
    }
    sentences
}

fn trace(series: &SeriesResult, kept_for: f64) -> Trace {
    let ttl = series.granted_ttl.unwrap_or(series.ttl).max(0) as f64;
    let mean = seconds(series.interval.mean).filter(|mean| *mean > 0.0);
    let count = match mean {
        Some(mean) => ((kept_for / mean) as usize + 1).min(MAX_RENEWALS),
        None => usize::from(series.renewals > 0),
    };
    let renewals: Vec<f64> = (0..count).map(|number| number as f64 * mean.unwrap_or_default()).collect();
    let severity = match () {
        () if series.lost > 0 => Severity::Lost,
        () if series.queue.dropped > 0 => Severity::Dropped,
        () => Severity::Healthy,
    };
    let state = match (series.lost, mean) {
        (0, Some(_)) => "ok".to_owned(),
        (0, None) => "no interval".to_owned(),
        (lost, _) => format!("{lost} lost"),
    };
    Trace {
        id: series.ids.first().map(|id| visible(id)).unwrap_or_default(),
        key: format!("TTL {ttl:.0} s, {}", plural(series.count, "lease")),
        ttl: Some(ttl),
        last: kept_for,
        deadlines: deadlines(&renewals, ttl),
        renewals,
        state,
        severity,
        interval: mean,
        margin: seconds(series.least_left),
        ..Trace::default()
    }
}

fn table(series: &[SeriesResult]) -> Table {
    Table {
        heading: "Intervals",
        titles: vec![
            "TTL",
            "leases",
            "lost",
            "renewals",
            "mean",
            "min",
            "max",
            "p99",
            "% of TTL",
            "expected",
            "lowest left",
            "queue",
            "dropped",
        ],
        is_number: vec![true; 13],
        rows: series.iter().map(row).collect(),
    }
}

fn row(series: &SeriesResult) -> Vec<Cell> {
    let SeriesResult { interval, queue, .. } = series;
    let ttl = series.granted_ttl.unwrap_or(series.ttl);
    let seconds =
        |value: Option<f64>| Cell::text(value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2} s")));
    let share = interval.mean.map(|mean| mean / (ttl.max(1) as f64) * 100.0);
    let counted = |count: u64, tone| Cell::toned(count.to_string(), if count > 0 { tone } else { Tone::Plain });
    vec![
        Cell::text(format!("{ttl} s")),
        Cell::text(series.count.to_string()),
        counted(series.lost, Tone::Bad),
        Cell::text(series.renewals.to_string()),
        seconds(interval.mean),
        seconds(interval.min),
        seconds(interval.max),
        seconds(interval.p99),
        Cell::text(share.map_or_else(|| "-".to_owned(), |share| format!("{share:.0}"))),
        seconds(interval.expected),
        seconds(series.least_left),
        Cell::text(format!("{}/{}", queue.depth, queue.capacity)),
        counted(queue.dropped, Tone::Warning),
    ]
}

fn loss(loss: &LossResult) -> EventLine {
    EventLine {
        at: loss.at.into(),
        doubt: Duration::ZERO,
        name: "lost",
        lease: visible(&loss.id),
        text: visible(&loss.cause),
        tone: Tone::Bad,
    }
}
