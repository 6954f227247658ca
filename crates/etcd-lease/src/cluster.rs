//! The members of the cluster, as the client sees them.

use std::time::{Duration, SystemTime};

use crate::ClusterChange;
use crate::wire::{CallError, ErrorCause};

/// Whether a member answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reachability {
    /// The member has not been probed yet.
    #[default]
    Unknown,
    /// It answered the last request.
    Up,
    /// It did not serve the last request: no answer, or it is a learner, which refuses nearly all requests.
    Down {
        /// The error.
        trouble: CallError,
    },
}

/// An alarm of one member. etcd reports it at every member until it is disarmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MemberAlarm {
    /// The member that raised it; 0 if the reply does not name it.
    pub member_id: u64,
    /// [`ErrorCause::NoSpace`] or [`ErrorCause::Corrupt`].
    pub cause: ErrorCause,
}

/// A member in the member list of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ListedMember {
    /// The member id.
    pub id: u64,
    /// The name; empty until the member has started.
    pub name: String,
    /// The URLs that the member advertises to clients; empty until it has started.
    pub client_urls: Vec<String>,
    /// Whether it is a learner.
    pub is_learner: bool,
}

/// One member, with the facts of its last status reply.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MemberView {
    /// The endpoint as given by the user (`127.0.0.1:2379`).
    pub endpoint: String,
    /// The member id; 0 while unknown.
    pub member_id: u64,
    /// The id of its cluster; 0 while unknown.
    pub cluster_id: u64,
    /// Whether the member reports itself as leader.
    pub is_leader: bool,
    /// Whether it is a learner: a member without a vote, which refuses nearly all requests. It is [`Reachability::Down`].
    pub is_learner: bool,
    /// Whether it knows of a leader.
    pub has_leader: bool,
    /// The member id of the leader that it knows; 0 while unknown.
    pub leader_id: u64,
    /// The etcd version; empty while unknown.
    pub version: String,
    /// The alarms raised in the cluster.
    pub alarms: Vec<MemberAlarm>,
    /// The raft term.
    pub raft_term: u64,
    /// The revision of the key space.
    pub revision: i64,
    /// The committed raft index; 0 while unknown.
    pub raft_index: u64,
    /// The size of the database file, in bytes; 0 while unknown.
    pub db_size: u64,
    /// The size of the database in use, in bytes; 0 while unknown.
    pub db_size_in_use: u64,
    /// The limit of the database file, in bytes. `None` if etcd does not report it, as before 3.6.
    pub db_size_quota: Option<u64>,
    /// When the certificate that it presented last ends. `None` in plain text, and before the first handshake.
    pub certificate_end: Option<SystemTime>,
    /// The round trip of the last status request.
    pub round_trip: Option<Duration>,
    /// Whether it answers.
    pub reachability: Reachability,
}

/// The lease counters in the `/metrics` of one member. They count from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeaseCounters {
    /// The id of the member, which was the leader when it was asked.
    pub member_id: u64,
    /// Granted leases.
    pub granted: u64,
    /// Renewals. Only the leader counts them.
    pub renewed: u64,
    /// Leases that a client revoked.
    pub revoked: u64,
    /// Leases that the leader found expired.
    pub expired: u64,
}

/// All members given as endpoints.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClusterView {
    /// The cluster's id; 0 while unknown.
    pub cluster_id: u64,
    /// The members, in the order of the endpoints.
    pub members: Vec<MemberView>,
    /// The index of the member used for calls and renewals; `None` before the first probe.
    pub chosen: Option<usize>,
    /// How often another cluster, or an older state of the same one, has taken the place of the known one.
    pub changes: u64,
    /// The last of these changes.
    pub last_change: Option<ClusterChange>,
    /// The id of another cluster that answers in turn with this one. Both can have the same id.
    pub mixed_with: Option<u64>,
    /// When our own client certificate ends. `None` without one.
    pub client_certificate_end: Option<SystemTime>,
}

/// How renewals reach the leader. See [`ClusterView::path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeaderPath {
    /// The index of the member that gets them.
    pub(crate) member: usize,
    /// The raft term of the leader.
    pub(crate) term: u64,
}

/// How useful a member is, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Leader,
    KnowsLeader,
    Answers,
    Unknown,
    Down,
    Useless,
}

impl MemberView {
    /// Whether the member answered the last request. A learner answers only its status.
    pub fn answers(&self) -> bool {
        self.reachability == Reachability::Up || self.is_learner
    }

    /// Whether a listed member advertises this endpoint as its address.
    pub fn is_at(&self, listed: &ListedMember) -> bool {
        let address = |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/').to_owned();
        listed.client_urls.iter().any(|url| address(url) == address(&self.endpoint))
    }
}

