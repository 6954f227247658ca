//! Header: cluster, health and permissions of this session.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{AppState, ClusterLabel, minutes};
use crate::byte_budget::megabytes;
use crate::escape::printable;
use crate::plural::plural;
use etcd_lease::{MemberView, Reachability};
use simkit::Timestamp;

use super::line::{Segment, cut, draw_ends};
use super::{RenderContext, Role, format};

/// Maximum width of the name of a member.
const MAX_NAME: usize = 16;
/// Maximum width of the name of a silent member, of the name of another cluster and of a key prefix.
const MAX_TEXT: usize = 24;

pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    if !area.is_empty() {
        // A display that is only frozen shows the connection as it is now.
        let shown = if ctx.app.is_past_shown() { ctx.displayed() } else { ctx };
        let mut right = right_segments(shown.app, shown.now);
        right.extend(certificates(shown));
        right.extend(frozen(ctx));
        let is_alarmed = !shown.app.cluster.members.alarms(&shown.app.cluster.view).is_empty();
        let time_rank = if is_alarmed { 3 } else { 6 };
        right.push(Segment::new(time_rank, Role::Dim, ctx.wall.time_of_day(ctx.now)));
        draw_ends(ctx.theme, (left_segments(shown, area.width), right), ("   ", "   "), area, buf);
    }
}

/// Banner of a frozen display, or of the past. It is never hidden.
pub(super) fn frozen(ctx: RenderContext<'_>) -> Option<Segment> {
    let frozen = ctx.app.frozen.as_ref()?;
    let age = ctx.now - frozen.at;
    let text = if ctx.app.is_past_shown() {
        format!("‖ PAST {}, {} ago", ctx.wall.time_of_day(frozen.at), minutes(age))
    } else {
        format!("‖ FROZEN {} s", age.as_secs())
    };
    Some(Segment::new(0, Role::Danger, text))
}

/// Certificates that expire soon or have expired.
fn certificates(ctx: RenderContext<'_>) -> impl Iterator<Item = Segment> {
    let warnings = ctx.app.cluster.certificate_warnings(ctx.wall.time(ctx.now));
    warnings.into_iter().map(|warning| {
        let (mark, role) = if warning.is_expired { ("✖", Role::Danger) } else { ("▲", Role::Warning) };
        let whose = match warning.member {
            Some(name) => format!("certificate of {}", cut(&printable(name.as_bytes()), MAX_NAME)),
            None => "client certificate".to_owned(),
        };
        Segment::new(1, role, format!("{mark} {whose} {}", warning.expiry))
    })
}

/// The cluster with its health, alarms and members, or why it is not reached.
fn left_segments(ctx: RenderContext<'_>, width: u16) -> Vec<Segment> {
    let app = ctx.app;
    let alarms = alarms(app, width);
    let mut parts = vec![Segment::new(7, Role::Title, "leasetop")];
    match (app.cluster.unreached_since, app.cluster.member()) {
        (None, Some(member)) => {
            let (health, is_healthy) = health(app, member);
            if is_healthy && let Some((first, others)) = alarms.split_first() {
                parts.push(cluster(app, member, (format!("✖ {first}"), Role::Danger)));
                parts.extend(others.iter().map(|alarm| Segment::new(1, Role::Danger, alarm)));
            } else {
                parts.push(cluster(app, member, health));
                parts.extend(alarms.iter().map(|alarm| Segment::new(1, Role::Danger, alarm)));
            }
            parts.extend(silent(app));
            parts.extend(reached(app, member));
        }
        (since, _) => {
            parts.extend(app.config.label.as_ref().map(|label| Segment::new(0, Role::of_name(label), name(label))));
            let target = printable(app.config.target.as_bytes());
            let failure = app.cluster.link_failure();
            if failure.is_none() && !app.cluster.was_reached() {
                parts.push(Segment::new(0, Role::Title, target));
                parts.push(Segment::new(1, Role::Warning, "connecting"));
            } else {
                let state = if failure.is_some_and(|failure| failure.is_refusal()) { "refused" } else { "unreachable" };
                let waited = since.map_or(0, |since| (ctx.now - since).as_secs());
                parts.push(Segment::new(0, Role::Danger, format!("✖ {target}")));
                parts.push(Segment::new(1, Role::Danger, format!("{state} for {waited} s")));
            }
        }
    }
    parts
}

fn name(label: &ClusterLabel) -> String {
    printable(label.name.as_bytes())
}

