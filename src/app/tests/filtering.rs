//! The filter line and the quick filters.

use super::*;

/// Two own leases, one of another client, and one not polled yet.
fn crowd() -> Story {
    let mut story = Story::start(by_left());
    story.grant(1, 10);
    story.grant(2, 120);
    story.list(&[3, 4], &[]);
    story.poll(3, 29, 30, &["/svc/billing", "/svc/mail"]);
    story
}

fn bad(story: &Story) -> Option<usize> {
    story.app.active_view().view.row_filter.line.as_ref().and_then(|line| line.bad.as_ref()).map(|bad| bad.at)
}

fn typed(story: &Story) -> &str {
    story.app.active_view().view.row_filter.typed.text()
}

#[test]
fn typing_filters_at_once_and_enter_applies_it() {
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    assert_eq!(story.rows(), [1, 3, 2, 4]);
    story.type_in("who:own");
    assert_eq!(story.rows(), [1, 2]);
    story.type_in(" ttl>60");
    assert_eq!(story.rows(), [2]);
    assert_eq!(story.app.leases.len(), 4);
    story.press(&[Key::Enter]);
    assert_eq!((story.rows(), typed(&story)), (vec![2], "who:own ttl>60"));
    assert!(story.app.view.row_filter.line.is_none());
    story.press(&[Key::Char('/'), Key::Ctrl('u')]);
    story.type_in("billing");
    assert_eq!(story.rows(), [3]);
}

#[test]
fn an_invalid_filter_leaves_the_last_valid_one_and_stays_open() {
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    story.type_in("ttl<60");
    assert_eq!(story.rows(), [1, 3]);
    story.type_in(" (left");
    assert_eq!((bad(&story), story.rows()), (Some(7), vec![1, 3]));
    story.press(&[Key::Enter]);
    assert!(story.app.view.row_filter.line.is_some(), "it still says why");
    story.type_in("<5x)");
    assert_eq!((bad(&story), story.rows()), (Some(13), vec![1, 3]));
    story.press(&[Key::Left, Key::Backspace, Key::Enter]);
    assert_eq!((bad(&story), story.rows(), typed(&story)), (None, vec![], "ttl<60 (left<5)"));
    assert!(story.app.view.row_filter.line.is_none());
}

#[test]
fn an_incomplete_condition_is_no_valid_filter() {
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    story.type_in("ttl<60 state");
    assert!(story.rows().is_empty(), "as yet it is a part of a key");
    story.type_in(":lat");
    assert_eq!((bad(&story), story.rows(), typed(&story)), (Some(13), vec![1, 3], "ttl<60"));
    story.press(&[Key::Backspace; 3]);
    story.type_in("ok");
    assert_eq!((bad(&story), story.rows()), (None, vec![1, 3]));
}

#[test]
fn esc_clears_the_typed_text_then_the_applied_filter() {
    for leave in [Key::Esc, Key::Ctrl('c')] {
        let mut story = crowd();
        story.press(&[Key::Char('/')]);
        story.type_in("who:own");
        assert_eq!(story.press(&[leave]), []);
        assert_eq!((story.rows().len(), typed(&story)), (4, ""));
    }
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    story.type_in("ttl<60");
    story.press(&[Key::Enter, Key::Enter]);
    assert!(story.app.view.is_open, "the second Enter opens the lease");
    story.press(&[Key::Esc]);
    assert_eq!((story.app.view.is_open, story.rows()), (false, vec![1, 3]));
    story.press(&[Key::Esc]);
    assert_eq!(story.rows().len(), 4);
}

#[test]
fn letters_are_typed_and_never_run_commands() {
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    assert_eq!(story.type_in("qxyaonpr?!f1 /<>sI"), []);
    assert!(story.app.view.dialog.is_none() && story.app.frozen.is_none());
    assert_eq!(story.app.view.row_filter.line.as_ref().unwrap().input.value(), "qxyaonpr?!f1 /<>sI");
}

#[test]
fn a_pasted_filter_applies() {
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    story.send(Msg::Pasted("who:own\nttl=10\r\n".into()));
    assert_eq!(
        (story.rows(), story.app.view.row_filter.line.as_ref().unwrap().input.value()),
        (vec![1], "who:own ttl=10")
    );
}

#[test]
fn the_cursor_moves_while_a_filter_is_typed() {
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    story.type_in("who:own");
    story.press(&[Key::Down]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(2)));
    story.press(&[Key::Up, Key::PageDown, Key::PageUp]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(1)));
}

#[test]
fn the_cursor_stays_on_its_lease_while_it_matches() {
    let mut story = crowd();
    story.press(&[Key::Down, Key::Down]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(2)));
    story.press(&[Key::Char('/')]);
    story.type_in("who:own");
    assert_eq!((story.app.view.cursor, story.app.view.cursor_row()), (Some(LeaseId(2)), Some(1)));
    story.type_in(" ttl=10");
    assert_eq!(story.app.view.cursor, Some(LeaseId(1)), "without its row the cursor moves");
}

