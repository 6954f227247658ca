//! Pinned leases come first.

use super::*;

const PIN: Key = Key::Char('P');

/// Other clients' leases, with these seconds left.
fn story(leases: &[(i64, i64)]) -> Story {
    let mut story = Story::begin(AppConfig::default());
    let ids: Vec<i64> = leases.iter().map(|(id, _)| *id).collect();
    story.list(&ids, &[]);
    for (id, ttl) in leases {
        story.probe(*id, *ttl, *ttl, &[]);
    }
    story
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

#[test]
fn pinned_leases_stand_first_in_the_order_of_the_others() {
    let mut story = story(&[(1, 10), (2, 20), (3, 30), (4, 40)]);
    story.press(&[Key::Char('G'), PIN]);
    assert_eq!((story.rows(), story.app.view.cursor), (vec![4, 1, 2, 3], Some(LeaseId(4))));
    assert!(note(&story).ends_with("is pinned to the top"), "{}", note(&story));
    story.press(&[Key::Down, Key::Down, PIN]);
    assert_eq!((story.rows(), story.app.view.cursor), (vec![2, 4, 1, 3], Some(LeaseId(2))), "least time left first");
    story.press(&[Key::Char('I')]);
    assert_eq!(story.rows(), [4, 2, 3, 1], "whatever they are sorted by");
    story.press(&[PIN]);
    assert_eq!(story.rows(), [4, 3, 2, 1]);
    assert!(note(&story).ends_with("is not pinned any more"), "{}", note(&story));
}

#[test]
fn marked_leases_are_pinned_together_and_let_go_together() {
    let mut story = story(&[(1, 10), (2, 20), (3, 30)]);
    story.press(&[Key::Char('G'), PIN, Key::Char('g'), Key::Char(' '), Key::Down, Key::Char(' ')]);
    assert_eq!((story.app.view.selection.len(), story.rows()), (2, vec![3, 1, 2]));
    story.press(&[PIN]);
    assert_eq!((note(&story), story.rows()), ("2 leases are pinned to the top", vec![2, 3, 1]));
    story.press(&[PIN]);
    assert_eq!((note(&story), story.rows()), ("2 leases are not pinned any more", vec![1, 2, 3]));
}

#[test]
fn a_filter_hides_a_pinned_lease_as_any_other_and_it_is_counted() {
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
fn the_dead_are_not_pinned_and_a_pin_dies_with_its_row() {
    let mut story = story(&[(1, 10), (2, 20)]);
    story.press(&[Key::Char('G'), PIN]);
    story.wait(1.0);
    story.list(&[], &[2]);
    story.press(&[PIN]);
    assert_eq!(note(&story), "it is gone: only living leases are pinned");
    assert_eq!((story.rows(), story.app.leases.counts.pinned, story.app.hidden_pins()), (vec![2, 1], 0, 0));
    story.wait(40.0);
    story.tell(Msg::Tick);
    story.list(&[2], &[]);
    assert_eq!(story.app.leases.get(LeaseId(2)).map(|lease| lease.is_pinned), Some(false), "another life begins");
}

#[test]
fn without_a_row_and_in_other_views_the_key_does_nothing() {
    let mut empty = Story::begin(AppConfig::default());
    empty.press(&[PIN]);
    assert!(empty.app.view.status.is_none());
    let mut story = story(&[(1, 10), (2, 20)]);
    story.press(&[Key::Char('G'), Key::Char('3'), PIN, Key::Char('1')]);
    assert_eq!((story.rows(), story.app.leases.counts.pinned), (vec![1, 2], 0));
}
