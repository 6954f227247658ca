//! The colours of the roles, in each palette.
//!
//! Each colour has a contrast of at least 4.5:1 against the background, also on the tint of the selected row. Where none
//! of the terminal's 16 colours is sure to reach that, a palette uses one of the 256 fixed ones: red and blue of xterm are
//! too dark on black, and bright black is invisible in some colour schemes.

use std::fmt;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

use super::Role;
use crate::app::LabelColor;

/// A colour palette. Only the selected row and the active tab have a background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// For a dark background.
    #[default]
    Dark,
    /// For a light background.
    Light,
    /// Blue, yellow and vermilion from the Okabe-Ito palette, safe for colour-blind users; for a dark background.
    ColorBlind,
    /// No colours: bold, dim and reversed only.
    Mono,
    /// A `[theme.NAME]` of the config file.
    Custom(CustomPalette),
}

/// A built-in palette with other colours for some roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomPalette {
    base: &'static Palette,
    colors: [Option<Color>; ROLES.len()],
}

/// The roles that a `[theme.NAME]` can colour, by name.
pub(super) const ROLES: [(&str, Role); 14] = [
    ("text", Role::Text),
    ("dim", Role::Dim),
    ("title", Role::Title),
    ("border", Role::Border),
    ("key", Role::Key),
    ("good", Role::Good),
    ("healthy", Role::Healthy),
    ("warning", Role::Warning),
    ("danger", Role::Danger),
    ("drop", Role::Drop),
    ("gone", Role::Gone),
    ("tab", Role::Tab),
    ("active-tab", Role::ActiveTab),
    ("selection", Role::Selection),
];

/// Why a `[theme.NAME]` is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTheme {
    /// No role has this name.
    #[error("unknown role `{0}`; the roles are {roles}", roles = names(ROLES.iter().map(|(name, _)| *name)))]
    Role(String),
    /// Not a colour.
    #[error("unknown color `{0}`; use a name such as red or bright-red, a number from 0 to 255, #rrggbb, or default")]
    Color(String),
    /// No built-in theme has this name.
    #[error("unknown theme `{0}`; a theme is based on {themes}", themes = names(BUILT_IN.iter().map(|(name, _)| *name)))]
    Base(String),
}

/// The built-in palettes by name.
const BUILT_IN: [(&str, &Palette); 4] = [
    ("dark", &Palette::Dark),
    ("light", &Palette::Light),
    ("colorblind", &Palette::ColorBlind),
    ("mono", &Palette::Mono),
];

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Names of the terminal's 16 colours, in the order of their numbers.
const COLORS: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// A colour in a `[theme.NAME]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ThemeColor(Color);

impl FromStr for ThemeColor {
    type Err = BadTheme;

    fn from_str(text: &str) -> Result<Self, BadTheme> {
        let bad = || BadTheme::Color(text.to_owned());
        if text == "default" {
            return Ok(ThemeColor(Color::Reset));
        }
        if let Some((_, color)) = COLORS.iter().find(|(name, _)| *name == text) {
            return Ok(ThemeColor(*color));
        }
        if let Some(digits) = text.strip_prefix('#') {
            let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).map_err(|_| bad())?;
            return if is_hex { Ok(ThemeColor(Color::from_u32(number))) } else { Err(bad()) };
        }
        text.parse().map(|number| ThemeColor(Color::Indexed(number))).map_err(|_| bad())
    }
}

impl CustomPalette {
    /// A palette like the built-in one called `base`.
    ///
    /// # Errors
    /// There is no such palette.
    pub fn based_on(base: &str) -> Result<Self, BadTheme> {
        let base = BUILT_IN.iter().find(|(name, _)| *name == base).ok_or_else(|| BadTheme::Base(base.to_owned()))?.1;
        Ok(CustomPalette { base, colors: [None; ROLES.len()] })
    }

    /// Gives a role another colour. `selection` is a background, the others are colours of text.
    ///
    /// # Errors
    /// There is no such role or no such colour.
    pub fn set(&mut self, role: &str, color: &str) -> Result<(), BadTheme> {
        let place = ROLES.iter().position(|(name, _)| *name == role).ok_or_else(|| BadTheme::Role(role.to_owned()))?;
        self.colors[place] = Some(color.parse::<ThemeColor>()?.0);
        Ok(())
    }

