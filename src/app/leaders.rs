//! Which member led from when until when, as far as the members have reported it.

use std::collections::VecDeque;
use std::time::Duration;

use etcd_lease::{ClusterView, MemberView};
use simkit::Timestamp;

/// The span in which a member was seen to lead a term.
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
    /// When it answered last as the leader. `None` if it is not an endpoint.
    pub answered: Option<Timestamp>,
    /// When it or another member last named it as the leader. A follower names a dead leader for up to two election
    /// timeouts.
    pub named: Timestamp,
    /// Why no leader was seen after `named`. `None` while it leads, and if the next leader was seen at once.
    absence: Option<Absence>,
}

/// Why no leader was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Absence {
    /// No member answered.
    NoAnswer,
    /// A member answered, and no leader was named.
    NoLeader,
}

/// A period, and what followed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastLeader {
    /// The period.
    pub period: LeaderPeriod,
    /// Whether it leads now.
    pub is_current: bool,
    /// Why and for how long no leader was seen after it.
    pub absence: Option<(Absence, Duration)>,
}

/// The leaders seen since the start. Bounded: the oldest are forgotten.
#[derive(Clone, Debug, Default)]
pub struct LeaderHistory {
    /// The oldest first.
    periods: VecDeque<LeaderPeriod>,
    /// Whether a member answered when the cluster was seen last.
    has_view: bool,
    /// When another cluster, or an older state, took the place of the one whose leaders were known. `None` before that.
    pub restarted: Option<Timestamp>,
}

impl LeaderHistory {
    /// Maximum number of periods.
    const CAPACITY: usize = 64;

    /// Forgets the leaders, because another cluster or an older state answers since `now`.
    pub(super) fn restart(now: Timestamp) -> Self {
        LeaderHistory { restarted: Some(now), ..LeaderHistory::default() }
    }

    /// Applies what the members report. `is_endpoint` says whether a member is one of the endpoints.
    pub(super) fn on_view(&mut self, view: &ClusterView, is_endpoint: impl Fn(u64) -> bool, now: Timestamp) {
        let had_view = std::mem::replace(&mut self.has_view, view.answering_here().next().is_some());
        let last = self.periods.back_mut();
        // An isolated former leader names itself for a while.
        let newest = last.as_ref().map_or(0, |last| last.term);
        let Some((member_id, term)) = leader(view.answering_here()).filter(|(_, term)| *term >= newest) else {
            let absence = if self.has_view { Absence::NoLeader } else { Absence::NoAnswer };
            last.into_iter().for_each(|last| last.absence = last.absence.max(Some(absence)));
            return;
        };
        let leads = |member: &MemberView| member.member_id == member_id && member.is_leader && member.raft_term == term;
        let answered = if view.answering_here().any(leads) { Some(now) } else { None };
        match last {
            Some(last) if (last.member_id, last.term) == (member_id, term) && last.absence.is_none() => {
                last.named = now;
                last.answered = answered.or(last.answered);
            }
            // A member that was suspended names the leader that it knew. That leader counts only when it answers itself.
            Some(last) if last.term == term && answered.is_none() && is_endpoint(member_id) => (),
            _ => {
                self.push(LeaderPeriod {
                    member_id,
                    term,
                    from: now,
                    is_older: !had_view,
                    answered,
                    named: now,
                    absence: None,
                });
            }
        }
    }

    fn push(&mut self, period: LeaderPeriod) {
        if self.periods.len() == Self::CAPACITY {
            self.periods.pop_front();
        }
        self.periods.push_back(period);
    }

