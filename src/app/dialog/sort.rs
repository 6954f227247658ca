//! The menu of what can be sorted by.

use super::{Dialog, dialog_action};
use crate::app::keymap::Action;
use crate::app::update::sort;
use crate::app::{AppState, Column, DialogAction, Effect, Key, KeyContext, Sort};

/// The menu: every column, shown or not, and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortMenu {
    /// What Enter sorts by.
    pub chosen: Sort,
    /// What is sorted by.
    present: Sort,
}

impl SortMenu {
    /// On what is sorted by.
    pub(in crate::app) fn new(present: Sort) -> Self {
        SortMenu { chosen: present, present }
    }

    /// The place of the chosen column in [`Column::ALL`].
    pub fn place(&self) -> usize {
        Column::ALL.iter().position(|column| *column == self.chosen.column).unwrap_or(0)
    }

    /// The present column keeps its direction, another has the one in which one looks for it.
    fn go(&mut self, place: usize) {
        let column = Column::ALL[place.min(Column::ALL.len() - 1)];
        self.chosen = if column == self.present.column { self.present } else { Sort::by(column) };
    }
}

/// What moves the rows moves through the menu, what turns them around turns the choice around; Enter sorts.
pub(super) fn key(app: &mut AppState, mut menu: SortMenu, key: Key) -> Vec<Effect> {
    match dialog_action(app, KeyContext::Sort, key) {
        Some(DialogAction::Accept) => {
            sort::by(app.active_view_mut(), menu.chosen);
            return Vec::new();
        }
        Some(DialogAction::Close) => return Vec::new(),
        _ => (),
    }
    match app.config.keymap.action(key) {
        Some(Action::Up) => menu.go(menu.place().saturating_sub(1)),
        Some(Action::Down) => menu.go(menu.place() + 1),
        Some(Action::First | Action::PageUp | Action::HalfUp) => menu.go(0),
        Some(Action::Last | Action::PageDown | Action::HalfDown) => menu.go(usize::MAX),
        Some(Action::InvertSort) => menu.chosen = menu.chosen.inverted(),
        _ => (),
    }
    app.view.dialog = Some(Dialog::Sort(menu));
    Vec::new()
}