/// `prod ● healthy`: the cluster's name, or if it has none, `demo`, `sandbox` or the endpoint.
fn cluster(app: &AppState, member: &MemberView, health: (String, Role)) -> Segment {
    let (name, role) = match &app.config.label {
        Some(label) => (name(label), Role::of_name(label)),
        None if app.config.is_demo => ("demo".to_owned(), Role::Title),
        None if app.config.is_sandbox() => ("sandbox".to_owned(), Role::Title),
        None => (printable(member.endpoint.as_bytes()), Role::Title),
    };
    Segment { pieces: vec![(name + " ", role), health], rank: 0, key: None }
}

/// `✖ no leader`, `▲ 2 of 3 members` if the others do not answer, or `● healthy`; and whether it is healthy.
fn health(app: &AppState, member: &MemberView) -> ((String, Role), bool) {
    if !member.has_leader {
        return (("✖ no leader".to_owned(), Role::Danger), false);
    }
    let (answering, asked) = app.cluster.members.answering(&app.cluster.view);
    if answering < asked {
        return ((format!("▲ {answering} of {asked} members"), Role::Warning), false);
    }
    (("● healthy".to_owned(), Role::Good), true)
}

/// `alarm NOSPACE etcd-1, etcd-2 +1` for each alarm.
fn alarms(app: &AppState, width: u16) -> Vec<String> {
    // How many members a line of this width can name.
    let most_named = match width {
        ..60 => 1,
        60..160 => 2,
        160.. => 5,
    };
    let alarm = |(alarm, members): (&str, Vec<String>)| {
        let names: Vec<String> =
            members.iter().take(most_named).map(|name| cut(&printable(name.as_bytes()), MAX_NAME)).collect();
        let more = members.len() - names.len();
        let more = if more == 0 { String::new() } else { format!(" +{more}") };
        format!("alarm {alarm} {}{more}", names.join(", ")).trim_end().to_owned()
    };
    app.cluster.alarms().into_iter().map(alarm).collect()
}

/// `m2 does not answer`
fn silent(app: &AppState) -> Option<Segment> {
    let rows = app.cluster.members.rows(&app.cluster.view);
    let silent = rows.iter().filter(|row| row.is_silent());
    let names: Vec<String> = silent.map(|row| cut(&printable(row.name().as_bytes()), MAX_TEXT)).collect();
    let verb = if names.len() == 1 { "does" } else { "do" };
    if names.is_empty() {
        None
    } else {
        Some(Segment::new(2, Role::Warning, format!("{} {verb} not answer", names.join(", "))))
    }
}

/// `3 members, leader m1   etcd 3.7.3   term 2   rtt 0.7 ms`
fn reached(app: &AppState, member: &MemberView) -> Vec<Segment> {
    let view = &app.cluster.view;
    let listed = app.cluster.members.listed.len();
    let count = if listed == 0 { view.members.len() } else { listed } as u64;
    let leader = view.leader().map(|leader| leader.member_id).or(known(member.leader_id));
    let leader = leader.filter(|_| count > 1).and_then(|id| member_name(app, id));
    let (answering, asked) = app.cluster.members.answering(view);
    // While a member does not answer, the number that answers is shown with the number of all.
    let members = if answering < asked && member.has_leader { None } else { Some(plural(count, "member")) };
    let words = [members, leader.map(|leader| format!("leader {leader}"))];
    let words: Vec<String> = words.into_iter().flatten().collect();
    let mut parts = Vec::new();
    if !words.is_empty() {
        parts.push(Segment::new(2, Role::Text, words.join(", ")));
    }
    // Without its status, it is unknown whether it is the leader.
    if !member.is_leader && count > 1 && !is_status_denied(member) {
        let number = view.chosen.map_or(1, |chosen| chosen + 1);
        let name = known(member.member_id).and_then(|id| member_name(app, id)).unwrap_or_else(|| format!("m{number}"));
        parts.push(Segment::new(3, Role::Warning, format!("asking {name}")));
    }
    if !member.version.is_empty() {
        parts.push(Segment::new(3, Role::Text, format!("etcd {}", printable(member.version.as_bytes()))));
    }
    // Term and revision are 0 if this user may not read the member status.
    parts.extend(known(member.raft_term).map(|term| Segment::new(7, Role::Dim, format!("term {term}"))));
    let rtt = |span| Segment::new(4, Role::Dim, format!("rtt {}", format::round_trip(span)));
    parts.extend(member.round_trip.map(rtt));
    let revision = known(member.revision.unsigned_abs());
    parts.extend(revision.map(|revision| Segment::new(9, Role::Dim, format!("rev {revision}"))));
    parts
}

