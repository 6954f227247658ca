//! The revoke dialog: whatever happens while it is open, only the lease it names is revoked.

use proptest::prelude::*;

use super::*;
use crate::app::dialog::{ChangeSinceOpen, Confirmation, Dialog, RevokeDialog};

fn open(story: &Story) -> &RevokeDialog {
    match &story.app.view.dialog {
        Some(Dialog::Revoke(dialog)) => dialog,
        other => panic!("no revoke dialog: {other:?}"),
    }
}

fn change_since_open(story: &Story) -> Option<ChangeSinceOpen> {
    open(story).change_since_open(story.app.leases.get(open(story).id)?)
}

fn status_text(story: &Story) -> String {
    story.app.view.status.as_ref().map(|note| note.text.clone()).unwrap_or_default()
}

#[test]
fn enter_on_the_focused_revoke_button_revokes() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    for there in [Key::Right, Key::Tab, Key::BackTab, Key::Left, Key::Down, Key::Up] {
        assert_eq!(story.press(&[Key::Char('x'), there, there, Key::Enter]), [], "{there} twice is on Cancel again");
        assert!(story.app.view.dialog.is_none());
    }
    assert_eq!(story.press(&[Key::Char('x'), Key::Right, Key::Enter]), [Effect::Revoke(LeaseId(1))]);
}

#[test]
fn the_focus_confirms_nothing_if_a_number_is_needed() {
    let mut story = Story::start(by_left());
    story.list(&[7], &[]);
    assert_eq!(story.press(&[Key::Char('x'), Key::Right, Key::Tab, Key::Enter]), []);
    let reported = |story: &Story| match &story.app.view.dialog {
        Some(Dialog::Revoke(dialog)) => dialog.typed.refusal(1),
        other => panic!("{other:?}"),
    };
    assert_eq!(reported(&story).as_deref(), Some("Nothing typed. Type 1 to confirm."));
    story.type_in("3");
    assert_eq!(reported(&story), None, "typing clears the message");
    assert_eq!(story.press(&[Key::Enter]), []);
    assert_eq!(reported(&story).as_deref(), Some("3 is not 1. Type 1 to confirm."));
}

#[test]
fn a_revoke_is_sent_once_until_it_is_answered() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    assert_eq!(story.press(&[Key::Char('x'), Key::Char('y')]), [Effect::Revoke(LeaseId(1))]);
    assert_eq!(story.press(&[Key::Char('x')]), []);
    assert!(story.app.view.dialog.is_none());
    assert!(status_text(&story).contains("already being revoked"), "{}", status_text(&story));
    story.send(Msg::RevokeFailed { id: LeaseId(1), failure: trouble("no answer in time") });
    assert_eq!(story.press(&[Key::Char('x'), Key::Char('y')]), [Effect::Revoke(LeaseId(1))]);
}

#[test]
fn quitting_with_r_does_not_revoke_twice_and_waits_for_both_answers() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.grant(2, 20);
    assert_eq!(story.press(&[Key::Char('x'), Key::Char('y')]), [Effect::Revoke(LeaseId(1))]);
    assert_eq!(story.press(&[Key::Char('q'), Key::Char('r')]), [Effect::Revoke(LeaseId(2))]);
    assert_eq!(story.send(Msg::Revoked { id: LeaseId(2), revision: 3, keys_deleted: Some(0) }), []);
    let effects = story.send(Msg::Revoked { id: LeaseId(1), revision: 4, keys_deleted: Some(0) });
    assert_eq!(effects, [Effect::Quit { still_alive: vec![] }]);
}

#[test]
fn granting_the_id_again_closes_the_dialog() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.press(&[Key::Char('x')]);
    assert_eq!(change_since_open(&story), None);
    // It expired, and another client granted a lease with its id.
    story.list(&[], &[1]);
    story.wait(1.0);
    story.list(&[1], &[]);
    assert!(
        story.app.view.dialog.is_none() && story.app.view.status.as_ref().unwrap().text.contains("a different lease")
    );
    assert_eq!(
        story.press(&[Key::Char('y')]),
        [Effect::Copy("0000000000000001".to_owned())],
        "a key of the table again"
    );
}

