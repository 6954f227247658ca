//! Mouse clicks and the wheel, while mouse capture is on.

use crate::app::action::Action;
use crate::app::command::Command;
use crate::app::dialog::Dialog;
use crate::app::{AppState, ClickTarget, Effect, PlaybackControl, Redraw, Sort, View};
use simkit::Timestamp;

use super::execute::execute;
use super::{input, view_actions};

/// Rows per notch of the wheel.
const NOTCH: usize = 3;

/// Handles a click, and says once how to select text. A dialog only takes clicks on its buttons.
pub(super) fn clicked(app: &mut AppState, hit: ClickTarget, now: Timestamp) -> Vec<Effect> {
    let effects = click(app, hit, now);
    introduce(app, now);
    effects
}

fn click(app: &mut AppState, hit: ClickTarget, now: Timestamp) -> Vec<Effect> {
    if let ClickTarget::Key(key) = hit {
        return input::press(app, key, now);
    }
    if app.view.dialog.is_some() {
        return Vec::new();
    }
    app.view.request_redraw(Redraw::Now);
    app.cluster.members.asked_to_probe = None;
    match hit {
        ClickTarget::Cohort(key) => {
            let active = app.active_view_mut();
            active.view.cadence_cursor.select(&active.leases.cadence_index, key);
            Vec::new()
        }
        ClickTarget::Group(id) => {
            app.active_view_mut().view.select_group(id);
            Vec::new()
        }
        ClickTarget::Row(id) => execute(app, Command::Select(id), now),
        ClickTarget::Seek(permille) => execute(app, Command::Play(PlaybackControl::Seek(permille)), now),
        ClickTarget::Header(column) => {
            let present = app.active_view().view.sort;
            let sort = if present.column() == Some(column) { present.inverted() } else { Sort::by(column) };
            execute(app, Command::SortBy(sort), now)
        }
        ClickTarget::Tab(view) => execute(app, Command::Action(Action::Show(view)), now),
        ClickTarget::Key(_) => Vec::new(),
    }
}

/// Says once how to select text, because the terminal selects none while it sends mouse events.
fn introduce(app: &mut AppState, now: Timestamp) {
    if std::mem::replace(&mut app.view.is_mouse_introduced, true) || app.view.status.is_some() {
        return;
    }
    let key = app.config.keymap.key_label(Action::Mouse);
    app.view.set_status(now, false, format!("Hold Shift to select text; {key} turns the mouse off"));
}

/// Handles one notch of the wheel: scrolls the rows, the lines, the help, or the choices of a dialog.
pub(super) fn wheel(app: &mut AppState, is_down: bool, now: Timestamp) {
    app.view.request_redraw(Redraw::Now);
    let action = if is_down { Action::Down } else { Action::Up };
    let is_cadence = app.active_view().view.active == View::Cadence;
    match &mut app.view.dialog {
        Some(Dialog::Help(help)) => {
            help.top = if is_down { help.top.saturating_add(NOTCH) } else { help.top.saturating_sub(NOTCH) };
        }
        Some(
            Dialog::Sort(_) | Dialog::Columns(_) | Dialog::Mute(_) | Dialog::Clusters(_) | Dialog::Revoking { .. },
        ) => {
            if let Some(key) = app.config.keymap.key(action) {
                // A movement has no effects.
                let _ = input::press(app, key, now);
            }
        }
        Some(_) => (),
        None if is_cadence => {
            let scroll = &mut app.active_view_mut().view.scroll;
            *scroll = if is_down { scroll.saturating_add(NOTCH) } else { scroll.saturating_sub(NOTCH) };
        }
        None => {
            let before = app.active_view().view.cursor;
            (0..NOTCH).for_each(|_| view_actions::go(app.active_view_mut(), action));
            app.on_cursor_moved(before);
        }
    }
    introduce(app, now);
}
