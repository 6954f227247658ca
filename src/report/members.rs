//! `members`: the members of the cluster as a table or as JSON.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::json::line;
#[cfg(test)]
use super::schema;
use super::table::{Align, table};
use super::text::{date, millis, or_dash, rfc3339, seconds};
use crate::app::{AppState, MemberRow, certificate_expiry, probe_step_text, size_in_words};
use crate::error_table::name_of_alarm;
use crate::escape::printable;
use etcd_lease::wire::{MemberProbe, ProbeStep};
use etcd_lease::{MemberAlarm, MemberView};
use simkit::Timestamp;

/// The members of the cluster.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct MembersObject {
    /// The members by name: those of the member list, and endpoints that are none of them.
    members: Vec<MemberObject>,
    /// Which member renewals go through, and why. Null if no endpoint answers.
    renewals_through: Option<String>,
    /// When our own client certificate ends: RFC 3339. Left out without one.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    client_certificate_end: Option<String>,
    /// Why the member list could not be read. Left out if it could.
    #[serde(skip_serializing_if = "Option::is_none")]
    list_error: Option<String>,
}

/// A member. Numbers and sizes are those of its last status, and are left out if there was none.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct MemberObject {
    /// The name. Null if the member has not started, or for an endpoint that was never in the member list.
    name: Option<String>,
    /// The member id in hex, as etcdctl prints it. Null if unknown.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]+$")))]
    id: Option<String>,
    /// The endpoint, or the client URL at which it was asked. Empty if it advertises none.
    address: String,
    /// The client URLs that it advertises.
    client_urls: Vec<String>,
    /// Whether it is one of `--endpoints`.
    is_endpoint: bool,
    /// Whether calls and renewals go to it.
    is_chosen: bool,
    /// Whether it answers. Null if it was not asked.
    answers: Option<bool>,
    /// Seconds since it last answered. Left out while it answers, and if it never did.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_ago: Option<f64>,
    /// `learner`: it has no vote. `unknown`: it does not answer, or denies its status. `removed`: it is no member any more.
    #[cfg_attr(test, schemars(extend("enum" = ["leader", "follower", "learner", "unknown", "removed"])))]
    role: &'static str,
    /// etcd's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// The raft term.
    #[serde(skip_serializing_if = "Option::is_none")]
    term: Option<u64>,
    /// The revision of the key space.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    /// The committed raft index.
    #[serde(skip_serializing_if = "Option::is_none")]
    raft_index: Option<u64>,
    /// The size of the database file in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    db_size: Option<u64>,
    /// The size in use in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    db_size_in_use: Option<u64>,
    /// The limit of the file in bytes. Left out before etcd 3.6, which does not report it.
    #[serde(skip_serializing_if = "Option::is_none")]
    db_size_quota: Option<u64>,
    /// Seconds of the last status request. Left out while it does not answer.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip: Option<f64>,
    /// When the server's certificate ends: RFC 3339. Left out in plain text, and while it is not known.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_end: Option<String>,
    /// The requests of `--probe-members` that were sent to it. Left out without that option.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    probe: Vec<StepObject>,
    /// The alarms that this member raised.
    #[cfg_attr(test, schemars(inner(regex(pattern = "^(NOSPACE|CORRUPT)$"))))]
    alarms: Vec<&'static str>,
    /// What is wrong.
    problems: Vec<String>,
}

/// A request about a lease of our own.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct StepObject {
    /// Granting a lease of 10 s, renewing it or a lease that another member granted, or revoking it.
    #[cfg_attr(test, schemars(extend("enum" = ["grant", "renewal", "revoke"])))]
    request: &'static str,
    /// Seconds until the reply, or until it failed.
    #[cfg_attr(test, schemars(range(min = 0)))]
    took: f64,
    /// Why it failed. Null if it succeeded.
    error: Option<String>,
}

/// All members in one JSON object. `wall` is the system time.
pub fn members_json(app: &AppState, now: Timestamp, wall: SystemTime) -> String {
    let members = &app.cluster.members;
    line(&MembersObject {
        members: members.rows(&app.cluster.view).iter().map(|row| member_object(row, now, wall)).collect(),
        renewals_through: members.renewals_through(&app.cluster.view),
        client_certificate_end: app.cluster.view.client_certificate_end.map(rfc3339),
        list_error: members.failure.as_ref().map(|failure| failure.text.clone()),
    })
}

fn member_object(row: &MemberRow<'_>, now: Timestamp, wall: SystemTime) -> MemberObject {
    let name = row.listed.or(row.former).map(|listed| listed.name.clone()).filter(|name| !name.is_empty());
    let status = row.status;
    MemberObject {
        name,
        id: if row.id() == 0 { None } else { Some(format!("{:x}", row.id())) },
        address: row.address.to_owned(),
        client_urls: row.listed.map_or_else(Vec::new, |listed| listed.client_urls.clone()),
        is_endpoint: row.is_endpoint,
        is_chosen: row.is_chosen,
        answers: row.answers,
        answered_ago: row.silent_for(now).map(seconds),
        role: row.role.word(),
        version: status.map(|status| status.version.clone()),
        term: status.map(|status| status.raft_term),
        revision: status.map(|status| status.revision),
        raft_index: status.map(|status| status.raft_index),
        db_size: status.map(|status| status.db_size),
        db_size_in_use: status.map(|status| status.db_size_in_use),
        db_size_quota: status.and_then(|status| status.db_size_quota),
        round_trip: round_trip(row).map(seconds),
        alarms: row.alarms.iter().map(alarm_name).collect(),
        certificate_end: row.certificate_end.map(rfc3339),
        probe: row.probe.map_or_else(Vec::new, |(probe, _)| step_objects(probe)),
        problems: problems(row, wall),
    }
}

