//! `locks`: locks and elections as a table or as JSON.

use std::time::Duration;

use serde::Serialize;

use super::json::line;
#[cfg(test)]
use super::schema;
use super::table::{Align, table};
use super::text::{base64, json_key, or_dash, seconds};
use crate::app::{
    AppState, Lease, ReadValue, candidate_problem_text, lock_display_name, lock_doubt, lock_place, lock_value_text,
    whole_seconds,
};
use crate::id_format::IdFormat;
use crate::inference::locks::{Candidate, CandidateProblem, LockEvidence, LockKind, LockQueue};
use simkit::Timestamp;

/// Locks and elections with their holders and waiters.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LocksObject {
    /// Seconds of watching. Left out without --for.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    watched: Option<f64>,
    /// The locks, in the order of their names.
    locks: Vec<LockObject>,
    /// Names that are locks or services: their keys are named after their leases in decimal. A `[[lock]]` in the config
    /// file decides it.
    undecided: Vec<UndecidedObject>,
}

/// A lock or an election.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LockObject {
    /// The name, escaped if it is not UTF-8.
    name: String,
    /// The name in base64, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    name_base64: Option<String>,
    /// `hex`, `decimal`: each candidate has a key `NAME/ID` with its lease. `key`: the key is the lock, and waiters have
    /// no key.
    #[cfg_attr(test, schemars(extend("enum" = ["hex", "decimal", "key"])))]
    kind: &'static str,
    /// Why it is taken for a lock: `pattern` of the config file, `name` as in a known client, `handed_over`: a waiting
    /// lease created the key again, `created_again`: a newer lease did, so it may also be a service.
    #[cfg_attr(test, schemars(extend("enum" = ["pattern", "name", "handed_over", "created_again"])))]
    evidence: &'static str,
    /// Lease of the holder. Null if nobody holds it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    holder: Option<String>,
    /// Kind `key`: the value, which names the leader in many clients; escaped if it is not UTF-8, at most the first 1024
    /// bytes. Left out if it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// The same value in base64, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    /// Seconds since the holder got it, or since it is free.
    #[cfg_attr(test, schemars(range(min = 0)))]
    held: f64,
    /// `at_least`: it was held before leasetop started.
    #[cfg_attr(test, schemars(extend("enum" = ["about", "at_least"])))]
    held_sureness: &'static str,
    /// Number of waiters, without the holder. Null if waiters have no key.
    waiters: Option<usize>,
    /// The holder and the waiters in order; before them a former holder whose key was deleted.
    candidates: Vec<CandidateObject>,
}

/// The holder of a lock, a waiter, or a former holder.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CandidateObject {
    /// Its key, escaped if it is not UTF-8.
    key: String,
    /// The key in base64, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    /// Its key was deleted while its lease lives. `released`: it released the lock, or another client deleted the key.
    /// `lost`: another client deleted it.
    #[cfg_attr(test, schemars(extend("enum" = ["holds", "waits", "released", "lost"])))]
    place: &'static str,
    /// Number of candidates before it. Left out for `released` and `lost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead: Option<usize>,
    /// Its lease.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    lease: String,
    /// State of the lease, as on the screen. Null if the lease is not known.
    state: Option<&'static str>,
    /// Granted seconds.
    granted_ttl: Option<i64>,
    /// Seconds left. Null if unknown.
    left: Option<f64>,
    /// What is wrong. Left out if nothing is.
    #[cfg_attr(test, schemars(extend("enum" = ["no_lease", "other_lease", "lease_gone", "dying", "key_deleted", "not_renewed"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
    /// The problem and its consequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// A name that is a lock or a service.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UndecidedObject {
    /// The name, escaped if it is not UTF-8.
    name: String,
    /// Number of keys.
    keys: usize,
}

/// All locks in one JSON object. `watched` is how long the keys were watched. `None` if they were only read.
pub fn locks_json(app: &AppState, watched: Option<Duration>, now: Timestamp) -> String {
    let locks = app.keys.locks();
    line(&LocksObject {
        watched: watched.map(seconds),
        locks: locks.queues().map(|queue| lock_object(app, queue, now)).collect(),
        undecided: locks.undecided().map(|(name, keys)| UndecidedObject { name: json_key(name), keys }).collect(),
    })
}

