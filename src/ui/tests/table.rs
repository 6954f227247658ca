//! The lease table: keys that can be read at every width, the gutter, colours, and the column menu.

use proptest::prelude::*;
use ratatui::style::{Color, Modifier};

use super::*;
use crate::app::{Column, LeaseState};
use crate::id_format::IdFormat;
use crate::width::DisplayWidth;

const KEY: &str = "/svc/orders/10.0.1.54:8000";

/// Leases with these keys, polled at 89 s.
fn leases_with_keys(keys: &[Vec<Vec<u8>>]) -> Vec<(f64, Msg)> {
    let ids: Vec<LeaseId> = (0x70..).take(keys.len()).map(LeaseId).collect();
    let listing = Listing { sent: at(88.0), received: at(88.0), born: ids.clone(), ..Listing::default() };
    let polled = |(id, keys): (&LeaseId, &Vec<Vec<u8>>)| {
        let answer = TimeToLive { id: *id, ttl: 50, granted_ttl: 60, keys: keys.clone(), header: Header::default() };
        (89.0, Msg::Polled { sent: at(89.0), received: at(89.0), answer, has_keys: true })
    };
    let mut messages = scene_messages();
    messages.push((88.0, Msg::Listed(listing)));
    messages.extend(ids.iter().zip(keys).map(polled));
    messages
}

#[test]
fn a_key_of_26_characters_is_readable_in_every_row() {
    assert_eq!(KEY.len(), 26);
    let one = vec![KEY.into()];
    let five = (0..5).map(|n| format!("/svc/orders/10.0.1.54:800{n}").into_bytes()).collect();
    let keys: Vec<Vec<Vec<u8>>> = vec![one.clone(), five, one.clone(), one];
    for width in [80, 100, 120, 160] {
        for with_own in [true, false] {
            let mut messages = leases_with_keys(&keys);
            if !with_own {
                messages.retain(|(_, msg)| !matches!(msg, Msg::Granted { .. } | Msg::Statuses(_) | Msg::Engine(_)));
            }
            let app = app(AppConfig::default(), messages, (width, 40));
            let picture = text(&paint(&app, (width, 40), Theme::default()));
            let rows: Vec<&str> =
                picture.lines().filter(|line| line.contains("● ok") && line.contains("/svc/o")).collect();
            assert!(rows.len() >= 4, "{width}:\n{picture}");
            assert!(rows.iter().all(|row| is_readable(row)), "{width}:\n{picture}");
        }
    }
}

/// Whether a row has the whole key, or both its ends and at least 20 of its characters.
fn is_readable(row: &str) -> bool {
    if row.contains(KEY) {
        return true;
    }
    let Some((head, tail)) = row.split_once('…') else { return false };
    let head = head.find("/svc").map_or("", |start| &head[start..]);
    let tail = tail.split(' ').next().unwrap_or_default();
    KEY.starts_with(head) && KEY.ends_with(tail) && !tail.is_empty() && head.len() + tail.len() >= 20
}

#[test]
fn a_decimal_id_of_three_digits_fits_a_narrow_screen() {
    let messages = leases_with_keys(&[vec![KEY.into()]]).split_off(scene_messages().len());
    let mut app = app(AppConfig::default(), messages, (24, 6));
    app.view.id_format = IdFormat::Decimal;
    let picture = text(&paint(&app, (24, 6), Theme::default()));
    assert!(picture.lines().any(|line| line.starts_with("112 ")), "{picture}");
}

