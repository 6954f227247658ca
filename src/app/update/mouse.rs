//! Mouse clicks and the wheel, while mouse capture is on.

use crate::app::action::Action;
use crate::app::command::Command;
use crate::app::dialog::Dialog;
use crate::app::{AppState, ClickTarget, Effect, Redraw, Sort};
use simkit::Timestamp;

use super::execute::execute;
use super::view_actions;

/// Rows per notch of the wheel.
const NOTCH: usize = 3;

/// Handles a click. Dialogs ignore the mouse.
pub(super) fn clicked(app: &mut AppState, hit: ClickTarget, now: Timestamp) -> Vec<Effect> {
    if app.view.dialog.is_some() {
        return Vec::new();
    }
    app.view.request_redraw(Redraw::Now);
    let present = app.active_view().view.sort;
    let command = match hit {
        ClickTarget::Row(id) => Command::Select(id),
        ClickTarget::Header(column) if present.column() == Some(column) => Command::SortBy(present.inverted()),
        ClickTarget::Header(column) => Command::SortBy(Sort::by(column)),
    };
    execute(app, command, now)
}

/// Handles one notch of the wheel: scrolls the rows, the lines or the help.
pub(super) fn wheel(app: &mut AppState, is_down: bool) {
    app.view.request_redraw(Redraw::Now);
    if let Some(Dialog::Help { top }) = &mut app.view.dialog {
        *top = if is_down { top.saturating_add(NOTCH) } else { top.saturating_sub(NOTCH) };
    }
    if app.view.dialog.is_none() {
        let action = if is_down { Action::Down } else { Action::Up };
        (0..NOTCH).for_each(|_| view_actions::go(app.active_view_mut(), action));
    }
}