impl ClusterView {
    /// Selects the member used for calls and renewals; `None` without members. The order of preference is: the leader;
    /// a member that knows a leader (the current choice, then the one with the shortest round trip); a member that
    /// answers; one that was not probed yet; one that is down, starting after the current choice; a learner or a member
    /// of another cluster.
    ///
    /// A leader counts only in the newest raft term, because an isolated former leader still reports itself as leader.
    pub fn choose(&self) -> Option<usize> {
        (0..self.members.len()).min_by_key(|index| self.rank(*index))
    }

    /// Selects the member to try after `unanswered` streams in a row got no reply, the first of them at the `silent`
    /// member. The others that may answer take turns, the best first, and the silent member comes after them.
    pub(crate) fn choose_beside(&self, silent: usize, unanswered: u32) -> usize {
        let others = (0..self.members.len()).filter(|index| *index != silent && self.class(*index) < Class::Down);
        let mut turns: Vec<usize> = others.collect();
        turns.sort_by_key(|index| self.rank(*index));
        turns.push(silent);
        turns[(unanswered as usize).saturating_sub(1) % turns.len()]
    }

    /// How renewals reach the leader: through which member, and in which term. `None` while the chosen member does not know
    /// a leader.
    pub(crate) fn path(&self) -> Option<LeaderPath> {
        let member = self.chosen?;
        let seen = self.members.get(member)?;
        let knows_leader = seen.reachability == Reachability::Up && seen.has_leader;
        if knows_leader { Some(LeaderPath { member, term: seen.raft_term }) } else { None }
    }

    /// The place of a member in the order of preference of [`ClusterView::choose`]: the lowest comes first.
    fn rank(&self, index: usize) -> impl Ord + use<> {
        let member = &self.members[index];
        let up = member.reachability == Reachability::Up;
        let is_current = self.chosen == Some(index);
        // Stay with the current member if it answers, and leave it if it is down.
        let change = if up { !is_current } else { is_current };
        (self.class(index), change, member.round_trip.filter(|_| up), self.steps_after_chosen(index))
    }

    /// How useful a member is. A leader of an older term is a member that knows a leader.
    fn class(&self, index: usize) -> Class {
        let term = self.answering_here().map(|member| member.raft_term).max();
        let member = &self.members[index];
        match &member.reachability {
            _ if self.is_elsewhere(member) => Class::Useless,
            Reachability::Up if member.is_leader && Some(member.raft_term) == term => Class::Leader,
            Reachability::Up if member.has_leader => Class::KnowsLeader,
            Reachability::Up => Class::Answers,
            Reachability::Unknown => Class::Unknown,
            // A member that is down may be back, while a learner refuses for certain.
            Reachability::Down { .. } if !member.is_learner => Class::Down,
            Reachability::Down { .. } => Class::Useless,
        }
    }

    /// Number of members between the current choice and a member, wrapping around: 0 for the member after the choice.
    fn steps_after_chosen(&self, index: usize) -> usize {
        let count = self.members.len();
        (index + count - self.chosen.unwrap_or(count - 1) - 1) % count
    }

    /// The member that reports itself as leader; of several, the one in the newest term. `None` if no member does, or if
    /// another member names another leader in a newer term: then this one is cut off and does not know it yet.
    pub fn leader(&self) -> Option<&MemberView> {
        let leader = self.answering_here().filter(|member| member.is_leader).max_by_key(|member| member.raft_term)?;
        let names_other = |member: &MemberView| {
            member.raft_term > leader.raft_term && ![0, leader.member_id].contains(&member.leader_id)
        };
        if self.answering_here().any(names_other) { None } else { Some(leader) }
    }

    /// The members that serve requests, also those of another cluster. A learner serves none but its status.
    pub fn answering(&self) -> impl Iterator<Item = &MemberView> {
        self.members.iter().filter(|member| member.reachability == Reachability::Up)
    }

    /// The members of this cluster that serve requests.
    pub fn answering_here(&self) -> impl Iterator<Item = &MemberView> {
        self.answering().filter(|member| !self.is_elsewhere(member))
    }

    /// The members of this cluster, as far as their cluster is known.
    pub fn here(&self) -> impl Iterator<Item = &MemberView> + Clone {
        self.members.iter().filter(|member| !self.is_elsewhere(member))
    }

    /// Whether a member belongs to another cluster.
    pub fn is_elsewhere(&self, member: &MemberView) -> bool {
        member.cluster_id != 0 && self.cluster_id != 0 && member.cluster_id != self.cluster_id
    }

