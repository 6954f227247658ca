//! A lease that ended and was granted again with the same id: another lease with its own facts.

use super::*;
use etcd_lease::{EngineEvent, EngineEventKind, KeyChange, KeyEntry, KeyState};

const ID: i64 = 0x2222;

impl Story {
    /// A poll sent just now, with this reply as of a revision.
    fn answer(&mut self, ttl: i64, granted_ttl: i64, revision: i64) -> Vec<Effect> {
        let header = Header { revision, raft_term: 4, ..Header::default() };
        let answer = TimeToLive { id: LeaseId(ID), ttl, granted_ttl, keys: Vec::new(), header };
        self.send(Msg::Polled { sent: self.now, received: self.now, answer, has_keys: false })
    }

    fn list_again(&mut self) -> Vec<Effect> {
        self.send(Msg::ListedAgain { sent: self.now, received: self.now, revision: 0 });
        self.send(Msg::Tick)
    }

    fn put(&mut self, key: &str, revision: i64) {
        let now = KeyState::Put { lease: Some(LeaseId(ID)), create_revision: revision };
        let change = KeyChange { key: key.as_bytes().to_vec(), before: None, now, revision };
        self.send(Msg::KeysChanged { changes: vec![change], received: self.now });
    }

    /// A lease of 500 s that is listed, and that the server does not know a while later.
    fn dead() -> Story {
        let mut story = Story::start(AppConfig::default());
        story.list(&[ID], &[]);
        story.answer(499, 500, 5);
        story.wait(4.0);
        story.answer(-1, 0, 7);
        assert_eq!(story.state(ID), "revoked");
        story
    }

    fn ttl(&self) -> Option<i64> {
        self.app.leases.get(LeaseId(ID)).unwrap().granted_ttl
    }

    fn note(&self) -> &str {
        self.app.view.status.as_ref().map_or("", |note| &note.text)
    }
}

#[test]
fn a_list_with_an_ended_lease_causes_a_poll_whose_reply_starts_a_new_life() {
    let mut story = Story::dead();
    let listing = Listing { sent: at(3.9), received: at(4.1), ..Listing::default() };
    story.send(Msg::Listed(listing));
    assert!(!story.send(Msg::Tick).contains(&Effect::Poll(vec![LeaseId(ID)])), "that list is older than its end");
    story.wait(1.0);
    assert!(story.list_again().contains(&Effect::Poll(vec![LeaseId(ID)])));
    assert_eq!(story.state(ID), "revoked", "it may be a zombie");
    story.answer(899, 900, 9);
    assert_eq!(
        (story.state(ID), story.ttl(), story.words()[1..].to_vec()),
        ("ok", Some(900), vec!["revoked", "granted"])
    );
    let reported = story.app.events.lines().next_back().unwrap();
    assert_eq!(
        (reported.text().as_str(), reported.at, reported.doubt),
        ("900 s, by another client", at(4.5), Duration::from_millis(500))
    );
    for _ in 0..40 {
        story.wait(1.0);
        story.list_again();
    }
    let lease = story.app.leases.get(LeaseId(ID)).unwrap();
    assert!(!lease.warnings.contains(&"zombie"), "its row stays and has no zombie warning");
    story.list(&[], &[ID]);
    assert_eq!(story.words().iter().filter(|word| **word == "revoked").count(), 2, "it has its own end");
    story.wait(29.0);
    story.send(Msg::Tick);
    assert_eq!(story.state(ID), "revoked", "and a row for half a minute after that");
}

#[test]
fn a_reply_from_before_the_end_revives_no_lease() {
    let mut story = Story::dead();
    let answer = TimeToLive { id: LeaseId(ID), ttl: 495, granted_ttl: 500, keys: vec![], header: Header::default() };
    story.send(Msg::Polled { sent: at(4.0), received: at(4.2), answer, has_keys: false });
    assert_eq!(story.state(ID), "revoked");
}

