//! What is reported about the connection, and how often.

use super::*;
use etcd_lease::MemberAlarm;

/// A cluster whose only member fails with this cause.
fn failing(cause: ErrorCause) -> Msg {
    let mut view = down();
    let trouble = CallError::new(cause, "read the status", "127.0.0.1:2379", "why");
    view.members[0].reachability = Reachability::Down { trouble };
    Msg::Cluster(view)
}

/// The names of the connection events since the last call.
fn link_events(story: &mut Story) -> Vec<&'static str> {
    let events = story.app.events.drain_recorded();
    let word = |kind: &EventKind| match kind {
        EventKind::Connected { .. } => Some("connected"),
        EventKind::Disconnected { .. } => Some("lost"),
        EventKind::Unreached { .. } => Some("unreached"),
        EventKind::Refused { .. } => Some("refused"),
        _ => None,
    };
    events.iter().filter_map(|event| word(&event.kind)).collect()
}

fn unconnected() -> Story {
    let mut story = Story { app: AppState::new(AppConfig::default(), Timestamp::START), now: Timestamp::START };
    story.app.events.record_all();
    story
}

#[test]
fn a_refusal_is_reported_although_another_reason_came_first() {
    let mut story = unconnected();
    story.send(failing(ErrorCause::Refused));
    for _ in 0..100 {
        story.wait(1.0);
        story.send(failing(ErrorCause::NoReply));
        story.send(failing(ErrorCause::WrongPassword));
    }
    assert_eq!(link_events(&mut story), ["unreached", "unreached", "refused"]);
    let failure = story.app.cluster.link_failure().unwrap();
    assert!(failure.is_refusal() && failure.reason().ends_with("check --user and --password"), "{failure:?}");
}

#[test]
fn a_refusal_is_the_reason_if_other_members_are_down() {
    let mut view = down();
    let mut refuses = view.members[0].clone();
    refuses.endpoint = "learner:2379".into();
    let trouble = CallError::new(ErrorCause::Learner, "read the status", "learner:2379", "why");
    refuses.reachability = Reachability::Down { trouble };
    view.members.push(refuses);
    let mut story = unconnected();
    story.send(Msg::Cluster(view));
    assert_eq!(link_events(&mut story), ["refused"]);
    assert_eq!(story.app.cluster.link_failure().unwrap().endpoint, "learner:2379");
}

#[test]
fn a_refusal_after_a_loss_is_reported_once_per_outage() {
    let mut story = unconnected();
    story.send(Msg::Cluster(view()));
    story.send(failing(ErrorCause::Closed));
    for cause in [ErrorCause::Refused, ErrorCause::LoginRequired, ErrorCause::NoReply, ErrorCause::LoginRequired] {
        story.send(failing(cause));
    }
    assert_eq!(link_events(&mut story), ["connected", "lost", "refused"]);
}

#[test]
fn a_member_that_wants_a_login_is_not_lost() {
    let mut story = unconnected();
    story.send(Msg::Cluster(view()));
    story.send(failing(ErrorCause::LoginRequired));
    story.send(failing(ErrorCause::LoginRequired));
    let events = story.app.events.drain_recorded();
    let told: Vec<String> = events.iter().map(Event::text).filter(|text| text.contains("login")).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("127.0.0.1:2379 refuses requests: "), "{told:?}");
    assert!(!events.iter().any(|event| matches!(event.kind, EventKind::Disconnected { .. })), "{events:?}");
}

/// The texts of events that name a reason.
fn named(story: &mut Story, reason: &str) -> Vec<String> {
    story.app.events.drain_recorded().iter().map(Event::text).filter(|text| text.contains(reason)).collect()
}

fn refused_list() -> Msg {
    Msg::ListFailed(CallFailure { is_unauthenticated: true, ..trouble("etcd requires a login") })
}

#[test]
fn a_login_that_the_list_and_the_connection_lack_is_reported_once() {
    let mut story = unconnected();
    story.send(Msg::Cluster(view()));
    story.send(refused_list());
    story.wait(1.0);
    story.send(failing(ErrorCause::LoginRequired));
    for _ in 0..10 {
        story.send(refused_list());
        story.wait(1.0);
    }
    let told = named(&mut story, "requires a login");
    assert!(told.len() == 1 && told[0].starts_with("127.0.0.1:2379 refuses requests: "), "{told:?}");
    assert!(story.app.cluster.list_failure.is_some());
}

#[test]
fn a_login_that_only_the_list_lacks_is_reported_once() {
    let mut story = unconnected();
    story.send(Msg::Cluster(view()));
    for _ in 0..10 {
        story.send(refused_list());
        story.wait(1.0);
    }
    assert_eq!(named(&mut story, "requires a login"), ["etcd requires a login"]);
}

#[test]
fn a_connection_that_comes_and_goes_gives_a_few_lines_a_minute() {
    let mut story = unconnected();
    let change = |story: &mut Story, seconds: f64, up: bool| {
        story.wait(seconds);
        story.send(if up { Msg::Cluster(view()) } else { failing(ErrorCause::Closed) });
    };
    for _ in 0..100 {
        change(&mut story, 0.25, true);
        change(&mut story, 0.25, false);
    }
    assert_eq!(link_events(&mut story), ["connected", "lost", "connected", "lost", "connected"]);
    change(&mut story, 0.25, true);
    change(&mut story, 0.25, false);
    assert_eq!(link_events(&mut story), Vec::<&str>::new());
    let since = story.now;
    assert_eq!(next_wake(&story.app, story.now), since + Duration::from_secs(3));
    story.wait(3.0);
    story.send(Msg::Tick);
    let events = story.app.events.drain_recorded();
    assert!(matches!(events[0].kind, EventKind::Disconnected { .. }) && events[0].at == since, "{events:?}");
    change(&mut story, 1.0, true);
    assert_eq!(link_events(&mut story), ["connected"]);
}

