//! Contrast of every role, and the colours of `[theme.NAME]`.

use super::*;

/// xterm's 16 colours (XTerm-col.ad of xterm 390).
const XTERM: [u32; 16] = [
    0x00_00_00, 0xcd_00_00, 0x00_cd_00, 0xcd_cd_00, 0x00_00_ee, 0xcd_00_cd, 0x00_cd_cd, 0xe5_e5_e5, 0x7f_7f_7f,
    0xff_00_00, 0x00_ff_00, 0xff_ff_00, 0x5c_5c_ff, 0xff_00_ff, 0x00_ff_ff, 0xff_ff_ff,
];
/// The 16 colours of the Tango palette, which GNOME Terminal uses on white.
const TANGO: [u32; 16] = [
    0x2e_34_36, 0xcc_00_00, 0x4e_9a_06, 0xc4_a0_00, 0x34_65_a4, 0x75_50_7b, 0x06_98_9a, 0xd3_d7_cf, 0x55_57_53,
    0xef_29_29, 0x8a_e2_34, 0xfc_e9_4f, 0x72_9f_cf, 0xad_7f_a8, 0x34_e2_e2, 0xee_ee_ec,
];
const LEAST: f64 = 4.5;

/// A terminal: its 16 colours, its text and its background.
struct Terminal {
    colors: [u32; 16],
    text: u32,
    background: u32,
}

const DARK: Terminal = Terminal { colors: XTERM, text: 0xe5_e5_e5, background: 0 };
const LIGHT: Terminal = Terminal { colors: TANGO, text: 0, background: 0xff_ff_ff };

impl Terminal {
    fn rgb(&self, color: Option<Color>, default: u32) -> u32 {
        match color {
            None | Some(Color::Reset) => default,
            Some(Color::Indexed(number @ 16..)) => fixed(number),
            Some(Color::Indexed(number)) => self.colors[usize::from(number)],
            Some(Color::Rgb(red, green, blue)) => u32::from_be_bytes([0, red, green, blue]),
            Some(color) => {
                let place = COLORS.iter().position(|(_, named)| *named == color).expect("one of the 16");
                self.colors[place]
            }
        }
    }

    /// The contrast of a style on this terminal, or on another background.
    fn contrast(&self, style: Style, background: Option<u32>) -> f64 {
        let text = self.rgb(style.fg, self.text);
        let background = background.unwrap_or_else(|| self.rgb(style.bg, self.background));
        contrast(text, background)
    }
}

/// The colours from 16 on are the same in every terminal: a cube of six steps, then grey.
fn fixed(number: u8) -> u32 {
    let step = |place: u8| if place == 0 { 0 } else { 55 + 40 * u32::from(place) };
    match number {
        232.. => (8 + 10 * u32::from(number - 232)) * 0x01_01_01,
        _ => {
            let place = number - 16;
            step(place / 36) << 16 | step(place / 6 % 6) << 8 | step(place % 6)
        }
    }
}

/// The contrast ratio of WCAG 2.1.
fn contrast(one: u32, other: u32) -> f64 {
    let [one, other] = [luminance(one), luminance(other)];
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: u32) -> f64 {
    let linear = |shift: u32| {
        let part = f64::from(color >> shift & 0xff) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0)
}

/// Every role, with the name of a cluster in every colour.
fn roles() -> impl Iterator<Item = Role> {
    use LabelColor::{Blue, Cyan, Green, Magenta, Red, Yellow};
    let tinted = [Red, Yellow, Green, Cyan, Blue, Magenta].map(Role::Tinted);
    ROLES.iter().map(|(_, role)| *role).chain(tinted)
}

#[test]
fn every_role_can_be_read_on_its_background_and_on_the_selected_row() {
    for (palette, terminal) in [(Palette::Dark, DARK), (Palette::Light, LIGHT), (Palette::ColorBlind, DARK)] {
        let tint = terminal.rgb(palette.style(Role::Selection).bg, terminal.background);
        assert_ne!(tint, terminal.background, "{palette}: the selected row has a tint");
        for role in roles() {
            // No line runs through a row.
            let tint = if role == Role::Border { None } else { Some(tint) };
            for background in [None, tint] {
                let contrast = terminal.contrast(palette.style(role), background);
                assert!(contrast >= LEAST, "{palette} {role:?} on {background:x?}: {contrast:.2}");
            }
        }
    }
}

#[test]
fn the_contrast_is_that_of_the_standard() {
    assert!((contrast(0, 0xff_ff_ff) - 21.0).abs() < 1e-9);
    assert!((contrast(0x77_77_77, 0xff_ff_ff) - 4.48).abs() < 0.01);
    assert_eq!([fixed(16), fixed(203), fixed(231), fixed(235)], [0, 0xff_5f_5f, 0xff_ff_ff, 0x26_26_26]);
}

#[test]
fn a_theme_changes_the_roles_that_it_names() {
    let mut custom = CustomPalette::based_on("light").expect("a palette");
    let colors = [("danger", "#ff8000"), ("good", "bright-green"), ("dim", "244"), ("selection", "blue")];
    for (role, color) in colors {
        custom.set(role, color).expect(role);
    }
    let palette = Palette::Custom(custom);
    let fg = |role| palette.style(role).fg;
    assert_eq!(fg(Role::Danger), Some(Color::Rgb(255, 128, 0)));
    assert_eq!((fg(Role::Good), fg(Role::Dim)), (Some(Color::LightGreen), Some(Color::Indexed(244))));
    assert_eq!(palette.style(Role::Selection).bg, Some(Color::Blue));
    assert_eq!(palette.style(Role::Warning), Palette::Light.style(Role::Warning));
    assert!(palette.style(Role::Danger).add_modifier.contains(Modifier::BOLD), "only the colour changes");
}

#[test]
fn what_a_theme_cannot_have_is_named() {
    let mut custom = CustomPalette::based_on("dark").expect("a palette");
    let told = |result: Result<(), BadTheme>| result.expect_err("it is wrong").to_string();
    assert!(told(custom.set("dangr", "red")).starts_with("unknown role `dangr`; the roles are text, dim,"));
    for color in ["reddish", "256", "-1", "#ff", "#ggffff", "#+12345", ""] {
        assert!(told(custom.set("danger", color)).starts_with(&format!("unknown color `{color}`")), "{color}");
    }
    let base = CustomPalette::based_on("purple").expect_err("it is wrong").to_string();
    assert_eq!(base, "unknown theme `purple`; a theme is based on dark, light, colorblind, mono");
}
