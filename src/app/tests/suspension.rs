use super::*;
use crate::app::dialog::Dialog;

const CTRL_Z: Key = Key::Ctrl('z');

#[test]
fn without_a_kept_lease_ctrl_z_suspends_at_once() {
    let mut story = Story::begin(AppConfig::default());
    assert_eq!(story.press(&[CTRL_Z]), [Effect::Suspend]);
}

#[test]
fn with_one_a_second_press_confirms_and_what_was_open_stays_open() {
    let mut story = Story::begin(AppConfig::default());
    story.grant(1, 10);
    story.type_in("n2");
    assert_eq!(story.press(&[CTRL_Z]), []);
    assert_eq!(story.press(&[Key::Char('x'), Key::Char('y')]), [], "no other key confirms");
    story.press(&[Key::Esc]);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Grant(_))));
    assert_eq!(story.press(&[CTRL_Z, CTRL_Z]), [Effect::Suspend]);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Grant(_))));
}

#[test]
fn where_nobody_could_continue_it_ctrl_z_says_so() {
    let mut story = Story::begin(AppConfig { can_suspend: false, ..AppConfig::default() });
    assert_eq!(story.press(&[CTRL_Z]), []);
    assert!(story.app.view.status.as_ref().unwrap().text.contains("no shell"));
}

#[test]
fn ctrl_l_draws_anew_in_a_dialog_too_and_leaves_it_open() {
    let mut story = Story::begin(AppConfig::default());
    story.press(&[Key::Char('?')]);
    story.app.view.reset_redraw();
    story.press(&[Key::Ctrl('l')]);
    assert_eq!(story.app.view.reset_redraw(), Redraw::Full);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Help { .. })));
}

#[test]
fn a_pause_is_told_by_what_it_cost() {
    let mut story = Story::begin(AppConfig::default());
    story.wait(10.0);
    let told = |story: &mut Story| {
        story.tell(Msg::ProcessStalled { since: story.now.before(Duration::from_secs(7)) });
        story.app.view.status.clone().unwrap()
    };
    assert_eq!(told(&mut story).text, "stood still for 7.0 s; what is shown is polled again");
    story.grant(1, 10);
    story.grant(2, 120);
    story.wait(7.5);
    let close = told(&mut story);
    assert_eq!(close.text, "nothing was renewed for 7.0 s: no lease ran out of time, the least left was 2.5 s");
    assert!(!close.is_error);
    story.wait(3.0);
    let lost = told(&mut story);
    assert_eq!(lost.text, format!("nothing was renewed for 7.0 s: the time of {} is over", LeaseId(1)));
    assert!(lost.is_error);
}

#[test]
fn after_a_sleep_nothing_is_known_until_it_is_polled_and_what_is_kept_is_renewed() {
    let mut story = Story::begin(AppConfig::default());
    story.grant(1, 3600);
    let effects = story.tell(Msg::SystemSlept(Duration::from_secs(600)));
    assert_eq!(effects, [Effect::List, Effect::RenewNow(LeaseId(1))]);
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    assert_eq!((lease.state(story.now), lease.left(story.now)), (LeaseState::Unseen, None));
    assert!(story.tell(Msg::Tick).contains(&Effect::Probe(vec![LeaseId(1)])));
    let answer = TimeToLive { id: LeaseId(1), ttl: 2_999, granted_ttl: 3_600, keys: vec![], header: Header::default() };
    story.tell(Msg::Probed { sent: story.now, received: story.now, answer, has_keys: false });
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    assert_eq!(lease.state(story.now), LeaseState::Ok);
    assert!((2_999.0..3_000.0).contains(&lease.left(story.now).unwrap()));
}
