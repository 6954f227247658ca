//! Changes of the connection and of the leader.

use crate::app::cluster_state::{ClusterState, LostMember, answering};
use crate::app::events::EventTime;
use crate::app::{AppState, Effect, EventKind, HistoryEvent, Ownership, Redraw};
use crate::error_table::{self, alarm_sentence, disarmed_sentence};
use etcd_lease::wire::ErrorCause;
use etcd_lease::{ClusterView, LeaseId, MemberAlarm, MemberView, Reachability};
use simkit::Timestamp;

use super::lifecycle::get_or_create;
use super::report::{refusal, report};
use super::{lease_keys, list, start_over};

/// Applies a new cluster view. When a member answers for the first time, the configured leases are granted and kept
/// alive.
pub(super) fn changed(app: &mut AppState, view: ClusterView, now: Timestamp) -> Vec<Effect> {
    if differs(&app.cluster.view, &view) {
        app.view.request_redraw(Redraw::Soon);
    }
    let before = std::mem::replace(&mut app.cluster.view, view);
    let mut effects = start_over::on_view(app, &before, now);
    app.cluster.members.on_view(&app.cluster.view, now);
    app.cluster.terms.on_view(&before, &app.cluster.view, now);
    report_election(app, now);
    note_members(app, &before, now);
    report_alarms(app, now);
    if let Some(member) = app.cluster.member().filter(|member| !member.version.is_empty()) {
        app.cluster.version = Some(member.version.clone());
    }
    match (answering(&before), app.cluster.member().cloned()) {
        (old, Some(new)) => {
            effects.extend(reached(app, old, &new, now));
            if old.is_none() {
                start_over::on_reached(app, now);
                app.cluster.lost_members.values_mut().for_each(|lost| lost.report_at = now + LostMember::LASTS);
            }
        }
        (Some(_), None) => lost(app, now),
        (None, None) => unreached(app, now),
    }
    effects
}

/// Whether anything but round trips, revisions and sizes changed. Those change constantly and do not request a frame.
fn differs(old: &ClusterView, new: &ClusterView) -> bool {
    let without_noise = |view: &ClusterView| {
        let mut view = view.clone();
        for member in &mut view.members {
            member.round_trip = None;
            member.revision = 0;
            member.raft_index = 0;
            member.db_size = 0;
            member.db_size_in_use = 0;
        }
        view
    };
    without_noise(old) != without_noise(new)
}

/// Reports that the current member sees no leader, unless the one before, `old`, saw none either. The next leader that is
/// known is reported as a change.
fn report_no_leader(app: &mut AppState, old: Option<&MemberView>, new: &MemberView, now: Timestamp) {
    let is_news = old.is_none_or(|old| old.has_leader) && !app.cluster.is_leader_missing;
    if is_news && !new.has_leader {
        app.cluster.is_leader_missing = true;
        app.events.push(now, None, EventKind::NoLeader { endpoint: new.endpoint.clone() });
    }
}

/// The id and the term of the leader. After a time without one, the current member is believed: the leader may be none of the
/// endpoints.
fn leader(cluster: &ClusterState) -> Option<(u64, u64)> {
    match cluster.view.leader() {
        Some(leader) => Some((leader.member_id, leader.raft_term)),
        None if cluster.is_leader_missing => {
            let member = answering(&cluster.view).filter(|member| member.has_leader && member.leader_id != 0)?;
            Some((member.leader_id, member.raft_term))
        }
        None => None,
    }
}

/// Reports a change of leader. The former leader may not answer any more.
fn report_election(app: &mut AppState, now: Timestamp) {
    let Some((leader_id, term)) = leader(&app.cluster) else { return };
    let member = app.cluster.view.members.iter().find(|member| member.member_id == leader_id);
    let endpoint = member.map_or_else(|| app.cluster.member_name(leader_id), |member| member.endpoint.clone());
    let change = EventKind::Leader { endpoint, term };
    let known = app.cluster.leader.replace((leader_id, term));
    let was_missing = std::mem::take(&mut app.cluster.is_leader_missing);
    if was_missing || known.is_some_and(|(known, _)| known != leader_id) {
        // A leader that was missing is reported after that, and it can be back in its term.
        let is_elected = !was_missing && known.is_some_and(|(_, known)| known < term);
        let elected = app.cluster.terms.elected(term, now).filter(|_| is_elected);
        app.events.push(elected.map_or(now.into(), EventTime::from), None, change);
    }
}

