//! Keys that somebody chose.

use super::*;
use crate::app::dialog::Dialog;

fn story(rows: &[(&str, &[Key])]) -> Story {
    let mut keymap = Keymap::default();
    for (name, keys) in rows {
        assert!(keymap.rebind(name, keys.to_vec()), "{name}");
    }
    assert_eq!(keymap.check(|_| true), Ok(()));
    let mut story = Story::begin(Setup { keymap, ..Setup::default() });
    story.grant(1, 10);
    story
}

#[test]
fn a_chosen_key_does_it_and_the_one_of_before_nothing() {
    let mut story = story(&[("revoke", &[Key::Char('d')]), ("suspend", &[Key::Ctrl('t')])]);
    story.press(&[Key::Char('x'), Key::Delete]);
    assert!(story.model.dialog.is_none());
    story.press(&[Key::Char('d')]);
    assert!(matches!(story.model.dialog, Some(Dialog::Revoke(_))));
    story.press(&[Key::Esc, Key::Ctrl('z')]);
    assert!(story.model.dialog.is_none());
    story.press(&[Key::Ctrl('t')]);
    assert!(matches!(story.model.dialog, Some(Dialog::Suspend(_))));
}

#[test]
fn dialogs_have_keys_of_their_own_and_help_closes_by_its_key() {
    let mut story = story(&[("help", &[Key::Char('h')]), ("copy-id", &[]), ("down", &[Key::Char('y')])]);
    story.press(&[Key::Char('x')]);
    assert_eq!(story.press(&[Key::Char('y')]), [Effect::Revoke(LeaseId(1))], "y confirms, whatever it does elsewhere");
    story.press(&[Key::Char('h'), Key::Char('?')]);
    assert!(matches!(story.model.dialog, Some(Dialog::Help { .. })));
    story.press(&[Key::Char('h')]);
    assert!(story.model.dialog.is_none());
}

#[test]
fn what_is_said_names_the_keys_in_force() {
    let mut story = story(&[("revoke", &[Key::Char('d')]), ("keep-alive", &[]), ("drill", &[Key::F(5)])]);
    story.tell(Msg::RevokeFailed { id: LeaseId(1), trouble: trouble("no answer") });
    let note = |story: &Story| story.model.note.as_ref().map(|note| note.text.clone()).unwrap_or_default();
    assert!(note(&story).ends_with("its row tells: d asks again"), "{}", note(&story));
    story.model.leases.get_mut(&LeaseId(1)).expect("a lease").kept = false;
    story.press(&[Key::F(5)]);
    assert!(note(&story).ends_with("nothing to drill; keep-alive keeps it"), "{}", note(&story));
}
