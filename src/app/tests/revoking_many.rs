//! Revoking several leases: what the dialog names, what is sent, and the result of each.

use proptest::prelude::*;

use super::*;
use crate::app::dialog::{Dialog, RevokeManyDialog};

const SPACE: Key = Key::Char(' ');
const NONE: [i64; 0] = [];

/// Leases of other clients, all marked, with the dialog open.
fn open_dialog(leases: i64) -> Story {
    let mut story = Story::start(AppConfig::default());
    story.list(&(1..=leases).collect::<Vec<_>>(), &[]);
    story.press(&[Key::Char('v'), Key::End, Key::Char('v'), Key::Char('x')]);
    story
}

fn dialog(story: &Story) -> &RevokeManyDialog {
    match &story.app.view.dialog {
        Some(Dialog::RevokeMany(dialog)) => dialog,
        other => panic!("no dialog for several: {other:?}"),
    }
}

fn confirm(story: &mut Story, number: &str) -> Vec<i64> {
    story.type_in(number);
    revokes(&story.press(&[Key::Enter]))
}

fn revokes(effects: &[Effect]) -> Vec<i64> {
    effects.iter().filter_map(|effect| if let Effect::Revoke(id) = effect { Some(id.0) } else { None }).collect()
}

fn revoked(story: &mut Story, id: i64) -> Vec<i64> {
    revokes(&story.send(Msg::Revoked { id: LeaseId(id), revision: 9, keys_deleted: Some(1) }))
}

fn failed(story: &mut Story, id: i64, is_not_found: bool) -> Vec<i64> {
    let trouble = CallFailure { is_not_found, ..trouble("no answer in time") };
    revokes(&story.send(Msg::RevokeFailed { id: LeaseId(id), failure: trouble }))
}

fn status_text(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

#[test]
fn only_the_typed_number_revokes_several_leases() {
    let mut story = open_dialog(3);
    assert_eq!(dialog(&story).total(), 3);
    story.press(&[Key::Char('y'), Key::Right, Key::Tab, Key::Char('x')]);
    for keys in ["2", "33", "4"] {
        assert_eq!(confirm(&mut story, keys), NONE);
        dialog(&story);
        story.press(&[Key::End, Key::Ctrl('u')]);
    }
    assert_eq!(confirm(&mut story, "3"), [1, 2, 3]);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Revoking { top: 0 })));
}

#[test]
fn the_keys_that_close_dialogs_cancel_it() {
    for leave in [Key::Esc, Key::Char('q'), Key::Ctrl('c')] {
        let mut story = open_dialog(3);
        assert_eq!(story.press(&[leave]), []);
        assert!(story.app.view.dialog.is_none() && story.app.view.selection.len() == 3, "the marks stay");
    }
}

#[test]
fn a_wrong_or_missing_number_is_refused_with_the_right_one() {
    let mut story = open_dialog(3);
    for (typed, reported) in [("", "Nothing typed"), ("4", "4 is not 3")] {
        story.type_in(typed);
        assert_eq!(story.press(&[Key::Enter]), []);
        let Some(Dialog::RevokeMany(dialog)) = &story.app.view.dialog else { panic!("it closed") };
        let refusal = dialog.typed.refusal(3).expect("it is reported");
        assert_eq!(refusal, format!("{reported}. Type 3 to confirm."));
    }
}

#[test]
fn a_single_marked_lease_opens_the_dialog_for_one() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.grant(2, 20);
    story.press(&[SPACE, Key::Char('x')]);
    assert!(
        matches!(&story.app.view.dialog, Some(Dialog::Revoke(dialog)) if dialog.id == LeaseId(1)),
        "not the cursor's"
    );
}

#[test]
fn several_own_leases_need_the_number() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.grant(2, 20);
    story.press(&[SPACE, SPACE, Key::Char('x')]);
    assert_eq!(revokes(&story.press(&[Key::Char('y'), Key::Right])), NONE);
    assert_eq!(confirm(&mut story, "2"), [1, 2]);
}

