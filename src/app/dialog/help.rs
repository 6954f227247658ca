//! The help: its scroll position and its search.

use tui_input::Input;

use super::{DialogOutcome, is_over, scrolled};
use crate::app::dialog::DialogContext;
use crate::app::keymap::Action;
use crate::app::{Key, KeyContext};

/// The help.
#[derive(Clone, Debug, Default)]
pub struct HelpDialog {
    /// Number of lines scrolled past the top.
    pub top: usize,
    /// The text that the shown lines contain.
    pub search: Input,
    /// Whether keys edit the search text.
    pub is_searching: bool,
}

impl HelpDialog {
    /// Handles a key. While the user types a search, Enter keeps it, and Esc or Ctrl-c clears it. Esc clears a search that
    /// was kept, too; the next one closes the help. Keys that move through rows scroll.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.action(key);
        if self.is_searching {
            self.search(key, action);
            return DialogOutcome::Stay;
        }
        if action == Some(Action::Filter) {
            self.is_searching = true;
            return DialogOutcome::Stay;
        }
        if key == Key::Esc && self.is_filtered() {
            *self = HelpDialog::default();
            return DialogOutcome::Stay;
        }
        if is_over(context.dialog_action(KeyContext::Help, key)) || action == Some(Action::Help) {
            return DialogOutcome::Close;
        }
        self.top = scrolled(self.top, action);
        DialogOutcome::Stay
    }

    /// Whether it shows only the lines with the searched text.
    pub(in crate::app) fn is_filtered(&self) -> bool {
        !self.search.value().is_empty()
    }

    /// Inserts pasted text without its control characters into the search.
    pub(in crate::app) fn paste(&mut self, text: &str) {
        text.chars().filter(|c| !c.is_control()).for_each(|c| self.search(Key::Char(c), None));
    }

    fn search(&mut self, key: Key, action: Option<Action>) {
        match key {
            Key::Enter => self.is_searching = false,
            Key::Esc | Key::Ctrl('c') => *self = HelpDialog::default(),
            _ => match key.edit() {
                Some(edit) => {
                    self.search.handle(edit);
                    self.top = 0;
                }
                None => self.top = scrolled(self.top, action),
            },
        }
    }
}
