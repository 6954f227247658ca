//! Undoing a revoke.

use super::*;
use crate::app::dialog::Dialog;

const U: Key = Key::Char('u');

fn story() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.list(&[7], &[]);
    story.poll(7, 20, 30, &["/a"]);
    story
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

fn backup(pairs: &[(&str, usize)]) -> LeaseBackup {
    let mut backup = LeaseBackup::default();
    pairs.iter().for_each(|(key, bytes)| backup.add(key.as_bytes().to_vec(), vec![b'x'; *bytes]).unwrap());
    backup
}

/// Confirms the revoke of a lease, and lets it succeed.
fn revoke(story: &mut Story, id: i64, backup: Result<LeaseBackup, NoBackup>) {
    story.app.view.cursor = Some(LeaseId(id));
    story.press(&[Key::Char('x'), Key::Char('y'), Key::Char('1'), Key::Enter]);
    answer(story, id, backup);
}

fn answer(story: &mut Story, id: i64, backup: Result<LeaseBackup, NoBackup>) {
    story.send(Msg::BackedUp { id: LeaseId(id), backup });
    story.send(Msg::Revoked { id: LeaseId(id), revision: 9, keys_deleted: Some(1) });
}

fn restored(story: &mut Story, id: i64, new: i64, ttl: i64, keys: RestoredKeys) {
    let answer = Granted { id: LeaseId(new), requested_ttl: ttl, ttl, header: Header::default() };
    let (sent, received) = (story.now, story.now);
    story.send(Msg::Replaced { id: LeaseId(id), sent, received, answer });
    story.send(Msg::Restored { id: LeaseId(id), new: LeaseId(new), keys });
}

#[test]
fn u_grants_the_same_lease_again_with_its_keys_and_keeps_it_alive() {
    let mut story = story();
    revoke(&mut story, 1, Ok(backup(&[("/a", 3)])));
    assert_eq!(
        note(&story),
        "Revoked 0000000000000001: 1 key deleted (revision 9); u undoes (not revisions; watchers saw it)"
    );
    story.wait(299.0);
    story.send(Msg::Tick);
    assert!(note(&story).contains("u undoes"), "it stays while it is possible");
    let effects = story.press(&[U]);
    let [Effect::Restore(requests)] = &effects[..] else { panic!("{effects:?}") };
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((request.id, request.ttl, request.keep_alive), (LeaseId(1), 10, true));
    assert_eq!(request.backup.pairs, [(b"/a".to_vec(), b"xxx".to_vec())]);
    let keys = RestoredKeys { created: vec![b"/a".to_vec()], ..RestoredKeys::default() };
    assert_eq!(story.press(&[U]), []);
    assert_eq!(note(&story), "The undo is still running");
    restored(&mut story, 1, 1, 10, keys);
    assert_eq!(note(&story), "Granted 0000000000000001 again, 1 key");
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    assert_eq!((lease.end(), lease.ownership, lease.is_kept_alive), (None, Ownership::Own, true));
    assert_eq!(story.press(&[U]), []);
    assert_eq!(note(&story), "Nothing to undo: the last revoke is already undone");
}

#[test]
fn a_restored_lease_of_another_client_is_not_ours_and_not_kept_alive() {
    let mut story = story();
    revoke(&mut story, 7, Ok(backup(&[("/a", 3)])));
    story.press(&[U]);
    restored(&mut story, 7, 7, 30, RestoredKeys::default());
    let lease = story.app.leases.get(LeaseId(7)).unwrap();
    assert_eq!((lease.end(), lease.ownership, lease.is_kept_alive), (None, Ownership::Other, false));
    assert_eq!(note(&story), "Granted 0000000000000007 again, no keys; not kept alive");
}