#[test]
fn leases_that_end_or_change_owner_while_the_dialog_is_open_are_skipped() {
    let mut story = open_dialog(4);
    story.list(&[], &[2]);
    story.grant(3, 10);
    assert_eq!(dialog(&story).leases(&story.app.leases).map(|lease| lease.id.0).collect::<Vec<_>>(), [1, 4]);
    assert_eq!(confirm(&mut story, "4"), NONE, "the count is that of the remaining leases");
    story.press(&[Key::Backspace]);
    assert_eq!(confirm(&mut story, "2"), [1, 4]);
}

#[test]
fn enter_closes_the_dialog_if_all_leases_ended() {
    let mut story = open_dialog(2);
    story.list(&[], &[1, 2]);
    assert_eq!(confirm(&mut story, "2"), NONE);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn leases_hidden_by_a_filter_are_counted() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.list(&[2, 3], &[]);
    story.press(&[Key::Char('v'), Key::End, Key::Char('v'), Key::Char('f'), Key::Char('x')]);
    assert_eq!((dialog(&story).total(), dialog(&story).hidden), (3, 2));
    let named: Vec<i64> = dialog(&story).ids().map(|id| id.0).collect();
    assert_eq!(named, [1, 2, 3], "those with a row first");
}

#[test]
fn at_most_64_revokes_are_in_flight_and_each_reply_sends_the_next() {
    let mut story = open_dialog(100);
    let first = confirm(&mut story, "100");
    assert_eq!(first, (1..=64).collect::<Vec<_>>());
    assert_eq!(revoked(&mut story, 7), [65]);
    assert_eq!(failed(&mut story, 9, false), [66]);
    let bulk = story.app.jobs.bulk().unwrap();
    assert_eq!((bulk.total(), bulk.in_flight(), bulk.results().len()), (100, 64, 2));
    let mut answered = 2;
    for id in (1..=100).filter(|id| *id != 7 && *id != 9) {
        revoked(&mut story, id);
        answered += 1;
        assert_eq!(story.app.jobs.bulk().unwrap().results().len(), answered);
    }
    assert!(story.app.jobs.bulk().unwrap().is_over());
    assert_eq!(status_text(&story), "Revoked 99 leases: 99 keys deleted, 1 failed (still marked)");
    assert_eq!(story.app.view.selection.ids().collect::<Vec<_>>(), [LeaseId(9)]);
    assert!(story.app.view.selection.reason(LeaseId(9)).is_some_and(|why| why.contains("no answer in time")));
}

#[test]
fn esc_stops_the_bulk_revoke_then_closes() {
    for stop in [Key::Esc, Key::Char('q'), Key::Ctrl('c')] {
        let mut story = open_dialog(100);
        confirm(&mut story, "100");
        assert_eq!(story.press(&[Key::Enter]), [], "Enter does not stop it");
        revoked(&mut story, 1);
        assert_eq!(story.press(&[stop]), []);
        assert_eq!(status_text(&story), "Stopped: 35 leases skipped, 64 pending");
        assert_eq!(revoked(&mut story, 2), NONE, "no more is sent");
        story.press(&[stop]);
        assert!(story.app.view.dialog.is_none());
        (3..=65).for_each(|id| assert_eq!(revoked(&mut story, id), NONE));
        assert_eq!(status_text(&story), "Revoked 65 leases: 65 keys deleted, 35 skipped");
        assert_eq!(story.app.view.selection.len(), 35);
    }
}

#[test]
fn a_lease_that_ends_before_its_turn_is_not_revoked() {
    let mut story = open_dialog(70);
    confirm(&mut story, "70");
    story.list(&[], &[65, 66]);
    story.wait(1.0);
    story.list(&[66], &[]);
    story.grant(67, 10);
    assert_eq!(revoked(&mut story, 1), [68], "66 is another lease than was named, and 67 is ours now");
}

#[test]
fn leases_that_were_already_gone_are_reported() {
    let mut story = open_dialog(2);
    confirm(&mut story, "2");
    failed(&mut story, 1, true);
    revoked(&mut story, 2);
    assert_eq!(status_text(&story), "Revoked 1 lease: 1 key deleted, 1 already gone");
    assert_eq!(story.state(1), "gone");
}