    /// The periods, the newest first. If no leader was seen after a period, the absence lasts until the next leader was
    /// seen, or until `now`.
    pub fn newest_first(&self, now: Timestamp) -> impl Iterator<Item = PastLeader> {
        let mut next = None;
        self.periods.iter().rev().map(move |period| {
            let next = next.replace(period.from);
            let span = next.unwrap_or(now) - period.named;
            let absence = period.absence.map(|absence| (absence, span));
            PastLeader { period: *period, is_current: next.is_none() && absence.is_none(), absence }
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
    use etcd_lease::Reachability;

    use super::*;

    /// A member that answers: its id, term and leader.
    type Answer = (u64, u64, u64);

    fn view(members: &[Answer]) -> ClusterView {
        let member = |&(member_id, raft_term, leader_id): &Answer| MemberView {
            member_id,
            raft_term,
            leader_id,
            is_leader: leader_id == member_id,
            has_leader: leader_id != 0,
            reachability: Reachability::Up,
            ..MemberView::default()
        };
        ClusterView { members: members.iter().map(member).collect(), ..ClusterView::default() }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    /// The history after views at these seconds. Members 1 to 3 are the endpoints.
    fn after(views: &[(u64, &[Answer])]) -> LeaderHistory {
        let mut history = LeaderHistory::default();
        views.iter().for_each(|(second, members)| history.on_view(&view(members), |id| id <= 3, at(*second)));
        history
    }

    /// Member, term, start, last answer, when it was named last, and for how long no leader was seen after that.
    type Period = (u64, u64, u64, Option<u64>, u64, Option<(Absence, u64)>);

    fn periods(history: &LeaderHistory, now: u64) -> Vec<Period> {
        let seconds = |at: Timestamp| at.since_start().as_secs();
        let plain = |PastLeader { period, absence, .. }| {
            let LeaderPeriod { member_id, term, from, answered, named, .. } = period;
            let absence = absence.map(|(why, span): (Absence, Duration)| (why, span.as_secs()));
            (member_id, term, seconds(from), answered.map(seconds), seconds(named), absence)
        };
        history.newest_first(at(now)).map(plain).collect()
    }

    #[test]
    fn a_killed_leader_led_until_its_last_answer_or_until_others_named_it_last() {
        let history = after(&[
            (0, &[(1, 2, 1), (2, 2, 1)]),
            (9, &[(1, 2, 1), (2, 2, 1)]),
            (10, &[(2, 2, 1)]),
            (11, &[(2, 2, 0)]),
            (12, &[(2, 4, 2)]),
        ]);
        let killed = (1, 2, 0, Some(9), 10, Some((Absence::NoLeader, 2)));
        assert_eq!(periods(&history, 15), [(2, 4, 12, Some(12), 12, None), killed]);
        let current: Vec<_> = history.newest_first(at(15)).map(|past| past.is_current).collect();
        assert_eq!(current, [true, false]);
    }

    #[test]
    fn a_leader_that_is_replaced_at_once_has_no_absence() {
        let history = after(&[(0, &[(1, 2, 1), (2, 2, 1)]), (9, &[(1, 2, 1), (2, 3, 2)])]);
        assert_eq!(periods(&history, 15), [(2, 3, 9, Some(9), 9, None), (1, 2, 0, Some(0), 0, None)]);
        let no_quorum = after(&[(0, &[(1, 2, 1), (2, 2, 1)]), (9, &[(1, 2, 1), (2, 3, 0)])]);
        assert_eq!(periods(&no_quorum, 15), [(1, 2, 0, Some(9), 9, None)], "a candidate is no leader");
    }

    #[test]
    fn an_outage_stays_although_the_leader_leads_the_same_term_after_it() {
        let history = after(&[
            (0, &[(1, 3, 3), (2, 3, 3), (3, 3, 3)]),
            (9, &[(1, 3, 3), (2, 3, 3), (3, 3, 3)]),
            (10, &[(1, 3, 3)]),
            (12, &[(1, 3, 0)]),
            // A woken follower still names the leader, which has not answered yet.
            (29, &[(1, 3, 0), (2, 3, 3)]),
            (30, &[(1, 3, 3), (2, 3, 3), (3, 3, 3)]),
            (40, &[(1, 3, 3), (2, 3, 3), (3, 3, 3)]),
        ]);
        let outage = Some((Absence::NoLeader, 20));
        assert_eq!(periods(&history, 41), [(3, 3, 30, Some(40), 40, None), (3, 3, 0, Some(9), 10, outage)]);
        assert!(history.newest_first(at(41)).all(|past| past.period.is_older == (past.period.from == at(0))));
    }

    #[test]
    fn a_time_without_answers_is_not_a_time_without_a_leader() {
        let mut history = after(&[(0, &[(1, 2, 1)]), (10, &[])]);
        assert_eq!(periods(&history, 15), [(1, 2, 0, Some(0), 0, Some((Absence::NoAnswer, 15)))]);
        history.on_view(&view(&[(1, 2, 1)]), |_| true, at(20));
        let lost = (1, 2, 0, Some(0), 0, Some((Absence::NoAnswer, 20)));
        assert_eq!(periods(&history, 20), [(1, 2, 20, Some(20), 20, None), lost]);
    }

    #[test]
    fn a_leader_that_is_not_an_endpoint_is_known_from_the_others() {
        let history = after(&[(0, &[(1, 2, 9)]), (5, &[(1, 2, 0)]), (8, &[(1, 2, 9)]), (9, &[(1, 1, 7)])]);
        let [now, before] =
            [(9, 2, 8, None, 8, Some((Absence::NoLeader, 2))), (9, 2, 0, None, 0, Some((Absence::NoLeader, 8)))];
        assert_eq!(periods(&history, 10), [now, before], "an older term names no leader");
    }

    #[test]
    fn the_history_is_bounded() {
        let mut history = LeaderHistory::default();
        (1..1_000).for_each(|term| history.on_view(&view(&[(1, term, 1)]), |_| true, at(term)));
        assert_eq!(history.newest_first(at(1_000)).count(), LeaderHistory::CAPACITY);
        assert_eq!(periods(&history, 1_000)[0], (1, 999, 999, Some(999), 999, None));
    }
}
