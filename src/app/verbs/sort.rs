//! The sort menu.

use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome};
use crate::app::keymap::Action;
use crate::app::{Column, DialogAction, Key, KeyContext, Sort};

/// The sort menu: all columns, displayed or not, and a direction.
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

    /// The index of the selected column in [`Column::ALL`].
    pub fn place(&self) -> usize {
        Column::ALL.iter().position(|column| *column == self.chosen.column).unwrap_or(0)
    }

    /// Selects a column. The current sort column keeps its direction, others get their default.
    fn go(&mut self, place: usize) {
        let column = Column::ALL[place.min(Column::ALL.len() - 1)];
        self.chosen = if column == self.present.column { self.present } else { Sort::by(column) };
    }

    /// Handles a key. Movement keys select a column, the invert key reverses the direction, and Enter sorts.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match context.dialog_action(KeyContext::Sort, key) {
            Some(DialogAction::Accept) => return DialogOutcome::Do(Command::SortBy(self.chosen)),
            Some(DialogAction::Close) => return DialogOutcome::Close,
            _ => (),
        }
        match context.action(key) {
            Some(Action::Up) => self.go(self.place().saturating_sub(1)),
            Some(Action::Down) => self.go(self.place() + 1),
            Some(Action::First | Action::PageUp | Action::HalfUp) => self.go(0),
            Some(Action::Last | Action::PageDown | Action::HalfDown) => self.go(usize::MAX),
            Some(Action::InvertSort) => self.chosen = self.chosen.inverted(),
            _ => (),
        }
        DialogOutcome::Stay
    }
}
