//! Which member led from when until when, as far as the members have reported it.

use std::collections::VecDeque;
use std::time::Duration;

use etcd_lease::{ClusterView, MemberView, Reachability};
use simkit::Timestamp;

/// The span in which a member led a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaderPeriod {
    /// The member id of the leader.
    pub member_id: u64,
    /// The raft term.
    pub term: u64,
    /// When it was first seen to lead.
    pub from: Timestamp,
    /// Whether it may have led before that, because no member answered until then.
    pub is_older: bool,
    /// When it was no longer seen to lead: another leader or none was reported, or no member answered. `None` while it
    /// leads.
    pub until: Option<Timestamp>,
}

/// The leaders seen since the start. Bounded: the oldest are forgotten.
#[derive(Clone, Debug, Default)]
pub struct LeaderHistory {
    /// The oldest first.
    periods: VecDeque<LeaderPeriod>,
    /// Whether a member answered when the cluster was seen last.
    has_view: bool,
}

impl LeaderHistory {
    /// Maximum number of periods.
    const CAPACITY: usize = 64;

    /// Applies what the members report.
    pub(super) fn on_view(&mut self, view: &ClusterView, now: Timestamp) {
        let answering = || view.members.iter().filter(|member| member.reachability == Reachability::Up);
        let had_view = std::mem::replace(&mut self.has_view, answering().next().is_some());
        let sight = leader(answering());
        match (self.periods.back_mut(), sight) {
            // A term has one leader.
            (Some(last), Some((id, term))) if (last.member_id, last.term) == (id, term) => last.until = None,
            (last, sight) => {
                if let Some(last) = last {
                    last.until = last.until.or(Some(now));
                }
                if let Some((member_id, term)) = sight {
                    self.push(LeaderPeriod { member_id, term, from: now, is_older: !had_view, until: None });
                }
            }
        }
    }

    fn push(&mut self, period: LeaderPeriod) {
        if self.periods.len() == Self::CAPACITY {
            self.periods.pop_front();
        }
        self.periods.push_back(period);
    }

    /// The periods, the newest first. Each has the time until the next leader was seen, or until `now`.
    pub fn newest_first(&self, now: Timestamp) -> impl Iterator<Item = (LeaderPeriod, Duration)> {
        let mut next = now;
        self.periods.iter().rev().map(move |period| {
            let next = std::mem::replace(&mut next, period.from);
            (*period, period.until.map_or(Duration::ZERO, |until| next - until))
        })
    }
}

/// The leader and its term, as the members report it in the newest term that has one.
fn leader<'a>(answering: impl Iterator<Item = &'a MemberView>) -> Option<(u64, u64)> {
    let knowing = answering.filter(|member| member.has_leader && member.leader_id != 0);
    knowing.map(|member| (member.raft_term, member.leader_id)).max().map(|(term, id)| (id, term))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(members: &[(u64, u64, u64)]) -> ClusterView {
        let member = |&(member_id, raft_term, leader_id): &(u64, u64, u64)| MemberView {
            member_id,
            raft_term,
            leader_id,
            has_leader: leader_id != 0,
            reachability: Reachability::Up,
            ..MemberView::default()
        };
        ClusterView { members: members.iter().map(member).collect(), ..ClusterView::default() }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    /// Member, term, start, whether it may be older, and end, the newest first.
    fn periods(history: &LeaderHistory) -> Vec<(u64, u64, u64, bool, Option<u64>)> {
        let seconds = |at: Timestamp| at.since_start().as_secs();
        let plain = |(period, _): (LeaderPeriod, Duration)| {
            (period.member_id, period.term, seconds(period.from), period.is_older, period.until.map(seconds))
        };
        history.newest_first(at(1_000)).map(plain).collect()
    }

    fn gaps(history: &LeaderHistory, now: u64) -> Vec<u64> {
        history.newest_first(at(now)).map(|(_, gap)| gap.as_secs()).collect()
    }

    #[test]
    fn a_leader_ends_when_another_one_or_none_is_reported() {
        let mut history = LeaderHistory::default();
        history.on_view(&view(&[(1, 2, 1), (2, 2, 1)]), at(0));
        history.on_view(&view(&[(1, 2, 1), (2, 3, 0)]), at(9));
        assert_eq!(periods(&history), [(1, 2, 0, true, None)], "a candidate is no leader");
        history.on_view(&view(&[(1, 3, 0), (2, 3, 0)]), at(10));
        history.on_view(&view(&[(1, 2, 1), (2, 4, 2)]), at(12));
        assert_eq!(
            periods(&history),
            [(2, 4, 12, false, None), (1, 2, 0, true, Some(10))],
            "the former leader is stale"
        );
        assert_eq!(gaps(&history, 15), [0, 2]);
        history.on_view(&view(&[(2, 5, 0)]), at(20));
        assert_eq!(gaps(&history, 23), [3, 2], "no leader up to now");
    }

    #[test]
    fn a_leader_that_is_seen_again_in_its_term_led_all_the_time() {
        let mut history = LeaderHistory::default();
        history.on_view(&view(&[(1, 2, 1)]), at(0));
        history.on_view(&view(&[]), at(10));
        assert_eq!(periods(&history), [(1, 2, 0, true, Some(10))]);
        history.on_view(&view(&[(2, 2, 1)]), at(20));
        assert_eq!(periods(&history), [(1, 2, 0, true, None)]);
        history.on_view(&view(&[]), at(30));
        history.on_view(&view(&[(1, 3, 1)]), at(40));
        assert_eq!(
            periods(&history),
            [(1, 3, 40, true, None), (1, 2, 0, true, Some(30))],
            "it led again, in a new term"
        );
    }

    #[test]
    fn the_history_is_bounded() {
        let mut history = LeaderHistory::default();
        (1..1_000).for_each(|term| history.on_view(&view(&[(1, term, 1)]), at(term)));
        assert_eq!(history.newest_first(at(1_000)).count(), LeaderHistory::CAPACITY);
        assert_eq!(periods(&history)[0], (1, 999, 999, false, None));
    }
}
