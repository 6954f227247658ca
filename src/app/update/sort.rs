//! The order of the rows. The cursor stays on its lease, whichever row that goes to.

use crate::app::dialog::{Dialog, SortMenu};
use crate::app::{AppState, Sort};

/// Sorts by the column that stands so many places further, around the end.
pub(super) fn by_neighbour(model: &mut AppState, steps: usize) {
    by(model, model.sort.moved(&model.config.columns, steps));
}

/// Sorts by the column before.
pub(super) fn by_the_one_before(model: &mut AppState) {
    by_neighbour(model, model.config.columns.len().saturating_sub(1));
}

/// Turns the order around.
pub(super) fn invert(model: &mut AppState) {
    by(model, model.sort.inverted());
}

/// Opens the menu on what is sorted by.
pub(super) fn open(model: &mut AppState) {
    let active_view = model.active_view();
    model.dialog = Some(Dialog::Sort(SortMenu::new(active_view.sort)));
}

/// Sorts what is looked at.
pub(in crate::app) fn by(model: &mut AppState, sort: Sort) {
    model.sort = sort;
    model.is_away |= model.cursor_row().is_some_and(|row| row > 0);
}