fn lock_object(app: &AppState, queue: &LockQueue, now: Timestamp) -> LockObject {
    let value = queue.holder().and_then(|holder| app.keys.lock_value(&holder.key));
    let value = value.and_then(|value| if let ReadValue::Known { start, .. } = value { Some(start) } else { None });
    LockObject {
        name: json_key(queue.name()),
        name_base64: not_utf8(queue.name()),
        kind: match queue.kind() {
            LockKind::Hex => "hex",
            LockKind::Decimal => "decimal",
            LockKind::OneKey => "key",
        },
        evidence: match queue.evidence() {
            Some(LockEvidence::Pattern) => "pattern",
            Some(LockEvidence::HandedOver) => "handed_over",
            Some(LockEvidence::CreatedAgain) => "created_again",
            Some(LockEvidence::Name) | None => "name",
        },
        holder: queue.holder().map(|holder| holder.lease.to_string()),
        value: value.map(|value| json_key(value)),
        value_base64: value.and_then(|value| not_utf8(value)),
        held: seconds(now - queue.held().since),
        held_sureness: if queue.held().is_least { "at_least" } else { "about" },
        waiters: if queue.kind() == LockKind::OneKey { None } else { Some(queue.wait_count()) },
        candidates: queue.numbered().map(|(one, ahead)| candidate_object(app, queue, (one, ahead), now)).collect(),
    }
}

fn candidate_object(
    app: &AppState,
    queue: &LockQueue,
    (candidate, ahead): (&Candidate, Option<usize>),
    now: Timestamp,
) -> CandidateObject {
    let lease = app.leases.get(candidate.lease);
    let problem = app.leases.candidate_problem(queue, candidate, now);
    CandidateObject {
        key: json_key(&candidate.key),
        key_base64: not_utf8(&candidate.key),
        place: match ahead {
            None if queue.released_at(candidate).is_some() => "released",
            None => "lost",
            Some(0) => "holds",
            Some(_) => "waits",
        },
        ahead,
        lease: candidate.lease.to_string(),
        state: lease.map(|lease| lease.state(now).word()),
        granted_ttl: lease.and_then(|lease| lease.granted_ttl),
        left: lease.and_then(|lease| lease.left(now)),
        problem: problem.map(problem_name),
        message: problem.map(|problem| message(queue, candidate, problem, lease, now)),
    }
}

fn problem_name(problem: CandidateProblem) -> &'static str {
    match problem {
        CandidateProblem::Stranded => "no_lease",
        CandidateProblem::Misplaced(_) => "other_lease",
        CandidateProblem::Gone => "lease_gone",
        CandidateProblem::Dying => "dying",
        CandidateProblem::KeyDeleted(_) => "key_deleted",
        CandidateProblem::Silent(_) => "not_renewed",
    }
}

fn message(
    queue: &LockQueue,
    candidate: &Candidate,
    problem: CandidateProblem,
    lease: Option<&Lease>,
    now: Timestamp,
) -> String {
    let left = lease.and_then(|lease| lease.left(now)).map(|left| format!("{left:.1} s"));
    candidate_problem_text(IdFormat::Hex, queue, candidate, problem, (left.as_deref(), now))
}

fn not_utf8(key: &[u8]) -> Option<String> {
    if std::str::from_utf8(key).is_err() { Some(base64(key)) } else { None }
}

/// One row per candidate, lock by lock.
pub fn locks_table(app: &AppState, now: Timestamp) -> String {
    let rows: Vec<Vec<String>> = app
        .keys
        .locks()
        .queues()
        .flat_map(|queue| queue.numbered().map(move |(one, ahead)| row(app, queue, (one, ahead), now)))
        .collect();
    let header = [
        ("LOCK", Align::Left),
        ("PLACE", Align::Left),
        ("ID", Align::Left),
        ("STATE", Align::Left),
        ("TTL", Align::Right),
        ("LEFT", Align::Right),
        ("HELD", Align::Right),
        ("VALUE", Align::Left),
        ("PROBLEM", Align::Left),
    ];
    table(header, &rows)
}

fn row(
    app: &AppState,
    queue: &LockQueue,
    (candidate, ahead): (&Candidate, Option<usize>),
    now: Timestamp,
) -> Vec<String> {
    let lease = app.leases.get(candidate.lease);
    let is_holder = ahead == Some(0);
    let held = queue.held();
    let sign = if held.is_least { ">=" } else { "" };
    let value = if is_holder { app.keys.lock_value(&candidate.key).and_then(lock_value_text) } else { None };
    let problem = app.leases.candidate_problem(queue, candidate, now);
    let problem = problem.map(|problem| message(queue, candidate, problem, lease, now));
    let doubt = if is_holder { lock_doubt(queue).map(str::to_owned) } else { None };
    vec![
        lock_display_name(queue),
        lock_place(queue, ahead),
        candidate.lease.to_string(),
        or_dash(lease, |lease| lease.state(now).word().to_owned()),
        or_dash(lease.and_then(|lease| lease.granted_ttl), |ttl| format!("{ttl} s")),
        or_dash(lease.and_then(|lease| lease.left(now)), |left| format!("{left:.1} s")),
        if is_holder { format!("{sign}{}", whole_seconds(now - held.since)) } else { String::new() },
        value.unwrap_or_default(),
        problem.or(doubt).unwrap_or_default(),
    ]
}