#[test]
fn a_lease_adopted_while_the_dialog_is_open_still_needs_the_number() {
    let mut story = Story::start(by_left());
    story.list(&[7], &[]);
    story.press(&[Key::Char('x')]);
    story.grant(7, 10);
    assert_eq!(change_since_open(&story), Some(ChangeSinceOpen::ChangedHands));
    assert_eq!(story.press(&[Key::Char('y')]), []);
    assert_eq!(story.press(&[Key::Char('1'), Key::Enter]), [Effect::Revoke(LeaseId(7))]);
}

#[test]
fn the_dialog_shows_that_the_owner_renewed_the_lease() {
    let mut story = Story::start(by_left());
    story.list(&[7], &[]);
    story.poll(7, 9, 30, &[]);
    story.press(&[Key::Char('x')]);
    story.wait(1.0);
    story.poll(7, 8, 30, &[]);
    assert_eq!(change_since_open(&story), None, "its time goes on");
    story.poll(7, 29, 30, &[]);
    assert_eq!(change_since_open(&story), Some(ChangeSinceOpen::Renewed));
}

#[test]
fn own_renewals_are_no_change_in_the_dialog() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.press(&[Key::Char('x')]);
    story.wait(3.5);
    story.renewed(1, 10, 3.5);
    assert_eq!(change_since_open(&story), None);
}

#[test]
fn the_result_is_one_line_with_the_revision_and_the_keys() {
    for (keys, words) in [(Some(0), "no keys"), (Some(1), "1 key"), (Some(12), "12 keys"), (None, "its keys")] {
        let mut story = Story::start(by_left());
        story.grant(1, 10);
        story.press(&[Key::Char('x'), Key::Char('y')]);
        story.send(Msg::Revoked { id: LeaseId(1), revision: 1204, keys_deleted: keys });
        assert_eq!(status_text(&story), format!("Revoked 0000000000000001: {words} deleted (revision 1204)"));
    }
}

#[test]
fn a_failure_says_why_and_what_to_do() {
    let failure = |is_not_found, is_forbidden, text: &str| {
        let mut story = Story::start(by_left());
        story.grant(1, 10);
        story.press(&[Key::Char('x'), Key::Char('y')]);
        let trouble = CallFailure { is_not_found, is_forbidden, ..trouble(text) };
        story.send(Msg::RevokeFailed { id: LeaseId(1), failure: trouble });
        assert!(story.app.view.status.as_ref().unwrap().is_error);
        (status_text(&story), story.app.leases.alive_mut(LeaseId(1)).is_some())
    };
    let (gone, lives) = failure(true, false, "requested lease not found");
    assert!(gone.contains("already gone") && !lives, "{gone}");
    let (forbidden, lives) = failure(false, true, "permission denied; ask for a role that may");
    assert!(
        forbidden.contains("write permission for each of its keys") && forbidden.contains("ask for a role") && lives
    );
    let (silent, lives) = failure(false, false, "no answer in time");
    assert!(silent.contains("may be gone anyway") && silent.contains("or press x to try again") && lives, "{silent}");
}

#[test]
fn rows_do_not_move_while_a_dialog_is_open() {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.grant(2, 20);
    story.grant(3, 30);
    story.press(&[Key::Char('x')]);
    story.renewed(1, 3600, 3.5);
    story.list(&[9], &[]);
    assert_eq!(story.rows(), [1, 2, 3]);
    story.press(&[Key::Esc]);
    assert_eq!(story.rows(), [2, 3, 1, 9]);
}

/// What can happen while the dialog is open.
#[derive(Clone, Debug)]
enum Step {
    Poll(i64, i64, usize),
    Die(i64),
    Born(i64),
    Grant(i64, i64),
    Renew(i64, i64),
    Resize(usize),
    Wait(f64),
    Press(Key),
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 1..6_i64;
    let keys = [Key::Up, Key::Down, Key::Left, Key::Right, Key::Tab, Key::BackTab, Key::Home, Key::End, Key::PageDown];
    let keys: Vec<Key> = keys
        .into_iter()
        .chain([Key::Backspace, Key::Delete])
        .chain("x12jkgGaopfrznv!0".chars().map(Key::Char))
        .collect();
    prop_oneof![
        1 => (id(), -1..40_i64, 0..120_usize).prop_map(|(id, left, keys)| Step::Poll(id, left, keys)),
        1 => id().prop_map(Step::Die),
        1 => id().prop_map(Step::Born),
        1 => (id(), 2..60_i64).prop_map(|(id, ttl)| Step::Grant(id, ttl)),
        1 => (id(), 2..60_i64).prop_map(|(id, ttl)| Step::Renew(id, ttl)),
        1 => (0..30_usize).prop_map(Step::Resize),
        1 => (0.0..9.0).prop_map(Step::Wait),
        4 => prop::sample::select(keys).prop_map(Step::Press),
    ]
}