#[test]
fn the_cursor_returns_to_its_lease_when_the_filter_is_cleared() {
    let mut story = crowd();
    story.press(&[Key::Down, Key::Down]);
    let mine = story.app.view.cursor;
    let hide = |story: &mut Story| {
        story.press(&[Key::Char('/')]);
        story.type_in("zzzz");
    };
    hide(&mut story);
    assert_ne!(story.app.view.cursor, mine);
    story.press(&[Key::Esc]);
    assert_eq!(story.app.view.cursor, mine);
    story.press(&[Key::Char('f'), Key::Char('f'), Key::Char('f'), Key::Char('f'), Key::Esc]);
    assert_eq!(story.app.view.cursor, mine);
    hide(&mut story);
    story.press(&[Key::Esc, Key::Up]);
    let moved = story.app.view.cursor;
    hide(&mut story);
    story.press(&[Key::Esc]);
    assert!(moved != mine && story.app.view.cursor == moved, "moving selects another lease");
}

#[test]
fn a_cursor_moved_among_groups_does_not_return_to_a_hidden_lease() {
    let mut story = crowd();
    story.press(&[Key::Down, Key::Down]);
    let hidden = story.app.view.cursor;
    story.press(&[Key::Char('/')]);
    story.type_in("ttl=10");
    story.press(&[Key::Enter, Key::Char('t'), Key::Enter, Key::Down]);
    let chosen = story.app.view.cursor;
    while story.app.view.is_grouped() {
        story.press(&[Key::Char('t')]);
    }
    story.press(&[Key::Esc]);
    assert!(chosen != hidden && story.app.view.cursor == chosen, "{:?}", story.app.view.cursor);
}

#[test]
fn quick_filters_rotate_and_combine_with_the_typed_filter() {
    let mut story = crowd();
    story.list(&[], &[4]);
    let mut turn = Vec::new();
    for _ in 0..4 {
        story.press(&[Key::Char('f')]);
        turn.push((story.app.view.row_filter.preset, story.rows()));
    }
    let expected = [
        (FilterPreset::Own, vec![1, 2]),
        (FilterPreset::Others, vec![3, 4]),
        (FilterPreset::Ended, vec![4]),
        (FilterPreset::All, vec![1, 3, 2, 4]),
    ];
    assert_eq!(turn, expected);
    story.press(&[Key::Char('f'), Key::Char('/')]);
    story.type_in("ttl<60");
    story.press(&[Key::Enter]);
    assert_eq!(story.rows(), [1]);
    story.press(&[Key::Esc]);
    assert_eq!((story.rows().len(), story.app.view.row_filter.preset), (4, FilterPreset::All));
}

#[test]
fn presets_start_with_problems_and_skip_those_without_a_lease() {
    let mut story = Story::start(AppConfig::default());
    let press = |story: &mut Story| {
        story.press(&[Key::Char('f')]);
        story.app.view.row_filter.preset
    };
    assert_eq!(press(&mut story), FilterPreset::All);
    assert_eq!(story.app.view.status.as_ref().unwrap().text, "f: no preset matches a lease");
    story.grant(1, 10);
    story.renewed(1, 10, 3.5);
    story.wait(5.0);
    refresh_rows(&mut story.app, story.now);
    assert_eq!((story.state(1), press(&mut story)), ("late", FilterPreset::AtRisk));
    assert_eq!([press(&mut story), press(&mut story)], [FilterPreset::Own, FilterPreset::All]);
}

#[test]
fn leases_that_were_never_renewed_are_found() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[7, 8, 9], &[]);
    story.app.view.row_filter.set("renewals=0".parse().unwrap());
    refresh_rows(&mut story.app, story.now);
    assert!(story.rows().is_empty(), "nothing is known yet");
    for left in [600, 599, 598] {
        story.poll(7, left, 600, &[]);
        story.poll(8, if left == 598 { 600 } else { left }, 600, &[]);
        story.wait(1.0);
    }
    refresh_rows(&mut story.app, story.now);
    assert_eq!(story.rows(), [7], "8 was renewed, and 9 has no reply");
}

#[test]
fn a_lease_starts_and_stops_matching_as_time_passes() {
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    story.type_in("left<5s");
    story.press(&[Key::Enter]);
    let mut seen = Vec::new();
    for wait in [4.9, 0.1, 0.1] {
        story.wait(wait);
        refresh_rows(&mut story.app, story.now);
        seen.push(story.rows());
    }
    assert_eq!(seen, [vec![], vec![], vec![1]], "5 s are not less than 5 s");
    story.renewed(1, 10, 3.5);
    assert!(story.rows().is_empty());
}

#[test]
fn a_filter_applies_to_the_frozen_view_and_remains_afterwards() {
    let mut story = crowd();
    story.press(&[Key::Char('p')]);
    story.wait(20.0);
    story.list(&[5], &[1]);
    story.press(&[Key::Char('/')]);
    story.type_in("left<11s");
    let shown = |story: &Story| {
        let (app, _) = story.app.displayed(story.now);
        app.view.order().iter().map(|id| id.0).collect::<Vec<_>>()
    };
    assert_eq!((shown(&story), story.rows().len()), (vec![1], 5), "as of the moment of the picture");
    story.press(&[Key::Enter, Key::Char('p')]);
    assert_eq!((story.app.frozen.is_some(), story.rows(), typed(&story)), (false, vec![3], "left<11s"));
}