#[test]
fn keys_that_exist_again_and_a_taken_id_are_reported() {
    let mut story = story();
    revoke(&mut story, 1, Ok(backup(&[("/a", 3), ("/b", 1)])));
    story.press(&[U]);
    let keys = RestoredKeys { created: vec![b"/a".to_vec()], existing: vec![b"/b".to_vec()], failure: None };
    restored(&mut story, 1, 0x22, 10, keys);
    assert_eq!(
        note(&story),
        "Granted 0000000000000001 again as 0000000000000022, 1 key: its id exists again; \
         1 key exists again and was left alone: /b"
    );
}

#[test]
fn a_failed_undo_can_be_tried_again() {
    let mut story = story();
    revoke(&mut story, 1, Ok(backup(&[("/a", 3)])));
    let first = story.press(&[U]);
    story.send(Msg::RestoreFailed { id: LeaseId(1), failure: trouble("no leader") });
    assert_eq!(note(&story), "Granted no leases again, no keys; 1 lease failed: no leader; u tries again");
    assert_eq!(story.press(&[U]), first);
}

#[test]
fn there_is_no_undo_of_what_could_not_be_read() {
    for (why, text) in [
        (NoBackup::TooLarge, "the values take more than 1 MB"),
        (NoBackup::Forbidden, "this user may not read the keys"),
    ] {
        let mut story = story();
        revoke(&mut story, 1, Err(why));
        assert!(note(&story).ends_with(&format!("; no undo: {text}")), "{}", note(&story));
        assert_eq!(story.press(&[U]), []);
        assert_eq!(note(&story), format!("Cannot undo: {text}"));
    }
}

#[test]
fn without_a_revoke_or_too_late_there_is_nothing_to_undo() {
    let mut story = story();
    story.press(&[U]);
    assert_eq!(note(&story), "Nothing to undo: no lease was revoked here");
    revoke(&mut story, 1, Ok(backup(&[])));
    story.wait(301.0);
    story.send(Msg::Tick);
    assert_eq!(note(&story), "");
    assert_eq!(story.press(&[U]), []);
    assert_eq!(note(&story), "Nothing to undo: the last revoke is more than 5 min ago");
    assert!(!story.app.jobs.can_undo(1, story.now));
}

#[test]
fn a_failed_revoke_keeps_the_undo_of_the_one_before() {
    let mut story = story();
    revoke(&mut story, 1, Ok(backup(&[])));
    story.app.view.cursor = Some(LeaseId(7));
    story.press(&[Key::Char('x'), Key::Char('1'), Key::Enter]);
    assert_eq!(story.press(&[U]), []);
    assert_eq!(note(&story), "The revoke is still running; undo it when it is done");
    story.send(Msg::RevokeFailed { id: LeaseId(7), failure: trouble("no") });
    assert!(matches!(&story.press(&[U])[..], [Effect::Restore(requests)] if requests[0].id == LeaseId(1)));
}

