use super::*;
use crate::app::dialog::{AdoptDialog, Dialog};
use etcd_lease::{Ended, EngineEvent, EngineEventKind};

const CTRL_Z: Key = Key::Ctrl('z');

#[test]
fn without_a_kept_lease_ctrl_z_suspends_at_once() {
    let mut story = Story::start(AppConfig::default());
    assert_eq!(story.press(&[CTRL_Z]), [Effect::Suspend]);
}

#[test]
fn with_a_kept_lease_a_second_press_confirms_and_open_views_stay() {
    let mut story = Story::start(AppConfig::default());
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
fn ctrl_z_says_so_if_no_shell_could_continue_the_program() {
    let mut story = Story::start(AppConfig { can_suspend: false, ..AppConfig::default() });
    assert_eq!(story.press(&[CTRL_Z]), []);
    assert!(story.app.view.status.as_ref().unwrap().text.contains("not started by a shell"));
}

#[test]
fn ctrl_l_redraws_and_leaves_a_dialog_open() {
    let mut story = Story::start(AppConfig::default());
    story.press(&[Key::Char('?')]);
    story.app.view.reset_redraw();
    story.press(&[Key::Ctrl('l')]);
    assert_eq!(story.app.view.reset_redraw(), Redraw::Full);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Help(_))));
}

#[test]
fn a_suspension_is_reported_with_its_cost() {
    let mut story = Story::start(AppConfig::default());
    story.wait(10.0);
    let reported = |story: &mut Story| {
        story.send(Msg::ProcessStalled { since: story.now.before(Duration::from_secs(7)) });
        story.app.view.status.clone().unwrap()
    };
    assert_eq!(reported(&mut story).text, "Was suspended for 7.0 s; refreshing");
    story.grant(1, 10);
    story.grant(2, 120);
    story.wait(7.5);
    let close = reported(&mut story);
    assert_eq!(close.text, "No renewals for 7.0 s: no lease expired; the lowest left is 2.5 s");
    assert!(!close.is_error);
    story.wait(3.0);
    let lost = reported(&mut story);
    assert_eq!(lost.text, format!("No renewals for 7.0 s: the TTL of {} has run out", LeaseId(1)));
    assert!(lost.is_error);
}

#[test]
fn after_a_sleep_leases_are_unseen_until_polled_and_own_leases_renewed() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 3600);
    let effects = story.send(Msg::SystemSlept(Duration::from_secs(600)));
    assert_eq!(effects, [Effect::List, Effect::RenewNow(LeaseId(1))]);
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    assert_eq!((lease.state(story.now), lease.left(story.now)), (LeaseState::Unseen, None));
    assert!(story.send(Msg::Tick).contains(&Effect::Poll(vec![LeaseId(1)])));
    let answer = TimeToLive { id: LeaseId(1), ttl: 2_999, granted_ttl: 3_600, keys: vec![], header: Header::default() };
    story.send(Msg::Polled { sent: story.now, received: story.now, answer, has_keys: false });
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    assert_eq!(lease.state(story.now), LeaseState::Ok);
    assert!((2_999.0..3_000.0).contains(&lease.left(story.now).unwrap()));
}

/// What etcd says right after a sleep does not show whether the lease expired meanwhile or was revoked.
#[test]
fn a_lease_that_is_gone_after_a_sleep_is_not_revoked() {
    for (why, state) in [(Ended::NotFound, "gone"), (Ended::Expired, "expired")] {
        let mut story = Story::start(AppConfig::default());
        story.grant(1, 10);
        story.renewed(1, 10, 3.5);
        story.send(Msg::SystemSlept(Duration::from_secs(3_600)));
        let kind = EngineEventKind::Ended(why);
        story.send(Msg::Engine(EngineEvent { at: story.now, lease: Some(LeaseId(1)), kind }));
        assert_eq!(story.state(1), state);
    }
}

#[test]
fn a_dialog_below_the_question_drops_leases_that_were_granted_again() {
    let below = Dialog::Adopt(AdoptDialog::new([7, 8].map(LeaseId).to_vec()));
    let mut question = Dialog::Suspend(Some(Box::new(below)));
    let below = |question: &Dialog| match question {
        Dialog::Suspend(Some(below)) => match &**below {
            Dialog::Adopt(adopt) => adopt.ids.clone(),
            other => panic!("{other:?}"),
        },
        _ => Vec::new(),
    };
    assert!(!question.drop_superseded(LeaseId(7)));
    assert_eq!(below(&question), [LeaseId(8)]);
    assert!(!question.drop_superseded(LeaseId(8)));
    assert!(matches!(question, Dialog::Suspend(None)), "{question:?}");
}
