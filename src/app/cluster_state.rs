//! The connection to the cluster and the state of its lease lists.

use std::collections::BTreeMap;
use std::time::Duration;

use super::events::EventTime;
use super::term_times::TermTimes;
use super::{CallFailure, LeaderHistory, Lease, LeaseKeys, MemberList, Msg, ServerCounters};
use crate::error_table::{self, name_of_alarm};
use etcd_lease::wire::{CallError, ErrorCause};
use etcd_lease::{ClusterView, LeaseId, MemberAlarm, MemberView, Reachability};
use simkit::Timestamp;

/// The connection to the cluster and the state of its lease lists.
#[derive(Clone, Debug, Default)]
pub struct ClusterState {
    /// The members as of the last probe.
    pub view: ClusterView,
    /// The member list, and the members that are not endpoints.
    pub members: MemberList,
    /// What the leader counted.
    pub server_counters: ServerCounters,
    /// When members stopped replying. `None` while one replies.
    pub unreached_since: Option<Timestamp>,
    /// Why listing leases fails. `None` while it works.
    pub list_failure: Option<CallFailure>,
    /// Whether the list failure has no event yet: no member was reachable when it occurred, or the login was refused,
    /// which the connection reports as well.
    pub(super) is_list_failure_unreported: bool,
    /// When the list failure occurred first.
    pub(super) list_failed_at: Timestamp,
    /// When the last answered list request was sent.
    pub(super) listed_at: Option<Timestamp>,
    /// Number of answered list requests.
    pub(super) lists: u64,
    /// Round trip of the last answered list request.
    pub(super) list_took: Duration,
    /// The etcd version of the current member, or of the last one that told its version.
    pub(super) version: Option<String>,
    /// Whether any member has ever answered.
    pub(super) has_started: bool,
    /// The causes reported since a member answered last.
    pub(super) reported_causes: Vec<ErrorCause>,
    /// When the connection was reported as lost, within the last minute.
    losses: Vec<Timestamp>,
    /// Whether the connection is lost and the loss was not reported, because there were others shortly before.
    pub(super) is_loss_hidden: bool,
    /// The member id and the term of the last known leader.
    pub(super) leader: Option<(u64, u64)>,
    /// When the leaders of raft terms were elected.
    pub(super) terms: TermTimes,
    /// The raft term of the current member, or of the last one that told its term. 0 if none did.
    pub(super) known_term: u64,
    /// Whether a member has reported a missing leader, and no leader is known since.
    pub(super) is_leader_missing: bool,
    /// The alarms about which there are events.
    pub(super) reported_alarms: Vec<MemberAlarm>,
    /// The members that stopped answering, by endpoint.
    pub(super) lost_members: BTreeMap<String, LostMember>,
    /// When another cluster, or an older state of the known one, took the place of the known one.
    pub(super) started_over: Option<Timestamp>,
    /// The leases that were known at `started_over` and have not been seen since, with their keys.
    pub(super) unconfirmed: BTreeMap<LeaseId, Option<LeaseKeys>>,
    /// When the `unconfirmed` leases were last known to exist: when the last list was requested, or the connection was lost.
    pub(super) known_until: Option<Timestamp>,
    /// Messages that are applied once it is clear which cluster they come from.
    pub(super) held: Option<HeldEvidence>,
    /// Messages that were held and are applied now.
    pub(super) released: Vec<Msg>,
}

/// A member that stopped answering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LostMember {
    pub(super) since: Timestamp,
    /// When the loss is reported, unless the member answers before that.
    pub(super) report_at: Timestamp,
    /// Whether there is an event about the loss.
    pub(super) is_reported: bool,
}

impl LostMember {
    /// How long a member must be silent before its loss is reported. A slow reply is not a loss.
    pub(super) const LASTS: Duration = Duration::from_secs(2);
}

/// Messages that may show the end of leases, or that another cluster answers.
#[derive(Clone, Debug)]
pub(super) struct HeldEvidence {
    /// When they are applied at the latest.
    pub(super) until: Timestamp,
    pub(super) messages: Vec<HeldMessage>,
}

/// A message that may show the end of leases.
#[derive(Clone, Debug)]
pub(super) struct HeldMessage {
    pub(super) msg: Msg,
    /// Whether it was as recent as the watch of the keys when it arrived. The watch goes on while the message is held.
    pub(super) is_current: bool,
}

/// Why a member cannot be used.
#[derive(Clone, Copy, Debug)]
pub struct LinkFailure<'a> {
    /// The endpoint. Not escaped.
    pub endpoint: &'a str,
    trouble: &'a CallError,
}

impl LinkFailure<'_> {
    /// What happened, and what to do. Not escaped.
    pub fn reason(&self) -> String {
        error_table::reason(self.trouble)
    }

    /// What failed, for display before the reason: `10.0.0.1:2379 refuses requests`. Not escaped.
    pub fn refusal(&self) -> String {
        error_table::refusal(self.cause(), self.endpoint)
    }

    /// Whether the failure lasts until somebody changes something. Otherwise the member does not answer at present.
    pub fn is_refusal(&self) -> bool {
        self.cause().is_permanent()
    }

    /// Whether the user lacks a permission.
    pub fn is_denied(&self) -> bool {
        self.cause() == ErrorCause::PermissionDenied
    }

    pub(super) fn cause(&self) -> ErrorCause {
        self.trouble.cause()
    }
}

impl ClusterState {
    /// The initial state: no member has answered since `now`.
    pub(super) fn new(now: Timestamp) -> Self {
        ClusterState { unreached_since: Some(now), ..ClusterState::default() }
    }

