use super::*;
use etcd_lease::{Ended, EngineEvent, EngineEventKind};

fn ended(story: &mut Story, id: i64, ended: Ended) {
    let event = EngineEvent { at: story.now, lease: Some(LeaseId(id)), kind: EngineEventKind::Ended(ended) };
    story.send(Msg::Engine(event));
}

#[test]
fn an_own_lease_goes_from_ok_to_late_to_at_risk() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    assert_eq!((story.state(1), story.left(1)), ("ok", Some(10.0)));
    story.wait(3.5);
    story.renewed(1, 10, 3.5);
    let expected = [(3.0, "ok", 7.0), (1.3, "ok", 5.7), (0.1, "late", 5.6), (2.5, "risk", 3.1)];
    for (wait, state, left) in expected {
        story.wait(wait);
        story.send(Msg::Tick);
        assert_eq!(story.state(1), state, "{left} left");
        assert!((story.left(1).unwrap() - left).abs() < 1e-6);
        assert_eq!(story.app.leases.counts.renewals > 0.0, state == "ok", "{state} leases are not being renewed");
    }
    story.renewed(1, 10, 6.9);
    assert_eq!(story.state(1), "ok");
}

#[test]
fn a_lease_that_was_never_renewed_is_neither_late_nor_at_risk() {
    let mut story = Story::start(by_left());
    story.list(&[5], &[]);
    story.poll(5, 9, 10, &["/a"]);
    story.wait(9.3);
    assert_eq!(story.state(5), "unseen", "it may have been renewed");
    story.poll(5, 0, 10, &["/a"]);
    assert_eq!(story.state(5), "unrenewed");
    assert_eq!(story.app.leases.get(LeaseId(5)).unwrap().ownership, Ownership::Other);
}

#[test]
fn a_lease_from_before_the_start_is_unrenewed_at_the_first_poll_and_then_dying() {
    let mut story = Story::start(by_left());
    story.list(&[5], &[]);
    story.poll(5, 2, 10, &["/a"]);
    assert_eq!(story.state(5), "unrenewed", "granted or renewed at least 7 s before");
    story.wait(1.9);
    story.poll(5, 0, 10, &["/a"]);
    story.wait(1.2);
    assert_eq!((story.state(5), story.left(5)), ("dying", Some(0.0)));
}

#[test]
fn the_cause_of_an_end_follows_from_the_deadline() {
    let mut story = Story::start(by_left());
    story.list(&[1, 2, 3], &[]);
    story.poll(1, 9, 10, &[]);
    story.poll(2, 0, 10, &[]);
    story.poll(3, 1, 10, &[]);
    story.wait(1.5);
    story.list(&[], &[1, 2, 3]);
    assert_eq!((story.state(1), story.state(2), story.state(3)), ("revoked", "expired", "gone"));
    assert_eq!(story.words()[1..], ["unrenewed", "unrenewed", "revoked", "expired", "gone"]);
}

#[test]
fn ended_leases_keep_their_row_for_half_a_minute() {
    let mut story = Story::start(by_left());
    story.list(&[1, 2], &[]);
    story.list(&[], &[1]);
    assert_eq!(story.rows(), [2, 1]);
    assert_eq!(next_wake(&story.app, story.now), story.now);
    story.wait(29.9);
    story.send(Msg::Tick);
    assert_eq!(story.rows(), [2, 1]);
    story.wait(0.1);
    story.send(Msg::Tick);
    assert_eq!(story.rows(), [2]);
}

#[test]
fn an_expired_lease_that_etcd_has_not_removed_is_dying() {
    let mut story = Story::start(by_left());
    story.list(&[1], &[]);
    story.poll(1, -2, 10, &["/a"]);
    assert_eq!(story.state(1), "dying");
    story.poll(1, 9, 10, &["/a"]);
    assert_eq!(story.state(1), "ok");
}