/// Parts of keys that terminals measure differently: wide characters, halfwidth katakana with voiced marks, combining
/// characters, emoji, control bytes and invalid UTF-8.
fn odd_key() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        &b"/svc/"[..],
        "日本語".as_bytes(),
        "ｶﾞｷﾞﾊﾟ".as_bytes(),
        "e\u{301}o\u{308}".as_bytes(),
        "👩\u{200d}👩\u{200d}👧🦀".as_bytes(),
        b"\x1b[2J\x07\x00",
        b"\xff\xc3",
        "\u{202e}abc".as_bytes(),
        b"10.0.1.54:8000",
    ]);
    prop::collection::vec(part, 1..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Every row of the table ends with the frame at the right edge, so no cell is wider than it was counted.
    #[test]
    fn no_cell_is_wider_than_its_column(keys in prop::collection::vec(odd_key(), 1..4), width in 20_u16..=250) {
        let keys: Vec<Vec<Vec<u8>>> = keys.into_iter().map(|key| vec![key]).collect();
        for is_wide in [false, true] {
            let mut app = app(AppConfig::default(), leases_with_keys(&keys), (width, 30));
            app.view.is_wide = is_wide;
            let buf = paint(&app, (width, 30), Theme::default());
            for y in 0..30 {
                let mut x = 0;
                while x < width {
                    let cells = buf[(x, y)].symbol().width().max(1) as u16;
                    prop_assert!(x + cells <= width, "{}", text(&buf));
                    x += cells;
                }
            }
        }
    }
}

#[test]
fn the_selected_row_keeps_its_colours() {
    let themes = [(false, Palette::Dark), (true, Palette::Dark), (true, Palette::Light), (true, Palette::Mono)];
    for (has_256_colors, palette) in themes {
        let theme = Theme { has_256_colors, palette, is_ascii: false };
        let buf = painted((140, 40), &[Key::Char('g')], theme);
        let picture = text(&buf);
        let y = picture.lines().position(|line| line.trim_start().starts_with('▌')).expect(&picture) as u16;
        let row: Vec<_> = (0..140).map(|x| &buf[(x, y)]).skip_while(|cell| cell.symbol() != "▌").collect();
        let inside = &row[..row.len() - 2];
        match (palette, has_256_colors) {
            (Palette::Mono, _) => assert!(inside.iter().all(|cell| cell.modifier.contains(Modifier::REVERSED))),
            (_, false) => assert!(inside.iter().all(|cell| cell.modifier.contains(Modifier::BOLD))),
            (_, true) => assert!(inside.iter().all(|cell| cell.bg != Color::Reset)),
        }
        let colors: std::collections::HashSet<Color> = inside.iter().map(|cell| cell.fg).collect();
        assert!(palette == Palette::Mono || colors.len() > 2, "{palette:?}: {colors:?}");
    }
}

#[test]
fn the_gutter_has_signs_of_its_own_in_ascii() {
    let theme = Theme { is_ascii: true, ..Theme::default() };
    let picture = text(&painted((120, 40), &[Key::Char('g'), Key::Char(' ')], theme));
    assert!(picture.lines().any(|line| line.trim_start().starts_with('>')), "{picture}");
}

#[test]
fn every_sign_is_in_dejavu_sans_mono() {
    // From `fc-query` of DejaVu Sans Mono 2.37; braille is drawn by the terminal or from DejaVu Sans.
    let has_glyph = |c: char| {
        c.is_ascii()
            || matches!(c, '\u{2010}'..='\u{2023}' | '…' | '\u{2190}'..='\u{2213}' | '\u{228d}'..='\u{22a5}')
            || matches!(c, '\u{2500}'..='\u{262f}' | '\u{2709}'..='\u{2727}' | '·' | '±' | '\u{2800}'..='\u{28ff}')
    };
    let states = [LeaseState::Dying, LeaseState::Unseen, LeaseState::Risk, LeaseState::Late, LeaseState::Stalled];
    let states = states.into_iter().chain([LeaseState::Paused, LeaseState::Ok]);
    assert!(states.map(|state| theme::state(state).0).all(has_glyph));
    let picture = screen((200, 50), &[]);
    assert!(picture.chars().all(|c| has_glyph(c) || c == '\n'), "{picture}");
}

#[test]
fn empty_cells_are_blank() {
    let picture = screen((250, 40), &[]);
    let rows = picture.lines().filter(|line| line.contains("● ok"));
    assert!(rows.clone().count() > 1 && rows.clone().all(|row| !row.contains(" - ")), "{picture}");
}

