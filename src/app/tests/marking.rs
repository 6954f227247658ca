//! Marks: they follow the lease, and commands apply to all marked leases.

use super::*;
use crate::app::dialog::Dialog;

/// Two own leases, and two of other clients: 1 2 3 4 from top to bottom.
fn crowd() -> Story {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.grant(2, 20);
    story.list(&[3, 4], &[]);
    story.poll(3, 29, 30, &["/a"]);
    story.poll(4, 39, 40, &["/b", "/c"]);
    story
}

fn marked(story: &Story) -> Vec<i64> {
    story.app.view.selection.ids().map(|id| id.0).collect()
}

pub(super) fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

const SPACE: Key = Key::Char(' ');

#[test]
fn space_marks_moves_down_and_unmarks() {
    let mut story = crowd();
    story.press(&[SPACE, SPACE]);
    assert_eq!((marked(&story), story.app.view.cursor), (vec![1, 2], Some(LeaseId(3))));
    story.press(&[Key::Up, SPACE]);
    assert_eq!(marked(&story), [1]);
    story.press(&[Key::Char('G'), SPACE, SPACE]);
    assert_eq!(marked(&story), [1], "on the last row it stays");
    story.press(&[SPACE, Key::Char('U')]);
    assert!(story.app.view.selection.is_empty());
    assert_eq!(note(&story), "Cleared 2 marks");
}

#[test]
fn a_range_is_marked_in_either_direction_and_cancelled_by_esc() {
    for keys in [[Key::Down, Key::Char('v'), Key::Down, Key::Down], [Key::End, Key::Char('v'), Key::Up, Key::Up]] {
        for end in [Key::Char('v'), SPACE] {
            let mut story = crowd();
            story.press(&keys);
            assert!(story.app.view.selection.range().is_some() && story.app.view.selection.is_empty());
            story.press(&[end]);
            assert_eq!((marked(&story), story.app.view.selection.range()), (vec![2, 3, 4], None));
        }
        let mut story = crowd();
        story.press(&keys);
        story.press(&[Key::Esc]);
        assert!(story.app.view.selection.range().is_none() && story.app.view.selection.is_empty());
    }
}

#[test]
fn esc_cancels_the_range_before_the_filter() {
    let mut story = crowd();
    story.press(&[Key::Char('f'), Key::Char('v'), Key::Esc]);
    assert_eq!((story.app.view.selection.range(), story.app.view.row_filter.preset), (None, FilterPreset::Own));
    story.press(&[Key::Esc]);
    assert_eq!(story.app.view.row_filter.preset, FilterPreset::All);
}

#[test]
fn a_range_whose_start_has_no_row_marks_nothing() {
    let mut story = crowd();
    story.press(&[Key::Char('v'), Key::End, Key::Char('/')]);
    story.type_in("who:other");
    story.app.view.id_format = crate::id_format::IdFormat::Decimal;
    story.press(&[Key::Enter, Key::Char('v')]);
    assert!(marked(&story).is_empty());
    assert_eq!(note(&story), "The range started at 1, which is no longer listed; nothing was marked");
}

#[test]
fn a_range_ends_when_its_rows_are_no_longer_displayed() {
    let v = Key::Char('v');
    for (hide, show) in [(Key::Char('4'), Key::Char('1')), (Key::Enter, Key::Esc), (Key::Char('t'), Key::Char('t'))] {
        for freeze in [None, Some(Key::Char('p'))] {
            let mut story = crowd();
            story.press(&freeze.into_iter().chain([v, Key::Down, hide]).collect::<Vec<_>>());
            assert_eq!(story.app.view.selection.range(), None, "{hide}, {freeze:?}");
            story.press(&[show]);
            assert!(marked(&story).is_empty(), "{hide}, {freeze:?}");
        }
    }
}

#[test]
fn marks_survive_sorting_filtering_and_freezing() {
    let mut story = crowd();
    story.press(&[SPACE, Key::Down, SPACE, Key::Char('I'), Key::Char('/')]);
    story.type_in("who:own");
    story.press(&[Key::Enter, Key::Char('p'), Key::Esc, Key::Char('p'), Key::Char('>')]);
    assert_eq!(marked(&story), [1, 3]);
    story.renewed(1, 3600, 3.5);
    assert_eq!(marked(&story), [1, 3]);
}

#[test]
fn marking_in_the_frozen_view_marks_living_leases() {
    let mut story = crowd();
    story.press(&[Key::Char('p')]);
    story.list(&[], &[3]);
    story.press(&[Key::Down, Key::Down, SPACE]);
    assert!(marked(&story).is_empty() && note(&story).contains("only living leases can be marked"));
    story.press(&[Key::Home, Key::Char('v'), Key::End, Key::Char('v')]);
    assert_eq!(marked(&story), [1, 2, 4], "the range is that of the picture");
    story.press(&[Key::Char('p')]);
    assert_eq!(marked(&story), [1, 2, 4]);
}

