//! The menu that selects and reorders the columns of the lease table. The table behind it shows each change at once.

use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, moved};
use crate::app::{Column, DialogAction, Key, KeyContext};

/// A row of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnChoice {
    /// The column.
    pub column: Column,
    /// Whether the table shows it.
    pub is_shown: bool,
}

/// The column menu: the shown columns in their order, then the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMenu {
    /// The rows.
    pub choices: Vec<ColumnChoice>,
    /// The selected row.
    pub place: usize,
    /// The columns when the menu opened. Closing it without accepting restores them.
    before: Vec<Column>,
}

impl ColumnMenu {
    /// A menu of all columns, of which `shown` are shown.
    pub(in crate::app) fn new(shown: Vec<Column>) -> Self {
        let others = Column::ALL.into_iter().filter(|column| !shown.contains(column));
        let choices = shown
            .iter()
            .map(|column| ColumnChoice { column: *column, is_shown: true })
            .chain(others.map(|column| ColumnChoice { column, is_shown: false }))
            .collect();
        ColumnMenu { choices, place: 0, before: shown }
    }

    /// The columns to show, left to right.
    pub fn chosen(&self) -> Vec<Column> {
        self.choices.iter().filter(|choice| choice.is_shown).map(|choice| choice.column).collect()
    }

    /// Handles a key. Each change is applied at once, so that the table behind the menu previews it.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match context.dialog_action(KeyContext::Columns, key) {
            Some(DialogAction::Accept) => DialogOutcome::Close,
            Some(DialogAction::Close) => DialogOutcome::Do(Command::ShowColumns(self.before.clone())),
            Some(DialogAction::ColumnToggle) => self.toggle(),
            Some(DialogAction::ColumnUp) => self.swap(self.place.checked_sub(1)),
            Some(DialogAction::ColumnDown) => self.swap(Some(self.place + 1)),
            _ => {
                self.place = moved(self.place, self.choices.len(), context.action(key));
                DialogOutcome::Stay
            }
        }
    }

    /// Shows or hides the selected column. The last shown column stays.
    fn toggle(&mut self) -> DialogOutcome {
        let has_only_one = self.choices.iter().filter(|choice| choice.is_shown).count() == 1;
        let Some(choice) = self.choices.get_mut(self.place) else { return DialogOutcome::Stay };
        if choice.is_shown && has_only_one {
            return DialogOutcome::Stay;
        }
        choice.is_shown = !choice.is_shown;
        self.preview()
    }

    /// Swaps the selected column with its neighbour, and moves the selection with it.
    fn swap(&mut self, with: Option<usize>) -> DialogOutcome {
        let Some(with) = with.filter(|with| *with < self.choices.len()) else { return DialogOutcome::Stay };
        self.choices.swap(self.place, with);
        self.place = with;
        self.preview()
    }

    fn preview(&self) -> DialogOutcome {
        DialogOutcome::DoAndStay(Command::ShowColumns(self.chosen()))
    }
}
