//! Whether replies still come from the same cluster with the same history.
//!
//! etcd can be wiped, or restored from a snapshot, while its clients run. Then leases and keys differ from those known.
//! The header of every reply shows it: the cluster id changes, or the revision or the raft term of a member goes back.
//! A cluster that is wiped or restored with the same flags has the same ids, because etcd derives them from the peer URLs
//! and the cluster token (`NewClusterFromURLsMap` in `server/etcdserver/api/membership/cluster.go`). A restore with
//! `--bump-revision` raises the revision, but it starts a new raft log, so the raft index of a status goes back.
//!
//! Another member may lag, so only replies of the same member are compared. Replies can overtake each other, so a reply
//! is compared only with those that arrived before its request was sent.

mod evidence;
mod member_peaks;

use std::collections::BTreeMap;
use std::time::Duration;

pub use evidence::ClusterChange;
pub(crate) use evidence::Evidence;
use member_peaks::{MemberPeaks, revision};

/// How long only another cluster answers until it is taken as the replacement of the known one.
const REPLACED_AFTER: Duration = Duration::from_millis(500);
/// How long only the other of two mixed clusters answers until it is taken as the replacement of the known one.
const MIXED_REPLACED_AFTER: Duration = Duration::from_secs(10);
/// How long two clusters count as mixed after the other one answered last.
const MIXED_FOR: Duration = Duration::from_secs(600);
/// A member id that goes back and has its old raft index again within this time belongs to two members.
const RETURNS_WITHIN: Duration = Duration::from_secs(10);

/// Maximum number of members, and of former clusters, that are compared. A real cluster has at most about ten members; a
/// server that lies can use another id in each reply.
const MAX_IDS: usize = 100;

/// What a reply shows about its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The known cluster.
    Known,
    /// From now on another cluster answers, or the known one with an older history.
    Changed(ClusterChange),
    /// The request was sent before the last change, so the reply may be of the cluster before it.
    Stale,
    /// Another cluster, with this id. The known one may still answer.
    Other(u64),
}

/// What a member had reached before it went back.
#[derive(Clone, Copy, Debug)]
struct Before {
    member: u64,
    peaks: MemberPeaks,
    /// When it went back.
    changed: Duration,
}

/// Compares the headers of all replies.
#[derive(Debug, Default)]
pub(crate) struct ClusterIdentity {
    /// 0 before the first reply.
    cluster_id: u64,
    members: BTreeMap<u64, MemberPeaks>,
    /// Another cluster that answers, and when its first reply arrived. `None` after a later reply of the known one.
    candidate: Option<(u64, Duration)>,
    /// The clusters that were known before this one.
    former: Vec<u64>,
    /// When the reply that showed the last change arrived.
    changed: Option<Duration>,
    before: Option<Before>,
    mixed_with: Option<u64>,
    /// When another cluster answered last.
    other_seen: Duration,
}

impl ClusterIdentity {
    /// The id of the known cluster; 0 before the first reply.
    pub(crate) fn cluster_id(&self) -> u64 {
        self.cluster_id
    }

    /// The id of another cluster that answered in turn with the known one. Both can have the same id.
    pub(crate) fn mixed_with(&self) -> Option<u64> {
        self.mixed_with
    }

    /// Compares a reply with those before. While the known cluster `answers_elsewhere`, at another endpoint, no other one
    /// replaces it.
    pub(crate) fn observe(&mut self, reply: &Evidence, answers_elsewhere: bool) -> Verdict {
        let cluster_id = reply.header.cluster_id;
        if cluster_id == 0 {
            return Verdict::Known;
        }
        if self.cluster_id == 0 {
            self.cluster_id = cluster_id;
        }
        if cluster_id != self.cluster_id {
            return self.observe_other(reply, answers_elsewhere);
        }
        if let Some((other, first)) = self.candidate
            && first < reply.sent
        {
            self.candidate = None;
            self.mixed_with = Some(other);
        }
        let is_other = |other: u64| other != cluster_id;
        if self.mixed_with.is_some_and(is_other) && reply.received >= self.other_seen + MIXED_FOR {
            self.mixed_with = None;
        }
        if self.changed.is_some_and(|changed| reply.sent < changed) {
            return Verdict::Stale;
        }
        self.observe_known(reply)
    }

