//! When the leases were reset by an election, or lost by a restore.

use super::*;
use etcd_lease::ClusterChange;

impl Story {
    fn poll_in_term(&mut self, id: i64, raft_term: u64) {
        let header = Header { raft_term, ..Header::default() };
        let answer = TimeToLive { id: LeaseId(id), ttl: 29, granted_ttl: 30, keys: Vec::new(), header };
        let sent = self.now;
        self.wait(0.1);
        self.send(Msg::Polled { sent, received: self.now, answer, has_keys: false });
    }
}

fn in_term(raft_term: u64) -> ClusterView {
    let mut view = view();
    (view.members[0].raft_term, view.members[0].member_id, view.members[0].leader_id) =
        (raft_term, raft_term, raft_term);
    view
}

/// Name, time and its error of the events, as the screen sorts them.
fn sorted(story: &Story) -> Vec<(&'static str, f64, f64)> {
    let mut lines: Vec<&Event> = story.app.events.lines().collect();
    Event::sort(&mut lines);
    let rounded = |seconds: f64| (seconds * 100.0).round() / 100.0;
    let plain = |event: &&Event| {
        (event.name().as_str(), rounded(event.at.signed_since(Timestamp::START)), rounded(event.doubt.as_secs_f64()))
    };
    lines.iter().map(plain).filter(|(name, ..)| !matches!(*name, "connection" | "granted")).collect()
}

#[test]
fn an_election_resets_all_leases_after_the_last_reply_in_the_old_term() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2, 3], &[]);
    story.wait(1.0);
    (1..=3).for_each(|id| story.poll_in_term(id, 4));
    story.wait(17.7);
    // The last reply in the old term, sent at 19 s; the first in the new one arrives at 21.1 s.
    story.poll_in_term(1, 4);
    story.wait(1.9);
    story.poll_in_term(1, 5);
    story.wait(0.4);
    story.send(Msg::Cluster(in_term(5)));
    story.wait(8.0);
    (2..=3).for_each(|id| story.poll_in_term(id, 5));
    let refilled = ("refilled", 20.05, 1.05);
    assert_eq!(sorted(&story), [("leader", 20.05, 1.05), ("term", 20.05, 1.05), refilled, refilled, refilled]);
    story.wait(2.0);
    story.send(Msg::Cluster(in_term(6)));
    // Lease 3 was polled last at 29.6 s.
    assert_eq!(sorted(&story)[5..], [("leader", 30.65, 1.05), ("term", 30.65, 1.05)]);
}

#[test]
fn a_leader_that_is_back_in_its_term_was_not_elected_again() {
    let mut story = Story::start(AppConfig::default());
    story.wait(5.0);
    story.send(Msg::Cluster(in_term(4)));
    let mut missing = in_term(4);
    (missing.members[0].is_leader, missing.members[0].has_leader) = (false, false);
    story.wait(5.0);
    story.send(Msg::Cluster(missing));
    story.wait(5.0);
    story.send(Msg::Cluster(in_term(4)));
    assert_eq!(sorted(&story), [("leader", 5.0, 0.0), ("leader", 10.0, 0.0), ("leader", 15.0, 0.0)]);
}

#[test]
fn a_term_is_that_of_an_election_and_not_of_a_candidate() {
    let mut story = Story::start(AppConfig::default());
    let mut view = view();
    view.members.push(MemberView { endpoint: "cut-off:2379".into(), member_id: 2, ..view.members[0].clone() });
    story.wait(1.0);
    story.poll_in_term(1, 4);
    // The member cannot reach the others, and raises its term without a leader.
    story.wait(8.9);
    (view.members[1].is_leader, view.members[1].has_leader, view.members[1].raft_term) = (false, false, 50);
    story.send(Msg::Cluster(view.clone()));
    story.wait(290.0);
    view.members[0].raft_term = 5;
    story.send(Msg::Cluster(view));
    let (name, at, doubt) = *sorted(&story).last().expect("an event");
    assert_eq!((name, at + doubt), ("term", 300.0));
}

#[test]
fn a_term_that_rose_while_no_member_answered_is_reported() {
    let mut story = Story::start(AppConfig::default());
    story.wait(10.0);
    story.send(Msg::Cluster(down()));
    story.wait(10.0);
    let mut restarted = view();
    restarted.members[0].raft_term = 5;
    story.send(Msg::Cluster(restarted));
    assert_eq!(sorted(&story), [("term", 10.0, 10.0)], "between the status at the start and this one");
}

#[test]
fn a_lease_is_absent_since_the_restored_cluster_answers() {
    let mut story = Story::start(AppConfig::default());
    story.wait(1.0);
    story.list(&[1, 2], &[]);
    story.wait(9.0);
    story.send(Msg::Cluster(down()));
    story.wait(10.0);
    let change = ClusterChange::Term { old: 4, new: 2 };
    story.send(Msg::Cluster(ClusterView { changes: 1, last_change: Some(change), ..in_term(2) }));
    story.wait(1.0);
    story.list(&[], &[]);
    let absent = ("absent", 20.0, 10.0);
    assert_eq!(
        sorted(&story),
        [("cluster", 20.0, 0.0), ("leader", 20.0, 0.0), absent, absent],
        "not while etcd was down"
    );
    assert_eq!(story.app.cluster.members.leaders.restarted, Some(at(20.0)));
}