    fn style(&self, role: Role) -> Style {
        let style = self.base.style(role);
        let place = ROLES.iter().position(|(_, named)| *named == role);
        match (place.and_then(|place| self.colors[place]), role) {
            (None, _) => style,
            (Some(color), Role::Selection) => style.remove_modifier(Modifier::REVERSED).bg(color),
            (Some(color), _) => style.fg(color),
        }
    }
}

impl Palette {
    /// The built-in palette of this name.
    pub fn named(name: &str) -> Option<Palette> {
        BUILT_IN.iter().find(|(built_in, _)| *built_in == name).map(|(_, palette)| **palette)
    }

    /// The names of the built-in palettes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }
}

impl fmt::Display for Palette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(BUILT_IN.iter().find(|(_, palette)| *palette == self).map_or("custom", |(name, _)| name))
    }
}

impl Palette {
    pub(super) fn style(&self, role: Role) -> Style {
        match self {
            Palette::Dark => dark(role),
            Palette::Light => light(role),
            Palette::ColorBlind => color_blind(role),
            Palette::Mono => mono(role),
            Palette::Custom(custom) => custom.style(role),
        }
    }
}

fn indexed(number: u8) -> Style {
    Style::new().fg(Color::Indexed(number))
}

fn dark(role: Role) -> Style {
    match role {
        Role::Text => Style::new(),
        Role::Dim | Role::Gone | Role::Tab => indexed(247),
        Role::Border => indexed(243),
        Role::Title => Style::new().add_modifier(Modifier::BOLD),
        Role::Key => Style::new().fg(Color::Cyan),
        Role::Good => Style::new().fg(Color::Green),
        Role::Healthy => indexed(151),
        Role::Warning => Style::new().fg(Color::Yellow),
        Role::Danger => indexed(203).add_modifier(Modifier::BOLD),
        Role::Drop => indexed(177),
        Role::ActiveTab => Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        Role::Selection => Style::new().bg(Color::Indexed(235)),
        Role::Tinted(color) => tinted_dark(color).add_modifier(Modifier::BOLD),
    }
}

/// The colour of a cluster's name on a dark background.
fn tinted_dark(color: LabelColor) -> Style {
    match color {
        LabelColor::Red => indexed(203),
        LabelColor::Yellow => Style::new().fg(Color::Yellow),
        LabelColor::Green => Style::new().fg(Color::Green),
        LabelColor::Cyan => Style::new().fg(Color::Cyan),
        LabelColor::Blue => indexed(75),
        LabelColor::Magenta => indexed(177),
    }
}

/// The styles on a light background. Green, yellow and cyan of most terminals are unreadable on white.
fn light(role: Role) -> Style {
    match role {
        Role::Dim | Role::Gone | Role::Tab => indexed(240),
        Role::Border => indexed(242),
        Role::Key => Style::new().fg(Color::Blue),
        Role::Good => indexed(22),
        Role::Healthy => indexed(23),
        Role::Warning => indexed(94),
        Role::Danger => indexed(124).add_modifier(Modifier::BOLD),
        Role::Drop => indexed(90),
        Role::Selection => Style::new().bg(Color::Indexed(254)),
        Role::Tinted(color) => tinted_light(color).add_modifier(Modifier::BOLD),
        role => dark(role),
    }
}

/// The colour of a cluster's name on a light background.
fn tinted_light(color: LabelColor) -> Style {
    indexed(match color {
        LabelColor::Red => 124,
        LabelColor::Yellow => 94,
        LabelColor::Green => 22,
        LabelColor::Cyan => 23,
        LabelColor::Blue => 19,
        LabelColor::Magenta => 90,
    })
}

fn color_blind(role: Role) -> Style {
    let [sky_blue, yellow, vermilion] = [74, 220, 208];
    match role {
        Role::Good => indexed(sky_blue),
        Role::Healthy => indexed(152),
        Role::Key => Style::new().add_modifier(Modifier::BOLD),
        Role::Warning => indexed(yellow),
        Role::Danger => indexed(vermilion).add_modifier(Modifier::BOLD),
        role => dark(role),
    }
}

fn mono(role: Role) -> Style {
    match role {
        Role::Text | Role::Good | Role::Healthy | Role::Border | Role::Tab => Style::new(),
        Role::Dim | Role::Gone => Style::new().add_modifier(Modifier::DIM),
        Role::Title | Role::Key | Role::Warning | Role::Danger | Role::Drop | Role::Tinted(_) => {
            Style::new().add_modifier(Modifier::BOLD)
        }
        Role::ActiveTab => Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        Role::Selection => Style::new().add_modifier(Modifier::REVERSED),
    }
}

#[cfg(test)]
mod tests;