#[test]
fn an_ended_lease_loses_its_mark_with_a_message() {
    let mut story = crowd();
    story.press(&[SPACE, SPACE, SPACE]);
    story.list(&[], &[2]);
    assert_eq!(marked(&story), [1, 3]);
    assert_eq!(note(&story), format!("{} is gone and no longer marked; 2 marked", LeaseId(2)));
    // A new grant with its id is another lease.
    story.wait(1.0);
    story.list(&[2], &[]);
    assert_eq!(marked(&story), [1, 3]);
    story.press(&[Key::Home, Key::End, Key::Up, SPACE]);
}

#[test]
fn keepalive_applies_to_all_marked_leases_and_asks_for_other_clients() {
    let mut story = crowd();
    story.press(&[Key::Down, SPACE, SPACE, SPACE, Key::Char('a')]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Adopt(dialog)) if dialog.ids == [LeaseId(3), LeaseId(4)]));
    let kept = story.press(&[Key::Char('y')]);
    assert_eq!(kept, [3, 4].map(|id| Effect::StartKeepAlive { id: LeaseId(id), pace: None }));
    assert_eq!(story.app.leases.get(LeaseId(4)).map(|lease| lease.ownership), Some(Ownership::Adopted));
    // All are kept alive now: the same key stops it.
    assert_eq!(story.press(&[Key::Char('a')]), [2, 3, 4].map(|id| Effect::StopKeepAlive(LeaseId(id))));
    assert!(note(&story).contains("Stopped keeping 3 leases alive"));
    // Own leases are not polled.
    story.press(&[Key::Char('U'), Key::Home, SPACE, SPACE]);
    assert_eq!(story.press(&[Key::Char('a')]), [Effect::StartKeepAlive { id: LeaseId(2), pace: None }]);
}

#[test]
fn leases_that_ended_while_the_dialog_was_open_are_skipped_with_a_message() {
    let mut story = crowd();
    story.press(&[Key::Down, Key::Down, SPACE, SPACE, Key::Char('a')]);
    story.list(&[], &[3]);
    assert_eq!(story.press(&[Key::Char('y')]), [Effect::StartKeepAlive { id: LeaseId(4), pace: None }]);
    assert_eq!(note(&story), "Keeping 1 lease alive; 1 gone");
    let mut story = crowd();
    story.press(&[Key::Down, Key::Down, SPACE, SPACE, Key::Char('a')]);
    story.list(&[], &[3, 4]);
    assert_eq!(story.press(&[Key::Char('y')]), []);
    assert!(story.app.view.dialog.is_some(), "there is nothing to answer but Enter and Esc");
    assert_eq!(story.press(&[Key::Enter]), []);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn renew_once_applies_to_all_marked_leases() {
    let mut story = crowd();
    story.press(&[SPACE, Key::Down, SPACE]);
    assert_eq!(story.press(&[Key::Char('o')]), [], "one of them is another client's");
    assert_eq!(story.press(&[Key::Char('y')]), [1, 3].map(|id| Effect::RenewOnce(LeaseId(id))));
    assert_eq!(note(&story), "Renewing 2 leases once…");
}

#[test]
fn in_the_detail_commands_apply_to_the_shown_lease() {
    let mut story = crowd();
    story.press(&[SPACE, SPACE, Key::Enter]);
    assert_eq!(story.press(&[Key::Char('o'), Key::Char('y')]), [Effect::RenewOnce(LeaseId(3))]);
    story.press(&[Key::Char('x')]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Revoke(dialog)) if dialog.id == LeaseId(3)));
    story.press(&[Key::Esc, SPACE]);
    assert_eq!(marked(&story), [1, 2, 3], "it can be marked there too");
}

#[test]
fn without_rows_nothing_is_marked() {
    let mut story = Story::start(by_left());
    story.press(&[SPACE, Key::Char('v'), Key::Char('U'), Key::Char('a'), Key::Char('o'), Key::Char('x')]);
    assert!(
        story.app.view.selection.is_empty()
            && story.app.view.selection.range().is_none()
            && story.app.view.dialog.is_none()
    );
    let mut story = crowd();
    story.press(&[Key::Char('3'), SPACE, Key::Char('v')]);
    assert!(
        story.app.view.selection.is_empty() && story.app.view.selection.range().is_none(),
        "they are no keys of other views"
    );
}

#[test]
fn leases_named_on_the_command_line_are_adopted_once() {
    let keep = vec![LeaseId(7), LeaseId(8)];
    let mut story = Story {
        app: AppState::new(AppConfig { keep, ..AppConfig::default() }, Timestamp::START),
        now: Timestamp::START,
    };
    let first = story.send(Msg::Cluster(view()));
    assert_eq!(first, [7, 8].map(|id| Effect::StartKeepAlive { id: LeaseId(id), pace: None }));
    story.list(&[7, 9], &[]);
    let who = |id| story.app.leases.get(LeaseId(id)).map(|lease| (lease.ownership, lease.is_kept_alive));
    assert_eq!((who(7), who(9)), (Some((Ownership::Adopted, true)), Some((Ownership::Other, false))));
    story.send(Msg::Cluster(down()));
    assert_eq!(story.send(Msg::Cluster(view())), [], "and not again with every connection");
    let keep = vec![LeaseId(7)];
    let config = AppConfig { keep, is_read_only: true, ..AppConfig::default() };
    let mut story = Story { app: AppState::new(config, Timestamp::START), now: Timestamp::START };
    assert_eq!(story.send(Msg::Cluster(view())), []);
}
