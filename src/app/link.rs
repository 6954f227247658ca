//! What the model says of the link to the cluster.

use super::AppState;
use etcd_lease::{ClusterView, MemberView, Reachability};

impl AppState {
    /// The member that calls go to, if it answers.
    pub fn member(&self) -> Option<&MemberView> {
        answering(&self.cluster)
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
    pub fn link_trouble(&self) -> Option<&str> {
        self.cluster.members.iter().find_map(|member| match &member.reachability {
            Reachability::Down { trouble } => Some(trouble.as_str()),
            _ => None,
        })
    }
}

/// The chosen member, if it answers: one that does not is chosen too, to be tried.
pub(super) fn answering(cluster: &ClusterView) -> Option<&MemberView> {
    cluster.current().filter(|member| member.reachability == Reachability::Up)
}