#[test]
fn a_lease_already_being_revoked_is_not_sent_again() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.grant(2, 20);
    assert_eq!(revokes(&story.press(&[Key::Char('x'), Key::Char('y')])), [1]);
    story.press(&[SPACE, SPACE, Key::Char('x')]);
    assert_eq!(confirm(&mut story, "2"), [2]);
    revoked(&mut story, 1);
    revoked(&mut story, 2);
    assert_eq!(status_text(&story), "Revoked 2 leases: 2 keys deleted");
}

#[test]
fn quitting_with_r_keeps_the_limit_in_flight() {
    let mut story = Story::start(AppConfig::default());
    (1..=70).for_each(|id| story.grant(id, 100));
    let first = revokes(&story.press(&[Key::Char('q'), Key::Char('r')]));
    assert_eq!(first.len(), 64);
    let mut ended = Vec::new();
    for id in 1..=70 {
        ended = story.send(Msg::Revoked { id: LeaseId(id), revision: 9, keys_deleted: None });
    }
    assert_eq!(ended, [Effect::Quit { still_alive: vec![] }]);
}

#[test]
fn quitting_does_not_wait_for_queued_leases_that_ended() {
    let mut story = Story::start(AppConfig::default());
    (1..=70).for_each(|id| story.grant(id, 100));
    story.list(&(1..=70).collect::<Vec<_>>(), &[]);
    story.press(&[Key::Char('q'), Key::Char('r')]);
    story.list(&[], &[66, 70]);
    let mut ended = Vec::new();
    for id in (1..=69).filter(|id| *id != 66) {
        ended = story.send(Msg::Revoked { id: LeaseId(id), revision: 9, keys_deleted: None });
    }
    assert_eq!(ended, [Effect::Quit { still_alive: vec![] }]);
}

#[test]
fn stopping_the_revokes_before_quitting_stays() {
    let mut story = Story::start(AppConfig::default());
    (1..=70).for_each(|id| story.grant(id, 100));
    story.press(&[Key::Char('q'), Key::Char('r')]);
    story.app.view.dialog = Some(Dialog::Revoking { top: 0 });
    story.press(&[Key::Esc]);
    for id in 1..=64 {
        assert_eq!(story.send(Msg::Revoked { id: LeaseId(id), revision: 9, keys_deleted: None }), []);
    }
}

#[test]
fn the_results_scroll() {
    let mut story = open_dialog(30);
    confirm(&mut story, "30");
    (1..=30).for_each(|id| {
        revoked(&mut story, id);
    });
    let top = |story: &Story| match story.app.view.dialog {
        Some(Dialog::Revoking { top }) => top,
        ref other => panic!("no results: {other:?}"),
    };
    let steps =
        [(Key::Down, 1), (Key::PageDown, 11), (Key::End, 29), (Key::Down, 29), (Key::PageUp, 19), (Key::Home, 0)];
    for (key, expected) in steps {
        story.press(&[key]);
        assert_eq!(top(&story), expected, "{key}");
    }
    story.press(&[Key::Enter]);
    assert!(story.app.view.dialog.is_none());
}

