//! Screens with their styles. Each run of cells of one style follows the name of the style: `<green>● ok<>`.

use ratatui::style::{Color, Modifier, Style};

use super::*;
use crate::app::LabelColor;

const PALETTES: [(&str, Palette); 4] =
    [("dark", Palette::Dark), ("light", Palette::Light), ("colorblind", Palette::ColorBlind), ("mono", Palette::Mono)];

fn theme(palette: Palette) -> Theme {
    Theme { palette, is_ascii: false, ..Theme::default() }
}

/// The cells of a screen, annotated with their styles.
pub(super) fn styled(buf: &Buffer) -> String {
    let width = usize::from(buf.area.width).max(1);
    buf.content.chunks(width).map(|row| styled_row(row) + "\n").collect()
}

fn styled_row(row: &[ratatui::buffer::Cell]) -> String {
    let runs = row.chunk_by(|one, other| (one.fg, one.bg, one.modifier) == (other.fg, other.bg, other.modifier));
    let run = |run: &[ratatui::buffer::Cell]| {
        let text: String = run.iter().map(|cell| cell.symbol()).collect();
        let style = style_in_words(run[0].style());
        if style.is_empty() { text } else { format!("<{style}>{text}<>") }
    };
    runs.map(run).collect::<String>().trim_end().to_owned()
}

fn style_in_words(style: Style) -> String {
    let is_set = |color: Option<Color>| color.filter(|color| *color != Color::Reset);
    let ground = [("", is_set(style.fg)), ("on ", is_set(style.bg))].into_iter();
    let colors = ground.filter_map(|(on, color)| Some(format!("{on}{}", color?).to_lowercase()));
    let mut words: Vec<String> = colors.collect();
    words.extend(style.add_modifier.iter_names().map(|(name, _)| name.to_lowercase()));
    words.join(" ")
}

/// This dialog has a title, a warning, an input and key hints.
#[test]
fn a_dialog_in_each_palette() {
    let keys = dialog_keys().into_iter().find(|(name, _)| *name == "revoke_refused").expect("a dialog").1;
    for (name, palette) in PALETTES {
        insta::assert_snapshot!(format!("dialog_{name}"), styled(&painted((60, 16), &keys, theme(palette))));
    }
}

/// Together with the snapshots of one palette, which show the role of every text, this covers the other palettes.
#[test]
fn each_role_has_its_style_in_each_palette() {
    use Role::{Border, Danger, Dim, Drop, Gone, Good, Healthy, Key, Text, Tinted, Title, Warning};
    let roles = [Text, Dim, Title, Border, Key, Good, Healthy, Warning, Danger, Drop, Gone, Tinted(LabelColor::Blue)];
    let mut table = format!("{:<14}", "");
    PALETTES.iter().for_each(|(name, _)| table += &format!("{name:<16}"));
    for role in roles {
        table += &format!("\n{:<14}", format!("{role:?}"));
        for (_, palette) in PALETTES {
            table += &format!("{:<16}", style_in_words(theme(palette).style(role)));
        }
    }
    let table: Vec<&str> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("roles", table.join("\n"));
}

#[test]
fn a_dialog_that_refuses_warns() {
    let keys = dialog_keys().into_iter().find(|(name, _)| *name == "no_drill").expect("a dialog").1;
    for (name, palette) in PALETTES {
        let picture = styled(&painted((60, 16), &keys, theme(palette)));
        let style = style_in_words(theme(palette).style(Role::Warning));
        assert!(picture.contains(&format!("<{style}>Another client's lease.")), "{name}:\n{picture}");
    }
}

#[test]
fn no_palette_paints_a_background_and_mono_has_no_colour() {
    for (name, palette) in PALETTES {
        let buf = painted((140, 40), &[], theme(palette));
        let has_colour = buf.content.iter().any(|cell| cell.fg != Color::Reset);
        assert_eq!(has_colour, palette != Palette::Mono, "{name}");
        assert!(buf.content.iter().all(|cell| cell.bg == Color::Reset), "{name}");
    }
}

#[test]
fn without_colours_the_selected_row_is_reversed() {
    for (name, palette) in PALETTES {
        let buf = painted((140, 40), &[], theme(palette));
        let below_tabs = buf.content.iter().skip(2 * 140);
        let reversed = below_tabs.filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count();
        assert_eq!(reversed > 100, palette == Palette::Mono, "{name}: one row of the table");
    }
}

#[test]
fn palettes_change_no_sign_and_no_word() {
    for keys in dialog_keys().into_iter().map(|(_, keys)| keys).chain([vec![]]) {
        for size in [(40, 12), (80, 24), (140, 40)] {
            let texts = PALETTES.map(|(_, palette)| text(&painted(size, &keys, theme(palette))));
            assert!(texts.iter().all(|text| *text == texts[0]));
        }
    }
}

#[test]
fn what_must_be_told_apart_looks_different() {
    for (name, palette) in PALETTES.into_iter().filter(|(_, palette)| *palette != Palette::Mono) {
        let styles = [Role::Good, Role::Warning, Role::Danger, Role::Gone].map(|role| theme(palette).style(role));
        for (at, style) in styles.iter().enumerate() {
            assert!(!styles[..at].contains(style), "{name}: {style:?}");
        }
    }
}
