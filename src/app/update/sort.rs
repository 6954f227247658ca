//! The order of the rows. The cursor stays on its lease, whichever row that goes to.

use crate::app::dialog::{Dialog, SortMenu};
use crate::app::{Model, Sort};

/// Sorts by the column that stands so many places further, around the end.
pub(super) fn by_neighbour(model: &mut Model, steps: usize) {
    by(model, model.sort.moved(&model.setup.columns, steps));
}

/// Sorts by the column before.
pub(super) fn by_the_one_before(model: &mut Model) {
    by_neighbour(model, model.setup.columns.len().saturating_sub(1));
}

/// Turns the order around.
pub(super) fn invert(model: &mut Model) {
    by(model, model.sort.inverted());
}

/// Opens the menu on what is sorted by.
pub(super) fn open(model: &mut Model) {
    let looking = model.looking();
    model.dialog = Some(Dialog::Sort(SortMenu::new(looking.sort)));
}

/// Sorts what is looked at.
pub(in crate::app) fn by(model: &mut Model, sort: Sort) {
    model.sort = sort;
    model.is_away |= model.cursor_row().is_some_and(|row| row > 0);
}
