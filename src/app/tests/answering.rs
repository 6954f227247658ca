//! The adopt and quit dialogs: how their answers are selected.

use super::*;
use crate::app::dialog::Dialog;

fn with_others() -> Story {
    let mut story = Story::begin(AppConfig::default());
    story.list(&[7], &[]);
    story
}

#[test]
fn adopting_is_confirmed_by_y_or_on_its_answer() {
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
fn what_dies_while_its_adoption_is_asked_is_not_adopted() {
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
fn one_of_ours_is_kept_again_at_the_pace_that_it_had() {
    let mut story = Story::begin(AppConfig::default());
    story.grant(1, 10);
    story.renewed(1, 10, 3.3);
    let mut status = *story.app.leases.get(LeaseId(1)).unwrap().engine.clone().unwrap();
    status.pace = RenewalSchedule::Exact;
    story.tell(Msg::Statuses(vec![status]));
    story.press(&[Key::Char('a')]);
    assert_eq!(
        story.press(&[Key::Char('a')]),
        [Effect::StartKeepAlive { id: LeaseId(1), pace: Some(RenewalSchedule::Exact) }]
    );
}

#[test]
fn enter_leaves_and_the_other_answers_are_a_step_away() {
    let asked = || {
        let mut story = Story::begin(AppConfig::default());
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
fn when_the_last_lease_dies_while_quitting_is_asked_nothing_is_left_behind() {
    let mut story = Story::begin(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Char('q')]);
    story.list(&[], &[1]);
    assert_eq!(story.press(&[Key::Char('r')]), [Effect::Quit { still_alive: vec![] }]);
}