/// What can happen to marked leases before and while the dialog is open.
#[derive(Clone, Debug)]
enum Step {
    Poll(i64, i64),
    Die(i64),
    Born(i64),
    Grant(i64),
    Renew(i64),
    Resize(usize),
    Wait(f64),
    Press(Key),
    Type(&'static str),
}

fn step(keys: &'static str) -> impl Strategy<Value = Step> {
    let id = || 1..9_i64;
    let others =
        [Key::Up, Key::Down, Key::Home, Key::End, Key::PageDown, Key::Tab, Key::Left, Key::Right, Key::Backspace];
    let keys: Vec<Key> = others.into_iter().chain(keys.chars().map(Key::Char)).collect();
    prop_oneof![
        2 => (id(), -1..40_i64).prop_map(|(id, left)| Step::Poll(id, left)),
        1 => id().prop_map(Step::Die),
        1 => id().prop_map(Step::Born),
        1 => id().prop_map(Step::Grant),
        1 => id().prop_map(Step::Renew),
        1 => (0..30_usize).prop_map(Step::Resize),
        1 => (0.0..9.0).prop_map(Step::Wait),
        8 => prop::sample::select(keys).prop_map(Step::Press),
        1 => prop::sample::select(vec!["who:own", "left<20s", "!state:ok", "0001"]).prop_map(Step::Type),
    ]
}

/// Runs a step; a filter is only typed in the table, and applied.
fn run_step(story: &mut Story, step: &Step) -> Vec<i64> {
    match *step {
        Step::Poll(id, left) => story.poll(id, left, 40, &["/k"]),
        Step::Die(id) => story.list(&[], &[id]),
        Step::Born(id) => story.list(&[id], &[]),
        Step::Grant(id) => story.grant(id, 30),
        Step::Renew(id) => story.renewed(id, 30, 3.5),
        Step::Resize(rows) => {
            story.send(Msg::Resized(Viewport { rows, ..story.app.view.viewport }));
        }
        Step::Wait(seconds) => {
            story.wait(seconds);
            return revokes(&story.send(Msg::Tick));
        }
        Step::Press(key) => return revokes(&story.press(&[key])),
        Step::Type(text) if story.app.view.dialog.is_none() => {
            story.press(&[Key::Char('/'), Key::Ctrl('u')]);
            story.type_in(text);
            return revokes(&story.press(&[Key::Enter]));
        }
        Step::Type(_) => (),
    }
    Vec::new()
}

/// Marks, runs steps, opens the dialog, runs more steps, and confirms; returns how many were revoked.
fn confirm_after(marks: usize, before: &[Step], change_since_open: &[Step]) -> Result<usize, TestCaseError> {
    let mut story = Story::start(AppConfig::default());
    (1..=4).for_each(|id| story.grant(id, 10 * id));
    story.list(&[5, 6, 7], &[]);
    story.press(&vec![SPACE; marks]);
    for step in before {
        prop_assert_eq!(run_step(&mut story, step), NONE);
    }
    let marked: Vec<i64> = story.app.view.selection.ids().map(|id| id.0).collect();
    story.press(&[Key::Esc, Key::Char('x')]);
    let Some(Dialog::RevokeMany(opened)) = story.app.view.dialog.clone() else { return Ok(0) };
    let named: Vec<i64> = opened.ids().map(|id| id.0).collect();
    prop_assert!(named.iter().all(|id| marked.contains(id)), "{named:?} of the marked {marked:?}");
    for step in change_since_open {
        prop_assert_eq!(run_step(&mut story, step), NONE);
        prop_assert_eq!(dialog(&story).ids().map(|id| id.0).collect::<Vec<_>>(), named.clone());
    }
    let left: Vec<i64> = dialog(&story).leases(&story.app.leases).map(|lease| lease.id.0).collect();
    prop_assert!(left.iter().all(|id| named.contains(id) && story.app.leases.alive_mut(LeaseId(*id)).is_some()));
    story.press(&[Key::End, Key::Ctrl('u')]);
    let revoked = confirm(&mut story, &left.len().to_string());
    prop_assert_eq!(&revoked, &left, "of the named {:?}", named);
    Ok(revoked.len())
}

#[test]
fn only_the_leases_named_in_the_dialog_are_revoked() {
    let mut reported = 0;
    let cases = crate::app::tests::cases(1_000);
    let mut runner = prop::test_runner::TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
    let counted = std::cell::RefCell::new(&mut reported);
    let before = prop::collection::vec(step("   vvvUjkgGIf<>p"), 1..24);
    let change_since_open = prop::collection::vec(step("y12 vUjkgGIfpa!o"), 0..12);
    let outcome = runner.run(&(2..7_usize, before, change_since_open), |(marks, before, change_since_open)| {
        **counted.borrow_mut() += confirm_after(marks, &before, &change_since_open)?;
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(reported > cases as usize / 2, "too few cases revoke: {reported}");
}