    /// Whether a listed member is one of the endpoints, by its id or its address.
    pub fn has_endpoint_of(&self, listed: &ListedMember) -> bool {
        self.members.iter().any(|member| member.member_id == listed.id || member.is_at(listed))
    }

    /// The cause of an alarm that any member of this cluster reports. [`ErrorCause::Corrupt`] takes precedence.
    pub fn alarm(&self) -> Option<ErrorCause> {
        let mut causes = self.here().flat_map(|member| &member.alarms).map(|alarm| alarm.cause);
        let first = causes.clone().next();
        causes.find(|cause| *cause == ErrorCause::Corrupt).or(first)
    }

    /// The chosen member.
    pub fn current(&self) -> Option<&MemberView> {
        self.members.get(self.chosen?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(members: &[(bool, bool, u64, Reachability)], chosen: Option<usize>) -> ClusterView {
        let members = members.iter().cloned().map(|(is_leader, has_leader, raft_term, reachability)| MemberView {
            is_leader,
            has_leader,
            raft_term,
            reachability,
            ..MemberView::default()
        });
        ClusterView { members: members.collect(), chosen, cluster_id: 1, ..ClusterView::default() }
    }

    fn down() -> Reachability {
        Reachability::Down { trouble: CallError::new(ErrorCause::NoReply, "read the status", "m", "no reply") }
    }

    #[test]
    fn the_leader_is_chosen_by_the_newest_term() {
        use Reachability::Up;
        let old_and_new = view(&[(true, true, 3, Up), (false, true, 4, Up), (true, true, 4, Up)], Some(0));
        assert_eq!(old_and_new.choose(), Some(2));
        let leader_down = view(&[(true, true, 3, down()), (false, true, 3, Up), (false, true, 3, Up)], Some(2));
        assert_eq!(leader_down.choose(), Some(2), "keeps a follower that answers");
    }

    #[test]
    fn a_leader_that_another_member_knows_to_be_replaced_is_none() {
        use Reachability::Up;
        let mut cut_off = view(&[(true, true, 3, Up), (false, true, 4, Up), (true, true, 4, down())], Some(1));
        assert_eq!(cut_off.leader().map(|leader| leader.raft_term), Some(3), "a candidate names no leader");
        cut_off.members[1].leader_id = 9;
        assert_eq!(cut_off.leader(), None);
        cut_off.members[2].reachability = Up;
        assert_eq!(cut_off.leader().map(|leader| leader.raft_term), Some(4));
    }

    #[test]
    fn beside_a_silent_member_the_others_take_turns_and_then_itself() {
        use Reachability::Up;
        let followers = view(&[(true, true, 3, Up), (false, false, 3, Up), (false, true, 3, Up)], Some(0));
        let turns: Vec<usize> = (1..=4).map(|unanswered| followers.choose_beside(0, unanswered)).collect();
        assert_eq!(turns, [2, 1, 0, 2], "the one that knows a leader comes first");
        let alone = view(&[(true, true, 3, Up), (false, false, 3, down())], Some(0));
        assert_eq!(alone.choose_beside(0, 1), 0, "not one that is down");
    }

    #[test]
    fn a_path_needs_a_leader_and_changes_with_its_term() {
        use Reachability::Up;
        let path = |members: &[(bool, bool, u64, Reachability)]| view(members, Some(0)).path();
        let old = path(&[(false, true, 3, Up)]);
        assert_eq!(old, Some(LeaderPath { member: 0, term: 3 }));
        assert_ne!(old, path(&[(false, true, 4, Up)]));
        assert_eq!(path(&[(false, false, 4, Up)]), None);
        assert_eq!(path(&[(false, true, 4, down())]), None);
    }

    #[test]
    fn a_learner_is_chosen_only_if_there_is_no_voting_member() {
        let mut beside_it = view(&[(false, true, 3, down()), (false, false, 0, down())], Some(0));
        beside_it.members[0].is_learner = true;
        assert_eq!(beside_it.choose(), Some(1), "even a member that is down");
        beside_it.chosen = Some(1);
        assert_eq!(beside_it.choose(), Some(1), "the next after it is the learner");
        beside_it.members.truncate(1);
        beside_it.chosen = Some(0);
        assert_eq!(beside_it.choose(), Some(0));
    }

    #[test]
    fn without_an_answer_every_member_is_tried_in_turn() {
        let mut all_down =
            view(&[(false, false, 0, down()), (false, false, 0, down()), (false, false, 0, down())], None);
        let mut turns = Vec::new();
        for _ in 0..4 {
            all_down.chosen = all_down.choose();
            turns.push(all_down.chosen);
        }
        assert_eq!(turns, [Some(0), Some(1), Some(2), Some(0)]);
        assert_eq!(ClusterView::default().choose(), None);
    }
}