#[test]
fn columns_are_chosen_with_a_preview() {
    let mut app = app(AppConfig::default(), scene_messages(), (120, 40));
    let mut press = |keys: &[Key]| {
        for key in keys {
            update(&mut app, Msg::Key(*key), at(90.0));
            refresh_rows(&mut app, at(90.0));
        }
        (app.view.columns.clone(), text(&paint(&app, (120, 40), Theme::default())))
    };
    let (before, picture) = press(&[Key::Char('C')]);
    assert!(picture.contains("Columns") && picture.contains("[x] KEY"), "{picture}");
    let (hidden, _) = press(&[Key::Down, Key::Char(' ')]);
    assert_eq!((hidden.len(), hidden.contains(&Column::State)), (before.len() - 1, false));
    let (moved, _) = press(&[Key::Down, Key::Char('K'), Key::Char('+')]);
    assert_eq!(moved[..2], [Column::Left, Column::FirstKey]);
    assert_eq!(press(&[Key::Esc]).0, before, "Esc restores them");
    let (accepted, picture) = press(&[Key::Char('C'), Key::Char('J'), Key::Enter]);
    assert_eq!(accepted[..2], [Column::State, Column::FirstKey]);
    assert!(!picture.contains("[x]"), "{picture}");
}

#[test]
fn the_last_column_stays() {
    let config = AppConfig { columns: vec![Column::State], ..AppConfig::default() };
    let mut app = app(config, scene_messages(), (80, 24));
    for key in [Key::Char('C'), Key::Char(' '), Key::Enter] {
        update(&mut app, Msg::Key(key), at(90.0));
    }
    assert_eq!(app.view.columns, [Column::State]);
}

#[test]
fn the_column_menu_leaves_the_first_rows_visible() {
    let picture = screen((80, 24), &[Key::Char('C'), Key::Down, Key::Char(' ')]);
    let title = picture.lines().position(|line| line.contains("╭ Columns")).expect("the menu");
    assert!(title > 5 && picture.contains("[ ] STATE"), "{picture}");
    assert!(picture.lines().any(|line| line.trim_start().starts_with("KEY ") && !line.contains("STATE")), "{picture}");
}

#[test]
fn the_title_counts_no_rows_that_were_dropped() {
    let ids: Vec<LeaseId> = (1..=40).map(LeaseId).collect();
    let listing = |second: f64, born: &[LeaseId], gone: &[LeaseId]| {
        let (born, gone) = (born.to_vec(), gone.to_vec());
        (second, Msg::Listed(Listing { sent: at(second), received: at(second), born, gone, ..Listing::default() }))
    };
    let mut messages = vec![(0.0, Msg::Cluster(cluster())), listing(1.0, &ids, &[]), listing(88.0, &[], &ids[..30])];
    let title = |messages: &[(f64, Msg)]| {
        let picture =
            text(&paint(&app(AppConfig::default(), messages.to_vec(), (120, 24)), (120, 24), Theme::default()));
        let title = picture.lines().find(|line| line.contains("rows 1")).expect("a title");
        let (_, counts) = title.split_once(" of ").expect("a count");
        counts.split("  ").next().unwrap_or_default().trim().to_owned()
    };
    assert_eq!(title(&messages), "30", "10 living ones and the last 20 that ended");
    for c in "/who:other".chars() {
        messages.push((89.0, Msg::Key(Key::Char(c))));
    }
    messages.push((89.0, Msg::Key(Key::Enter)));
    assert_eq!(title(&messages), "30 (30 total)");
}

/// Where the rate does not fit, its history is not drawn beside another total.
#[test]
fn a_history_of_renewals_stands_beside_their_rate() {
    let mut seen = [false; 2];
    for width in 40..90 {
        let mut app = app(AppConfig::default(), scene_messages(), (width, 30));
        refresh_rows(&mut app, at(90.0));
        (app.leases.counts.risk, app.leases.counts.late) = (1_000, 1_000);
        let shown = text(&paint(&app, (width, 30), Theme::default()));
        let line = shown.lines().find(|line| line.contains(" leases   ")).expect("the totals are shown");
        let has_rate = line.contains("renewals");
        assert!(has_rate || !line.contains(|sign| ('▁'..='█').contains(&sign)), "{width}: {line}");
        seen[usize::from(has_rate)] = true;
    }
    assert_eq!(seen, [true; 2], "with and without the rate");
}