#[test]
fn revokes_whose_replies_overlap_are_undone_together() {
    let mut story = story();
    for id in [1, 7] {
        story.app.view.cursor = Some(LeaseId(id));
        story.press(&[Key::Char('x'), Key::Char('y'), Key::Char('1'), Key::Enter]);
    }
    answer(&mut story, 7, Ok(backup(&[("/a", 1)])));
    assert!(!note(&story).contains("undo"), "{}", note(&story));
    answer(&mut story, 1, Ok(backup(&[("/b", 1)])));
    assert!(note(&story).contains("u undoes"), "{}", note(&story));
    let effects = story.press(&[U]);
    let [Effect::Restore(requests)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(requests.iter().map(|request| request.id.0).collect::<Vec<_>>(), [7, 1]);
}

#[test]
fn a_revoke_that_revoked_nothing_does_not_offer_the_undo_of_the_one_before() {
    let mut story = story();
    revoke(&mut story, 1, Ok(backup(&[("/a", 3)])));
    assert!(story.app.jobs.can_undo_latest(1, story.now));
    story.app.view.cursor = Some(LeaseId(7));
    story.press(&[Key::Char('x'), Key::Char('1'), Key::Enter]);
    story.send(Msg::RevokeFailed { id: LeaseId(7), failure: trouble("permission denied") });
    let jobs = &story.app.jobs;
    assert!(jobs.can_undo(1, story.now) && !jobs.can_undo_latest(1, story.now));
}

#[test]
fn a_bulk_revoke_is_undone_as_far_as_its_values_fit() {
    let mut story = Story::start(AppConfig::default());
    (1..=3).for_each(|id| story.grant(id, 10));
    story.app.view.selection.add([1, 2, 3].map(LeaseId));
    story.press(&[Key::Char('x'), Key::Char('3'), Key::Enter]);
    answer(&mut story, 1, Ok(backup(&[("/a", 600_000)])));
    answer(&mut story, 2, Ok(backup(&[("/b", 600_000)])));
    answer(&mut story, 3, Ok(backup(&[("/c", 10)])));
    assert_eq!(note(&story), "Revoked 3 leases: 3 keys deleted; u undoes 2 of 3 (the values take more than 1 MB)");
    story.press(&[Key::Esc]);
    let effects = story.press(&[U]);
    let [Effect::Restore(requests)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(requests.iter().map(|request| request.id.0).collect::<Vec<_>>(), [1, 3]);
    restored(&mut story, 1, 1, 10, RestoredKeys { created: vec![b"/a".to_vec()], ..RestoredKeys::default() });
    restored(&mut story, 3, 3, 10, RestoredKeys { created: vec![b"/c".to_vec()], ..RestoredKeys::default() });
    assert_eq!(note(&story), "Granted 2 leases again, 2 keys");
}

#[test]
fn the_dialog_says_beforehand_whether_it_can_be_undone() {
    let mut story = story();
    story.app.view.cursor = Some(LeaseId(1));
    story.press(&[Key::Char('x')]);
    assert_eq!(next_wake(&story.app, story.now), story.now);
    let measuring = |effects: Vec<Effect>| effects.iter().filter(|one| matches!(one, Effect::MeasureUndo(_))).count();
    assert_eq!(measuring(story.send(Msg::Tick)), 1);
    assert_eq!(measuring(story.send(Msg::Tick)), 0, "once");
    story.send(Msg::UndoMeasured { ids: vec![LeaseId(1)], size: Err(NoBackup::TooLarge) });
    let Some(Dialog::Revoke(dialog)) = &story.app.view.dialog else { panic!("it is open") };
    assert_eq!(dialog.undo, UndoSize::Known(Err(NoBackup::TooLarge)));
}

#[test]
fn the_values_do_not_appear_in_debug_output() {
    assert_eq!(format!("{:?}", backup(&[("/a", 3)])), "LeaseBackup(1 keys, 5 bytes)");
}

#[test]
fn the_undo_of_a_bulk_revoke_works_in_the_window_with_its_results_and_names_what_expires() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.list(&[7], &[]);
    story.poll(7, 20, 30, &["/a"]);
    story.app.view.selection.add([1, 7].map(LeaseId));
    story.press(&[Key::Char('x'), Key::Char('2'), Key::Enter]);
    assert_eq!(story.press(&[U]), []);
    assert_eq!(note(&story), "The revoke is still running; undo it when it is done");
    assert!(matches!(story.app.view.dialog, Some(Dialog::Revoking { .. })));
    answer(&mut story, 1, Ok(backup(&[])));
    answer(&mut story, 7, Ok(backup(&[("/a", 3)])));
    let effects = story.press(&[U]);
    assert!(matches!(&effects[..], [Effect::Restore(requests)] if requests.len() == 2), "{effects:?}");
    assert!(story.app.view.dialog.is_none(), "the results no longer apply");
    restored(&mut story, 1, 1, 10, RestoredKeys::default());
    restored(&mut story, 7, 7, 30, RestoredKeys { created: vec![b"/a".to_vec()], ..RestoredKeys::default() });
    assert_eq!(note(&story), "Granted 2 leases again, 1 key; 1 not kept alive");
    let texts: Vec<String> = story.app.events.lines().map(Event::text).collect();
    assert!(texts.contains(&"by undo, 30 s".to_owned()), "{texts:?}");
}
