//! Rows of the table: filter, sort and column choice.

use super::*;
use crate::app::Column;

const SIZES: [(u16, u16); 4] = [(24, 6), (40, 12), (80, 24), (140, 40)];

fn typed(text: &str) -> Vec<Key> {
    [vec![Key::Char('/')], text.chars().map(Key::Char).collect()].concat()
}

#[test]
fn a_filter_is_typed_above_the_rows_and_a_wrong_one_is_explained_under_it() {
    for size in SIZES {
        let name = |what: &str| format!("filter_{what}_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name("typed"), screen(size, &typed("ttl>20 !state:dying")));
        insta::assert_snapshot!(name("wrong"), screen(size, &typed("ttl>20 state:lax")));
        insta::assert_snapshot!(name("completed"), screen(size, &typed("ttl>20 warn:")));
        insta::assert_snapshot!(name("kept"), screen(size, &[typed("ttl>20"), vec![Key::Enter]].concat()));
    }
}

#[test]
fn a_filter_that_hides_all_says_so() {
    insta::assert_snapshot!("filter_none_80x24", screen((80, 24), &[typed("nobody"), vec![Key::Enter]].concat()));
}

#[test]
fn the_mute_menu_says_how_long_a_mute_lasts_and_names_the_service() {
    let menu = screen((80, 24), &[Key::Char('g'), Key::Down, Key::Char('M')]);
    assert!(menu.contains("A mute lasts until the lease gets worse."), "{menu}");
    let muted = [Key::Char('g'), Key::Down, Key::Char('M'), Key::Down, Key::Enter, Key::Char('M')];
    let menu = screen((80, 24), &muted);
    assert!(menu.contains("again for service /") && !menu.contains("A mute lasts"), "{menu}");
}

#[test]
fn the_caret_points_at_the_fault() {
    let picture = painted((80, 24), &typed("日本 left<5x"), Theme::default());
    let find = |sign: &str, y: u16| (0..80).find(|x| picture[(*x, y)].symbol() == sign);
    assert!(find("^", 3).is_some());
    assert_eq!(find("^", 3), find("5", 2));
    assert!(text(&picture).contains("^ expected a duration: 30, 500ms, 2m, 1h"), "{}", text(&picture));
}

#[test]
fn the_caret_points_at_the_fault_in_a_scrolled_filter() {
    let find = |picture: &Buffer, sign: &str, y: u16| (0..80_u16).find(|x| picture[(*x, y)].symbol() == sign);
    let picture = painted((80, 24), &typed(&format!("left<5x {}", "a".repeat(112))), Theme::default());
    assert_eq!(find(&picture, "^", 3), Some(3), "the left edge of the text: {}", text(&picture));
    let picture = painted((80, 24), &typed(&format!("{} left<5x", "a".repeat(112))), Theme::default());
    assert!(find(&picture, "^", 3).is_some());
    assert_eq!(find(&picture, "^", 3), find(&picture, "5", 2), "{}", text(&picture));
}

#[test]
fn what_is_typed_is_escaped() {
    let picture = screen((80, 24), &[typed("a\u{202e}b\"\u{1b}"), vec![Key::Char('"'), Key::Enter]].concat());
    assert!(!picture.contains('\u{202e}') && !picture.contains('\u{1b}'));
    assert!(picture.contains("/a\\u{202e}b"), "{picture}");
}

#[test]
fn the_title_says_what_is_sorted_by() {
    let keys = [vec![Key::Char('>'); 4], vec![Key::Char('I')]].concat();
    let picture = screen((80, 24), &keys);
    assert!(picture.contains("sort: TTL ↓"), "{picture}");
    insta::assert_snapshot!("sorted_140x40", screen((140, 40), &keys));
}

/// Marks at every size. The last marked lease has a reason why it could not be revoked.
#[test]
fn marks_stand_beside_the_rows() {
    for size in SIZES {
        let mut app = app(AppConfig::default(), scene_messages(), size);
        let press = |app: &mut AppState, keys: Vec<Key>, seconds| {
            keys.into_iter().for_each(|key| {
                update(app, Msg::Key(key), at(seconds));
                refresh_rows(app, at(seconds));
            })
        };
        press(&mut app, [marked(3), vec![Key::Char('x'), Key::Char('3')]].concat(), 89.8);
        press(&mut app, vec![Key::Enter], 90.0);
        let trouble = CallFailure {
            is_not_found: false,
            is_forbidden: false,
            is_unauthenticated: false,
            text: "no\x1b[2J answer in time".into(),
        };
        update(&mut app, Msg::RevokeFailed { id: LeaseId(-5), failure: trouble }, at(90.0));
        update(&mut app, Msg::Revoked { id: LeaseId(OWN), revision: 1210, keys_deleted: Some(1) }, at(90.0));
        refresh_rows(&mut app, at(90.0));
        insta::assert_snapshot!(format!("revoking_{}x{}", size.0, size.1), text(&paint(&app, size, Theme::default())));
        press(&mut app, vec![Key::Esc, Key::Char('g'), Key::Down, Key::Down, Key::Char('v'), Key::Down], 90.0);
        (app.view.status, app.view.cursor) = (None, Some(LeaseId(-5)));
        insta::assert_snapshot!(format!("marks_{}x{}", size.0, size.1), text(&paint(&app, size, Theme::default())));
    }
}

/// The filter hides one of two pinned rows; another row is marked as well.
#[test]
fn pins_stand_at_the_right_of_the_rows_and_are_counted() {
    let [pin, mark, down] = ['P', ' ', 'j'].map(Key::Char);
    let keys = [vec![Key::Char('g'), pin, down, down, pin, mark], typed("ttl>20"), vec![Key::Enter]];
    for size in SIZES {
        insta::assert_snapshot!(format!("pins_{}x{}", size.0, size.1), screen(size, &keys.concat()));
    }
}

#[test]
fn chosen_columns_are_shown_in_their_order() {
    let columns = vec![Column::FirstKey, Column::Keys, Column::State, Column::Left];
    let size = (80, 24);
    let app = app(AppConfig { columns, ..AppConfig::default() }, scene_messages(), size);
    insta::assert_snapshot!("columns_80x24", text(&paint(&app, size, Theme::default())));
}

#[test]
fn a_selected_group_has_a_bar_and_the_line_of_the_tabs_says_what_orders_groups() {
    let picture = screen((140, 40), &[Key::Char('t')]);
    assert!(picture.contains("▌▸"), "{picture}");
    assert!(picture.contains("groups: problems") && !picture.contains("sort: "), "{picture}");
    assert!(!picture.contains("No lease selected"), "{picture}");
}
