//! Plays a recording and collects what happened to each lease.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Tone;
use super::severity::Severity;
use super::trace::{DeadlinePoint, Mark, Trace};
use crate::app::{AppConfig, AppState, Event, EventKind, Lease, LeaseState, run_lints, service};
use crate::escape::printable;
use crate::recording::{Player, Recording};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Number of samples of leases without events in a recording.
const SAMPLES: u32 = 200;
/// Minimum time between two samples.
const LEAST_STEP: Duration = Duration::from_millis(250);
/// Each time there are this many more leases, the time between two samples grows by one step.
const LEASES_PER_STEP: u32 = 1_000;

/// What a recording shows.
pub(super) struct Collected {
    /// The state at the end.
    pub(super) app: AppState,
    pub(super) traces: Vec<Trace>,
    /// All events except renewals, in the order in which they became known.
    pub(super) events: Vec<Event>,
    /// What happened to the whole cluster.
    pub(super) marks: Vec<Mark>,
}

/// Plays a recording to its end.
pub(super) fn collect(recording: Recording, config: AppConfig) -> Collected {
    let (start, end) = (recording.start(), recording.end());
    let mut player = Player::new(recording.entries, start, recording.header.config(config));
    let mut app = player.initial_state();
    let every = ((end - start) / SAMPLES).max(LEAST_STEP);
    let mut collector =
        Collector { traces: BTreeMap::new(), events: Vec::new(), marks: Vec::new(), next: start, every };
    player.play(&mut app, |app, at, events| collector.look(app, at, events));
    run_lints(&mut app, end);
    for event in app.events.drain_recorded() {
        collector.event(&app, event);
    }
    collector.finish(app, (start, end))
}

struct Collector {
    traces: BTreeMap<LeaseId, Trace>,
    events: Vec<Event>,
    marks: Vec<Mark>,
    /// When leases without events are sampled next.
    next: Timestamp,
    every: Duration,
}

impl Collector {
    /// Applies the events of a moment, and samples all leases if that is due.
    fn look(&mut self, app: &AppState, at: Timestamp, events: Vec<Event>) {
        for event in events {
            self.event(app, event);
        }
        if at >= self.next {
            self.next = at + self.every * (1 + app.leases.len() as u32 / LEASES_PER_STEP);
            for lease in app.leases.living() {
                let trace = self.traces.entry(lease.id).or_insert_with(|| new_trace(lease.id, lease.first_seen()));
                describe(trace, lease);
                let is_known = lease.state(at) != LeaseState::Unseen;
                add_deadline(trace, seconds(at), deadline(lease).filter(|_| is_known), true);
            }
        }
    }

    fn event(&mut self, app: &AppState, event: Event) {
        match event.lease {
            Some(id) => {
                let trace = self.traces.entry(id).or_insert_with(|| new_trace(id, event.at));
                note(trace, &event, app.leases.get(id));
            }
            None => self.marks.extend(mark(&event)),
        }
        if !matches!(event.kind, EventKind::Renewed(_)) {
            self.events.push(event);
        }
    }

    fn finish(mut self, app: AppState, (start, end): (Timestamp, Timestamp)) -> Collected {
        for (id, trace) in &mut self.traces {
            if let Some(lease) = app.leases.get(*id).filter(|lease| lease.end().is_none()) {
                describe(trace, lease);
                trace.end = None;
                trace.state = lease.state(end).word().to_owned();
                trace.warnings = lease.active_warnings().map(str::to_owned).collect();
                add_deadline(trace, seconds(end), deadline(lease), true);
                if !trace.warnings.is_empty() {
                    trace.severity = trace.severity.max(Severity::Noted);
                }
            }
            trace.last = trace.end.unwrap_or(seconds(end));
            // A lease can be known from before the recording, and the times of a file that was changed by hand can
            // contradict each other.
            trace.first = trace.first.max(seconds(start)).min(trace.last);
            close_overdue(trace, trace.last);
            trace.renewals.sort_by(f64::total_cmp);
            trace.deadlines.sort_by(|one, other| one.at.total_cmp(&other.at));
        }
        let mut traces: Vec<Trace> = self.traces.into_values().collect();
        Trace::sort(&mut traces);
        Collected { app, traces, events: self.events, marks: self.marks }
    }
}

pub(super) fn seconds(at: Timestamp) -> f64 {
    at.since_start().as_secs_f64()
}

fn new_trace(id: LeaseId, first: Timestamp) -> Trace {
    Trace { id: id.to_string(), first: seconds(first), ..Trace::default() }
}

