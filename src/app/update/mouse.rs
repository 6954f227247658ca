//! The mouse, where it was asked for.

use crate::app::dialog::Dialog;
use crate::app::keymap::Action;
use crate::app::{AppState, ClickTarget, Effect, Redraw, Sort};
use simkit::Timestamp;

use super::{cursor, sort};

/// Rows that a notch of the wheel is worth.
const NOTCH: usize = 3;

/// Takes the mouse from the terminal, or gives it back.
pub(super) fn toggle(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    app.view.has_mouse = !app.view.has_mouse;
    let key = app.config.keymap.key_label(Action::Mouse);
    let note = match app.view.has_mouse {
        true => format!("Mouse on ({key}: off, to select text)"),
        false => "Mouse off: your terminal selects text".to_owned(),
    };
    app.view.set_status(now, false, note);
    vec![Effect::Mouse(app.view.has_mouse)]
}

/// Something was clicked. A dialog is answered by keys alone.
pub(super) fn clicked(app: &mut AppState, hit: ClickTarget) {
    if app.view.dialog.is_some() {
        return;
    }
    app.view.request_redraw(Redraw::Now);
    let active_view = app.active_view_mut();
    match hit {
        ClickTarget::Row(id) => {
            (active_view.view.cursor, active_view.view.is_away, active_view.view.row_filter.saved_cursor) =
                (Some(id), true, None)
        }
        ClickTarget::Header(column) if active_view.view.sort.column == column => sort::invert(active_view),
        ClickTarget::Header(column) => sort::by(active_view, Sort::by(column)),
    }
}

/// The wheel was turned by a notch: the rows, the lines or the help move.
pub(super) fn wheel(app: &mut AppState, is_down: bool) {
    let action = if is_down { Action::Down } else { Action::Up };
    app.view.request_redraw(Redraw::Now);
    let max_scroll = app.active_view().view.max_scroll;
    if let Some(Dialog::Help { top }) = &mut app.view.dialog {
        *top = if is_down { (*top + NOTCH).min(max_scroll) } else { top.saturating_sub(NOTCH) };
    }
    if app.view.dialog.is_none() {
        (0..NOTCH).for_each(|_| cursor::go(app.active_view_mut(), action));
    }
}