    /// Handles a reply of another cluster, which replaces the known one after only that cluster has answered for a
    /// while.
    fn observe_other(&mut self, reply: &Evidence, answers_elsewhere: bool) -> Verdict {
        let new = reply.header.cluster_id;
        self.other_seen = reply.received;
        if self.changed.is_some_and(|changed| reply.sent < changed) {
            return Verdict::Other(new);
        }
        let patience = if self.mixed_with.is_some() { MIXED_REPLACED_AFTER } else { REPLACED_AFTER };
        let Some((_, first)) = self.candidate.filter(|(id, _)| *id == new) else {
            self.candidate = Some((new, reply.received));
            return Verdict::Other(new);
        };
        if answers_elsewhere || reply.received < first + patience {
            return Verdict::Other(new);
        }
        let old = std::mem::replace(&mut self.cluster_id, new);
        if self.former.contains(&new) || self.mixed_with == Some(new) {
            self.mixed_with = Some(old);
        }
        self.former.push(old);
        if self.former.len() > MAX_IDS {
            self.former.remove(0);
        }
        self.start_over(reply);
        Verdict::Changed(ClusterChange::ClusterId { old, new })
    }

    /// Compares a reply of the known cluster with the peaks of its member, and starts over if one went back.
    fn observe_known(&mut self, reply: &Evidence) -> Verdict {
        self.detect_return(reply);
        let member = reply.header.member_id;
        if self.members.len() >= MAX_IDS && !self.members.contains_key(&member) {
            self.members.pop_first();
        }
        let peaks = self.members.entry(member).or_default();
        let reached = *peaks;
        let Some(change) = peaks.observe(reply) else { return Verdict::Known };
        // Two clusters with the same ids answer in turn, so the values go back each time.
        if self.mixed_with == Some(self.cluster_id) {
            return Verdict::Known;
        }
        self.before = Some(Before { member, peaks: reached, changed: reply.received });
        self.start_over(reply);
        Verdict::Changed(change)
    }

    /// Notes that two clusters with the same id answer, if a member that went back has its old values again.
    fn detect_return(&mut self, reply: &Evidence) {
        let Some(before) = self.before.filter(|before| before.member == reply.header.member_id) else { return };
        let is_soon = reply.received < before.changed + RETURNS_WITHIN;
        let reached = before.peaks.raft_index.is_some_and(|peak| reply.raft_index >= peak.value);
        let is_as_new = before.peaks.revision.is_none_or(|peak| revision(reply) >= peak.value);
        if is_soon && reached && is_as_new {
            self.mixed_with = Some(self.cluster_id);
        }
    }