#[test]
fn a_poll_from_before_a_renewal_does_not_contradict_it() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.wait(3.5);
    story.renewed(1, 10, 3.5);
    let answer = TimeToLive { id: LeaseId(1), ttl: 6, granted_ttl: 10, keys: Vec::new(), header: Header::default() };
    story.send(Msg::Polled { sent: at(3.4), received: at(3.6), answer, has_keys: false });
    assert_eq!(story.left(1), Some(10.0));
    // A later poll does: another client renewed it.
    story.wait(1.0);
    story.poll(1, 4, 10, &[]);
    assert_eq!(story.left(1), Some(4.5));
    let event = story.app.events.lines().next_back().unwrap();
    assert_eq!(event.text(), "etcd reports 4.5 s left, but the last renewal left 9.0 s");
}

#[test]
fn each_end_reported_by_the_engine_has_a_row() {
    let mut story = Story::start(by_left());
    (1..=5).for_each(|id| story.grant(id, 10));
    ended(&mut story, 1, Ended::Expired);
    ended(&mut story, 2, Ended::NotFound);
    ended(&mut story, 3, Ended::Unanswered { trouble: Some("connection refused".into()) });
    ended(&mut story, 4, Ended::Forbidden { message: "permission denied".into() });
    ended(&mut story, 5, Ended::Cancelled);
    let states: Vec<_> = (1..=5).map(|id| story.state(id)).collect();
    assert_eq!(states, ["expired", "revoked", "paused", "paused", "ok"]);
    assert_eq!(story.app.leases.kept_alive().count(), 1, "a cancelled one was cancelled before, by a key");
    let note = story.app.view.status.as_ref().unwrap();
    assert!(note.is_error && note.text == "Lost 0000000000000004: forbidden: permission denied", "{note:?}");
    assert_eq!(story.words()[5..], ["expired", "revoked", "lost", "lost"]);
}

#[test]
fn a_status_that_comes_between_the_list_and_the_grant_is_not_lost() {
    let mut story = Story::start(by_left());
    story.list(&[1], &[]);
    story.renewed(1, 120, 40.5);
    story.grant(1, 120);
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    assert!(lease.is_kept_alive && lease.ownership == Ownership::Own && lease.engine.is_some());
}

#[test]
fn a_status_that_comes_before_its_grant_is_not_lost() {
    let mut story = Story::start(by_left());
    story.renewed(1, 3600, 1200.5);
    story.grant(1, 3600);
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    assert!(lease.is_kept_alive && lease.ownership == Ownership::Own && lease.engine.is_some());
}

#[test]
fn many_rows_are_shown_from_the_top_until_the_cursor_moves() {
    let mut story = Story::start(by_left());
    (1..=50).for_each(|id| story.grant(id, 100 + id));
    story.renewed(1, 3600, 1.0);
    assert_eq!((story.app.view.cursor, story.app.view.window.top), (Some(LeaseId(2)), 0));
    story.press(&[Key::Down, Key::Char('F')]);
    story.renewed(3, 3601, 1.0);
    assert_eq!((story.app.view.cursor, story.app.view.window.top), (Some(LeaseId(3)), 40));
    story.press(&[Key::Home, Key::Char('F')]);
    story.renewed(2, 3602, 1.0);
    assert_eq!((story.app.view.cursor, story.app.view.window.top), (Some(LeaseId(4)), 0));
}

#[test]
fn rows_are_sorted_by_time_left_and_the_cursor_follows_its_lease() {
    let mut story = Story::start(by_left());
    story.grant(3, 120);
    story.grant(2, 10);
    story.grant(1, 120);
    story.list(&[9], &[]);
    assert_eq!(story.rows(), [2, 1, 3, 9]);
    story.app.view.cursor = Some(LeaseId(2));
    story.press(&[Key::Char('F')]);
    story.wait(1.0);
    story.renewed(2, 3600, 1.0);
    assert_eq!(story.rows(), [1, 3, 2, 9]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(2)));
    story.press(&[Key::Char('?')]);
    story.renewed(1, 9000, 1.0);
    assert_eq!(story.rows(), [1, 3, 2, 9], "no row moves while a dialog is open");
    story.press(&[Key::Esc]);
    assert_eq!(story.rows(), [3, 2, 1, 9]);
}

