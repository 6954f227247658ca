//! Actions ask again if the user cannot have seen the lease.

use super::order::{named, note};
use super::*;
use crate::app::dialog::Dialog;

#[test]
fn an_action_asks_again_if_the_rows_just_moved() {
    let mut story = named(AppConfig::default(), &["/a", "/b", "/c"]);
    story.poll(3, -1, 60, &["/c"]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(3)));
    story.wait(0.2);
    story.send(Msg::Key(Key::Char('x')));
    assert!(story.app.view.dialog.is_none());
    assert_eq!(note(&story), "The rows just moved: press x again for /c …00000003");
    // The cursor stays on the lease that the message names.
    story.poll(2, -1, 60, &["/b"]);
    assert_eq!((story.rows(), story.app.view.cursor), (vec![2, 3, 1], Some(LeaseId(3))));
    story.wait(0.15);
    story.send(Msg::Key(Key::Char('x')));
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Revoke(dialog)) if dialog.id == LeaseId(3)));
}

#[test]
fn marked_leases_and_an_open_detail_need_no_second_question() {
    let mut story = named(AppConfig::default(), &["/a", "/b", "/c"]);
    story.press(&[Key::Char(' '), Key::Char(' ')]);
    story.poll(3, -1, 60, &["/c"]);
    story.send(Msg::Key(Key::Char('x')));
    assert!(matches!(&story.app.view.dialog, Some(Dialog::RevokeMany(_))));
    let mut story = named(AppConfig::default(), &["/a", "/b", "/c"]);
    story.press(&[Key::Enter]);
    story.poll(3, -1, 60, &["/c"]);
    story.send(Msg::Key(Key::Char('x')));
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Revoke(dialog)) if dialog.id == LeaseId(1)));
}

#[test]
fn a_frame_that_the_terminal_has_not_received_counts_as_unseen() {
    let mut story = named(AppConfig::default(), &["/a", "/b"]);
    story.poll(2, -1, 60, &["/b"]);
    story.app.frame_pending();
    story.wait(5.0);
    story.send(Msg::Key(Key::Char('x')));
    assert!(story.app.view.dialog.is_none());
    story.app.frame_written(story.now);
    story.wait(0.2);
    story.send(Msg::Key(Key::Char('x')));
    assert!(story.app.view.dialog.is_none());
    story.wait(0.2);
    story.send(Msg::Key(Key::Char('x')));
    assert!(story.app.view.dialog.is_some());
}

/// Presses keys faster than a frame.
fn burst(story: &mut Story, keys: &[Key]) -> Vec<Effect> {
    keys.iter().flat_map(|key| update(&mut story.app, Msg::Key(*key), story.now)).collect()
}

#[test]
fn a_dialog_is_confirmed_only_after_it_was_on_the_screen() {
    let [x, y] = [Key::Char('x'), Key::Char('y')];
    let mut story = named(AppConfig::default(), &["/a", "/b"]);
    let revoke = Effect::Revoke(LeaseId(9));
    story.grant(9, 60);
    story.wait(1.0);
    story.app.view.cursor = Some(LeaseId(9));
    story.send(Msg::Tick);
    story.wait(1.0);
    assert!(!burst(&mut story, &[x, y]).contains(&revoke));
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Revoke(_))), "it stays open: {}", note(&story));
    assert_eq!(note(&story), "The dialog had just opened: read it, then press y again");
    story.send(Msg::Tick);
    story.wait(0.05);
    assert!(!burst(&mut story, &[y]).contains(&revoke));
    story.app.frame_pending();
    story.wait(1.0);
    assert!(!burst(&mut story, &[y]).contains(&revoke), "the terminal has not received the dialog");
    story.app.frame_written(story.now);
    story.wait(0.05);
    assert!(!burst(&mut story, &[y]).contains(&revoke));
    // A frame while the terminal is busy again does not ask for more time.
    story.send(Msg::Tick);
    story.app.frame_pending();
    story.wait(0.1);
    assert!(burst(&mut story, &[y]).contains(&revoke));
}

#[test]
fn an_action_in_another_view_reaches_only_the_lease_that_a_frame_showed_there() {
    let mut story = named(AppConfig::default(), &["/a", "/b"]);
    story.send(Msg::KeysChanged { changes: vec![lock_change("/lock/2", 2)], received: story.now });
    burst(&mut story, &[Key::Char('4'), Key::Char('x')]);
    assert!(story.app.view.dialog.is_none());
    assert_eq!(note(&story), "The screen had not shown it yet: press x again for …00000002");
    story.send(Msg::Tick);
    story.send(Msg::Key(Key::Char('x')));
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Revoke(dialog)) if dialog.id == LeaseId(2)));
}

#[test]
fn a_mark_in_the_table_does_not_stand_for_the_lease_of_another_view() {
    let mut story = named(AppConfig::default(), &["/a", "/b"]);
    story.send(Msg::KeysChanged { changes: vec![lock_change("/lock/2", 2)], received: story.now });
    story.app.view.selection.add([LeaseId(1)]);
    burst(&mut story, &[Key::Char('4'), Key::Char('x')]);
    assert!(story.app.view.dialog.is_none());
    assert_eq!(note(&story), "The screen had not shown it yet: press x again for …00000002");
}

/// A key that looks like a candidate of a lock.
fn lock_change(name: &str, id: i64) -> etcd_lease::KeyChange {
    let now = etcd_lease::KeyState::Put { lease: Some(LeaseId(id)), create_revision: 5 };
    etcd_lease::KeyChange { key: name.as_bytes().to_vec(), before: None, now, revision: 5 }
}

#[test]
fn a_row_that_another_lease_just_took_asks_again_although_the_cursor_was_moved_there() {
    let mut story = named(by_left(), &["/a", "/b", "/c"]);
    story.app.view.motion.settle();
    story.wait(5.0);
    // The first row stays, the second and the third change places.
    story.poll(1, 10, 60, &["/a"]);
    story.poll(2, 20, 60, &["/b"]);
    story.poll(3, 30, 60, &["/c"]);
    story.wait(5.0);
    story.poll(2, 59, 60, &["/b"]);
    assert_eq!(story.rows(), [1, 3, 2]);
    burst(&mut story, &[Key::Char('j'), Key::Char('x')]);
    assert!(story.app.view.dialog.is_none(), "{}", note(&story));
    story.wait(0.3);
    burst(&mut story, &[Key::Char('x')]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Revoke(dialog)) if dialog.id == LeaseId(3)));
}