/// Records members that stopped answering, and reports those that answer again. With a single endpoint, its loss is reported
/// as that of the connection.
fn note_members(app: &mut AppState, before: &ClusterView, now: Timestamp) {
    if app.cluster.view.members.len() < 2 {
        return;
    }
    let was_up = |endpoint: &str| {
        before.members.iter().any(|old| old.endpoint == endpoint && old.reachability == Reachability::Up)
    };
    let chosen = before.current().map(|member| member.endpoint.as_str());
    for member in &app.cluster.view.members {
        match &member.reachability {
            Reachability::Down { .. } if was_up(&member.endpoint) => {
                let lost = LostMember { since: now, report_at: now + LostMember::LASTS, is_reported: false };
                app.cluster.lost_members.entry(member.endpoint.clone()).or_insert(lost);
            }
            Reachability::Up => {
                let lost = app.cluster.lost_members.remove(&member.endpoint);
                // A member that calls go to now is reported anyway.
                let is_chosen = app.cluster.view.current().is_some_and(|one| one.endpoint == member.endpoint);
                let is_news = !is_chosen || chosen == Some(&member.endpoint);
                if lost.is_some_and(|lost| lost.is_reported) && is_news {
                    let (endpoint, version) = (member.endpoint.clone(), member.version.clone());
                    app.events.push(now, None, EventKind::Connected { endpoint, version });
                }
            }
            _ => (),
        }
    }
}

/// Reports members that have not answered for a while although others do.
pub(super) fn report_lost_members(app: &mut AppState, now: Timestamp) {
    while app.cluster.lost_member_due().is_some_and(|due| due <= now) {
        let unreported = app.cluster.lost_members.iter_mut().filter(|(_, lost)| !lost.is_reported);
        let Some((endpoint, lost)) = unreported.min_by_key(|(_, lost)| lost.report_at) else { return };
        lost.is_reported = true;
        let member = app.cluster.view.members.iter().find(|member| member.endpoint == *endpoint);
        let message = match member.map(|member| &member.reachability) {
            Some(Reachability::Down { trouble }) => error_table::reason(trouble),
            _ => "no reply".to_owned(),
        };
        let (since, endpoint) = (lost.since, Some(endpoint.clone()));
        // The member may have been removed, so the list is read again.
        app.cluster.members.last_read = None;
        app.events.push(since, None, EventKind::Disconnected { endpoint, message });
    }
}

/// Reports alarms when they are raised and when they are disarmed.
fn report_alarms(app: &mut AppState, now: Timestamp) {
    let has_status = |member: &&MemberView| !member.version.is_empty();
    let mut answering = app.cluster.view.answering_here().filter(has_status).peekable();
    if answering.peek().is_none() {
        return;
    }
    let mut alarms: Vec<MemberAlarm> = Vec::new();
    for alarm in answering.flat_map(|member| &member.alarms) {
        if !alarms.contains(alarm) {
            alarms.push(*alarm);
        }
    }
    let before = std::mem::replace(&mut app.cluster.reported_alarms, alarms.clone());
    for cause in [ErrorCause::Corrupt, ErrorCause::NoSpace] {
        let names = |of: &[MemberAlarm], except: &[MemberAlarm]| -> Option<Vec<String>> {
            let is_new = |alarm: &&MemberAlarm| alarm.cause == cause && !except.contains(alarm);
            let new: Vec<u64> = of.iter().filter(is_new).map(|alarm| alarm.member_id).collect();
            let known = new.iter().filter(|id| **id != 0);
            let mut named: Vec<String> = known.map(|id| app.cluster.member_name(*id)).collect();
            named.sort();
            if new.is_empty() { None } else { Some(named) }
        };
        let (raised, disarmed) = (names(&alarms, &before), names(&before, &alarms));
        if let Some(names) = raised {
            app.events.push(now, None, EventKind::error(alarm_sentence(cause, &names)));
        }
        if let Some(names) = disarmed {
            let message = disarmed_sentence(cause, &names);
            app.events.push(now, None, EventKind::ClusterChanged { cause: "disarmed", message });
        }
    }
}