/// Copies key, owner, TTL, interval and margin from the lease. The trace keeps what the lease no longer has.
fn describe(trace: &mut Trace, lease: &Lease) {
    if let Some(key) = lease.keys.as_ref().and_then(|keys| keys.first.first()) {
        trace.key = printable(key);
        trace.service = service(lease).map(printable).unwrap_or_default();
    }
    trace.owner = lease.ownership.word().to_owned();
    trace.ttl = lease.granted_ttl.map(|ttl| ttl as f64).or(trace.ttl);
    trace.interval = lease.usual_interval().map(|every| every.as_secs_f64()).or(trace.interval);
    trace.margin = lease.shown_margin().map(|left| left.as_secs_f64()).or(trace.margin);
}

fn deadline(lease: &Lease) -> Option<f64> {
    lease.bounds().map(|bounds| seconds(bounds.middle()))
}

/// Adds the deadline from `at` on. If it `is_sample` and differs little from the last deadline, replaces that instead.
fn add_deadline(trace: &mut Trace, at: f64, deadline: Option<f64>, is_sample: bool) {
    // A TTL reply is in whole seconds. A renewal differs by an interval.
    let refinement = trace.ttl.map_or(0.5, |ttl| (ttl * 0.1).clamp(0.1, 0.6));
    match (trace.deadlines.last_mut().map(|last| &mut last.deadline), deadline) {
        (None | Some(None), None) => (),
        (Some(Some(last)), Some(deadline)) if is_sample && (deadline - *last).abs() <= refinement => *last = deadline,
        _ => trace.deadlines.push(DeadlinePoint { at, deadline }),
    }
}

/// Applies an event of a lease. `lease` is its state after the event.
fn note(trace: &mut Trace, event: &Event, lease: Option<&Lease>) {
    let at = seconds(event.at);
    if let Some(lease) = lease.filter(|_| !matches!(event.kind, EventKind::Renewed(_)) || trace.ttl.is_none()) {
        describe(trace, lease);
    }
    match &event.kind {
        EventKind::Renewed(_) => {
            trace.renewals.push(at);
            close_overdue(trace, at);
            add_deadline(trace, at, lease.and_then(deadline), false);
        }
        EventKind::Refilled { .. } => add_deadline(trace, at, lease.and_then(deadline), true),
        EventKind::Dropped { .. } => trace.drops.push(at),
        EventKind::Late { .. } => open_overdue(trace, at, Tone::Warning),
        EventKind::Risk { .. } => open_overdue(trace, at, Tone::Bad),
        EventKind::LeaseEnded(ended) => {
            close_overdue(trace, at);
            trace.end = Some(at);
            trace.state = LeaseState::Ended(ended.cause).word().to_owned();
        }
        // It was granted again with its id.
        EventKind::Granted { .. } if trace.end.is_some() => trace.end = None,
        EventKind::Granted { .. } if trace.renewals.is_empty() => trace.first = trace.first.min(at),
        _ => (),
    }
    let severity = Severity::of(&event.kind);
    let is_first = trace.worst.is_none() && severity > Severity::Healthy;
    if severity > trace.severity || is_first {
        trace.severity = severity.max(trace.severity);
        trace.worst = Some((at, event.text()));
    }
}

/// Starts an overdue span. It ends at infinity until it is closed.
fn open_overdue(trace: &mut Trace, at: f64, tone: Tone) {
    close_overdue(trace, at);
    trace.overdue.push((at, f64::INFINITY, tone));
}

/// Ends the last overdue span at `at`, if it is still open.
fn close_overdue(trace: &mut Trace, at: f64) {
    if let Some((from, until, _)) = trace.overdue.last_mut()
        && until.is_infinite()
    {
        *until = at.max(*from);
    }
}

/// What the raster shows of an event of the cluster.
fn mark(event: &Event) -> Option<Mark> {
    let (word, tone) = match &event.kind {
        EventKind::Leader { .. } => ("leader", Tone::Warning),
        EventKind::NoLeader { .. } => ("no leader", Tone::Bad),
        EventKind::Disconnected { .. } | EventKind::Unreached { .. } | EventKind::Refused { .. } => ("lost", Tone::Bad),
        EventKind::ClusterChanged { cause, .. } => (*cause, Tone::Bad),
        EventKind::ProcessStalled { .. } => ("not running", Tone::Warning),
        _ => return None,
    };
    Some(Mark { at: seconds(event.at), word: word.to_owned(), tone })
}
