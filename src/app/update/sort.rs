//! The order of the rows. The cursor stays on its lease, whichever row that goes to.

use crate::app::dialog::{Dialog, SortMenu};
use crate::app::{AppState, Sort};

/// Sorts by the column that stands so many places further, around the end.
pub(super) fn by_neighbour(app: &mut AppState, steps: usize) {
    by(app, app.view.sort.moved(&app.config.columns, steps));
}

/// Sorts by the column before.
pub(super) fn by_the_one_before(app: &mut AppState) {
    by_neighbour(app, app.config.columns.len().saturating_sub(1));
}

/// Turns the order around.
pub(super) fn invert(app: &mut AppState) {
    by(app, app.view.sort.inverted());
}

/// Opens the menu on what is sorted by.
pub(super) fn open(app: &mut AppState) {
    let active_view = app.active_view();
    app.view.dialog = Some(Dialog::Sort(SortMenu::new(active_view.view.sort)));
}

/// Sorts what is looked at.
pub(in crate::app) fn by(app: &mut AppState, sort: Sort) {
    app.view.sort = sort;
    app.view.is_away |= app.view.cursor_row().is_some_and(|row| row > 0);
}