#[test]
fn a_key_put_on_an_ended_id_belongs_to_a_new_lease() {
    let mut story = Story::dead();
    story.put("/late", 7);
    assert_eq!(story.state(ID), "revoked", "it may have been put before");
    assert!(story.send(Msg::Tick).contains(&Effect::Poll(vec![LeaseId(ID)])), "so it is asked");
    story.put("/new", 8);
    assert_eq!((story.state(ID), story.words()[2..].to_vec()), ("ok", vec!["attached", "granted", "attached"]));
    let mut story = Story::dead();
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysPage(vec![KeyEntry { key: b"/a".to_vec(), lease: Some(LeaseId(ID)), create_revision: 9 }]));
    story.send(Msg::KeysRead { revision: 9 });
    assert_eq!(story.state(ID), "ok", "pages tell it too");
}

#[test]
fn a_reply_with_another_ttl_is_about_another_lease() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[ID], &[]);
    story.answer(499, 500, 5);
    story.wait(2.0);
    story.answer(899, 900, 9);
    assert_eq!((story.words()[1..].to_vec(), story.ttl()), (vec!["revoked", "granted"], Some(900)));
    assert_eq!(
        story.app.leases.get(LeaseId(ID)).unwrap().observed.renewals().cadence().answers,
        0,
        "that was no renewal"
    );
}

#[test]
fn a_reply_from_before_the_grant_is_about_the_previous_lease() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[], &[]);
    story.wait(1.0);
    story.list(&[ID], &[]);
    let answer = TimeToLive { id: LeaseId(ID), ttl: -1, granted_ttl: 0, keys: vec![], header: Header::default() };
    story.send(Msg::Polled { sent: at(0.9), received: at(1.1), answer, has_keys: false });
    assert_eq!(story.state(ID), "ok");
}

#[test]
fn keepalive_stops_when_another_lease_has_the_id() {
    let mut story = Story::start(AppConfig::default());
    story.grant(ID, 500);
    story.renewed(ID, 500, 166.5);
    story.list(&[ID], &[]);
    story.wait(4.0);
    story.answer(-1, 0, 7);
    story.wait(1.0);
    story.list_again();
    assert_eq!(story.answer(899, 900, 9), [Effect::StopKeepAlive(LeaseId(ID))]);
    let lease = story.app.leases.get(LeaseId(ID)).unwrap();
    assert_eq!((lease.ownership, lease.is_kept_alive, lease.engine.is_none()), (Ownership::Other, false, true));
    // The same if the reply to a renewal is the first to show it.
    let mut story = Story::start(AppConfig::default());
    story.grant(ID, 500);
    story.renewed(ID, 500, 166.5);
    story.answer(499, 500, 5);
    story.wait(166.5);
    story.renewed(ID, 900, 166.5);
    assert!(story.send(Msg::Tick).contains(&Effect::Poll(vec![LeaseId(ID)])));
    assert_eq!(story.answer(899, 900, 9), [Effect::StopKeepAlive(LeaseId(ID))]);
    assert_eq!(story.words()[2..], ["revoked", "granted"]);
}

/// etcd that is restarted with a longer election timeout raises the TTL of stored leases.
#[test]
fn a_ttl_that_an_election_or_a_restart_changed_is_that_of_the_same_lease() {
    for is_ours in [true, false] {
        let mut story = Story::start(AppConfig::default());
        story.wait(1.0);
        let answer = |story: &mut Story, ttl, granted_ttl, raft_term| {
            let header = Header { raft_term, revision: 7, ..Header::default() };
            let answer = TimeToLive { id: LeaseId(ID), ttl, granted_ttl, keys: vec![], header };
            story.send(Msg::Polled { sent: story.now, received: story.now, answer, has_keys: false })
        };
        if is_ours {
            story.grant(ID, 5);
            story.renewed(ID, 5, 2.0);
        }
        story.list(&[ID], &[]);
        answer(&mut story, 4, 5, 4);
        story.wait(2.0);
        if is_ours {
            story.renewed(ID, 8, 2.0);
        }
        assert_eq!(answer(&mut story, 12, 8, 5), []);
        assert!(!story.words().contains(&"revoked"), "{:?}", story.words());
        assert_eq!((story.ttl(), story.app.leases.kept_alive().count()), (Some(8), usize::from(is_ours)));
        story.wait(1.0);
        assert!(answer(&mut story, 4, 5, 5).is_empty() != is_ours, "in the same term, it is another lease");
        assert!(story.words().contains(&"revoked"), "{:?}", story.words());
    }
}

