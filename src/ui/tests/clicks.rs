//! Clicks on tabs, key hints, rows and buttons: each does what is drawn there.

use super::*;
use crate::app::{ClickTarget, ClusterChoice, ClusterLabel, View};

/// What a click on a text of the screen hits.
fn hit_on(app: &AppState, size: (u16, u16), text_at: &str) -> Option<ClickTarget> {
    hit_at(app, size, text_at, 0)
}

/// What a click on a character of a text of the screen hits.
fn hit_at(app: &AppState, size: (u16, u16), text_at: &str, place: usize) -> Option<ClickTarget> {
    let wall = WallClock { start: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
    let ctx = RenderContext { app, now: at(90.0), wall: &wall, theme: Theme::default() };
    let picture = text(&paint(app, size, Theme::default()));
    let (row, line) = picture.lines().enumerate().find(|(_, line)| line.contains(text_at)).expect(text_at);
    let column = line[..line.find(text_at).expect("it is there")].chars().count();
    hit(ctx, size, ((column + place) as u16, row as u16))
}

fn pressed(size: (u16, u16), keys: &[Key]) -> AppState {
    let mut app = app(AppConfig::default(), scene_messages(), size);
    for key in keys {
        update(&mut app, Msg::Key(*key), at(90.0));
        refresh_rows(&mut app, at(90.0));
    }
    app
}

#[test]
fn a_tab_shows_its_view() {
    assert_eq!(hit_on(&pressed((40, 12), &[]), (40, 12), "2  3"), Some(ClickTarget::Tab(View::Cadence)));
    for size in [(80, 24), (140, 40)] {
        let app = pressed(size, &[]);
        for (name, view) in [("1 Leases", View::Leases), ("2 Cad", View::Cadence), ("5 Members", View::Members)] {
            assert_eq!(hit_on(&app, size, name), Some(ClickTarget::Tab(view)), "{size:?}");
        }
    }
}

#[test]
fn a_hint_presses_its_key() {
    let app = pressed((140, 40), &[]);
    for (text, key) in [("x revoke", 'x'), ("revoke", 'x'), ("? help", '?'), ("q quit", 'q'), ("n new", 'n')] {
        assert_eq!(hit_on(&app, (140, 40), text), Some(ClickTarget::Key(Key::Char(key))), "{text}");
    }
    assert_eq!(hit_on(&app, (140, 40), "filter: none"), None);
}

#[test]
fn without_a_lease_no_key_for_one_is_offered() {
    let app = app(AppConfig::default(), vec![(0.0, Msg::Cluster(cluster()))], (200, 40));
    let picture = text(&paint(&app, (200, 40), Theme::default()));
    let footer = picture.lines().last().unwrap();
    assert!(footer.contains("n new") && !footer.contains("revoke") && !footer.contains("Enter"), "{footer}");
}

#[test]
fn a_hint_of_the_tab_line_types_nothing_into_a_filter() {
    for view in ['1', '3'] {
        let app = pressed((140, 40), &[view, '/'].map(Key::Char));
        assert_eq!(hit_on(&app, (140, 40), "? help"), None);
        assert_eq!(hit_on(&app, (140, 40), "Enter apply"), Some(ClickTarget::Key(Key::Enter)));
    }
}

#[test]
fn a_button_answers_and_nothing_else_does_while_a_dialog_is_open() {
    let revoke: Vec<Key> = ['g', 'j', 'x'].map(Key::Char).to_vec();
    for size in [(40, 12), (80, 24), (140, 40)] {
        let app = pressed(size, &revoke);
        assert_eq!(hit_on(&app, size, "Cancel"), Some(ClickTarget::Key(Key::Esc)), "{size:?}");
        assert_eq!(hit_on(&app, size, "y revoke"), Some(ClickTarget::Key(Key::Char('y'))), "{size:?}");
        assert_eq!(hit_on(&app, size, if size.0 == 40 { "3 own" } else { "Cadence" }), None, "{size:?}");
    }
}

#[test]
fn a_button_does_what_it_says_wherever_it_is_clicked_and_whatever_has_the_focus() {
    for size in [(30, 9), (40, 12), (80, 24), (140, 40)] {
        let label = |name: &str| ClusterLabel { name: name.to_owned(), color: None };
        let clusters = ["prod", "test"]
            .map(|name| ClusterChoice { name: name.to_owned(), color: None, target: name.to_owned() })
            .to_vec();
        let config = AppConfig { label: Some(label("prod")), clusters, ..AppConfig::default() };
        let mut leaving = app(config, scene_messages(), size);
        let keys = ":cluster test\r".chars().map(|c| if c == '\r' { Key::Enter } else { Key::Char(c) });
        keys.for_each(|key| drop(update(&mut leaving, Msg::Key(key), at(90.0))));
        let quitting = pressed(size, &[Key::Char('q'), Key::Tab]);
        for (app, buttons) in [
            (&quitting, &[("Quit", 'q'), ("Revoke mine and quit", 'r')][..]),
            (&leaving, &[("Keep renewing", 'k'), ("Revoke mine", 'r'), ("Stop", 's')]),
        ] {
            let picture = text(&paint(app, size, Theme::default()));
            let Some(line) = picture.lines().find(|line| line.contains("Cancel")) else { continue };
            for place in 0.."Cancel".len() {
                assert_eq!(hit_at(app, size, "Cancel", place), Some(ClickTarget::Key(Key::Esc)), "{line}");
            }
            for (words, key) in buttons.iter().filter(|(words, _)| picture.contains(&format!("{words}  "))) {
                for place in 0..words.len() {
                    let hit = hit_at(app, size, &format!("{words}  "), place);
                    assert_eq!(hit, Some(ClickTarget::Key(Key::Char(*key))), "{words} {place}: {picture}");
                }
            }
        }
    }
}

#[test]
fn the_row_of_a_group_is_found() {
    let app = pressed((140, 40), &[Key::Char('t')]);
    let first = app.view.groups().order()[0];
    let name = app.view.groups().get(first).expect("it exists").key().name();
    assert_eq!(hit_on(&app, (140, 40), &format!("▸ {name}")), Some(ClickTarget::Group(first)));
    assert_eq!(hit_on(&app, (140, 40), "Enter show/hide leases"), Some(ClickTarget::Key(Key::Enter)));
}

#[test]
fn a_row_and_a_column_title_are_found_below_the_strip() {
    for size in [(40, 12), (80, 24), (140, 40)] {
        let app = pressed(size, &[]);
        assert_eq!(hit_on(&app, size, "/service"), Some(ClickTarget::Row(LeaseId(OWN))), "{size:?}");
        assert!(matches!(hit_on(&app, size, "STATE"), Some(ClickTarget::Header(_))), "{size:?}");
    }
}
