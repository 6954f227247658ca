//! Members: which there are, which answer, and which one renewals go through.

use super::*;
use etcd_lease::{ListedMember, MemberAlarm};

fn listed(id: u64, name: &str) -> ListedMember {
    ListedMember {
        id,
        name: name.to_owned(),
        client_urls: vec![format!("http://m{id}:2379")],
        ..ListedMember::default()
    }
}

fn member(id: u64, leader_id: u64) -> MemberView {
    MemberView {
        endpoint: format!("m{id}:2379"),
        member_id: id,
        is_leader: id == leader_id,
        leader_id,
        ..view().members[0].clone()
    }
}

fn down_member(id: u64) -> MemberView {
    let endpoint = format!("m{id}:2379");
    let trouble = CallError::new(ErrorCause::Refused, "read the status", &endpoint, "connection refused");
    MemberView { endpoint, reachability: Reachability::Down { trouble }, ..MemberView::default() }
}

fn cluster(members: Vec<MemberView>, chosen: usize) -> Msg {
    Msg::Cluster(ClusterView { cluster_id: 1, members, chosen: Some(chosen), ..ClusterView::default() })
}

fn reading(outside: Vec<MemberView>) -> Msg {
    let listed = Ok(vec![listed(1, "etcd-c"), listed(2, "etcd-b"), listed(3, "etcd-a")]);
    Msg::Members { reading: MemberReading { listed, outside }, has_outside: true }
}

/// Name, role, and whether it is an endpoint and answers.
fn rows(story: &Story) -> Vec<(String, &'static str, bool, Option<bool>)> {
    let rows = story.app.cluster.members.rows(&story.app.cluster.view);
    rows.iter().map(|row| (row.name().to_owned(), row.role.word(), row.is_endpoint, row.answers)).collect()
}

fn through(story: &Story) -> Option<String> {
    story.app.cluster.members.renewals_through(&story.app.cluster.view)
}

#[test]
fn members_outside_the_endpoints_are_listed_and_the_leader_among_them_is_named() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 3)], 0));
    assert_eq!(through(&story).as_deref(), Some("m1:2379: it is the only endpoint"), "no list yet");
    story.send(reading(vec![member(2, 3), member(3, 3)]));
    let expected = [
        ("etcd-a".to_owned(), "leader", false, Some(true)),
        ("etcd-b".to_owned(), "follower", false, Some(true)),
        ("etcd-c".to_owned(), "follower", true, Some(true)),
    ];
    assert_eq!(rows(&story), expected);
    assert_eq!(through(&story).as_deref(), Some("etcd-c: the leader, etcd-a, is not among the endpoints"));
    story.send(reading(vec![member(2, 3), MemberView { member_id: 3, ..down_member(3) }]));
    assert_eq!(story.app.cluster.members.answering(&story.app.cluster.view), (2, 3));
    assert_eq!(through(&story).as_deref(), Some("etcd-c: the leader, etcd-a, does not answer"));
}

#[test]
fn a_killed_member_keeps_its_name_and_its_last_facts() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 1), member(2, 1), member(3, 1)], 0));
    story.send(reading(Vec::new()));
    assert_eq!(through(&story).as_deref(), Some("etcd-c: it is the leader"));
    story.wait(10.0);
    story.send(cluster(vec![member(1, 1), down_member(2), member(3, 1)], 0));
    story.wait(5.0);
    assert_eq!(rows(&story)[1], ("etcd-b".to_owned(), "unknown", true, Some(false)));
    let rows = story.app.cluster.members.rows(&story.app.cluster.view);
    assert_eq!(rows[1].silent_for(story.now), Some(Duration::from_secs(15)), "it answered at the start");
    assert_eq!(rows[1].status.map(|status| status.version.as_str()), Some("3.5.30"));
    assert!(rows[1].problems[0].contains("connection refused"), "{:?}", rows[1].problems);
    assert_eq!(story.app.cluster.members.answering(&story.app.cluster.view), (2, 3));
}