#[test]
fn a_dialog_for_the_previous_lease_does_nothing_and_says_so() {
    for (key, answer) in [('x', ['1', '\n']), ('a', ['y', 'y'])] {
        let mut story = Story::start(AppConfig::default());
        story.list(&[ID], &[]);
        story.answer(499, 500, 5);
        story.press(&[Key::Home, Key::Char(key)]);
        assert!(story.app.view.dialog.is_some());
        story.wait(1.0);
        story.answer(-1, 0, 7);
        story.put("/new", 8);
        assert!(story.app.view.dialog.is_none(), "{:?}", story.app.view.dialog);
        assert_eq!(
            story.note(),
            "0000000000002222 ended and was granted again: that is a different lease, so nothing was done"
        );
        let keys = answer.map(|c| if c == '\n' { Key::Enter } else { Key::Char(c) });
        assert!(
            !story
                .press(&keys)
                .iter()
                .any(|effect| matches!(effect, Effect::Revoke(_) | Effect::StartKeepAlive { .. }))
        );
    }
}

#[test]
fn a_bulk_revoke_skips_a_lease_that_was_granted_again() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[ID, 7], &[]);
    story.answer(499, 500, 5);
    story.press(&[Key::Home, Key::Char(' '), Key::Char(' '), Key::Char('x')]);
    story.wait(1.0);
    story.answer(-1, 0, 7);
    story.put("/new", 8);
    let effects = story.press(&[Key::Char('1'), Key::Enter]);
    assert_eq!(effects, [Effect::Revoke(LeaseId(7))]);
}

#[test]
fn commands_on_an_ended_lease_say_why_nothing_happens() {
    for key in ['x', 'a', 'o'] {
        let mut story = Story::dead();
        story.press(&[Key::Home, Key::Char(key)]);
        assert_eq!(story.note(), "0000000000002222 is gone; nothing to act on", "{key}");
    }
}

#[test]
fn an_adopted_lease_without_renewal_permission_is_returned_to_its_owner() {
    let mut story = Story::start(AppConfig { keep: vec![LeaseId(ID)], ..AppConfig::default() });
    story.renewed(ID, 500, 166.5);
    assert_eq!(story.app.leases.counts.adopted, 1);
    let forbidden = etcd_lease::Ended::Forbidden { message: "permission denied".into() };
    let ended = EngineEvent { at: story.now, lease: Some(LeaseId(ID)), kind: EngineEventKind::Ended(forbidden) };
    story.send(Msg::Engine(ended));
    let lease = story.app.leases.get(LeaseId(ID)).unwrap();
    assert_eq!((story.state(ID), lease.ownership, story.app.leases.counts.adopted), ("paused", Ownership::Other, 0));
    assert_eq!(story.words().last(), Some(&"lost"));
}

#[test]
fn a_forbidden_list_is_reported_even_if_known_before_the_connection() {
    let mut story = Story { app: AppState::new(AppConfig::default(), Timestamp::START), now: Timestamp::START };
    let denied = CallFailure { is_forbidden: true, ..trouble("permission denied") };
    story.send(Msg::ListFailed(denied.clone()));
    story.send(Msg::KeysFailed(denied));
    assert_eq!(story.words(), [] as [&str; 0]);
    story.send(Msg::Cluster(view()));
    story.send(Msg::Cluster(view()));
    assert_eq!(story.words(), ["connection", "error", "error"], "once each");
    story.send(Msg::Cluster(down()));
    story.send(Msg::Cluster(view()));
    assert_eq!(story.words()[3..], ["connection", "connection"]);
}
