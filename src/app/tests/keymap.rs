//! Rebound keys.

use super::*;
use crate::app::dialog::Dialog;

fn story(rows: &[(&str, &[Key])]) -> Story {
    let mut keymap = Keymap::default();
    for (name, keys) in rows {
        assert!(keymap.rebind(name, keys.to_vec()), "{name}");
    }
    assert_eq!(keymap.check(|_| true), Ok(()));
    let mut story = Story::start(AppConfig { keymap, ..AppConfig::default() });
    story.grant(1, 10);
    story
}

#[test]
fn a_rebound_key_works_and_the_default_key_does_not() {
    let mut story = story(&[("revoke", &[Key::Char('d')]), ("suspend", &[Key::Ctrl('t')])]);
    story.press(&[Key::Char('x'), Key::Delete]);
    assert!(story.app.view.dialog.is_none());
    story.press(&[Key::Char('d')]);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Revoke(_))));
    story.press(&[Key::Esc, Key::Ctrl('z')]);
    assert!(story.app.view.dialog.is_none());
    story.press(&[Key::Ctrl('t')]);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Suspend(_))));
}

#[test]
fn dialogs_keep_their_own_keys_and_the_help_key_closes_help() {
    let mut story = story(&[("help", &[Key::Char('h')]), ("copy-id", &[]), ("down", &[Key::Char('y')])]);
    story.press(&[Key::Char('x')]);
    assert_eq!(story.press(&[Key::Char('y')]), [Effect::Revoke(LeaseId(1))], "y confirms, whatever it does elsewhere");
    story.press(&[Key::Char('h'), Key::Char('?')]);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Help(_))));
    story.press(&[Key::Char('h')]);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn messages_name_the_current_key_bindings() {
    let mut story = story(&[("revoke", &[Key::Char('d')]), ("keep-alive", &[]), ("drill", &[Key::F(5)])]);
    story.send(Msg::RevokeFailed { id: LeaseId(1), failure: trouble("no answer") });
    let note = |story: &Story| story.app.view.status.as_ref().map(|note| note.text.clone()).unwrap_or_default();
    assert!(note(&story).ends_with("check its row, or press d to try again"), "{}", note(&story));
    story.app.leases.get_mut(LeaseId(1)).expect("a lease").is_kept_alive = false;
    story.press(&[Key::F(5)]);
    let Some(Dialog::Drill(dialog)) = &story.app.view.dialog else { panic!("{:?}", story.app.view.dialog) };
    let why = dialog.obstacle(&story.app.leases, &story.app.config).unwrap_or_default();
    assert!(why.ends_with("nothing to drill; keep-alive keeps it alive."), "{why}");
}

#[test]
fn dialogs_use_rebound_keys_instead_of_the_defaults() {
    let mut story = story(&[
        ("dialog-confirm", &[Key::Char('d'), Key::F(2)]),
        ("dialog-close", &[Key::Char('c')]),
        ("dialog-next", &[Key::Char('l')]),
        ("dialog-accept", &[Key::F(4)]),
        ("quit-revoke", &[Key::F(8)]),
        ("quit-leave", &[]),
        ("form-next", &[Key::PageDown]),
        ("form-close", &[Key::F(10)]),
        ("drill-more", &[Key::Char('m')]),
    ]);
    assert_eq!(story.press(&[Key::Char('x'), Key::Char('y'), Key::Enter, Key::Esc, Key::Tab]), []);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Revoke(_))), "none of them is a key of the dialog any more");
    story.press(&[Key::Char('c')]);
    assert!(story.app.view.dialog.is_none());
    assert_eq!(story.press(&[Key::Char('x'), Key::Char('l'), Key::F(4)]), [Effect::Revoke(LeaseId(1))]);
    story.send(Msg::RevokeFailed { id: LeaseId(1), failure: trouble("no answer") });
    assert_eq!(story.press(&[Key::Char('x'), Key::F(2)]), [Effect::Revoke(LeaseId(1))]);
    story.press(&[Key::Char('!'), Key::Char('m'), Key::Char('+')]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Drill(drill)) if drill.answers == 4));
    story.press(&[Key::Char('c'), Key::Char('n'), Key::PageDown, Key::Char('7'), Key::F(10)]);
    assert!(story.app.view.dialog.is_none());
    assert_eq!(
        story.press(&[Key::Char('q'), Key::Char('q'), Key::Ctrl('c'), Key::Char('r')]),
        [],
        "no way to leave by them"
    );
    assert!(matches!(story.app.view.dialog, Some(Dialog::Quit(_))));
    story.press(&[Key::F(8)]);
    assert!(story.app.jobs.quit_pending.is_some());
}

#[test]
fn the_filter_uses_rebound_keys_to_apply_close_and_move() {
    let mut story = story(&[
        ("dialog-accept", &[Key::F(4)]),
        ("form-close", &[Key::F(10)]),
        ("down", &[Key::F(3), Key::Char('j')]),
    ]);
    story.grant(2, 20);
    story.type_in("/ttl>1j");
    story.press(&[Key::Backspace, Key::Enter, Key::F(3)]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(2)));
    assert!(story.app.view.row_filter.line.is_some(), "Enter is not bound there");
    story.press(&[Key::F(4)]);
    assert!(story.app.view.row_filter.line.is_none() && story.app.view.row_filter.is_active());
    story.press(&[Key::Char('/'), Key::F(10)]);
    assert!(!story.app.view.row_filter.is_active());
}