#[test]
fn an_alarm_names_the_member_that_raised_it() {
    let mut story = Story::start(AppConfig::default());
    let alarms = vec![MemberAlarm { member_id: 2, cause: ErrorCause::NoSpace }];
    let alarmed = |id| MemberView { alarms: alarms.clone(), ..member(id, 1) };
    story.send(cluster(vec![alarmed(1), alarmed(2)], 0));
    assert_eq!(story.app.cluster.alarms(), ["NOSPACE"]);
    story.send(reading(Vec::new()));
    assert_eq!(story.app.cluster.alarms(), ["NOSPACE etcd-b"]);
    let rows = story.app.cluster.members.rows(&story.app.cluster.view);
    let raised: Vec<&str> = rows.iter().filter(|row| !row.alarms.is_empty()).map(|row| row.name()).collect();
    assert_eq!(raised, ["etcd-b"]);
}

#[test]
fn a_learner_is_no_follower_and_an_old_leader_no_leader() {
    let mut story = Story::start(AppConfig::default());
    let trouble = CallError::new(ErrorCause::Other, "read the status", "m2:2379", "learner");
    let learner = MemberView { is_learner: true, reachability: Reachability::Down { trouble }, ..member(2, 1) };
    let old = MemberView { is_leader: true, raft_term: 3, ..member(3, 3) };
    story.send(cluster(vec![member(1, 1), learner, old], 0));
    let roles: Vec<&str> = rows(&story).into_iter().map(|row| row.1).collect();
    assert_eq!(roles, ["leader", "learner", "follower"]);
    assert_eq!(story.app.cluster.members.answering(&story.app.cluster.view), (3, 3), "a learner answers its status");
}

/// Whether the last tick read the members, and with those that are no endpoints.
fn read_at(story: &mut Story, seconds: f64) -> Option<bool> {
    story.wait(seconds);
    story.send(Msg::Tick).into_iter().find_map(|effect| match effect {
        Effect::ReadMembers { has_outside, .. } => Some(has_outside),
        _ => None,
    })
}

#[test]
fn the_list_is_read_calmly_and_all_members_while_they_are_shown() {
    let mut story = Story::start(AppConfig::default());
    let answer = |has_outside| {
        let reading = MemberReading { listed: Ok(vec![listed(1, "etcd-a")]), outside: Vec::new() };
        Msg::Members { reading, has_outside }
    };
    assert_eq!(read_at(&mut story, 0.1), Some(false));
    assert_eq!(read_at(&mut story, 60.0), None, "one at a time");
    story.send(answer(false));
    assert_eq!(read_at(&mut story, 9.9), None);
    assert_eq!(read_at(&mut story, 0.1), Some(false));
    story.send(answer(false));
    story.press(&[Key::Char('5')]);
    assert_eq!(read_at(&mut story, 0.0), Some(true), "at once");
    story.send(answer(true));
    assert_eq!(read_at(&mut story, 1.9), None);
    assert_eq!(read_at(&mut story, 0.1), Some(true));
    story.send(answer(true));
    story.send(Msg::Cluster(down()));
    assert_eq!(read_at(&mut story, 2.0), Some(true), "the others may answer");
    story.send(answer(true));
    story.press(&[Key::Char('1')]);
    assert_eq!(read_at(&mut story, 60.0), None);
}

#[test]
fn a_failed_list_keeps_the_last_one() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 1)], 0));
    story.send(reading(Vec::new()));
    let failed = MemberReading { listed: Err(trouble("permission denied")), outside: Vec::new() };
    story.send(Msg::Members { reading: failed, has_outside: false });
    assert_eq!(rows(&story).len(), 3);
    assert_eq!(rows(&story)[0].3, None, "it was not asked");
    assert!(story.app.cluster.members.failure.is_some());
}
