//! Reading the member list, the status of the members that are not endpoints, and the counters of the leader.

use std::time::Duration;

use crate::app::{AppState, CallFailure, Effect, EventKind, MemberReading, Redraw, View};
use crate::inference::TimeRange;
use crate::plural::plural;
use etcd_lease::{LeaseCounters, ListedMember};
use simkit::Timestamp;

/// How often the members are read while they are shown. The endpoints are asked every second anyway.
const SHOWN_INTERVAL: Duration = Duration::from_secs(2);
/// How often the member list is read otherwise, for the names of the members.
const HIDDEN_INTERVAL: Duration = Duration::from_secs(10);

/// How often the members that are not endpoints are asked otherwise, for their certificates.
const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(3600);

/// How often the leader's counters are read while they are shown.
const COUNT_INTERVAL: Duration = Duration::from_secs(10);

/// Stores a reading of the members, and reports members that were added or removed. `has_outside` is whether members that
/// are not endpoints were asked too.
pub(super) fn read(app: &mut AppState, reading: MemberReading, has_outside: bool, now: Timestamp) {
    let known = app.cluster.members.listed.clone();
    let since = app.cluster.members.listed_at.unwrap_or(now);
    let (added, removed) = app.cluster.members.on_read(reading, has_outside, now);
    let changes = [("added", added), ("removed", removed)];
    for (cause, member) in changes.iter().flat_map(|(cause, members)| members.iter().map(|member| (*cause, member))) {
        report_change(app, cause, member, TimeRange { earliest: since, latest: now });
    }
    // The members that are not endpoints were asked for their certificates only.
    if is_secure(app) && !shows_members(app) {
        app.cluster.members.forget_outside();
    }
    if shows_members(app) || known != app.cluster.members.listed {
        app.view.request_redraw(Redraw::Soon);
    }
}

/// Reports a member that was added or removed.
fn report_change(app: &mut AppState, cause: &'static str, member: &ListedMember, within: TimeRange) {
    let name = if member.name.is_empty() { format!("{:x}", member.id) } else { member.name.clone() };
    let count = plural(app.cluster.members.listed.len() as u64, "member");
    let message = format!("member {name} was {cause}; the cluster has {count}");
    app.events.push(within, None, EventKind::ClusterChanged { cause, message });
}

/// Starts reading the members if that is due.
pub(super) fn start_read_if_due(app: &mut AppState, now: Timestamp) -> Option<Effect> {
    if next_wake(app) > now {
        return None;
    }
    let has_outside = shows_members(app) || are_certificates_due(app, now);
    app.cluster.members.is_reading = true;
    Some(Effect::ReadMembers { known: app.cluster.members.listed.clone(), has_outside })
}

/// Whether to read the certificates of the members that are not endpoints. The first reading is for the names only, because
/// those members may not answer.
fn are_certificates_due(app: &AppState, now: Timestamp) -> bool {
    let members = &app.cluster.members;
    let is_due = members.last_outside.is_none_or(|at| now - at >= CERTIFICATE_INTERVAL);
    is_secure(app) && members.last_read.is_some() && is_due
}

fn is_secure(app: &AppState) -> bool {
    app.cluster.view.members.iter().any(|member| member.endpoint.starts_with("https://"))
}

/// When the next reading is due. While no endpoint answers, members are read only if they are shown.
pub(super) fn next_wake(app: &AppState) -> Timestamp {
    let is_shown = shows_members(app);
    if app.cluster.members.is_reading || app.frozen.is_some() || !app.cluster.is_reached() && !is_shown {
        return Timestamp::NEVER;
    }
    match app.cluster.members.last_read {
        None => Timestamp::START,
        Some((_, false)) if is_shown => Timestamp::START,
        Some((at, _)) => at + if is_shown { SHOWN_INTERVAL } else { HIDDEN_INTERVAL },
    }
}

/// Stores the counters of the leader. Also starts counting events, because in a recording nothing else does.
pub(super) fn counted(app: &mut AppState, reading: Result<LeaseCounters, CallFailure>, now: Timestamp) {
    app.cluster.server_counters.on_read(reading, app.events.start_metrics(), now);
    app.view.request_redraw(Redraw::Soon);
}

/// Starts reading the leader's counters if that is due. The first reading also starts counting events, so that both can be
/// compared.
pub(super) fn start_counters_read_if_due(app: &mut AppState, now: Timestamp) -> Option<Effect> {
    if next_counters_read(app) > now {
        return None;
    }
    app.events.start_metrics();
    app.cluster.server_counters.is_reading = true;
    Some(Effect::ReadServerCounters)
}

/// When the next reading of the leader's counters is due: only while the members are on the screen, because it is the
/// whole text of `/metrics`.
pub(super) fn next_counters_read(app: &AppState) -> Timestamp {
    let counters = &app.cluster.server_counters;
    let is_shown = app.view.active == View::Members && app.frozen.is_none();
    if !is_shown || counters.is_reading || app.config.is_sandbox() || !app.cluster.is_reached() {
        return Timestamp::NEVER;
    }
    counters.last_read.map_or(Timestamp::START, |at| at + COUNT_INTERVAL)
}

/// Whether all members were read, including those that are not endpoints, and each has answered or timed out.
pub fn knows_members(app: &AppState) -> bool {
    matches!(app.cluster.members.last_read, Some((_, true)))
        && app.cluster.members.rows(&app.cluster.view).iter().all(|row| row.answers.is_some())
}

fn shows_members(app: &AppState) -> bool {
    app.config.reads_members || app.view.active == View::Members
}
