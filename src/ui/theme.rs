//! Styles by role, so that widgets do not depend on colours.

use ratatui::style::{Color, Modifier, Style};

use crate::app::{ClusterLabel, EndCause, EventName, LabelColor, LeaseState};

/// Visual role of a piece of text. Colour only repeats what the sign and the word already say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Plain text.
    Text,
    /// Less important text.
    Dim,
    /// Titles of panels and columns.
    Title,
    /// Frames.
    Border,
    /// A key binding.
    Key,
    /// Healthy.
    Good,
    /// Healthy, in a table in which most rows are.
    Quiet,
    /// A dropped response.
    Drop,
    /// The empty part of a bar.
    Track,
    /// Needs attention.
    Warning,
    /// Data or a lease is lost or about to be.
    Danger,
    /// Ended.
    Gone,
    /// A cluster name in its configured colour.
    Tinted(LabelColor),
}

impl Role {
    /// The role of a cluster name.
    pub(super) fn of_name(named: &ClusterLabel) -> Role {
        named.color.map_or(Role::Title, Role::Tinted)
    }
}

/// A colour palette. None sets a background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's 16 colours, for a dark background.
    #[default]
    Dark,
    /// The terminal's 16 colours, for a light background.
    Light,
    /// Blue, yellow and vermilion from the Okabe-Ito palette, safe for colour-blind users; for a dark background.
    ColorBlind,
    /// No colours: bold, dim and reversed only.
    Mono,
}

/// Appearance of the monitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// The palette.
    pub palette: Palette,
    /// Whether to draw ASCII characters only.
    pub is_ascii: bool,
    /// Whether the terminal has 256 colours.
    pub has_256_colors: bool,
}

impl Theme {
    /// Adapts the wanted appearance to the terminal: a dumb terminal gets no colours and only ASCII.
    pub fn for_terminal(term: Option<&str>, palette: Palette, is_ascii: bool) -> Self {
        let is_dumb = term == Some("dumb");
        let has_256_colors = term.is_some_and(|term| term.contains("256color") || term.contains("direct"));
        Theme { palette: if is_dumb { Palette::Mono } else { palette }, is_ascii: is_ascii || is_dumb, has_256_colors }
    }

    /// Applies `COLORTERM`, which terminals with 24-bit colours set.
    #[must_use]
    pub fn with_color_term(self, color_term: Option<&str>) -> Self {
        let has_more = matches!(color_term, Some("truecolor" | "24bit"));
        Theme { has_256_colors: self.has_256_colors || has_more, ..self }
    }

    pub(super) fn style(self, role: Role) -> Style {
        match self.palette {
            Palette::Dark => dark(role),
            Palette::Light => light(role),
            Palette::ColorBlind => color_blind(role),
            Palette::Mono => mono(role),
        }
    }

    /// Style of the selected row of the lease table, which keeps the colours of its cells: a tint, bold where there are
    /// only 16 colours, and reversed where there is none.
    pub(super) fn selected_row(self) -> Style {
        const DARK_TINT: Color = Color::Indexed(237);
        const LIGHT_TINT: Color = Color::Indexed(254);
        match (self.palette, self.has_256_colors) {
            (Palette::Mono, _) => Style::new().add_modifier(Modifier::REVERSED),
            (_, false) => Style::new().add_modifier(Modifier::BOLD),
            (Palette::Light, true) => Style::new().bg(LIGHT_TINT),
            (Palette::Dark | Palette::ColorBlind, true) => Style::new().bg(DARK_TINT),
        }
    }

