//! The cluster as the client sees it.

use std::time::Duration;

/// Whether a member answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reachability {
    /// Nothing is known yet.
    #[default]
    Unknown,
    /// It answered the last question.
    Up,
    /// It did not; with the trouble in words.
    Down {
        /// What went wrong.
        trouble: String,
    },
}

/// One member, as its Status answer tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberView {
    /// The endpoint as it was given (`127.0.0.1:2379`).
    pub endpoint: String,
    /// Its member id.
    pub member_id: u64,
    /// Whether it says that it is the leader itself.
    pub is_leader: bool,
    /// Whether it knows of a leader.
    pub has_leader: bool,
    /// Its etcd version; empty while unknown.
    pub version: String,
    /// Its raft term.
    pub raft_term: u64,
    /// The revision of its key space.
    pub revision: i64,
    /// Round trip of the last Status question.
    pub round_trip: Option<Duration>,
    /// Whether it answers.
    pub reachability: Reachability,
}

/// All members that were named as endpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterView {
    /// The cluster's id; 0 while unknown.
    pub cluster_id: u64,
    /// The members, in the order of the endpoints.
    pub members: Vec<MemberView>,
    /// Which of them calls and renewals go to; none while none answers.
    pub chosen: Option<usize>,
}

impl ClusterView {
    /// The member that calls and renewals go to.
    pub fn current(&self) -> Option<&MemberView> {
        self.members.get(self.chosen?)
    }
}
