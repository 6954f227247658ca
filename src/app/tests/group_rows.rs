//! Rows of groups.

use super::*;
use crate::app::dialog::Dialog;

/// 300 leases of 10 services.
fn services() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.list(&(1..=300).collect::<Vec<_>>(), &[]);
    (1..=300).for_each(|id| story.poll(id, 60, 60, &[&format!("/svc/{}/{id}", id % 10)]));
    story.press(&[Key::Char('t')]);
    story
}

fn name(story: &Story) -> String {
    let view = &story.app.view;
    let group = view.cursor_group().and_then(|group| view.groups().get(group));
    group.map_or_else(String::new, |group| group.key().name())
}

#[test]
fn t_groups_by_service_ttl_and_owner_and_300_leases_of_10_services_take_10_rows() {
    let mut story = services();
    assert_eq!((story.app.view.grouped_len(), name(&story).as_str()), (10, "/svc/0"));
    assert_eq!(story.app.view.cursor, None, "no single lease is selected");
    story.press(&[Key::Char('t')]);
    assert_eq!((story.app.view.grouped_len(), name(&story).as_str()), (1, "60 s"));
    story.press(&[Key::Char('t')]);
    assert_eq!((story.app.view.grouped_len(), name(&story).as_str()), (1, "other"));
    story.press(&[Key::Char('t')]);
    assert!(!story.app.view.is_grouped() && story.app.view.cursor.is_some());
    assert_eq!(story.rows().len(), 300);
}

#[test]
fn a_click_selects_a_group_or_a_lease() {
    let mut story = services();
    let third = story.app.view.groups().order()[2];
    story.send(Msg::Clicked(ClickTarget::Group(third)));
    assert_eq!(name(&story), "/svc/2");
    story.press(&[Key::Enter]);
    story.send(Msg::Clicked(ClickTarget::Row(LeaseId(12))));
    assert_eq!((story.app.view.cursor, name(&story).as_str()), (Some(LeaseId(12)), ""));
    story.send(Msg::Clicked(ClickTarget::Group(third)));
    assert_eq!((story.app.view.cursor, name(&story).as_str()), (None, "/svc/2"));
}

#[test]
fn the_cadence_view_has_a_cursor_while_leases_are_grouped() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[2, 3], &[]);
    story.poll(2, 5, 10, &["/a"]);
    story.press(&[Key::Char('t'), Key::Char('2')]);
    story.poll(3, 5, 20, &["/a"]);
    story.press(&[Key::Down]);
    let cursor = &story.app.view.cadence_cursor;
    assert_eq!((cursor.row(), cursor.shown().len()), (1, 2));
}

#[test]
fn sort_keys_say_that_groups_keep_their_order() {
    let mut story = services();
    let status = |story: &Story| story.app.view.status.as_ref().map_or(String::new(), |status| status.text.clone());
    story.press(&[Key::Char('<')]);
    assert!(status(&story).contains("; groups stay sorted by problems"), "{}", status(&story));
    story.press(&[Key::Char('I')]);
    assert!(status(&story).contains(", highest first; groups stay"), "{}", status(&story));
    story.press(&[Key::Char('v')]);
    assert!(status(&story).starts_with("Ranges are not available while leases are grouped"), "{}", status(&story));
}

#[test]
fn the_open_detail_hides_what_grouping_and_following_change() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2], &[]);
    story.press(&[Key::Enter, Key::Char('t'), Key::Char('F')]);
    assert!(!story.app.view.is_grouped() && !story.app.view.is_following());
}

#[test]
fn the_next_lease_of_the_open_detail_skips_the_rows_of_groups() {
    let mut story = services();
    let opened = |story: &Story| (story.app.view.is_open, story.app.view.cursor.map(|id| id.0));
    // Two groups are expanded.
    story.press(&[Key::Enter, Key::Down]);
    while matches!(story.app.view.grouped_cursor(), Some(GroupedRow::Lease(_))) {
        story.press(&[Key::Down]);
    }
    story.press(&[Key::Enter, Key::Up, Key::Enter]);
    let (is_open, last) = opened(&story);
    assert!(is_open && last.is_some());
    story.press(&[Key::Char('}')]);
    let (is_open, next) = opened(&story);
    assert!(is_open && next.is_some() && next != last, "{next:?}");
    story.press(&[Key::Char('{')]);
    assert_eq!(opened(&story), (true, last));
}

#[test]
fn enter_expands_and_collapses_a_group() {
    let mut story = services();
    story.press(&[Key::Down, Key::Enter]);
    assert_eq!((story.app.view.grouped_len(), name(&story).as_str()), (40, "/svc/1"));
    story.press(&[Key::Down]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(1)));
    assert_eq!(story.app.visible().next().map(|lease| lease.id), Some(LeaseId(1)));
    story.press(&[Key::Enter]);
    assert!(story.app.view.is_open, "a lease opens");
    story.press(&[Key::Esc, Key::Up, Key::Enter]);
    assert_eq!((story.app.view.grouped_len(), story.app.view.cursor), (10, None));
}

