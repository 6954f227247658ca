//! Pins: some leases before all others.

use super::*;

const PIN: Key = Key::Char('P');

/// Leases of other clients, with these seconds left.
fn story(leases: &[(i64, i64)]) -> Story {
    let mut story = Story::start(by_left());
    let ids: Vec<i64> = leases.iter().map(|(id, _)| *id).collect();
    story.list(&ids, &[]);
    for (id, ttl) in leases {
        story.poll(*id, *ttl, *ttl, &[]);
    }
    story
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

#[test]
fn pinned_leases_come_first_in_the_sort_order() {
    let mut story = story(&[(1, 10), (2, 20), (3, 30), (4, 40)]);
    story.press(&[Key::Char('G'), PIN]);
    assert_eq!((story.rows(), story.app.view.cursor), (vec![4, 1, 2, 3], Some(LeaseId(4))));
    assert!(note(&story).starts_with("Pinned "), "{}", note(&story));
    story.press(&[Key::Down, Key::Down, PIN]);
    assert_eq!((story.rows(), story.app.view.cursor), (vec![2, 4, 1, 3], Some(LeaseId(2))), "least time left first");
    story.press(&[Key::Char('I')]);
    assert_eq!(story.rows(), [4, 2, 3, 1], "in any sort order");
    story.press(&[PIN]);
    assert_eq!(story.rows(), [4, 3, 2, 1]);
    assert!(note(&story).starts_with("Unpinned "), "{}", note(&story));
}

#[test]
fn marked_leases_are_pinned_and_unpinned_together() {
    let mut story = story(&[(1, 10), (2, 20), (3, 30)]);
    story.press(&[Key::Char('G'), PIN, Key::Char('g'), Key::Char(' '), Key::Down, Key::Char(' ')]);
    assert_eq!((story.app.view.selection.len(), story.rows()), (2, vec![3, 1, 2]));
    story.press(&[PIN]);
    assert_eq!((note(&story), story.rows()), ("Pinned 2 leases", vec![2, 3, 1]));
    story.press(&[PIN]);
    assert_eq!((note(&story), story.rows()), ("Unpinned 2 leases", vec![1, 2, 3]));
}

#[test]
fn a_filter_hides_and_counts_a_pinned_lease() {
    let mut story = story(&[(1, 10), (2, 20), (3, 30)]);
    story.press(&[Key::Char('G'), PIN]);
    assert_eq!((story.app.leases.counts.pinned, story.app.hidden_pins()), (1, 0));
    story.type_in("/ttl<30");
    story.press(&[Key::Enter]);
    assert_eq!((story.rows(), story.app.leases.counts.pinned, story.app.hidden_pins()), (vec![1, 2], 1, 1));
    story.press(&[Key::Esc]);
    assert_eq!((story.rows(), story.app.hidden_pins()), (vec![3, 1, 2], 0));
}

#[test]
fn a_pin_survives_the_freeze_in_both_directions() {
    let mut story = story(&[(1, 10), (2, 20), (3, 30)]);
    story.press(&[Key::Char('p'), Key::Char('G'), PIN]);
    let picture = |story: &Story| story.app.displayed(story.now).0.view.order().to_vec();
    assert_eq!(picture(&story), [LeaseId(3), LeaseId(1), LeaseId(2)], "in the picture");
    story.press(&[Key::Char('p')]);
    assert_eq!(story.rows(), [3, 1, 2], "and after it");
    story.press(&[Key::Char('p'), PIN, Key::Char('p')]);
    assert_eq!(story.rows(), [1, 2, 3]);
}

#[test]
fn ended_leases_cannot_be_pinned_and_a_pin_ends_with_its_row() {
    let mut story = story(&[(1, 10), (2, 20)]);
    story.press(&[Key::Char('G'), PIN]);
    story.wait(1.0);
    story.list(&[], &[2]);
    story.press(&[PIN]);
    assert_eq!(note(&story), "Only living leases can be pinned");
    assert_eq!((story.rows(), story.app.leases.counts.pinned, story.app.hidden_pins()), (vec![2, 1], 0, 0));
    story.wait(40.0);
    story.send(Msg::Tick);
    story.list(&[2], &[]);
    assert_eq!(story.app.leases.get(LeaseId(2)).map(|lease| lease.is_pinned), Some(false), "another lease starts");
}

#[test]
fn pinning_does_nothing_without_a_row_or_in_other_views() {
    let mut empty = Story::start(by_left());
    empty.press(&[PIN]);
    assert_eq!(note(&empty), "P: no lease is selected");
    let mut story = story(&[(1, 10), (2, 20)]);
    story.press(&[Key::Char('G'), Key::Char('3'), PIN, Key::Char('1')]);
    assert_eq!((story.rows(), story.app.leases.counts.pinned), (vec![1, 2], 0));
}

#[test]
fn the_demo_pins_the_leases_that_it_starts_with_and_none_of_the_user() {
    let mut story = Story::start(AppConfig { is_demo: true, ..by_left() });
    let is_pinned = |story: &Story, id| story.app.leases.get(LeaseId(id)).unwrap().is_pinned;
    story.grant(1, 10);
    assert!(is_pinned(&story, 1));
    story.type_in("n2");
    story.press(&[Key::Enter]);
    story.grant(2, 120);
    assert!(!is_pinned(&story, 2));
}
