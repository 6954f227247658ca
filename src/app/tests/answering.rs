//! The dialogs of adopting and quitting, and their buttons.

use super::*;
use crate::app::dialog::Dialog;

fn with_others() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    story
}

#[test]
fn adopting_is_confirmed_by_y_or_its_button() {
    let keep = [Effect::StartKeepAlive { id: LeaseId(7), pace: None }];
    assert_eq!(with_others().press(&[Key::Char('a'), Key::Char('y')]), keep);
    assert_eq!(with_others().press(&[Key::Char('a'), Key::Right, Key::Enter]), keep);
    assert_eq!(with_others().press(&[Key::Char('a'), Key::Tab, Key::Tab, Key::Enter]), []);
    for key in [Key::Enter, Key::Esc, Key::Char('q'), Key::Ctrl('c')] {
        let mut story = with_others();
        assert_eq!(story.press(&[Key::Char('a'), Key::Char('j'), key]), []);
        assert!(story.app.view.dialog.is_none(), "{key}");
        assert_eq!(story.app.leases.get(LeaseId(7)).unwrap().ownership, Ownership::Other);
    }
}

#[test]
fn a_lease_that_ends_while_the_adopt_dialog_is_open_is_not_adopted() {
    for key in [Key::Char('y'), Key::Right] {
        let mut story = with_others();
        story.press(&[Key::Char('a')]);
        story.list(&[], &[7]);
        assert_eq!(story.press(&[key]), []);
        assert!(
            matches!(&story.app.view.dialog, Some(Dialog::Adopt(dialog)) if dialog.ids == [LeaseId(7)]),
            "it says so"
        );
        assert_eq!(story.press(&[Key::Enter]), []);
        assert!(story.app.view.dialog.is_none());
    }
}

#[test]
fn an_own_lease_resumes_with_its_previous_schedule() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.renewed(1, 10, 3.3);
    let mut status = *story.app.leases.get(LeaseId(1)).unwrap().engine.clone().unwrap();
    status.pace = RenewalSchedule::Exact;
    story.send(Msg::Statuses(vec![status]));
    story.press(&[Key::Char('a')]);
    assert_eq!(
        story.press(&[Key::Char('a')]),
        [Effect::StartKeepAlive { id: LeaseId(1), pace: Some(RenewalSchedule::Exact) }]
    );
}

#[test]
fn enter_quits_and_the_other_buttons_are_one_step_away() {
    let asked = || {
        let mut story = Story::start(AppConfig::default());
        story.grant(1, 10);
        story.press(&[Key::Char('q')]);
        story
    };
    let leave = [Effect::Quit { still_alive: vec![LeaseId(1)] }];
    assert_eq!(asked().press(&[Key::Enter]), leave);
    assert_eq!(asked().press(&[Key::Right, Key::Left, Key::Enter]), leave);
    assert_eq!(asked().press(&[Key::Right, Key::Enter]), [Effect::Revoke(LeaseId(1))]);
    let mut staying = asked();
    assert_eq!(staying.press(&[Key::BackTab, Key::Enter]), []);
    assert!(staying.app.view.dialog.is_none());
    let mut waiting = asked();
    assert_eq!(waiting.press(&[Key::Char('y'), Key::Char('j'), Key::F(9), Key::Char('x')]), []);
    assert!(matches!(waiting.app.view.dialog, Some(Dialog::Quit(_))));
}

#[test]
fn quitting_leaves_nothing_if_the_last_lease_ends_while_the_dialog_is_open() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Char('q')]);
    story.list(&[], &[1]);
    assert_eq!(story.press(&[Key::Char('r')]), [Effect::Quit { still_alive: vec![] }]);
}