    /// Style of the row under the cursor. Reversed, so that it does not depend on colour.
    pub(super) fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

fn dark(role: Role) -> Style {
    match role {
        Role::Text => Style::new(),
        Role::Quiet => Style::new().fg(Color::Gray),
        Role::Drop => Style::new().fg(Color::Magenta),
        Role::Dim | Role::Border | Role::Gone | Role::Track => Style::new().fg(Color::DarkGray),
        Role::Title => Style::new().add_modifier(Modifier::BOLD),
        Role::Key => Style::new().fg(Color::Cyan),
        Role::Good => Style::new().fg(Color::Green),
        Role::Warning => Style::new().fg(Color::Yellow),
        Role::Danger => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Tinted(color) => Style::new().fg(chosen(color)).add_modifier(Modifier::BOLD),
    }
}

/// The user chose this colour, so it is not adapted to the background.
fn chosen(color: LabelColor) -> Color {
    match color {
        LabelColor::Red => Color::Red,
        LabelColor::Yellow => Color::Yellow,
        LabelColor::Green => Color::Green,
        LabelColor::Cyan => Color::Cyan,
        LabelColor::Blue => Color::Blue,
        LabelColor::Magenta => Color::Magenta,
    }
}

/// Yellow and cyan are unreadable on white, so the light palette avoids them.
fn light(role: Role) -> Style {
    match role {
        Role::Key => Style::new().fg(Color::Blue),
        Role::Warning => Style::new().fg(Color::Magenta),
        Role::Quiet => Style::new().fg(Color::DarkGray),
        role => dark(role),
    }
}

fn color_blind(role: Role) -> Style {
    let [sky_blue, yellow, vermilion] = [74, 220, 202].map(Color::Indexed);
    match role {
        Role::Good => Style::new().fg(sky_blue),
        Role::Key => Style::new().add_modifier(Modifier::BOLD),
        Role::Warning => Style::new().fg(yellow),
        Role::Danger => Style::new().fg(vermilion).add_modifier(Modifier::BOLD),
        role => dark(role),
    }
}

fn mono(role: Role) -> Style {
    match role {
        Role::Text | Role::Good | Role::Border | Role::Quiet => Style::new(),
        Role::Dim | Role::Gone | Role::Track => Style::new().add_modifier(Modifier::DIM),
        Role::Title | Role::Key | Role::Warning | Role::Danger | Role::Drop | Role::Tinted(_) => {
            Style::new().add_modifier(Modifier::BOLD)
        }
    }
}

/// Sign and role of a state.
pub(super) fn state(state: LeaseState) -> (char, Role) {
    match state {
        LeaseState::Ended(EndCause::Expired | EndCause::Unknown) => ('✗', Role::Gone),
        LeaseState::Ended(EndCause::Revoked) => ('⊘', Role::Gone),
        LeaseState::Dying => ('†', Role::Danger),
        LeaseState::Unseen => ('?', Role::Warning),
        LeaseState::Risk => ('✖', Role::Danger),
        LeaseState::Late => ('▲', Role::Warning),
        LeaseState::Stalled => ('▣', Role::Drop),
        LeaseState::Paused => ('‖', Role::Dim),
        LeaseState::Ok => ('●', Role::Quiet),
    }
}

/// Sign and role of an event.
pub(super) fn event(word: EventName) -> (char, Role) {
    match word {
        EventName::Granted | EventName::Attached => ('+', Role::Good),
        EventName::Kept => ('▸', Role::Good),
        EventName::Renewed => ('●', Role::Good),
        EventName::Drill => ('‖', Role::Warning),
        EventName::Paused => ('‖', Role::Dim),
        EventName::Dropped => ('▢', Role::Warning),
        EventName::Missed | EventName::Late => ('▲', Role::Warning),
        EventName::Detached => ('-', Role::Warning),
        EventName::Moved => ('→', Role::Warning),
        EventName::Refilled => ('↻', Role::Warning),
        EventName::Expired | EventName::Gone => ('✗', Role::Danger),
        EventName::Revoked => ('⊘', Role::Warning),
        EventName::Connection => ('→', Role::Text),
        EventName::Leader | EventName::Term => ('★', Role::Warning),
        EventName::Lost => ('✗', Role::Danger),
        EventName::Risk | EventName::Error => ('!', Role::Danger),
    }
}
