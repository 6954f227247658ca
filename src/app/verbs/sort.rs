//! The sort menu.

use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, moved};
use crate::app::keymap::Action;
use crate::app::{DialogAction, Key, KeyContext, Sort, SortKey};

/// The sort menu: problems and all columns, displayed or not, and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortMenu {
    /// The selected sort order.
    pub chosen: Sort,
    /// The current sort order.
    present: Sort,
}

impl SortMenu {
    /// A menu with the current sort order selected.
    pub(in crate::app) fn new(present: Sort) -> Self {
        SortMenu { chosen: present, present }
    }

    /// The index of the selected entry in [`SortKey::all`].
    pub fn place(&self) -> usize {
        SortKey::all().position(|key| key == self.chosen.key).unwrap_or(0)
    }

    /// Selects an entry. The current sort key keeps its direction, others get their default.
    fn go(&mut self, place: usize) {
        let key = SortKey::all().nth(place).unwrap_or_default();
        self.chosen = if key == self.present.key { self.present } else { Sort::by_key(key) };
    }

    /// Handles a key. Movement keys select a column, the invert key reverses the direction, and Enter sorts.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match context.dialog_action(KeyContext::Sort, key) {
            Some(DialogAction::Accept) => DialogOutcome::Do(Command::SortBy(self.chosen)),
            Some(DialogAction::Close) => DialogOutcome::Close,
            _ => {
                self.change(context.action(key));
                DialogOutcome::Stay
            }
        }
    }

    /// Selects another entry, or reverses the direction.
    fn change(&mut self, action: Option<Action>) {
        match action {
            Some(Action::InvertSort) => self.chosen = self.chosen.inverted(),
            action if action.is_some_and(Action::is_movement) => {
                self.go(moved(self.place(), SortKey::all().len(), action));
            }
            _ => (),
        }
    }
}