#[test]
fn the_cursor_moves_and_the_window_follows() {
    let mut story = Story::start(by_left());
    (1..=50).for_each(|id| story.grant(id, 10 * id));
    let row_after = |story: &mut Story, key| {
        story.press(&[key]);
        (story.app.view.cursor_row().unwrap(), story.app.view.window.top)
    };
    assert_eq!(row_after(&mut story, Key::Char('g')), (0, 0));
    assert_eq!(row_after(&mut story, Key::Down), (1, 0));
    assert_eq!(row_after(&mut story, Key::PageDown), (11, 2));
    assert_eq!(row_after(&mut story, Key::Ctrl('d')), (16, 7));
    assert_eq!(row_after(&mut story, Key::Char('G')), (49, 40));
    assert_eq!(row_after(&mut story, Key::Down), (49, 40));
    assert_eq!(row_after(&mut story, Key::Ctrl('u')), (44, 40));
    assert_eq!(row_after(&mut story, Key::PageUp), (34, 34));
    assert_eq!(row_after(&mut story, Key::Char('k')), (33, 33));
    assert_eq!(row_after(&mut story, Key::Home), (0, 0));
    story.send(Msg::Resized(Viewport::default()));
    assert_eq!(row_after(&mut story, Key::End), (49, 49));
}

#[test]
fn leases_of_other_clients_are_reported_if_granted_later() {
    let mut story = Story::start(by_left());
    story.list(&[1], &[]);
    story.wait(1.0);
    story.grant(2, 10);
    story.list(&[2, 3], &[]);
    let reported: Vec<_> = story.app.events.lines().filter_map(|event| Some((event.lease?.0, event.name()))).collect();
    assert_eq!(reported, [(2, EventName::Granted), (3, EventName::Granted)]);
    assert_eq!(story.app.leases.get(LeaseId(2)).unwrap().ownership, Ownership::Own);
}

#[test]
fn a_list_older_than_an_end_revives_no_lease() {
    let mut story = Story::start(by_left());
    story.list(&[], &[]);
    story.grant(1, 10);
    story.wait(1.0);
    story.send(Msg::Revoked { id: LeaseId(1), revision: 9, keys_deleted: Some(1) });
    let listing = Listing { sent: at(0.9), received: at(1.1), born: vec![LeaseId(1)], ..Listing::default() };
    story.send(Msg::Listed(listing));
    assert_eq!(story.state(1), "revoked");
    let note = story.app.view.status.as_ref().unwrap();
    assert_eq!(note.text, "Revoked 0000000000000001: 1 key deleted (revision 9)");
}

#[test]
fn initial_leases_are_granted_when_the_first_member_answers() {
    let grants = requests_for(&[10, 120], 1, &[]).unwrap();
    let config = AppConfig { grants: grants.clone(), ..AppConfig::default() };
    let mut story = Story { app: AppState::new(config, Timestamp::START), now: Timestamp::START };
    assert_eq!(story.send(Msg::Cluster(down())), []);
    assert!(story.app.cluster.unreached_since.is_some());
    let effects = story.send(Msg::Cluster(view()));
    assert_eq!(effects, grants.into_iter().map(Effect::Grant).collect::<Vec<_>>());
    assert!(story.app.cluster.unreached_since.is_none());
    story.send(Msg::Cluster(down()));
    assert_eq!(story.send(Msg::Cluster(view())), [], "once, and not at each new connection");
    assert_eq!(story.words(), ["connection", "connection", "connection"]);
}

#[test]
fn only_changes_of_the_connection_request_a_frame() {
    let mut story = Story::start(by_left());
    story.app.view.reset_redraw();
    let mut calm = view();
    calm.members[0].round_trip = Some(Duration::from_millis(3));
    calm.members[0].revision = 99;
    story.send(Msg::Cluster(calm.clone()));
    assert_eq!(story.app.view.reset_redraw(), Redraw::No);
    calm.members[0].raft_term = 5;
    story.send(Msg::Cluster(calm));
    assert_eq!(story.app.view.reset_redraw(), Redraw::Soon);
    assert_eq!(story.words(), ["connection", "term"]);
}

