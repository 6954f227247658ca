//! `members`: the members of the cluster as a table or as JSON.

use std::time::Duration;

use serde::Serialize;

use super::json::line;
use super::table::{Align, table};
use super::text::{millis, or_dash, seconds};
use crate::app::{AppState, MemberRow, size_in_words};
use crate::error_table::name_of_alarm;
use crate::escape::printable;
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
    /// Why the member list could not be read. Left out if it could.
    #[serde(skip_serializing_if = "Option::is_none")]
    list_error: Option<String>,
}

/// A member. Numbers and sizes are those of its last status, and are left out if there was none.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct MemberObject {
    /// The name. Null if the member has not started, or for an endpoint that is not in the member list.
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
    /// `learner`: it has no vote. `unknown`: it does not answer, or denies its status.
    #[cfg_attr(test, schemars(extend("enum" = ["leader", "follower", "learner", "unknown"])))]
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
    /// The alarms that this member raised.
    #[cfg_attr(test, schemars(inner(regex(pattern = "^(NOSPACE|CORRUPT)$"))))]
    alarms: Vec<&'static str>,
    /// What is wrong.
    problems: Vec<String>,
}

/// All members in one JSON object.
pub fn members_json(app: &AppState, now: Timestamp) -> String {
    let members = &app.cluster.members;
    line(&MembersObject {
        members: members.rows(&app.cluster.view).iter().map(|row| member_object(row, now)).collect(),
        renewals_through: members.renewals_through(&app.cluster.view),
        list_error: members.failure.as_ref().map(|failure| failure.text.clone()),
    })
}

fn member_object(row: &MemberRow<'_>, now: Timestamp) -> MemberObject {
    let name = row.listed.map(|listed| listed.name.clone()).filter(|name| !name.is_empty());
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
        problems: row.problems.clone(),
    }
}

/// Of the last status request, if it answers.
fn round_trip(row: &MemberRow<'_>) -> Option<Duration> {
    if row.answers == Some(true) { row.status.and_then(|status| status.round_trip) } else { None }
}

fn alarm_name(alarm: &MemberAlarm) -> &'static str {
    name_of_alarm(alarm.cause)
}

/// One row per member. Members that are no endpoints have a `*`.
pub fn members_table(app: &AppState, now: Timestamp) -> String {
    let rows = app.cluster.members.rows(&app.cluster.view);
    let rows: Vec<Vec<String>> = rows.iter().map(|row| cells(row, now)).collect();
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
        ("ADDRESS", Align::Left),
        ("PROBLEM", Align::Left),
    ];
    table(header, &rows)
}

fn cells(row: &MemberRow<'_>, now: Timestamp) -> Vec<String> {
    let of_status = |show: fn(&MemberView) -> Option<String>| or_dash(row.status.and_then(show), |text| text);
    let mark = if row.is_endpoint { "" } else { " *" };
    let answered = match (row.answers, row.silent_for(now)) {
        (None, _) => "not asked".to_owned(),
        (Some(true), _) => "now".to_owned(),
        (Some(false), Some(span)) => format!("{:.1} s ago", span.as_secs_f64()),
        (Some(false), None) => "never".to_owned(),
    };
    vec![
        format!("{}{mark}", printable(row.name().as_bytes())),
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
        printable(row.address.as_bytes()),
        printable(row.problems.join("; ").as_bytes()),
    ]
}
