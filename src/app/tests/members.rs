//! Members: which there are, which answer, and which one renewals go through.

use std::time::SystemTime;

use super::*;
use crate::app::CertificateWarning;
use etcd_lease::wire::{MemberProbe, ProbeStep};
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
    assert_eq!(story.app.cluster.alarms(), [("NOSPACE", vec!["m2:2379".to_owned()])]);
    story.send(reading(Vec::new()));
    assert_eq!(story.app.cluster.alarms(), [("NOSPACE", vec!["etcd-b".to_owned()])]);
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

const REMOVED: &str = "was removed from the cluster; its endpoint can be left out";

/// Name, role, whether it answers, how long ago it answered if not, and the problems.
type State = (String, &'static str, Option<bool>, Option<u64>, String);

fn states(story: &Story) -> Vec<State> {
    let rows = story.app.cluster.members.rows(&story.app.cluster.view);
    let silent = |row: &MemberRow<'_>| row.silent_for(story.now).map(|span| span.as_secs());
    let state = |row: &MemberRow<'_>| {
        (row.name().to_owned(), row.role.word(), row.answers, silent(row), row.problems.join("; "))
    };
    rows.iter().map(state).collect()
}

#[test]
fn an_endpoint_of_another_cluster_and_a_removed_member_are_no_members() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 1), member(2, 1), member(4, 1)], 0));
    let foreign = MemberView { cluster_id: 0x19f7, raft_term: 99, is_leader: true, ..member(9, 9) };
    story.send(cluster(vec![member(1, 1), foreign, down_member(4)], 0));
    story.send(reading(vec![member(2, 1), member(3, 1)]));
    let expected = [
        ("etcd-a".to_owned(), "follower", Some(true), None, String::new()),
        ("etcd-b".to_owned(), "follower", Some(true), None, String::new()),
        ("etcd-c".to_owned(), "leader", Some(true), None, String::new()),
        ("m4:2379".to_owned(), "removed", Some(false), Some(0), REMOVED.into()),
        ("m9:2379".to_owned(), "unknown", Some(true), None, "belongs to another cluster, 19f7".into()),
    ];
    assert_eq!(states(&story), expected, "its term makes no other leader an old one");
    assert_eq!(story.app.cluster.members.answering(&story.app.cluster.view), (3, 3));
}

#[test]
fn a_removed_member_is_named_and_does_not_count() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 1), member(2, 1), member(3, 1)], 0));
    story.send(reading(Vec::new()));
    story.wait(10.0);
    story.send(cluster(vec![member(1, 1), down_member(2), member(3, 1)], 0));
    assert_eq!(story.app.cluster.members.answering(&story.app.cluster.view), (2, 3));
    story.wait(2.0);
    story.send(Msg::Tick);
    assert_eq!(read_at(&mut story, 0.0), None, "it is read at once, and one reading is under way");
    let listed = |members: Vec<ListedMember>| Msg::Members {
        reading: MemberReading { listed: Ok(members), outside: Vec::new() },
        has_outside: false,
    };
    story.send(listed(vec![self::listed(1, "etcd-c"), self::listed(3, "etcd-a")]));
    assert_eq!(story.app.cluster.members.answering(&story.app.cluster.view), (2, 2));
    let removed = states(&story).into_iter().find(|row| row.0 == "etcd-b").expect("it keeps its name");
    assert_eq!((removed.1, removed.2, removed.4.as_str()), ("removed", Some(false), REMOVED));
    story.send(listed(vec![
        self::listed(1, "etcd-c"),
        self::listed(3, "etcd-a"),
        ListedMember { id: 7, ..ListedMember::default() },
    ]));
    let changes = story.app.events.lines().filter(|event| event.name() == EventName::Cluster);
    let changes: Vec<(String, u64)> = changes.map(|event| (event.text(), event.doubt.as_secs())).collect();
    let expected = [
        ("member etcd-b was removed; the cluster has 2 members", 6),
        ("member 7 was added; the cluster has 3 members", 0),
    ];
    assert_eq!(changes, expected.map(|(text, doubt)| (text.to_owned(), doubt)));
}

#[test]
fn a_member_that_was_added_and_not_started_says_so() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 1)], 0));
    let added = ListedMember { id: 7, ..ListedMember::default() };
    let trouble = CallError::new(ErrorCause::Other, "read the status", "", "it advertises no client URL");
    let asked = MemberView { member_id: 7, reachability: Reachability::Down { trouble }, ..MemberView::default() };
    let reading = MemberReading { listed: Ok(vec![listed(1, "etcd-a"), added]), outside: vec![asked] };
    story.send(Msg::Members { reading, has_outside: true });
    let (_, role, answers, silent, problems) = states(&story).remove(0);
    assert_eq!((role, answers, silent), ("unknown", Some(false), None));
    assert_eq!(problems, "was added and has not started");
}

