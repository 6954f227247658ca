//! A large key space: what is known of its keys, and what they cost.

use super::*;
use crate::app::UndoMeasure;
use crate::app::dialog::Dialog;

/// The scene in a large key space. Not every lease has replied.
fn scene(more: &[(f64, Msg)], size: (u16, u16), keys: &[Key]) -> AppState {
    let mut messages = scene_messages();
    messages.push((48.0, Msg::KeysByLease { revision: 9 }));
    messages.extend_from_slice(more);
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    let mut app = app(AppConfig::default(), messages, size);
    for key in keys {
        update(&mut app, Msg::Key(*key), at(90.0));
        refresh_rows(&mut app, at(90.0));
    }
    app
}

fn picture(app: &AppState, size: (u16, u16)) -> String {
    text(&paint(app, size, Theme::default()))
}

#[test]
fn the_top_line_shows_the_bytes_and_says_when_they_exceed_the_budget() {
    let wide = (120, 24);
    let shown = picture(&scene(&[], wide, &[]), wide);
    assert!(shown.contains("key data 0.0 MB/min (max 8.0)"), "{shown}");
    let much = [(80.0, Msg::KeyBytes(150_000_000)), (81.0, Msg::Tick), (82.0, Msg::Tick)];
    for size in [(80, 24), wide] {
        let app = scene(&much, size, &[]);
        let shown = picture(&app, size);
        assert!(shown.contains("key data over budget: 150.0 of 8.0 MB/min"), "{shown}");
        let told = app.events.lines().filter(|event| format!("{:?}", event.kind).contains("--key-budget"));
        assert_eq!(told.count(), 1);
    }
    let paid = picture(&scene(&[(20.0, Msg::KeyBytes(150_000_000))], wide, &[]), wide);
    assert!(!paid.contains("over budget"), "{paid}");
}

#[test]
fn locks_are_not_denied_while_keys_are_unknown() {
    let size = (80, 24);
    let shown = picture(&scene(&[], size, &[Key::Char('4')]), size);
    assert!(shown.contains("No lock or election is known yet: the keys of some leases"), "{shown}");
}

#[test]
fn a_revoke_dialog_names_the_keys_that_it_has_read() {
    let size = (100, 24);
    let mut app = scene(&[], size, &[]);
    for row in 1..9 {
        let keys = [vec![Key::Esc, Key::Char('g')], vec![Key::Char('j'); row], vec![Key::Char('x')]].concat();
        for key in keys {
            update(&mut app, Msg::Key(key), at(90.0));
            refresh_rows(&mut app, at(90.0));
        }
        if picture(&app, size).contains("Loading its keys") {
            break;
        }
    }
    let Some(Dialog::Revoke(dialog)) = &app.view.dialog else { panic!("no dialog") };
    let ids = vec![dialog.id];
    let size_of_undo = UndoMeasure { first: vec![b"/service/read".to_vec()], keys: 1, bytes: 51 };
    update(&mut app, Msg::UndoMeasured { ids, size: Ok(size_of_undo) }, at(90.0));
    let shown = picture(&app, size);
    assert!(shown.contains("1 key will be deleted:") && shown.contains("  /service/read"), "{shown}");
    assert!(shown.contains("1 key, 51 bytes") && !shown.contains("Loading"), "{shown}");
}
