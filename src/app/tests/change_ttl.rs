//! The form that changes the TTL of a lease.

use super::*;
use crate::app::dialog::Dialog;

fn story() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.renewed(1, 10, 3.5);
    story.list(&[7], &[]);
    story.poll(7, 20, 30, &["/a"]);
    story.app.view.cursor = Some(LeaseId(1));
    story
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

fn granted(story: &mut Story, id: i64, new: i64, ttl: i64) -> Granted {
    let answer = Granted { id: LeaseId(new), requested_ttl: ttl, ttl, header: Header::default() };
    story.send(Msg::Replaced { id: LeaseId(id), sent: story.now, received: story.now, answer });
    answer
}

fn changed(answer: Granted, keep_alive: bool) -> ChangedTtl {
    ChangedTtl { answer, keep_alive, keys: vec![b"/a".to_vec()], revision: 12 }
}

#[test]
fn an_own_lease_gets_a_new_ttl_and_the_cursor_follows() {
    let mut story = story();
    story.type_in("T60");
    let pace = Some(RenewalSchedule::Clientv3);
    let request = ChangeTtlRequest { id: LeaseId(1), ttl: 60, keep_alive: true, pace };
    assert_eq!(story.press(&[Key::Enter]), [Effect::ChangeTtl(request)]);
    assert_eq!(note(&story), "Changing the TTL of 0000000000000001 to 60 s…");
    assert_eq!(story.press(&[Key::Char('x'), Key::Char('y')]), [Effect::Copy("0000000000000001".to_owned())]);
    let changed = changed(granted(&mut story, 1, 0x22, 60), true);
    story.send(Msg::TtlChanged { id: LeaseId(1), changed });
    assert_eq!(
        note(&story),
        "TTL 60 s (was 10 s): 1 key moved from 0000000000000001 to 0000000000000022; kept alive here"
    );
    let new = story.app.leases.get(LeaseId(0x22)).unwrap();
    assert_eq!((new.ownership, new.is_kept_alive, new.granted_ttl), (Ownership::Own, true, Some(60)));
    assert_eq!((story.state(1), story.app.view.cursor), ("revoked", Some(LeaseId(0x22))));
}

#[test]
fn another_clients_lease_needs_the_number_and_is_not_kept_alive() {
    let mut story = story();
    story.app.view.cursor = Some(LeaseId(7));
    story.type_in("T2m");
    assert_eq!(story.press(&[Key::Enter, Key::Enter]), []);
    story.type_in("1");
    let request = ChangeTtlRequest { id: LeaseId(7), ttl: 120, keep_alive: false, pace: None };
    assert_eq!(story.press(&[Key::Enter]), [Effect::ChangeTtl(request)]);
    let changed = changed(granted(&mut story, 7, 0x22, 120), false);
    story.send(Msg::TtlChanged { id: LeaseId(7), changed });
    assert!(note(&story).ends_with("not kept alive: a keeps it alive"), "{}", note(&story));
}

#[test]
fn what_etcd_would_refuse_is_refused_in_the_form() {
    let mut story = story();
    let rule = |story: &Story| match &story.app.view.dialog {
        Some(Dialog::ChangeTtl(dialog)) => dialog.read(story.app.leases.get(LeaseId(1)).unwrap()),
        other => panic!("{other:?}"),
    };
    story.type_in("T");
    assert_eq!(rule(&story), Err("the new TTL in seconds, or with a unit: 30, 5m, 1h".to_owned()));
    story.type_in("10");
    assert_eq!(rule(&story), Err("its TTL is 10 s already".to_owned()));
    assert_eq!(story.press(&[Key::Enter]), []);
    story.press(&[Key::Backspace]);
    assert_eq!(rule(&story), Ok(1), "a digit is a number of seconds here, and not a preset");
    story.press(&[Key::Ctrl('u'), Key::Char('0')]);
    assert!(rule(&story).is_err());
    story.press(&[Key::Esc]);
    let keys: Vec<String> = (0..129).map(|n| format!("/k/{n}")).collect();
    story.poll(1, 9, 10, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    story.type_in("T60");
    assert_eq!(story.press(&[Key::Enter]), []);
    assert_eq!(note(&story), "it has 129 keys; etcd moves at most 128 in one transaction (--max-txn-ops)");
}

#[test]
fn a_failure_leaves_the_lease_as_it_was() {
    let mut story = story();
    story.type_in("T60");
    story.press(&[Key::Enter]);
    let message = "no leader; everything was undone".to_owned();
    granted(&mut story, 1, 0x22, 60);
    story.send(Msg::ChangeTtlFailed { id: LeaseId(1), message, revoked: Some((LeaseId(0x22), 9)) });
    assert_eq!(story.state(0x22), "revoked");
    assert_eq!(note(&story), "TTL of 0000000000000001 not changed: no leader; everything was undone");
    assert_eq!(story.state(1), "ok");
    story.press(&[Key::Char('x')]);
    assert_eq!(story.press(&[Key::Char('y')]), [Effect::Revoke(LeaseId(1))], "it can be revoked again");
}

#[test]
fn before_quitting_the_lease_that_a_change_of_the_ttl_leaves_is_revoked() {
    for is_changed in [true, false] {
        let mut story = story();
        story.type_in("T60");
        story.press(&[Key::Enter]);
        assert_eq!(story.press(&[Key::Char('q'), Key::Char('r')]), []);
        let answer = granted(&mut story, 1, 0x22, 60);
        if is_changed {
            let changed = changed(answer, true);
            assert_eq!(story.send(Msg::TtlChanged { id: LeaseId(1), changed }), [Effect::Revoke(LeaseId(0x22))]);
            let effects = story.send(Msg::Revoked { id: LeaseId(0x22), revision: 13, keys_deleted: Some(1) });
            assert_eq!(effects, [Effect::Quit { still_alive: vec![] }]);
        } else {
            let message = "no leader".to_owned();
            let failed = Msg::ChangeTtlFailed { id: LeaseId(1), message, revoked: Some((LeaseId(0x22), 9)) };
            assert_eq!(story.send(failed), [Effect::Revoke(LeaseId(1))]);
            let effects = story.send(Msg::Revoked { id: LeaseId(1), revision: 13, keys_deleted: Some(1) });
            assert_eq!(effects, [Effect::Quit { still_alive: vec![] }]);
        }
    }
}

#[test]
fn two_pasted_lines_are_not_one_number() {
    let mut story = story();
    story.press(&[Key::Char('T')]);
    story.send(Msg::Pasted("20\n30".to_owned()));
    assert_eq!(note(&story), "Not all lines were pasted: there is no field for the rest");
    assert!(matches!(&story.app.view.dialog, Some(Dialog::ChangeTtl(dialog)) if dialog.ttl.value() == "20"));
}