#[test]
fn an_alarm_is_reported_when_it_is_raised() {
    let mut story = unconnected();
    let mut alarmed = view();
    alarmed.members[0].alarms = vec![MemberAlarm { member_id: 7, cause: ErrorCause::NoSpace }];
    for now in [view(), alarmed.clone(), alarmed] {
        story.send(Msg::Cluster(now));
    }
    let events = story.app.events.drain_recorded();
    let alarms: Vec<String> = events.iter().map(Event::text).filter(|text| text.contains("alarm")).collect();
    assert_eq!(alarms.len(), 1);
    assert!(
        alarms[0].starts_with("alarm NOSPACE on 7: the database is full; ") && alarms[0].contains("disarm"),
        "{alarms:?}"
    );
    assert_eq!(story.app.cluster.alarms(), [("NOSPACE", vec!["7".to_owned()])]);
}

#[test]
fn alarms_name_their_members_and_are_disarmed_only_if_a_member_says_so() {
    let mut story = unconnected();
    let alarmed = |ids: &[u64]| {
        let mut three = view();
        let alarm = |id: &u64| MemberAlarm { member_id: *id, cause: ErrorCause::NoSpace };
        three.members[0].alarms = ids.iter().map(alarm).collect();
        Msg::Cluster(three)
    };
    let lines = |story: &mut Story| -> Vec<String> {
        let lines = link_lines(story).into_iter().map(|(_, line)| line);
        lines.filter(|line| line.contains("alarm")).map(|line| line.split(':').next().unwrap().to_owned()).collect()
    };
    story.send(alarmed(&[2, 1]));
    assert_eq!(lines(&mut story), ["alarm NOSPACE on 1, 2"]);
    story.send(alarmed(&[1, 2, 3]));
    assert_eq!(lines(&mut story), ["alarm NOSPACE on 3"]);
    assert_eq!(story.app.cluster.alarms(), [("NOSPACE", ["1", "2", "3"].map(str::to_owned).to_vec())]);
    story.send(Msg::Cluster(down()));
    story.send(alarmed(&[1, 2, 3]));
    assert_eq!(lines(&mut story), Vec::<String>::new(), "nobody answered");
    story.send(alarmed(&[]));
    assert_eq!(lines(&mut story), ["alarm NOSPACE was disarmed on 1, 2, 3"]);
}

/// Three members, of which those in `down` do not answer.
fn three_members(leader: usize, term: u64, down: &[usize]) -> Msg {
    let mut three = view();
    for place in 1..3 {
        three.members.push(MemberView { endpoint: format!("m{place}:2379"), ..three.members[0].clone() });
    }
    for (place, member) in three.members.iter_mut().enumerate() {
        member.member_id = place as u64 + 1;
        (member.is_leader, member.raft_term) = (place == leader && !down.contains(&place), term);
        if down.contains(&place) {
            let trouble = CallError::new(ErrorCause::Closed, "read the status", &member.endpoint, "it was closed");
            member.reachability = Reachability::Down { trouble };
        }
    }
    three.chosen = Some(leader);
    Msg::Cluster(three)
}

/// The sentences of the events since the last call, and when they happened.
fn link_lines(story: &mut Story) -> Vec<(f64, String)> {
    let events = story.app.events.drain_recorded();
    events.iter().map(|event| (event.at.signed_since(Timestamp::START), event.kind.text())).collect()
}

#[test]
fn a_killed_leader_is_lost_and_the_new_one_is_named() {
    let mut story = unconnected();
    story.send(three_members(0, 4, &[]));
    link_lines(&mut story);
    story.wait(10.0);
    let mut without_leader = three_members(0, 4, &[0]);
    if let Msg::Cluster(view) = &mut without_leader {
        view.chosen = Some(1);
    }
    story.send(without_leader);
    story.wait(1.5);
    story.send(three_members(2, 5, &[0]));
    let lines: Vec<String> = link_lines(&mut story).into_iter().map(|(_, line)| line).collect();
    assert!(lines.contains(&"m2:2379 is the leader (term 5)".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("lost")), "it may only be slow: {lines:?}");
    story.wait(0.5);
    story.send(Msg::Tick);
    let lost = link_lines(&mut story);
    assert!(lost.len() == 1 && lost[0].1.starts_with("connection to 127.0.0.1:2379 lost: "), "{lost:?}");
    assert!((lost[0].0 - 10.0).abs() < 0.001, "since it stopped: {lost:?}");
    story.wait(60.0);
    story.send(three_members(2, 5, &[]));
    let back: Vec<String> = link_lines(&mut story).into_iter().map(|(_, line)| line).collect();
    assert_eq!(back, ["connected to 127.0.0.1:2379 (etcd 3.5.30)"]);
}

#[test]
fn a_killed_follower_is_lost_and_a_slow_one_is_not() {
    let mut story = unconnected();
    story.send(three_members(0, 4, &[]));
    link_lines(&mut story);
    story.send(three_members(0, 4, &[1]));
    story.wait(1.9);
    story.send(three_members(0, 4, &[]));
    story.wait(1.0);
    story.send(Msg::Tick);
    assert_eq!(link_lines(&mut story), []);
    story.send(three_members(0, 4, &[1]));
    story.wait(2.0);
    story.send(Msg::Tick);
    let lost = link_lines(&mut story);
    assert!(lost.len() == 1 && lost[0].1.starts_with("connection to m1:2379 lost: "), "{lost:?}");
}