#[test]
fn r_makes_the_visible_leases_of_an_expanded_group_due() {
    let mut story = services();
    story.press(&[Key::Down, Key::Enter]);
    story.wait(1.0);
    assert_eq!(story.press(&[Key::Char('r')]), [Effect::List]);
    let due: Vec<Timestamp> = story.app.visible().map(|lease| lease.poll.due).collect();
    assert!(!due.is_empty() && due.iter().all(|due| *due == story.now), "{due:?}");
}

#[test]
fn an_action_on_a_group_applies_to_its_leases_and_asks_with_their_number() {
    let mut story = services();
    story.press(&[Key::Down, Key::Down, Key::Char('x')]);
    let Some(Dialog::RevokeMany(dialog)) = &story.app.view.dialog else { panic!("it asks") };
    let ids: Vec<i64> = dialog.ids().map(|id| id.0).collect();
    assert!(ids.len() == 30 && ids.iter().all(|id| id % 10 == 2), "{ids:?}");
    story.press(&[Key::Esc, Key::Char('a')]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Adopt(dialog)) if dialog.ids.len() == 30));
    story.press(&[Key::Esc, Key::Char(' ')]);
    assert_eq!((story.app.view.selection.len(), name(&story).as_str()), (30, "/svc/3"));
    story.press(&[Key::Up, Key::Char(' ')]);
    assert!(story.app.view.selection.is_empty());
    assert_eq!(story.press(&[Key::Char('K'), Key::Char('!')]), [], "they need one lease");
}

#[test]
fn the_cursor_stays_on_its_group_when_another_gets_worse() {
    let mut story = services();
    story.press(&[Key::Down, Key::Down]);
    story.wait(1.0);
    story.poll(7, -1, 60, &["/svc/7/7"]);
    let first = story.app.view.groups().order()[0];
    assert_eq!(story.app.view.groups().get(first).map(|group| group.key().name()).as_deref(), Some("/svc/7"));
    assert_eq!(name(&story), "/svc/2");
    story.list(&[], &(1..=300).filter(|id| id % 10 == 2).collect::<Vec<_>>());
    story.wait(31.0);
    story.send(Msg::Tick);
    assert_eq!(story.app.view.grouped_len(), 9);
}

#[test]
fn groups_survive_a_freeze_and_an_action_there_reaches_the_same_leases() {
    let mut story = services();
    story.press(&[Key::Down, Key::Enter, Key::Char('p'), Key::Down, Key::Char('x')]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Revoke(dialog)) if dialog.id == LeaseId(1)));
    story.press(&[Key::Esc, Key::Up, Key::Char('x')]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::RevokeMany(dialog)) if dialog.total() == 30));
    story.press(&[Key::Esc, Key::Char('p')]);
    assert_eq!((story.app.view.grouped_len(), name(&story).as_str()), (40, "/svc/1"));
}

/// A group has another number after a freeze: the live groups are numbered when their leases come.
#[test]
fn a_thaw_keeps_the_expanded_group_and_the_cursor_while_others_came() {
    let mut story = services();
    story.press(&[Key::Char('p'), Key::Char('t')]);
    // While the display is frozen by TTL, leases of new services and TTLs come.
    for id in 500..510 {
        story.list(&[id], &[]);
        story.poll(id, id, id, &[&format!("/new/{id}/1")]);
    }
    story.press(&[Key::Enter]);
    let before = (name(&story), story.app.view.grouped_cursor_row());
    let expanded = |story: &Story| {
        let view = story.app.active_view();
        let groups = view.view.groups();
        let expanded = groups.order().iter().filter(|id| view.view.is_expanded(**id));
        expanded.filter_map(|id| Some(groups.get(*id)?.key().name())).collect::<Vec<_>>()
    };
    let frozen = expanded(&story);
    assert_eq!(frozen.len(), 1, "{before:?}");
    story.press(&[Key::Char('p')]);
    assert_eq!(expanded(&story), frozen);
    assert_eq!(name(&story), frozen[0]);
}

#[test]
fn ungrouping_goes_to_the_first_lease_of_the_group_that_was_selected() {
    let mut story = services();
    story.press(&[Key::Char('t'), Key::Char('t'), Key::Char('t'), Key::Char('t'), Key::Char('G')]);
    assert_eq!(name(&story), "/svc/9");
    story.press(&[Key::Char(':')]);
    story.type_in("group none");
    story.press(&[Key::Enter]);
    let view = &story.app.view;
    assert!(!view.is_grouped());
    assert_eq!(view.cursor, Some(LeaseId(9)));
    let row = view.cursor_row().expect("it has a row");
    assert!((view.window.top..view.window.top + view.window.rows).contains(&row), "{row}");
}

#[test]
fn space_on_a_group_of_ended_leases_says_why_it_does_nothing() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.poll(1, 60, 60, &["/svc/a/1"]);
    story.press(&[Key::Char('t')]);
    story.list(&[], &[1]);
    story.press(&[Key::Char(' ')]);
    let status = story.app.view.status.as_ref().map(|status| status.text.as_str());
    assert_eq!(status, Some("All leases of this group are gone; only living leases can be marked"));
}
