//! A key was pressed.

use crate::app::dialog::{self, Dialog};
use crate::app::keymap::Action;
use crate::app::{AppState, Effect, Key, Redraw, TABS};
use simkit::Timestamp;

use super::{
    attach, copy, cursor, drill, filter, freeze, grant, keep, mouse, navigation, pin, quit, renew, revoke, selection,
    sort, suspend, tick, warp,
};

/// Gives the key to the open dialog, to the open filter line, or to the key table; what is done to the screen as a whole
/// is done in dialogs as well. A key without a function does nothing.
pub(super) fn press(model: &mut AppState, key: Key, now: Timestamp) -> Vec<Effect> {
    let action = model.config.keymap.action(key);
    if let Some(action @ (Action::Redraw | Action::Suspend)) = action {
        return perform(model, action, now);
    }
    if let Some(dialog) = model.dialog.take() {
        return dialog::key(model, dialog, key, now);
    }
    if filter::is_open(model) {
        filter::press(model, key);
        return Vec::new();
    }
    let Some(action) = action else { return Vec::new() };
    model.request_redraw(Redraw::Now);
    model.status = None;
    match action {
        action if !action.works_in(model.active_view().view) => Vec::new(),
        Action::Back if selection::cancel_range(model) => Vec::new(),
        action if action.is_view_only() => {
            look_at(model, action);
            Vec::new()
        }
        action if action.needs_cursor() && !navigation::select_candidate(model.active_view_mut()) => Vec::new(),
        action if action.needs_cursor() => {
            let since = freeze::select(model);
            let effects = perform(model, action, now);
            // What became of another lease than the one that is meant is no news.
            let since = since.filter(|since| selection::targets_cursor(model, since.id));
            freeze::report(model, since, now);
            effects
        }
        action => perform(model, action, now),
    }
}

/// Looks elsewhere, in the picture while the display is frozen. The last step back lets it go on.
fn look_at(model: &mut AppState, action: Action) {
    let active_view = model.active_view_mut();
    match action {
        Action::Show(view) => navigation::switch_to(active_view, view),
        Action::NextView => navigation::switch_to(active_view, active_view.view.neighbour(1)),
        Action::PreviousView => navigation::switch_to(active_view, active_view.view.neighbour(TABS.len() - 1)),
        Action::Open => navigation::open(active_view),
        Action::QuickFilter => navigation::next_category(active_view),
        Action::Filter => filter::open(active_view),
        Action::SortBefore => sort::by_the_one_before(active_view),
        Action::SortAfter => sort::by_neighbour(active_view, 1),
        Action::InvertSort => sort::invert(active_view),
        Action::ShorterSpan | Action::LongerSpan => navigation::change_span(active_view, action),
        Action::Back if navigation::back(active_view) => (),
        Action::Back => {
            freeze::thaw(model);
        }
        Action::Zoom => navigation::zoom(active_view),
        Action::Wide => navigation::widen(active_view),
        Action::Left | Action::Right => navigation::pan(active_view, action),
        action => cursor::go(active_view, action),
    }
}

fn perform(model: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    match action {
        Action::New => grant::open(model, now),
        Action::Help => model.dialog = Some(Dialog::Help { top: 0 }),
        Action::Mark => selection::toggle(model, now),
        Action::MarkRange => selection::range(model, now),
        Action::ClearMarks => selection::clear(model, now),
        Action::Pin => pin::toggle(model, now),
        Action::SortMenu => sort::open(model),
        Action::PollNow => return tick::poll_now(model, now),
        Action::KeepAlive => return keep::toggle(model, now),
        Action::RenewOnce => return renew::once(model, now),
        Action::Drill => return drill::toggle(model, now),
        Action::Warp => warp::ask(model),
        Action::Revoke => return revoke::open(model, now),
        Action::Quit => return quit::ask(model),
        Action::Redraw => model.request_redraw(Redraw::Full),
        Action::Suspend => return suspend::ask(model, now),
        Action::Freeze => freeze::toggle(model, now),
        Action::Attach => attach::open(model, now),
        Action::Mouse => return mouse::toggle(model, now),
        Action::PollFaster | Action::PollSlower => tick::change_pace(model, action, now),
        Action::CopyId => return copy::id(model, now),
        Action::CopyCommand => return copy::command(model, now),
        Action::Ids => navigation::toggle_id_format(model),
        action => look_at(model, action),
    }
    Vec::new()
}
