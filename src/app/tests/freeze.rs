use super::*;
use crate::app::dialog::Dialog;

fn frozen() -> Story {
    let mut story = Story::start(AppConfig::default());
    (1..=3).for_each(|id| story.grant(id, 10 * id));
    story.press(&[Key::Char('p')]);
    story
}

fn shown(story: &Story) -> (usize, Timestamp) {
    let (app, at) = story.app.displayed(story.now);
    (app.view.order().len(), at)
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

#[test]
fn the_frozen_view_does_not_change_while_the_state_does() {
    let mut story = frozen();
    story.wait(5.0);
    story.grant(4, 40);
    assert_eq!((shown(&story), story.rows().len()), ((3, at(0.0)), 4));
    story.press(&[Key::Char('p')]);
    assert_eq!(shown(&story), (4, story.now));
}

#[test]
fn navigation_works_in_the_frozen_view_and_persists_afterwards() {
    let mut story = frozen();
    story.press(&[Key::Down, Key::Enter]);
    let looked_at = |story: &Story| {
        let app = story.app.displayed(story.now).0;
        (app.view.cursor, app.view.is_open)
    };
    assert_eq!(looked_at(&story), (Some(LeaseId(2)), true));
    assert_eq!((story.app.view.cursor, story.app.view.is_open), (Some(LeaseId(1)), false));
    story.press(&[Key::Char('p')]);
    assert_eq!(looked_at(&story), (Some(LeaseId(2)), true));
    story.press(&[Key::Char('p'), Key::Esc]);
    assert!(story.app.frozen.is_some() && !looked_at(&story).1, "first the detail closes");
    story.press(&[Key::Esc]);
    assert!(story.app.frozen.is_none());
}

#[test]
fn a_filter_of_the_members_that_is_set_in_the_frozen_view_persists_afterwards() {
    let mut story = frozen();
    story.press(&[Key::Char('5'), Key::Char('/')]);
    story.type_in("follower");
    story.press(&[Key::Enter]);
    assert!(story.app.frozen.is_some());
    story.press(&[Key::Char('p')]);
    assert!(story.app.frozen.is_none());
    assert_eq!(story.app.view.members_view.filter.text(), "follower");
}

#[test]
fn revoking_in_the_frozen_view_acts_on_the_present_and_reports_changes() {
    let mut story = frozen();
    story.press(&[Key::Down]);
    story.wait(5.0);
    story.renewed(2, 20, 5.0);
    story.press(&[Key::Char('x')]);
    let Some(Dialog::Revoke(dialog)) = &story.app.view.dialog else { panic!("it asks") };
    assert_eq!((dialog.id, dialog.since_freeze.concat().as_str()), (LeaseId(2), "renewed"));
    assert_eq!(note(&story), "");
    assert_eq!(story.press(&[Key::Char('y')]), [Effect::Revoke(LeaseId(2))]);
    assert!(story.app.frozen.is_some(), "the display stays frozen");
}

#[test]
fn a_lease_that_ended_during_the_freeze_cannot_be_revoked() {
    let mut story = frozen();
    story.list(&[], &[1]);
    assert_eq!(story.press(&[Key::Char('x')]), []);
    assert!(story.app.view.dialog.is_none());
    assert_eq!(note(&story), "0000000000000001 since the freeze: gone, revoked");
    story.wait(31.0);
    story.send(Msg::Tick);
    assert!(story.app.leases.get(LeaseId(1)).is_none());
    assert_eq!(story.press(&[Key::Char('a')]), []);
    assert_eq!(note(&story), "0000000000000001 since the freeze: gone");
    story.press(&[Key::Char('p')]);
    assert!(story.app.cursor_lease().is_some(), "the cursor is on a lease that there is");
}

#[test]
fn values_are_not_read_for_the_frozen_view() {
    let mut story = frozen();
    story.poll(1, 9, 10, &["/a"]);
    story.press(&[Key::Enter]);
    let reads = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::ReadValues { .. }));
    assert!(!reads(&story.send(Msg::Tick)));
    story.press(&[Key::Char('p')]);
    assert!(story.app.view.is_open && reads(&story.send(Msg::Tick)));
}

#[test]
fn the_frozen_view_follows_a_new_size() {
    let mut story = frozen();
    story.press(&[Key::End]);
    story.send(Msg::Resized(Viewport { rows: 1, ..Viewport::default() }));
    let visible: Vec<_> = story.app.displayed(story.now).0.visible().map(|lease| lease.id.0).collect();
    assert_eq!(visible, [3]);
}

#[test]
fn a_lease_that_ends_during_the_freeze_is_marked_in_the_frozen_view() {
    let mut story = frozen();
    let seen = |story: &Story, id| {
        let (app, at) = story.app.displayed(story.now);
        (app.leases.get(LeaseId(id)).unwrap().state(at).word(), app.view.order().to_vec())
    };
    let order = seen(&story, 2).1;
    story.press(&[Key::Down, Key::Char('x'), Key::Char('y')]);
    story.send(Msg::Revoked { id: LeaseId(2), revision: 7, keys_deleted: Some(0) });
    story.wait(1.0);
    story.list(&[], &[3]);
    assert_eq!(seen(&story, 2), ("revoked", order.clone()), "in its row");
    assert_eq!(seen(&story, 1), ("ok", order.clone()));
    story.wait(35.0);
    story.send(Msg::Tick);
    assert!(story.app.leases.get(LeaseId(2)).is_none());
    assert_eq!(seen(&story, 2), ("revoked", order));
    for key in ['x', 'a', 'o', 'K', 'T'] {
        assert_eq!(story.press(&[Key::Char(key)]), []);
        assert!(story.app.view.dialog.is_none());
        assert_eq!(note(&story), "0000000000000002 since the freeze: gone");
    }
}