#[test]
fn an_election_is_reported_with_term_and_leader() {
    let mut story = Story::start(by_left());
    let mut view = view();
    let follower =
        MemberView { endpoint: "127.0.0.1:2479".into(), member_id: 2, is_leader: false, ..view.members[0].clone() };
    view.members.push(follower);
    story.send(Msg::Cluster(view.clone()));
    for (member, leads) in view.members.iter_mut().zip([false, true]) {
        (member.is_leader, member.raft_term) = (leads, 5);
    }
    story.send(Msg::Cluster(view));
    let reported: Vec<String> = story.app.events.lines().skip(1).map(Event::text).collect();
    assert_eq!(
        reported,
        ["127.0.0.1:2479 is the leader (term 5)", "term 4 → 5: the new leader resets the time left of every lease"]
    );
}

#[test]
fn late_and_at_risk_are_each_reported_once() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.renewed(1, 10, 3.5);
    assert_eq!(story.app.view.row_index.next_state_change(), Some(at(4.35)), "a tenth and 500 ms after the interval");
    story.wait(4.4);
    for _ in 0..3 {
        story.send(Msg::Tick);
        story.wait(0.8);
    }
    story.wait(1.5);
    story.poll(1, 1, 10, &[]);
    for _ in 0..3 {
        story.send(Msg::Tick);
        story.wait(0.1);
    }
    let reported: Vec<_> = story
        .app
        .events
        .lines()
        .map(|event| (event.name(), event.at))
        .filter(|(word, _)| *word != EventName::Connection)
        .collect();
    assert_eq!(reported, [(EventName::Granted, at(0.0)), (EventName::Late, at(4.35)), (EventName::Risk, at(6.85))]);
    story.renewed(1, 10, 3.5);
    story.wait(4.4);
    story.send(Msg::Tick);
    assert_eq!(story.words().iter().filter(|word| **word == "late").count(), 2, "again after a renewal");
}

#[test]
fn losing_and_regaining_a_leader_are_each_reported_once() {
    let mut story = Story::start(by_left());
    let unled = || {
        let mut view = view();
        (view.members[0].is_leader, view.members[0].has_leader) = (false, false);
        view
    };
    let before = story.words().len();
    for view in [unled(), unled(), view(), view()] {
        story.send(Msg::Cluster(view));
    }
    let reported: Vec<String> = story.app.events.lines().skip(before).map(|event| event.kind.text()).collect();
    let lost = "127.0.0.1:2379 sees no leader: grants, renewals and revocations through it fail until it sees one";
    assert_eq!(reported, [lost, "127.0.0.1:2379 is the leader (term 4)"]);
}

#[test]
fn a_missing_leader_is_reported_at_the_start_and_one_that_is_no_endpoint_ends_that() {
    let mut story = Story { app: AppState::new(by_left(), Timestamp::START), now: Timestamp::START };
    let seen = |leader_id: u64| {
        let mut view = view();
        let member = &mut view.members[0];
        (member.is_leader, member.has_leader, member.leader_id) = (false, leader_id != 0, leader_id);
        view
    };
    for leader_id in [0, 0, 0xb, 0xb] {
        story.send(Msg::Cluster(seen(leader_id)));
    }
    let reported: Vec<String> = story.app.events.lines().map(|event| event.kind.text()).collect();
    let lost = "127.0.0.1:2379 sees no leader: grants, renewals and revocations through it fail until it sees one";
    assert_eq!(reported[1..], [lost, "b is the leader (term 4)"], "{reported:?}");
}

/// The row of the second life must not go when twenty-one ends have followed that of the first.
#[test]
fn a_lease_that_ended_twice_keeps_its_newest_row() {
    let mut story = Story::start(AppConfig::default());
    let end = |story: &mut Story, id| {
        story.list(&[id], &[]);
        story.list(&[], &[id]);
    };
    end(&mut story, 1);
    (10..29).for_each(|id| end(&mut story, id));
    story.wait(1.0);
    story.grant(1, 60);
    ended(&mut story, 1, Ended::NotFound);
    end(&mut story, 30);
    assert!(story.rows().contains(&1), "{:?}", story.rows());
}