#[test]
fn two_members_that_advertise_one_address_do_not_share_their_facts() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 1)], 0));
    let at_two = |id: u64, name: &str| ListedMember { client_urls: vec!["http://m2:2379".into()], ..listed(id, name) };
    let trouble = CallError::new(ErrorCause::Other, "read the status", "", "another member answers at this address");
    let wrong = MemberView {
        endpoint: "m2:2379".into(),
        member_id: 3,
        reachability: Reachability::Down { trouble },
        ..MemberView::default()
    };
    let listed = Ok(vec![listed(1, "etcd-c"), at_two(2, "etcd-b"), at_two(3, "etcd-a")]);
    let reading = MemberReading { listed, outside: vec![member(2, 1), wrong] };
    story.send(Msg::Members { reading, has_outside: true });
    let rows = story.app.cluster.members.rows(&story.app.cluster.view);
    assert!(rows[0].status.is_none() && rows[1].status.is_some(), "{rows:?}");
    assert_eq!(rows[1].problems, ["advertises http://m2:2379, as member etcd-a does"]);
    assert_eq!(rows[0].problems.last().map(String::as_str), Some("advertises http://m2:2379, as member etcd-b does"));
    assert!(rows[2].problems.is_empty(), "{rows:?}");
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

#[test]
fn certificates_that_end_within_30_days_are_named() {
    const DAY: u64 = 86_400;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 * DAY);
    let in_days = |days: u64| Some(SystemTime::UNIX_EPOCH + Duration::from_secs((1_000 + days) * DAY + 60));
    let mut story = Story::start(AppConfig::default());
    let certified = |id, days| MemberView { certificate_end: in_days(days), ..member(id, 1) };
    let view = |members, own| ClusterView {
        cluster_id: 1,
        members,
        chosen: Some(0),
        client_certificate_end: own,
        ..ClusterView::default()
    };
    let texts = |story: &Story| {
        let warnings = story.app.cluster.certificate_warnings(now);
        let whose = |member: Option<String>| member.unwrap_or_else(|| "client".to_owned());
        let text = |warning: CertificateWarning| format!("{} {}", whose(warning.member), warning.expiry);
        warnings.into_iter().map(|warning| (warning.is_expired, text(warning))).collect::<Vec<_>>()
    };
    story.send(Msg::Cluster(view(vec![certified(1, 365), member(2, 1), certified(3, 30)], None)));
    story.send(reading(Vec::new()));
    assert!(texts(&story).is_empty(), "one ends in 30 days and a minute");
    story.send(Msg::Cluster(view(vec![certified(1, 20), certified(2, 12), certified(3, 400)], in_days(1))));
    let expected =
        [(false, "etcd-b expires in 12 days, 1 more soon".to_owned()), (false, "client expires in 24 h".to_owned())];
    assert_eq!(texts(&story), expected);
    let gone = MemberView { certificate_end: Some(SystemTime::UNIX_EPOCH), ..down_member(2) };
    story.send(Msg::Cluster(view(vec![certified(1, 365), gone, member(3, 1)], in_days(365))));
    assert_eq!(texts(&story), [(true, "etcd-b expired 1000 days ago".to_owned())], "3 keeps its date");
    let ended =
        |id, ago: u64| MemberView { certificate_end: Some(now - Duration::from_secs(ago * DAY)), ..member(id, 1) };
    story.send(Msg::Cluster(view(vec![ended(1, 2), ended(2, 1), certified(3, 9)], None)));
    assert_eq!(texts(&story), [(true, "etcd-c expired 2 days ago, 1 more expired, 1 more soon".to_owned())]);
}

#[test]
fn members_outside_secure_endpoints_are_asked_for_their_certificates_every_hour() {
    let mut story = Story::start(AppConfig::default());
    let secure = MemberView { endpoint: "https://m1:2379".into(), ..member(1, 1) };
    story.send(cluster(vec![secure], 0));
    let answer = |has_outside| {
        let certificate_end = Some(SystemTime::UNIX_EPOCH);
        let outside = vec![MemberView { endpoint: "http://m2:2379".into(), certificate_end, ..member(2, 1) }];
        let outside = if has_outside { outside } else { Vec::new() };
        let listed = Ok(vec![listed(1, "etcd-a"), listed(2, "etcd-b")]);
        Msg::Members { reading: MemberReading { listed, outside }, has_outside }
    };
    assert_eq!(read_at(&mut story, 0.1), Some(false), "the names first");
    story.send(answer(false));
    assert_eq!(read_at(&mut story, 10.0), Some(true));
    story.send(answer(true));
    assert_eq!(story.app.cluster.members.answering(&story.app.cluster.view), (1, 1), "2 is not watched");
    let warned =
        |story: &Story| story.app.cluster.certificate_warnings(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).len();
    assert_eq!((warned(&story), read_at(&mut story, 10.0)), (1, Some(false)));
    story.send(answer(false));
    assert_eq!((warned(&story), read_at(&mut story, 3600.0)), (1, Some(true)));
}

