//! The link to the cluster, and how its lease lists are answered.

use std::time::Duration;

use super::{CallFailure, Lease};
use etcd_lease::{ClusterView, MemberView, Reachability};
use simkit::Timestamp;

/// The link to the cluster, and how its lease lists are answered.
#[derive(Clone, Debug, Default)]
pub struct ClusterState {
    /// The members, as they were last probed.
    pub view: ClusterView,
    /// Since when no member answers; none while one does.
    pub unreached_since: Option<Timestamp>,
    /// Why the leases could not be listed; none while they can.
    pub list_failure: Option<CallFailure>,
    /// Whether the list failure has no event yet, because no member answered when it came.
    pub(super) is_list_failure_unreported: bool,
    /// When the last answered list was sent.
    pub(super) listed_at: Option<Timestamp>,
    /// How long that list took.
    pub(super) list_took: Duration,
    /// Whether a member has ever answered.
    pub(super) has_started: bool,
}

impl ClusterState {
    /// Nothing is known yet: no member answers from `now` on.
    pub(super) fn new(now: Timestamp) -> Self {
        ClusterState { unreached_since: Some(now), ..ClusterState::default() }
    }

    /// The member that calls go to, if it answers.
    pub fn member(&self) -> Option<&MemberView> {
        answering(&self.view)
    }

    /// Whether a member answers.
    pub fn is_reached(&self) -> bool {
        self.member().is_some()
    }

    /// Whether a member has ever answered.
    pub fn was_reached(&self) -> bool {
        self.has_started
    }

    /// Why no member answers, in the words of the first that says so; raw.
    pub fn link_failure(&self) -> Option<&str> {
        self.view.members.iter().find_map(|member| match &member.reachability {
            Reachability::Down { trouble } => Some(trouble.as_str()),
            _ => None,
        })
    }

    /// Whether the leases were ever listed.
    pub fn has_listed(&self) -> bool {
        self.listed_at.is_some()
    }

    /// Whether a lease is still listed though the leader said before that it does not know it.
    pub(super) fn is_zombie(&self, lease: &Lease) -> bool {
        let is_listed_since = lease.end.is_some_and(|end| self.listed_at > Some(end.at));
        lease.is_listed && is_listed_since && self.list_failure.is_none()
    }
}

/// The chosen member, if it answers: one that does not is chosen too, to be tried.
pub(super) fn answering(cluster: &ClusterView) -> Option<&MemberView> {
    cluster.current().filter(|member| member.reachability == Reachability::Up)
}