/// The requests that were sent.
fn step_objects(probe: &MemberProbe) -> Vec<StepObject> {
    let object = |(request, step): (&'static str, &ProbeStep)| match step {
        ProbeStep::NotSent => None,
        ProbeStep::Done(took) => Some(StepObject { request, took: seconds(*took), error: None }),
        ProbeStep::Failed { after, trouble } => {
            Some(StepObject { request, took: seconds(*after), error: Some(trouble.message().to_owned()) })
        }
    };
    probe.steps().into_iter().filter_map(object).collect()
}

/// What is wrong, also with its certificate and in the probe.
fn problems(row: &MemberRow<'_>, wall: SystemTime) -> Vec<String> {
    let expiry = row.certificate_end.and_then(|end| certificate_expiry(end, wall));
    let expiry = expiry.map(|expiry| format!("certificate {expiry}"));
    let steps = row.probe.iter().flat_map(|(probe, _)| probe.steps());
    let failed = steps.filter(|(_, step)| matches!(step, ProbeStep::Failed { .. }));
    let failed = failed.map(|(name, step)| format!("{name} {}", probe_step_text(step)));
    row.problems.iter().cloned().chain(expiry).chain(failed).collect()
}

/// The round trip of the last status request. `None` if the member does not answer.
fn round_trip(row: &MemberRow<'_>) -> Option<Duration> {
    if row.answers == Some(true) { row.status.and_then(|status| status.round_trip) } else { None }
}

fn alarm_name(alarm: &MemberAlarm) -> &'static str {
    name_of_alarm(alarm.cause)
}

/// One row per member. Members that are not endpoints have a `*`. Columns without content are left out. `wall` is the
/// system time.
pub fn members_table(app: &AppState, now: Timestamp, wall: SystemTime) -> String {
    let rows = app.cluster.members.rows(&app.cluster.view);
    let has_tls = rows.iter().any(|row| row.certificate_end.is_some());
    let is_probed = rows.iter().any(|row| row.probe.is_some());
    let is_shown = |title: &str| match title {
        "CERTIFICATE" => has_tls,
        "GRANT" | "RENEW" | "REVOKE" => is_probed,
        _ => true,
    };
    let header = [
        ("MEMBER", Align::Left),
        ("ROLE", Align::Left),
        ("ANSWERED", Align::Left),
        ("VERSION", Align::Left),
        ("RTT", Align::Right),
        ("TERM", Align::Right),
        ("REVISION", Align::Right),
        ("RAFT INDEX", Align::Right),
        ("DB", Align::Right),
        ("IN USE", Align::Right),
        ("QUOTA", Align::Right),
        ("GRANT", Align::Right),
        ("RENEW", Align::Right),
        ("REVOKE", Align::Right),
        ("CERTIFICATE", Align::Left),
        ("ADDRESS", Align::Left),
        ("PROBLEM", Align::Left),
    ];
    let shown = |cells: Vec<String>| -> Vec<String> {
        header.iter().zip(cells).filter(|((title, _), _)| is_shown(title)).map(|(_, cell)| cell).collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| shown(cells(row, now, wall))).collect();
    let header: Vec<_> = header.into_iter().filter(|(title, _)| is_shown(title)).collect();
    table(header, &rows)
}

/// How long a request of the probe took, or that it failed.
fn step_cell(step: Option<&ProbeStep>) -> String {
    match step {
        Some(ProbeStep::Done(took)) => millis(*took),
        Some(ProbeStep::Failed { .. }) => "failed".to_owned(),
        Some(ProbeStep::NotSent) | None => "-".to_owned(),
    }
}

fn cells(row: &MemberRow<'_>, now: Timestamp, wall: SystemTime) -> Vec<String> {
    let probe = row.probe.map(|(probe, _)| probe);
    let of_status = |show: fn(&MemberView) -> Option<String>| or_dash(row.status.and_then(show), |text| text);
    let mark = if row.is_endpoint { "" } else { " *" };
    let answered = match (row.answers, row.silent_for(now)) {
        (None, _) => "not asked".to_owned(),
        (Some(true), _) => "now".to_owned(),
        (Some(false), Some(span)) => format!("{:.1} s ago", span.as_secs_f64()),
        (Some(false), None) => "never".to_owned(),
    };
    let name = if row.name().is_empty() { format!("{:x}", row.id()) } else { printable(row.name().as_bytes()) };
    vec![
        format!("{name}{mark}"),
        row.role.word().to_owned(),
        answered,
        of_status(|status| Some(printable(status.version.as_bytes()))),
        or_dash(round_trip(row), millis),
        of_status(|status| Some(status.raft_term.to_string())),
        of_status(|status| Some(status.revision.to_string())),
        of_status(|status| Some(status.raft_index.to_string())),
        of_status(|status| Some(size_in_words(status.db_size))),
        of_status(|status| Some(size_in_words(status.db_size_in_use))),
        of_status(|status| status.db_size_quota.map(size_in_words)),
        step_cell(probe.map(|probe| &probe.grant)),
        step_cell(probe.map(|probe| &probe.renewal)),
        step_cell(probe.map(|probe| &probe.revoke)),
        or_dash(row.certificate_end, date),
        printable(row.address.as_bytes()),
        printable(problems(row, wall).join("; ").as_bytes()),
    ]
}