    /// Forgets the peaks and the candidate, and starts with the values of this reply.
    fn start_over(&mut self, reply: &Evidence) {
        self.members.clear();
        self.candidate = None;
        self.changed = Some(reply.received);
        // There are no peaks to compare with, so this only records the values.
        self.members.entry(reply.header.member_id).or_default().observe(reply);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Header;

    struct Replies {
        identity: ClusterIdentity,
    }

    impl Replies {
        fn new() -> Self {
            Replies { identity: ClusterIdentity::default() }
        }

        /// A reply of (cluster, member, revision, term, index) to a request sent and answered at these milliseconds.
        fn reply(&mut self, facts: (u64, u64, i64, u64, u64), sent: u64, received: u64) -> Verdict {
            let (cluster_id, member_id, revision, raft_term, raft_index) = facts;
            let at = Duration::from_millis;
            let header = Header { cluster_id, member_id, revision, raft_term };
            let reply = Evidence { header, raft_index, sent: at(sent), received: at(received) };
            self.identity.observe(&reply, false)
        }
    }

    #[test]
    fn a_member_that_goes_back_was_restored() {
        let cases = [
            ((7, 1, 9, 3, 50), ClusterChange::Revision { old: 100, new: 9 }),
            ((7, 1, 200, 2, 0), ClusterChange::Term { old: 3, new: 2 }),
            ((7, 1, 200, 3, 8), ClusterChange::RaftIndex { old: 50, new: 8 }),
        ];
        for (facts, change) in cases {
            let mut replies = Replies::new();
            assert_eq!(replies.reply((7, 1, 100, 3, 50), 0, 1), Verdict::Known);
            assert_eq!(replies.reply(facts, 2, 3), Verdict::Changed(change));
            assert_eq!(replies.reply(facts, 4, 5), Verdict::Known, "once");
            assert_eq!(replies.reply((7, 1, 100, 3, 50), 1, 6), Verdict::Stale, "an old reply that was late");
            assert_eq!(replies.identity.mixed_with(), None);
        }
    }

    #[test]
    fn a_reply_that_was_overtaken_and_a_member_that_lags_are_not_restored() {
        let mut replies = Replies::new();
        assert_eq!(replies.reply((7, 1, 100, 3, 0), 5, 10), Verdict::Known);
        assert_eq!(replies.reply((7, 1, 99, 3, 0), 9, 20), Verdict::Known, "sent before the other arrived");
        assert_eq!(replies.reply((7, 2, 50, 2, 20), 30, 31), Verdict::Known, "another member");
        assert_eq!(replies.reply((7, 2, 51, 3, 21), 32, 33), Verdict::Known);
        assert_eq!(replies.reply((0, 0, 0, 0, 0), 40, 41), Verdict::Known, "a reply without a header");
    }

    #[test]
    fn another_cluster_replaces_the_known_one_once_only_it_answers() {
        let mut replies = Replies::new();
        assert_eq!(replies.reply((7, 1, 100, 3, 50), 0, 1), Verdict::Known);
        assert_eq!(replies.reply((8, 1, 5, 2, 9), 10, 11), Verdict::Other(8));
        assert_eq!(replies.reply((8, 1, 5, 2, 9), 400, 401), Verdict::Other(8));
        assert_eq!(
            replies.reply((8, 1, 5, 2, 9), 511, 512),
            Verdict::Changed(ClusterChange::ClusterId { old: 7, new: 8 })
        );
        assert_eq!(replies.reply((8, 1, 5, 2, 9), 513, 514), Verdict::Known);
        assert_eq!(replies.reply((7, 1, 100, 3, 50), 300, 520), Verdict::Other(7), "late");
        assert_eq!(replies.identity.mixed_with(), None);
    }

    #[test]
    fn two_clusters_that_answer_in_turn_are_mixed() {
        let mut replies = Replies::new();
        for turn in 0..20 {
            let (seven, eight) = (turn * 200, turn * 200 + 100);
            assert_eq!(replies.reply((7, 1, 100, 3, 50), seven, seven + 1), Verdict::Known);
            assert_eq!(replies.reply((8, 1, 5, 2, 9), eight, eight + 1), Verdict::Other(8));
        }
        assert_eq!(replies.identity.mixed_with(), Some(8));
        assert_eq!(replies.reply((8, 1, 5, 2, 9), 13_000, 13_001), Verdict::Other(8), "the known one may come back");
        let change = ClusterChange::ClusterId { old: 7, new: 8 };
        assert_eq!(replies.reply((8, 1, 5, 2, 9), 14_000, 14_001), Verdict::Changed(change));
        assert_eq!(replies.identity.mixed_with(), Some(7), "the alarm stays, and names the other one");
        assert_eq!(replies.reply((8, 1, 5, 2, 9), 613_000, 613_001), Verdict::Known);
        assert_eq!(replies.identity.mixed_with(), Some(7));
        assert_eq!(replies.reply((8, 1, 5, 2, 9), 614_002, 614_003), Verdict::Known);
        assert_eq!(replies.identity.mixed_with(), None, "the other one has not answered for ten minutes");
    }

    #[test]
    fn a_cluster_that_answers_again_after_another_one_is_mixed_with_it() {
        let mut replies = Replies::new();
        assert_eq!(replies.reply((7, 1, 100, 3, 50), 0, 1), Verdict::Known);
        for (time, cluster, mixed_with) in [(2_000, 8, None), (4_000, 7, Some(8))] {
            assert_eq!(replies.reply((cluster, 1, 100, 3, 50), time, time + 1), Verdict::Other(cluster));
            assert!(matches!(replies.reply((cluster, 1, 100, 3, 50), time + 600, time + 601), Verdict::Changed(_)));
            assert_eq!(replies.identity.mixed_with(), mixed_with);
        }
    }

    #[test]
    fn clusters_are_no_longer_mixed_ten_minutes_after_the_other_one_answered_last() {
        let mut replies = Replies::new();
        let known = |replies: &mut Replies, at| replies.reply((7, 1, 100, 3, 50), at, at + 1);
        assert_eq!(known(&mut replies, 0), Verdict::Known);
        assert_eq!(replies.reply((8, 1, 5, 2, 9), 10, 11), Verdict::Other(8));
        assert_eq!(known(&mut replies, 20), Verdict::Known);
        assert_eq!((known(&mut replies, 600_000), replies.identity.mixed_with()), (Verdict::Known, Some(8)));
        assert_eq!((known(&mut replies, 600_010), replies.identity.mixed_with()), (Verdict::Known, None));
    }

    #[test]
    fn two_clusters_with_the_same_ids_are_mixed() {
        let mut replies = Replies::new();
        assert_eq!(replies.reply((7, 1, 100, 3, 50), 0, 1), Verdict::Known);
        assert!(matches!(replies.reply((7, 1, 5, 2, 9), 10, 11), Verdict::Changed(_)));
        assert_eq!(replies.reply((7, 1, 100, 3, 51), 1_000, 1_001), Verdict::Known);
        assert_eq!(replies.identity.mixed_with(), Some(7));
        assert_eq!(replies.reply((7, 1, 5, 2, 9), 2_000, 2_001), Verdict::Known, "it does not start over each time");
    }
}