    /// Forgets the members, the raft terms, the alarms and the lease lists, because another cluster or an older state
    /// answers. `known` are the known leases with their keys, which stay unconfirmed until the cluster that answers now shows
    /// them.
    pub(super) fn start_over(&mut self, known: BTreeMap<LeaseId, Option<LeaseKeys>>, now: Timestamp) {
        self.started_over = Some(now);
        self.members = MemberList::default();
        self.members.leaders = LeaderHistory::restart(now);
        self.terms = TermTimes::default();
        self.known_term = 0;
        self.reported_alarms.clear();
        self.unconfirmed = known;
        self.known_until = self.listed_at.take().max(self.unreached_since);
        self.list_failure = None;
    }

    /// Removes a lease that no longer exists from the unconfirmed ones. Returns `None` if it was not one of them. Otherwise
    /// the change of the cluster is the cause of its end: returns when the changed cluster first answered, at `by` at the
    /// latest, how much earlier the lease may have ended, and its last known keys.
    pub(super) fn take_absent(&mut self, id: LeaseId, by: Timestamp) -> Option<(EventTime, Option<LeaseKeys>)> {
        let keys = self.unconfirmed.remove(&id)?;
        let at = self.started_over.unwrap_or(by).min(by);
        Some((EventTime { at, doubt: at - self.known_until.unwrap_or(at) }, keys))
    }

    /// Whether a reply to a request sent at `sent` may come from the cluster before the change.
    pub(super) fn is_outdated(&self, sent: Timestamp) -> bool {
        self.started_over.is_some_and(|at| sent < at)
    }

    /// The member that receives the calls, if it answers.
    pub fn member(&self) -> Option<&MemberView> {
        answering(&self.view)
    }

    /// Whether a member answers.
    pub fn is_reached(&self) -> bool {
        self.member().is_some()
    }

    /// Whether any member has ever answered.
    pub fn was_reached(&self) -> bool {
        self.has_started
    }

    /// Why no member can be used: the error of the first member that refuses requests, or of the first one that is
    /// unreachable.
    pub fn link_failure(&self) -> Option<LinkFailure<'_>> {
        let mut failures = self.view.members.iter().filter_map(|member| match &member.reachability {
            Reachability::Down { trouble } => Some(LinkFailure { endpoint: &member.endpoint, trouble }),
            _ => None,
        });
        let refusal = failures.clone().find(LinkFailure::is_refusal);
        refusal.or_else(|| failures.next())
    }

    /// When a loss of the connection that was not reported is reported after all, because it lasts. `None` if there is none.
    pub(super) fn lasting_loss_at(&self) -> Option<Timestamp> {
        const LASTS: Duration = Duration::from_secs(3);
        if self.is_loss_hidden { self.unreached_since.map(|since| since + LASTS) } else { None }
    }

    /// Decides whether a loss of the connection at `now` is reported, and records the decision. Only two losses a minute are
    /// reported at once, so that an unstable connection does not fill the event log.
    pub(super) fn may_report_loss(&mut self, now: Timestamp) -> bool {
        const MINUTE: Duration = Duration::from_secs(60);
        const MAX_PER_MINUTE: usize = 2;
        self.losses.retain(|at| *at + MINUTE > now);
        let is_allowed = self.losses.len() < MAX_PER_MINUTE;
        if is_allowed {
            self.losses.push(now);
        }
        self.is_loss_hidden = !is_allowed;
        is_allowed
    }

    /// When the loss of a member is reported next, if it lasts. `None` while no member answers.
    pub(super) fn lost_member_due(&self) -> Option<Timestamp> {
        if !self.is_reached() {
            return None;
        }
        let unreported = self.lost_members.values().filter(|lost| !lost.is_reported);
        unreported.map(|lost| lost.report_at).min()
    }

    /// The name of a member from the member list, or else its endpoint or its id. Not escaped.
    pub fn member_name(&self, id: u64) -> String {
        let endpoint = || self.view.members.iter().find(|member| member.member_id == id);
        let name = self.members.name(id).or_else(|| Some(endpoint()?.endpoint.as_str()));
        name.map_or_else(|| format!("{id:x}"), str::to_owned)
    }

    /// The alarms that members report, each with the names of the members that raised it, as far as known. Not escaped.
    pub fn alarms(&self) -> Vec<(&'static str, Vec<String>)> {
        let alarms = self.members.alarms(&self.view);
        let of_cause = |cause: &ErrorCause| {
            let raised = alarms.iter().filter(|alarm| alarm.cause == *cause && alarm.member_id != 0);
            let mut names: Vec<String> = raised.map(|alarm| self.member_name(alarm.member_id)).collect();
            names.sort();
            (name_of_alarm(*cause), names)
        };
        let causes = [ErrorCause::Corrupt, ErrorCause::NoSpace];
        causes.iter().filter(|cause| alarms.iter().any(|alarm| alarm.cause == **cause)).map(of_cause).collect()
    }

    /// Whether a lease list has ever been answered.
    pub fn has_listed(&self) -> bool {
        self.listed_at.is_some()
    }

    /// Whether a lease is still listed although the leader reported earlier that it does not exist.
    pub(super) fn is_zombie(&self, lease: &Lease) -> bool {
        let is_listed_since = lease.end().is_some_and(|end| self.listed_at > Some(end.at));
        lease.is_listed && is_listed_since && self.list_failure.is_none()
    }
}

/// The current member, if it answers. An unreachable member can be current while it is being retried.
pub(super) fn answering(cluster: &ClusterView) -> Option<&MemberView> {
    cluster.current().filter(|member| member.reachability == Reachability::Up)
}
