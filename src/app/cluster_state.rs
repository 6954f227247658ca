//! The connection to the cluster and the state of its lease lists.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{CallFailure, Lease, Msg};
use etcd_lease::{ClusterView, LeaseId, MemberView, Reachability};
use simkit::Timestamp;

/// The connection to the cluster and the state of its lease lists.
#[derive(Clone, Debug, Default)]
pub struct ClusterState {
    /// The members as of the last probe.
    pub view: ClusterView,
    /// When members stopped replying. `None` while one replies.
    pub unreached_since: Option<Timestamp>,
    /// Why listing leases fails. `None` while it works.
    pub list_failure: Option<CallFailure>,
    /// Whether the list failure has no event yet because no member was reachable when it occurred.
    pub(super) is_list_failure_unreported: bool,
    /// When the last answered list request was sent.
    pub(super) listed_at: Option<Timestamp>,
    /// Round trip of that request.
    pub(super) list_took: Duration,
    /// Whether any member has ever answered.
    pub(super) has_started: bool,
    /// When another cluster, or an older state of the known one, took the place of the known one.
    pub(super) started_over: Option<Timestamp>,
    /// The leases that were known then and have not been seen since.
    pub(super) unconfirmed: BTreeSet<LeaseId>,
    /// When the last list before that was requested.
    pub(super) known_until: Option<Timestamp>,
    /// Messages that are applied once it is clear which cluster they are of.
    pub(super) held: Option<HeldEvidence>,
}

/// Messages that may show the end of leases, or that another cluster answers.
#[derive(Clone, Debug)]
pub(super) struct HeldEvidence {
    /// When they are applied at the latest.
    pub(super) until: Timestamp,
    pub(super) messages: Vec<Msg>,
}

impl ClusterState {
    /// The initial state: no member has answered since `now`.
    pub(super) fn new(now: Timestamp) -> Self {
        ClusterState { unreached_since: Some(now), ..ClusterState::default() }
    }

    /// Forgets the lists. `known` are the known leases, which the cluster that answers now may lack.
    pub(super) fn start_over(&mut self, known: Vec<LeaseId>, now: Timestamp) {
        self.started_over = Some(now);
        self.unconfirmed = known.into_iter().collect();
        self.known_until = self.listed_at.take();
        self.list_failure = None;
    }

    /// Whether a reply to a request sent at this time may be of the cluster before the change.
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

    /// The error of the first unreachable member. Not escaped.
    pub fn link_failure(&self) -> Option<&str> {
        self.unreachable_member().map(|(_, trouble)| trouble)
    }

    /// The endpoint of the first unreachable member, and its error. Not escaped.
    pub(super) fn unreachable_member(&self) -> Option<(&str, &str)> {
        self.view.members.iter().find_map(|member| match &member.reachability {
            Reachability::Down { trouble } => Some((member.endpoint.as_str(), trouble.as_str())),
            _ => None,
        })
    }

    /// Whether a lease list has ever been answered.
    pub fn has_listed(&self) -> bool {
        self.listed_at.is_some()
    }

    /// Whether a lease is still listed although the leader reported earlier that it does not exist.
    pub(super) fn is_zombie(&self, lease: &Lease) -> bool {
        let is_listed_since = lease.end.is_some_and(|end| self.listed_at > Some(end.at));
        lease.is_listed && is_listed_since && self.list_failure.is_none()
    }
}

/// The current member, if it answers. An unreachable member can be current while it is being retried.
pub(super) fn answering(cluster: &ClusterView) -> Option<&MemberView> {
    cluster.current().filter(|member| member.reachability == Reachability::Up)
}