#[test]
fn the_command_line_option_applies_from_the_start() {
    let filter: TypedFilter = " who:own ".parse().unwrap();
    let mut story = Story::start(AppConfig { filter, ..AppConfig::default() });
    story.grant(1, 10);
    story.list(&[3], &[]);
    assert_eq!((story.rows(), typed(&story)), (vec![1], "who:own"));
    assert!("left<".parse::<TypedFilter>().is_err());
}

#[test]
fn each_view_has_its_own_filter() {
    let mut story = crowd();
    story.press(&[Key::Enter, Key::Char('/')]);
    assert!(!story.app.view.is_open && story.app.view.row_filter.line.is_some());
    story.press(&[Key::Esc, Key::Char('3'), Key::Char('/')]);
    assert!(story.app.view.row_filter.line.is_none() && story.app.view.is_filter_open());
    story.press(&[Key::Esc, Key::Char('f')]);
    assert_eq!((story.app.view.row_filter.preset, story.app.view.events_view.category), (FilterPreset::All, None));
}

/// The values that a filter accepts after a prefix, as its error lists them.
fn words_after(prefix: &str) -> Vec<String> {
    let bad = format!("{prefix}:?").parse::<crate::filter::Filter>().expect_err("no such word");
    let (_, words) = bad.expected.split_once("one of: ").expect("the words");
    words.split(' ').map(str::to_owned).collect()
}

#[test]
fn the_filter_accepts_exactly_the_existing_states_and_owners() {
    let states = {
        use LeaseState::{Dying, Late, Ok, Paused, Risk, Stalled, Unrenewed, Unseen};
        [Ok, Paused, Stalled, Unrenewed, Late, Risk, Unseen, Dying]
    };
    let deaths = [
        EndCause::Expired,
        EndCause::RanOut,
        EndCause::Revoked,
        EndCause::Replaced,
        EndCause::Unknown,
        EndCause::NotRestored,
    ];
    let deaths = deaths.map(LeaseState::Ended);
    let states: Vec<String> = states.iter().chain(&deaths).map(|state| state.word().replace(' ', "-")).collect();
    assert_eq!(words_after("state"), states);
    assert_eq!(words_after("who"), [Ownership::Own, Ownership::Adopted, Ownership::Other].map(Ownership::word));
}

#[test]
fn tab_completes_the_filter_and_applies_it() {
    let mut story = crowd();
    story.press(&[Key::Char('/')]);
    story.type_in("wh");
    story.press(&[Key::Tab, Key::Tab]);
    let text = |story: &Story| story.app.view.row_filter.line.as_ref().unwrap().input.value().to_owned();
    assert_eq!((text(&story), story.rows()), ("who:own".to_owned(), vec![1, 2]));
    story.press(&[Key::Tab, Key::Tab]);
    assert_eq!((text(&story), story.rows()), ("who:other".to_owned(), vec![3, 4]));
    story.press(&[Key::BackTab, Key::BackTab]);
    assert_eq!(text(&story), "who:own");
    story.type_in(" ttl>60");
    assert_eq!(story.rows(), [2]);
}

#[test]
fn figures_that_change_by_time_alone_start_and_stop_matching() {
    let mut story = crowd();
    story.renewed(1, 10, 3.5);
    let seen = |story: &mut Story, text: &str, waits: &[f64]| {
        story.app.view.row_filter.typed = text.parse().expect("a filter");
        let mut seen = Vec::new();
        for wait in waits {
            story.wait(*wait);
            refresh_rows(&mut story.app, story.now);
            seen.push(story.rows().contains(&1));
        }
        seen
    };
    assert_eq!(seen(&mut story, "last>2s", &[0.0, 1.9, 0.2]), [false, false, true]);
    story.renewed(1, 10, 3.5);
    assert_eq!(seen(&mut story, "next<1s", &[0.0, 2.4, 0.2]), [false, false, true]);
    story.renewed(1, 10, 3.5);
    assert_eq!(seen(&mut story, "last<=2s", &[0.0, 2.0, 0.1]), [true, true, false]);
}

#[test]
fn figures_of_columns_can_be_compared() {
    let mut story = crowd();
    story.renewed(1, 10, 3.5);
    let matches = |story: &mut Story, text: &str| {
        story.app.view.row_filter.typed = text.parse().expect("a filter");
        refresh_rows(&mut story.app, story.now);
        story.rows().contains(&1)
    };
    for text in ["every>3s", "share>30%", "share<40%", "q>=0", "drop=0", "service:/ or who:own", "renewer:leasetop"] {
        assert!(matches(&mut story, text), "{text}");
    }
    for text in ["every>5s", "share>60%", "q>=16", "renewer:nobody", "service:orders"] {
        assert!(!matches(&mut story, text), "{text}");
    }
}