fn run_step(story: &mut Story, step: &Step) -> Vec<Effect> {
    match *step {
        Step::Poll(id, left, keys) => {
            let keys: Vec<String> = (0..keys).map(|n| format!("/k/{n}")).collect();
            let granted = story.app.leases.get(LeaseId(id)).and_then(|lease| lease.granted_ttl).unwrap_or(40);
            story.poll(id, left, granted, &keys.iter().map(String::as_str).collect::<Vec<_>>());
        }
        Step::Die(id) => story.list(&[], &[id]),
        Step::Born(id) => story.list(&[id], &[]),
        Step::Grant(id, ttl) => story.grant(id, ttl),
        Step::Renew(id, ttl) => story.renewed(id, ttl, 3.5),
        Step::Resize(rows) => {
            story.send(Msg::Resized(Viewport { rows, events: 5, has_detail: rows % 2 == 0, ..Viewport::default() }));
        }
        Step::Wait(seconds) => {
            story.wait(seconds);
            return story.send(Msg::Tick);
        }
        Step::Press(key) => return story.press(&[key]),
    }
    Vec::new()
}

fn revoked(effects: &[Effect]) -> Vec<LeaseId> {
    effects.iter().filter_map(|effect| if let Effect::Revoke(id) = effect { Some(*id) } else { None }).collect()
}

/// Opens the dialog on a row, runs the steps, confirms in either way; returns how many leases were revoked.
fn confirm_after(row: usize, steps: &[Step], by_number: bool) -> Result<usize, TestCaseError> {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.grant(2, 20);
    story.list(&[3, 4], &[]);
    story.press(&vec![Key::Down; row]);
    story.press(&[Key::Char('x')]);
    let named = open(&story).id;
    for step in steps {
        // Enter is the last key: the steps press only keys that leave the dialog open.
        let effects = run_step(&mut story, step);
        prop_assert_eq!(revoked(&effects), []);
        if story.app.view.dialog.is_none() {
            // Another lease was granted with its id: no key revokes the old one.
            prop_assert_eq!(revoked(&story.press(&[Key::Char('y'), Key::Char('1'), Key::Enter])), []);
            return Ok(0);
        }
        prop_assert_eq!(open(&story).id, named);
    }
    let lives = story.app.leases.alive_mut(named).is_some();
    let number = [Key::End, Key::Ctrl('u'), Key::Char('1'), Key::Enter];
    let keys = if by_number { number } else { [Key::Char('y'); 4] };
    let confirmation = story.app.leases.get(named).map(|lease| open(&story).confirmation(lease));
    let revoked = revoked(&story.press(&keys));
    prop_assert!(revoked.iter().all(|id| *id == named), "{revoked:?} for {named}");
    prop_assert!(lives || revoked.is_empty(), "an ended lease is not revoked");
    if lives && by_number && confirmation == Some(Confirmation::Number) {
        prop_assert_eq!(revoked.as_slice(), [named]);
    }
    if !by_number && confirmation == Some(Confirmation::Number) {
        prop_assert_eq!(revoked.as_slice(), []);
    }
    Ok(revoked.len())
}

#[test]
fn only_the_lease_named_in_the_dialog_is_revoked() {
    let mut reported = 0;
    let cases = cases(4_000);
    let mut runner = prop::test_runner::TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
    let counted = std::cell::RefCell::new(&mut reported);
    let story = (0..4_usize, prop::collection::vec(step(), 0..12), any::<bool>());
    let outcome = runner.run(&story, |(row, steps, by_number)| {
        let revoked = confirm_after(row, &steps, by_number)?;
        prop_assert!(revoked <= 1, "it is asked for once");
        **counted.borrow_mut() += revoked;
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(reported > cases as usize / 5, "too few cases revoke: {reported}");
}