/// Handles a view with a member that answers. `old` is the member that answered before. Reports a new connection, a new
/// term and a missing leader. The first time, the configured leases are granted and kept alive.
fn reached(app: &mut AppState, old: Option<&MemberView>, new: &MemberView, now: Timestamp) -> Vec<Effect> {
    app.cluster.reported_causes.clear();
    let was_loss_hidden = std::mem::take(&mut app.cluster.is_loss_hidden);
    if !was_loss_hidden && old.is_none_or(|old| old.endpoint != new.endpoint) {
        let connected = EventKind::Connected { endpoint: new.endpoint.clone(), version: new.version.clone() };
        app.events.push(now, None, connected);
    }
    list::reached(app, now);
    lease_keys::reached(app, now);
    report_no_leader(app, old, new, now);
    report_term(app, new.raft_term, now);
    if app.cluster.unreached_since.take().is_some() {
        app.leases.record_in_all(now, HistoryEvent::Known);
    }
    if std::mem::replace(&mut app.cluster.has_started, true) {
        return Vec::new();
    }
    start_configured(app, now)
}

/// Reports that the raft term, which the current member told, is higher than the last known one: also after a time in which
/// no member answered.
fn report_term(app: &mut AppState, new: u64, now: Timestamp) {
    if new == 0 {
        return;
    }
    let old = std::mem::replace(&mut app.cluster.known_term, new);
    if old != 0 && new > old {
        let elected = app.cluster.terms.elected(new, now);
        app.events.push(elected.map_or(now.into(), EventTime::from), None, EventKind::Term { old, new });
        app.leases.record_in_all(now, HistoryEvent::Leader);
    }
}

/// Grants the configured leases and keeps the configured ids alive.
fn start_configured(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let grants = app.config.grants.clone();
    let keep = app.config.keep.clone();
    if grants.is_empty() && keep.is_empty() {
        return Vec::new();
    }
    if let Some(refusal) = refusal(app) {
        return report(app, refusal, now);
    }
    let kept: Vec<Effect> = keep.into_iter().map(|id| adopt(app, id)).collect();
    grants.into_iter().map(Effect::Grant).chain(kept).collect()
}

/// Reports why no member can be used, once per cause until a member answers. While a lost connection is only being
/// retried, no further cause is reported, unless a member refuses requests.
fn unreached(app: &mut AppState, now: Timestamp) {
    let Some(failure) = app.cluster.link_failure() else { return };
    let (cause, is_refusal) = (failure.cause(), failure.is_refusal());
    let is_known = app.cluster.reported_causes.contains(&cause);
    let (endpoint, message) = (failure.endpoint.to_owned(), failure.reason());
    if is_known || app.cluster.has_started && !is_refusal {
        return;
    }
    app.cluster.reported_causes.push(cause);
    if is_refusal {
        app.events.push(now, None, EventKind::Refused { endpoint, cause, message });
    } else {
        app.events.push_verbose(now, None, || EventKind::Unreached { endpoint, message });
    }
}

/// Reports a lost connection that lasts, if it was not reported at first because others were lost shortly before.
pub(super) fn report_lasting_loss(app: &mut AppState, now: Timestamp) {
    if app.cluster.lasting_loss_at().is_some_and(|at| at <= now) {
        app.cluster.is_loss_hidden = false;
        let message = loss_reason(app);
        let since = app.cluster.unreached_since.unwrap_or(now);
        app.events.push(since, None, EventKind::Disconnected { endpoint: None, message });
    }
}

fn loss_reason(app: &AppState) -> String {
    app.cluster.link_failure().map_or("no member replies".to_owned(), |failure| failure.reason())
}

/// Records that no member answers any more, and reports it unless a connection was lost shortly before.
fn lost(app: &mut AppState, now: Timestamp) {
    app.cluster.unreached_since = Some(now);
    app.leases.record_in_all(now, HistoryEvent::Unknown);
    app.cluster.reported_causes = app.cluster.link_failure().map(|failure| failure.cause()).into_iter().collect();
    // The member answers but refuses requests, so the connection is not lost.
    if app.cluster.link_failure().is_some_and(|failure| failure.is_refusal()) {
        app.cluster.reported_causes.clear();
        return unreached(app, now);
    }
    if app.cluster.may_report_loss(now) {
        let message = loss_reason(app);
        app.events.push(now, None, EventKind::Disconnected { endpoint: None, message });
    }
}

/// Starts keeping alive a lease that the user named in the configuration.
fn adopt(app: &mut AppState, id: LeaseId) -> Effect {
    let lease = get_or_create(app, id);
    lease.ownership = Ownership::Adopted;
    lease.is_kept_alive = true;
    Effect::StartKeepAlive { id, pace: None }
}
