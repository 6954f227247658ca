//! `--theme`: a built-in theme, or one of the config file.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Command};

use super::global_options::GeneralFlags;
use crate::ui::{Palette, Theme};

/// Parses a theme's name. It offers the built-in ones and accepts every name, because the config file is not read yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThemeParser;

impl TypedValueParser for ThemeParser {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Palette::names().map(PossibleValue::new)))
    }
}

impl GeneralFlags {
    /// The colours of the screen. A flag takes precedence over `NO_COLOR`.
    pub(super) fn palette(&self, is_no_color_set: bool) -> Palette {
        match &self.theme {
            _ if self.no_color => Palette::Mono,
            Some(name) => {
                self.palettes().find(|(other, _)| other == name).map(|(_, palette)| palette).unwrap_or_default()
            }
            None if is_no_color_set => Palette::Mono,
            None => Palette::default(),
        }
    }

    /// All themes by name: the built-in ones, then those of the config file.
    fn palettes(&self) -> impl Iterator<Item = (&str, Palette)> {
        let built_in = Palette::names().filter_map(|name| Some((name, Palette::named(name)?)));
        built_in.chain(self.themes.iter().map(|(name, palette)| (name.as_str(), Palette::Custom(*palette))))
    }

    /// Whether the terminal's background decides between dark and light. A terminal without colours is not asked, nor
    /// the Linux console, which cannot answer.
    fn asks_background(&self, is_no_color_set: bool, term: Option<&str>) -> bool {
        let has_choice = self.theme.is_some() || self.no_color || is_no_color_set;
        !has_choice && !matches!(term, None | Some("dumb" | "linux"))
    }

    /// The appearance of the monitor, and whether the terminal's background may change it. `NO_COLOR` applies if it is set
    /// and not empty (no-color.org).
    pub(super) fn appearance(&self) -> (Theme, bool) {
        let is_no_color_set = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let theme = self.on_terminal(self.palette(is_no_color_set));
        let term = std::env::var("TERM").ok();
        (theme, self.asks_background(is_no_color_set, term.as_deref()))
    }

    /// The names of all themes: the built-in ones, then those of the config file.
    pub(super) fn theme_names(&self) -> Vec<String> {
        self.palettes().map(|(name, _)| name.to_owned()).collect()
    }

    /// All themes by name, as this terminal shows them. A theme that is chosen by hand has colours even with `NO_COLOR`.
    pub(super) fn all_themes(&self) -> Vec<(String, Theme)> {
        self.palettes().map(|(name, palette)| (name.to_owned(), self.on_terminal(palette))).collect()
    }

    fn on_terminal(&self, palette: Palette) -> Theme {
        let term = std::env::var("TERM").ok();
        let color_term = std::env::var("COLORTERM").ok();
        Theme::for_terminal(term.as_deref(), palette, self.ascii).with_color_term(color_term.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;

    #[test]
    fn only_a_terminal_with_colours_and_without_a_chosen_theme_is_asked() {
        let asks = |line: &str, no_color, term| {
            let cli = Cli::try_parse_from(line.split(' ')).expect(line);
            cli.shared.general.asks_background(no_color, term)
        };
        assert!(asks("leasetop", false, Some("xterm")));
        assert!(!asks("leasetop --theme dark", false, Some("xterm")));
        assert!(!asks("leasetop --no-color", false, Some("xterm")));
        assert!(!asks("leasetop", true, Some("xterm")));
        assert!(!asks("leasetop", false, Some("dumb")) && !asks("leasetop", false, Some("linux")));
    }
}
