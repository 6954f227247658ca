//! The order of the rows.

use super::*;
use crate::app::dialog::Dialog;

fn crowd() -> Story {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.grant(2, 120);
    story.list(&[3, 4], &[]);
    story.poll(3, 29, 30, &["/b"]);
    story.poll(4, 250, 600, &["/a", "/c"]);
    story
}

fn sort(story: &Story) -> String {
    story.app.active_view().view.sort.to_string()
}

#[test]
fn sort_keys_step_through_the_columns_in_order() {
    let mut story = crowd();
    assert_eq!((sort(&story), story.rows()), ("left:asc".into(), vec![1, 3, 2, 4]));
    story.press(&[Key::Char('>')]);
    assert_eq!((sort(&story), story.rows()), ("ttl:asc".into(), vec![1, 3, 2, 4]));
    story.press(&[Key::Char('I')]);
    assert_eq!((sort(&story), story.rows()), ("ttl:desc".into(), vec![4, 2, 3, 1]));
    story.press(&[Key::Char('<'), Key::Char('<')]);
    assert_eq!(sort(&story), "state:asc");
    story.press(&[Key::Char('<'), Key::Char('<')]);
    assert_eq!((sort(&story), story.rows()), ("problems:asc".into(), vec![4, 3, 1, 2]));
    story.press(&[Key::Char('>')]);
    assert_eq!((sort(&story), story.rows()), ("key:asc".into(), vec![4, 3, 1, 2]), "no key stands last, then the id");
}

#[test]
fn only_visible_columns_are_sort_steps() {
    let columns = vec![Column::Keys, Column::Left];
    let mut story = Story::start(AppConfig { columns, ..AppConfig::default() });
    story.press(&[Key::Char('>')]);
    assert_eq!(sort(&story), "keys:desc");
    story.press(&[Key::Char('>')]);
    assert_eq!(sort(&story), "left:asc");
}

#[test]
fn the_cursor_stays_on_its_lease() {
    let mut story = crowd();
    story.press(&[Key::Down, Key::Char('>'), Key::Char('I')]);
    assert_eq!((story.app.view.cursor, story.app.view.cursor_row()), (Some(LeaseId(3)), Some(2)));
}

#[test]
fn the_sort_menu_applies_on_enter_and_esc_cancels() {
    for open in [Key::Char('s'), Key::F(6)] {
        let mut story = crowd();
        story.press(&[open]);
        assert!(matches!(story.app.view.dialog, Some(Dialog::Sort(menu)) if menu.place() == 3));
        story.press(&[Key::Down, Key::Char('I'), Key::Enter]);
        assert_eq!((sort(&story), story.rows()), ("ttl:desc".into(), vec![4, 2, 3, 1]));
        for leave in [Key::Esc, Key::Char('q'), Key::Ctrl('c')] {
            assert_eq!(story.press(&[open, Key::Up, leave]), []);
            assert_eq!((sort(&story), story.app.view.dialog.is_none()), ("ttl:desc".into(), true));
        }
    }
}

#[test]
fn the_sort_menu_keeps_the_direction_and_does_not_wrap() {
    let mut story = crowd();
    story.press(&[Key::Char('I'), Key::Char('s'), Key::Down, Key::Up, Key::Enter]);
    assert_eq!(sort(&story), "left:desc");
    story.press(&[Key::Char('s'), Key::Char('G'), Key::Down, Key::Enter]);
    assert_eq!(sort(&story), "warn:asc");
    story.press(&[Key::Char('s'), Key::Home, Key::Up, Key::Enter]);
    assert_eq!(sort(&story), "problems:asc");
    story.press(&[Key::Char('s'), Key::Char('G'), Key::Up, Key::Up, Key::Enter]);
    assert_eq!(sort(&story), "rtt:desc");
}

#[test]
fn rows_stay_until_a_dialog_is_closed() {
    let mut story = crowd();
    story.press(&[Key::Char('x')]);
    story.press(&[Key::Char('I'), Key::Char('<')]);
    assert_eq!((sort(&story), story.rows()), ("left:asc".into(), vec![1, 3, 2, 4]), "they are no keys of the dialog");
    story.press(&[Key::Esc, Key::Char('I')]);
    assert_eq!(story.rows(), [4, 2, 3, 1]);
}

#[test]
fn sorting_applies_to_the_frozen_view_and_remains() {
    let mut story = crowd();
    story.press(&[Key::Char('p')]);
    story.grant(5, 5);
    story.press(&[Key::Char('I')]);
    let picture: Vec<i64> = story.app.displayed(story.now).0.view.order().iter().map(|id| id.0).collect();
    assert_eq!((picture, story.rows()), (vec![4, 2, 3, 1], vec![5, 1, 3, 2, 4]));
    story.press(&[Key::Char('s'), Key::Home]);
    story.press(&[Key::Down; 9]);
    story.press(&[Key::Enter, Key::Char('p')]);
    assert_eq!((sort(&story), story.rows()), ("id:asc".into(), vec![1, 2, 3, 4, 5]));
}

#[test]
fn the_command_line_option_applies_from_the_start() {
    let mut story = Story::start(AppConfig { sort: "ttl:desc".parse().unwrap(), ..AppConfig::default() });
    story.grant(1, 10);
    story.grant(2, 120);
    assert_eq!(story.rows(), [2, 1]);
    story.press(&[Key::Char('3'), Key::Char('I'), Key::Char('s')]);
    assert!(sort(&story) == "ttl:desc" && story.app.view.dialog.is_none(), "no keys of other views");
}

#[test]
fn a_restarted_sandbox_keeps_the_sort_order() {
    let mut story = crowd();
    story.press(&[Key::Char('I')]);
    assert_eq!(story.app.restarted(60, story.now).view.sort.to_string(), "left:desc");
}

#[test]
fn the_interval_of_new_leases_counts_like_that_of_renewals() {
    let mut story = Story::start(AppConfig { sort: Sort::by(Column::Every), ..AppConfig::default() });
    story.list(&[1, 11], &[]);
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysRead { revision: 9 });
    for (from, to) in [(None, 11), (Some(11), 12), (Some(12), 13)] {
        story.wait(5.0);
        story.change(vec![availability::put("/heartbeat", from, Some(to), to)]);
        story.poll_left(to, 59, 60);
    }
    let lease = |id| story.app.leases.get(LeaseId(id)).unwrap();
    assert_eq!(lease(13).new_lease_every(), Some(Duration::from_secs(5)));
    let key = |id| RowSortKey::of(lease(id), story.app.view.sort, story.now);
    assert!(key(13) < key(1));
    assert_eq!(story.rows()[0], 13);
}