fn probe_of(id: u64, renewal: ProbeStep) -> MemberProbe {
    let done = ProbeStep::Done(Duration::from_millis(2));
    MemberProbe { member_id: id, endpoint: format!("m{id}:2379"), grant: done.clone(), renewal, revoke: done }
}

#[test]
fn a_member_that_is_listed_after_its_probe_keeps_the_result() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 1)], 0));
    let done = ProbeStep::Done(Duration::from_millis(2));
    story.send(Msg::MembersProbed(vec![MemberProbe { member_id: 0, ..probe_of(1, done.clone()) }, probe_of(2, done)]));
    let probed = |story: &Story| {
        let rows = story.app.cluster.members.rows(&story.app.cluster.view);
        rows.iter().map(|row| (row.address.to_owned(), row.probe.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(probed(&story), [("m1:2379".to_owned(), true)]);
    story.send(reading(Vec::new()));
    let [first, second] = [("m1:2379", true), ("http://m2:2379", true)].map(|(at, is)| (at.to_owned(), is));
    assert_eq!(probed(&story), [("http://m3:2379".to_owned(), false), second, first]);
}

#[test]
fn the_members_are_probed_after_a_second_press_and_not_in_read_only_mode() {
    let mut story = Story::start(AppConfig::default());
    story.send(cluster(vec![member(1, 1), member(2, 1), member(3, 1)], 0));
    story.send(reading(Vec::new()));
    let is_sent = |effects: Vec<Effect>| matches!(&effects[..], [Effect::ProbeMembers(listed)] if listed.len() == 3);
    assert!(!is_sent(story.press(&[Key::Char('R')])), "not in this view");
    story.press(&[Key::Char('5')]);
    assert!(!is_sent(story.press(&[Key::Char('R')])));
    assert!(status(&story).contains("through 3 members? R again: yes"), "{}", status(&story));
    story.wait(11.0);
    assert!(!is_sent(story.press(&[Key::Char('R')])), "the question is over");
    assert!(is_sent(story.press(&[Key::Char('R')])));
    assert!(!is_sent(story.press(&[Key::Char('R'), Key::Char('R')])), "one at a time");
    let trouble = CallError::new(ErrorCause::NoReply, "renew a lease", "m2:2379", "no reply in time");
    let failed = ProbeStep::Failed { after: Duration::from_secs(4), trouble };
    let done = ProbeStep::Done(Duration::from_millis(1));
    story.send(Msg::MembersProbed(vec![probe_of(1, done.clone()), probe_of(2, failed), probe_of(3, done)]));
    assert!(status(&story).contains("failed at 1 of 3 members"), "{}", status(&story));
    let rows = story.app.cluster.members.rows(&story.app.cluster.view);
    let is_done = |row: &MemberRow<'_>| row.probe.map(|(probe, _)| probe.is_done());
    assert_eq!(rows.iter().map(is_done).collect::<Vec<_>>(), [Some(true), Some(false), Some(true)]);

    let mut story = Story::start(AppConfig { is_read_only: true, ..AppConfig::default() });
    story.press(&[Key::Char('5')]);
    assert!(!is_sent(story.press(&[Key::Char('R'), Key::Char('R')])));
    assert!(status(&story).contains("Read-only"), "{}", status(&story));
}

fn status(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |status| status.text.as_str())
}

#[test]
fn a_member_of_another_cluster_changes_neither_leaders_nor_alarms() {
    let mut story = Story::start(AppConfig::default());
    let here = MemberView { cluster_id: 1, raft_term: 5, ..member(1, 1) };
    let alarm = MemberAlarm { member_id: 9, cause: ErrorCause::NoSpace };
    let elsewhere = MemberView { cluster_id: 2, raft_term: 70, alarms: vec![alarm], ..member(9, 9) };
    story.send(cluster(vec![here, elsewhere], 0));
    let members = &story.app.cluster.members;
    assert_eq!(members.alarms(&story.app.cluster.view), []);
    assert_eq!(story.app.cluster.view.alarm(), None);
    let led: Vec<_> =
        members.leaders.newest_first(story.now).map(|past| (past.period.member_id, past.period.term)).collect();
    assert_eq!(led, [(1, 5)]);
    assert!(!story.words().contains(&"error"), "{:?}", story.words());
}
