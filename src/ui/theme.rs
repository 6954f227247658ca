//! Styles by role, so that widgets do not depend on colours.

use ratatui::style::{Modifier, Style};

use super::Palette;
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
    /// Done, or confirmed.
    Good,
    /// A lease that needs no attention. Quiet, because most of the screen is healthy.
    Healthy,
    /// Needs attention.
    Warning,
    /// Data or a lease is lost or about to be.
    Danger,
    /// Dropped responses.
    Drop,
    /// Ended.
    Gone,
    /// A tab that is not active.
    Tab,
    /// The active tab: the brightest of its line.
    ActiveTab,
    /// The selected row: a background under the colours of its cells.
    Selection,
    /// A cluster name in its configured colour.
    Tinted(LabelColor),
}

impl Role {
    /// The role of a cluster name.
    pub(super) fn of_name(named: &ClusterLabel) -> Role {
        named.color.map_or(Role::Title, Role::Tinted)
    }
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
        self.palette.style(role)
    }

    /// Style of a selected row whose cells keep their colours: a tint, bold where there are only 16 colours, and reversed
    /// where there is none.
    pub(super) fn selected_row(self) -> Style {
        match (self.palette, self.has_256_colors) {
            (Palette::Mono, _) | (_, true) => self.style(Role::Selection),
            (_, false) => Style::new().add_modifier(Modifier::BOLD),
        }
    }

    /// Style of a caret, a focused button, or a selected row whose cells need not keep their colours. Reversed, so that it
    /// does not depend on colour.
    pub(super) fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

/// Sign and role of a state.
pub(super) fn state(state: LeaseState) -> (char, Role) {
    match state {
        LeaseState::Ended(EndCause::Expired | EndCause::Unknown | EndCause::NotRestored) => ('✗', Role::Gone),
        LeaseState::Ended(EndCause::RanOut) => ('○', Role::Gone),
        LeaseState::Ended(EndCause::Revoked | EndCause::Replaced) => ('⊘', Role::Gone),
        LeaseState::Dying => ('†', Role::Danger),
        LeaseState::Unseen => ('?', Role::Warning),
        LeaseState::Risk => ('✖', Role::Danger),
        LeaseState::Late => ('▲', Role::Warning),
        LeaseState::Stalled => ('▣', Role::Drop),
        LeaseState::Paused => ('‖', Role::Dim),
        LeaseState::Unrenewed => ('○', Role::Dim),
        LeaseState::Ok => ('●', Role::Healthy),
    }
}

/// Sign and role of an event.
pub(super) fn event(word: EventName) -> (char, Role) {
    match word {
        EventName::Granted | EventName::Attached | EventName::Back => ('+', Role::Good),
        EventName::Kept => ('▸', Role::Good),
        EventName::Renewed => ('●', Role::Healthy),
        EventName::Drill => ('‖', Role::Warning),
        EventName::Paused => ('‖', Role::Dim),
        EventName::Dropped => ('▢', Role::Drop),
        EventName::Missed | EventName::Late => ('▲', Role::Warning),
        EventName::Detached => ('-', Role::Warning),
        EventName::Moved => ('→', Role::Warning),
        EventName::Refilled => ('↻', Role::Warning),
        EventName::Expired | EventName::Gone | EventName::Absent | EventName::Down => ('✗', Role::Danger),
        EventName::RanOut | EventName::Unrenewed => ('○', Role::Dim),
        EventName::Revoked => ('⊘', Role::Warning),
        EventName::Replaced => ('⊘', Role::Dim),
        EventName::Connection => ('→', Role::Text),
        EventName::Leader | EventName::Term => ('★', Role::Warning),
        EventName::Lost => ('✗', Role::Danger),
        EventName::Risk | EventName::Error | EventName::Cluster => ('✖', Role::Danger),
    }
}
