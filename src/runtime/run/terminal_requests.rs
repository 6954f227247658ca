//! What the event loop asks of the terminal besides frames: its background colour, the clipboard, the mouse, themes.

use super::Monitor;
use crate::app::{CopyOutcome, Msg};
use crate::runtime::background::{self, Background, BackgroundQuery};
use crate::runtime::effects::TerminalRequest;
use crate::runtime::{Screen, clipboard, mouse};
use crate::ui::Palette;

impl<S: Screen, I, O> Monitor<S, I, O> {
    /// Asks the terminal for its background colour, after the first frame.
    pub(super) fn ask_for_background(&mut self) {
        if self.background == BackgroundQuery::Wanted && self.frames.has_drawn() {
            let limit = background::LIMIT * self.session.clock.speed();
            self.background = BackgroundQuery::Asked { until: self.session.clock.now() + limit };
            self.frames.append_bytes(background::QUERY.to_vec());
        }
    }

    /// Selects the light palette if the terminal reports a light background in time. Later replies are ignored.
    pub(super) fn on_background(&mut self, background: Background) {
        let asked = std::mem::replace(&mut self.background, BackgroundQuery::Over);
        let BackgroundQuery::Asked { until } = asked else { return };
        if background == Background::Light && self.session.clock.now() <= until {
            self.frames.set_palette(Palette::Light);
        }
    }

    /// Carries out a terminal request.
    pub(super) fn on_terminal_request(&mut self, request: TerminalRequest) {
        match request {
            TerminalRequest::Theme(name) => {
                // An answer that comes later must not replace the chosen theme.
                self.background = BackgroundQuery::Over;
                if let Some((_, theme)) = self.themes.iter().find(|(other, _)| *other == name) {
                    self.frames.set_theme(*theme);
                }
            }
            TerminalRequest::Copy(text) => self.copy(text),
            TerminalRequest::Mouse(is_ours) => {
                self.frames.screen.keep_mouse(is_ours);
                self.frames.append_bytes(if is_ours { mouse::ENABLE } else { mouse::DISABLE }.to_vec());
            }
        }
    }

    /// Copies a text to the clipboard. In tmux this takes a moment, because tmux is asked first how it allows to copy.
    fn copy(&mut self, text: String) {
        if self.frames.screen.is_in_tmux() {
            return self.session.copy_in_tmux(text);
        }
        let outcome = CopyOutcome::Terminal;
        self.frames.append_bytes(clipboard::sequence(&text, outcome));
        self.session.send(Msg::Copied { text, outcome });
    }
}