/// Whether the member answers and this user may not read its status: some versions of etcd allow it only to root.
fn is_status_denied(member: &MemberView) -> bool {
    member.reachability == Reachability::Up && member.member_id == 0
}

/// The number, unless it is 0.
fn known(number: u64) -> Option<u64> {
    if number == 0 { None } else { Some(number) }
}

/// The name of a member in the member list, or its number among the endpoints.
fn member_name(app: &AppState, id: u64) -> Option<String> {
    if let Some(name) = app.cluster.members.name(id) {
        return Some(cut(&printable(name.as_bytes()), MAX_NAME));
    }
    let place = app.cluster.view.members.iter().position(|member| member.member_id == id)?;
    Some(format!("m{}", place + 1))
}

/// The bytes received for keys in the last minute. `None` while they are few, unless the key space is large.
fn key_data(app: &AppState, now: Timestamp) -> Option<Segment> {
    /// Fewer bytes a minute are not worth a segment.
    const FEW: u64 = 100_000;
    let queries = app.keys.queries();
    let received = queries.received(now);
    let is_by_lease = app.keys.index().is_by_lease();
    if received < FEW && !is_by_lease {
        return None;
    }
    let [received, limit] = [received, queries.limit()].map(megabytes);
    if app.keys.is_over_budget(now) {
        return Some(Segment::new(1, Role::Warning, format!("key data over budget: {received} of {limit} MB/min")));
    }
    let rank = if is_by_lease { 5 } else { 8 };
    Some(Segment::new(rank, Role::Dim, format!("key data {received} MB/min (max {limit})")))
}

/// Polls, data of keys, the sandbox, other clusters, what etcd denies, and the mode of this session.
fn right_segments(app: &AppState, now: Timestamp) -> Vec<Segment> {
    let mut parts = Vec::new();
    if !app.config.is_replay {
        let polls = format!("polls {}/s (max {})", app.polls.rate(now), app.polls.limit);
        let rank = if app.polls.chosen_limit.is_some() { 6 } else { 8 };
        parts.push(Segment::new(rank, Role::Dim, polls));
    }
    parts.extend(key_data(app, now));
    if app.config.is_sandbox() {
        match app.view.clock_speed {
            0 | 1 => parts.push(Segment::new(4, Role::Warning, "embedded sandbox")),
            speed => {
                let waits = if app.view.is_clock_waiting(now) { ", waiting for this machine" } else { "" };
                parts.push(Segment::new(1, Role::Warning, format!("sandbox clock ×{speed}{waits}")));
            }
        }
    }
    for kept in &app.view.background {
        let count = plural(kept.leases.len() as u64, "lease");
        let text = format!("{count} on {} kept alive", cut(&printable(kept.cluster.as_bytes()), MAX_TEXT));
        parts.push(Segment::new(1, Role::Warning, text));
    }
    if app.cluster.view.mixed_with.is_some() {
        parts.push(Segment::new(0, Role::Danger, "✖ two clusters answer"));
    }
    if app.cluster.view.current().is_some_and(is_status_denied) {
        parts.push(Segment::new(3, Role::Warning, "status denied"));
    }
    if let Some(trouble) = &app.cluster.list_failure {
        let text = if trouble.is_forbidden { "list denied" } else { "list failed" };
        parts.push(Segment::new(1, Role::Danger, text));
    }
    if let Some(trouble) = &app.keys.failure {
        let text = if trouble.is_forbidden { "keys denied" } else { "keys failed" };
        parts.push(Segment::new(1, Role::Danger, text));
    }
    if let Some(prefix) = app.config.range.as_prefix() {
        parts.push(Segment::new(3, Role::Warning, format!("keys {}", cut(&printable(prefix), MAX_TEXT))));
    }
    let muted = app.leases.lint_report().muted();
    if muted > 0 {
        parts.push(Segment::new(3, Role::Dim, format!("{muted} muted")));
    }
    let is_past = app.view.playback.is_some_and(|playback| playback.is_in_memory());
    if app.config.is_replay && !is_past {
        parts.push(Segment::new(1, Role::Warning, "recording"));
    } else if app.config.is_read_only {
        parts.push(Segment::new(1, Role::Warning, "read-only"));
    }
    if app.view.recording.is_some() {
        parts.push(Segment::new(1, Role::Danger, "● REC"));
    }
    parts
}
