//! Colours by role, so that no widget knows one.

use ratatui::style::{Color, Modifier, Style};

use crate::app::{Gone, Named, State, Tint, Word};

/// What a piece of text is, for the eye. Colour repeats what sign and word have said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Plain text.
    Text,
    /// What matters less.
    Dim,
    /// Names of panels and columns.
    Title,
    /// Frames.
    Border,
    /// A key that can be pressed.
    Key,
    /// All is well.
    Good,
    /// Worth a look.
    Warning,
    /// Something is or will be lost.
    Danger,
    /// Dead.
    Gone,
    /// The name of a cluster in the colour that was chosen for it.
    Tinted(Tint),
}

impl Role {
    /// That of a cluster's name.
    pub(super) fn of_name(named: &Named) -> Role {
        named.tint.map_or(Role::Title, Role::Tinted)
    }
}

/// A set of colours. None paints a background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's own sixteen colours, for a dark ground.
    #[default]
    Dark,
    /// The terminal's own sixteen colours, for a light ground.
    Light,
    /// Blue, yellow and vermilion, which nobody takes for each other (after Okabe and Ito); for a dark ground.
    ColorBlind,
    /// No colour at all: bold, dim and reversed alone.
    Mono,
}

/// How everything looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// The colours.
    pub palette: Palette,
    /// Whether only ASCII is drawn.
    pub is_ascii: bool,
}

impl Theme {
    /// What a terminal can show of what is wanted: a dumb one neither colours nor more than ASCII.
    pub fn for_terminal(term: Option<&str>, palette: Palette, is_ascii: bool) -> Self {
        let is_dumb = term == Some("dumb");
        Theme { palette: if is_dumb { Palette::Mono } else { palette }, is_ascii: is_ascii || is_dumb }
    }

    pub(super) fn style(self, role: Role) -> Style {
        match self.palette {
            Palette::Dark => dark(role),
            Palette::Light => light(role),
            Palette::ColorBlind => color_blind(role),
            Palette::Mono => mono(role),
        }
    }

    /// The row under the cursor: reversed, never only coloured.
    pub(super) fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

fn dark(role: Role) -> Style {
    match role {
        Role::Text => Style::new(),
        Role::Dim | Role::Border | Role::Gone => Style::new().fg(Color::DarkGray),
        Role::Title => Style::new().add_modifier(Modifier::BOLD),
        Role::Key => Style::new().fg(Color::Cyan),
        Role::Good => Style::new().fg(Color::Green),
        Role::Warning => Style::new().fg(Color::Yellow),
        Role::Danger => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Tinted(tint) => Style::new().fg(chosen(tint)).add_modifier(Modifier::BOLD),
    }
}

/// Whoever chose it knows their terminal.
fn chosen(tint: Tint) -> Color {
    match tint {
        Tint::Red => Color::Red,
        Tint::Yellow => Color::Yellow,
        Tint::Green => Color::Green,
        Tint::Cyan => Color::Cyan,
        Tint::Blue => Color::Blue,
        Tint::Magenta => Color::Magenta,
    }
}

/// Yellow and cyan cannot be read on white.
fn light(role: Role) -> Style {
    match role {
        Role::Key => Style::new().fg(Color::Blue),
        Role::Warning => Style::new().fg(Color::Magenta),
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
        Role::Text | Role::Good | Role::Border => Style::new(),
        Role::Dim | Role::Gone => Style::new().add_modifier(Modifier::DIM),
        Role::Title | Role::Key | Role::Warning | Role::Danger | Role::Tinted(_) => {
            Style::new().add_modifier(Modifier::BOLD)
        }
    }
}

/// Sign and role of a state.
pub(super) fn state(state: State) -> (char, Role) {
    match state {
        State::Gone(Gone::Expired | Gone::Unknown) => ('✗', Role::Gone),
        State::Gone(Gone::Revoked) => ('⊘', Role::Gone),
        State::Dying => ('⧗', Role::Danger),
        State::Unseen => ('?', Role::Warning),
        State::Risk => ('!', Role::Danger),
        State::Late => ('▲', Role::Warning),
        State::Paused => ('‖', Role::Dim),
        State::Ok => ('●', Role::Good),
    }
}

/// Sign and role of an event.
pub(super) fn event(word: Word) -> (char, Role) {
    match word {
        Word::Granted | Word::Attached => ('+', Role::Good),
        Word::Kept => ('▸', Role::Good),
        Word::Renewed => ('●', Role::Good),
        Word::Drill => ('‖', Role::Warning),
        Word::Paused => ('‖', Role::Dim),
        Word::Dropped => ('▢', Role::Warning),
        Word::Missed | Word::Late => ('▲', Role::Warning),
        Word::Detached => ('-', Role::Warning),
        Word::Moved => ('→', Role::Warning),
        Word::Refilled => ('↻', Role::Warning),
        Word::Expired | Word::Gone => ('✗', Role::Danger),
        Word::Revoked => ('⊘', Role::Warning),
        Word::Connection => ('→', Role::Text),
        Word::Leader | Word::Term => ('★', Role::Warning),
        Word::Lost => ('✗', Role::Danger),
        Word::Risk | Word::Error => ('!', Role::Danger),
    }
}
