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
pub(super) fn press(app: &mut AppState, key: Key, now: Timestamp) -> Vec<Effect> {
    let action = app.config.keymap.action(key);
    if let Some(action @ (Action::Redraw | Action::Suspend)) = action {
        return perform(app, action, now);
    }
    if let Some(dialog) = app.view.dialog.take() {
        return dialog::key(app, dialog, key, now);
    }
    if filter::is_open(app) {
        filter::press(app, key);
        return Vec::new();
    }
    let Some(action) = action else { return Vec::new() };
    app.view.request_redraw(Redraw::Now);
    app.view.status = None;
    match action {
        action if !action.works_in(app.active_view().view.active) => Vec::new(),
        Action::Back if selection::cancel_range(app) => Vec::new(),
        action if action.is_view_only() => {
            look_at(app, action);
            Vec::new()
        }
        action if action.needs_cursor() && !navigation::select_candidate(app.active_view_mut()) => Vec::new(),
        action if action.needs_cursor() => {
            let since = freeze::select(app);
            let effects = perform(app, action, now);
            // What became of another lease than the one that is meant is no news.
            let since = since.filter(|since| selection::targets_cursor(app, since.id));
            freeze::report(app, since, now);
            effects
        }
        action => perform(app, action, now),
    }
}

/// Looks elsewhere, in the picture while the display is frozen. The last step back lets it go on.
fn look_at(app: &mut AppState, action: Action) {
    let active_view = app.active_view_mut();
    match action {
        Action::Show(view) => navigation::switch_to(active_view, view),
        Action::NextView => navigation::switch_to(active_view, active_view.view.active.neighbour(1)),
        Action::PreviousView => navigation::switch_to(active_view, active_view.view.active.neighbour(TABS.len() - 1)),
        Action::Open => navigation::open(active_view),
        Action::QuickFilter => navigation::next_category(active_view),
        Action::Filter => filter::open(active_view),
        Action::SortBefore => sort::by_the_one_before(active_view),
        Action::SortAfter => sort::by_neighbour(active_view, 1),
        Action::InvertSort => sort::invert(active_view),
        Action::ShorterSpan | Action::LongerSpan => navigation::change_span(active_view, action),
        Action::Back if navigation::back(active_view) => (),
        Action::Back => {
            freeze::thaw(app);
        }
        Action::Zoom => navigation::zoom(active_view),
        Action::Wide => navigation::widen(active_view),
        Action::Left | Action::Right => navigation::pan(active_view, action),
        action => cursor::go(active_view, action),
    }
}

fn perform(app: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    match action {
        Action::New => grant::open(app, now),
        Action::Help => app.view.dialog = Some(Dialog::Help { top: 0 }),
        Action::Mark => selection::toggle(app, now),
        Action::MarkRange => selection::range(app, now),
        Action::ClearMarks => selection::clear(app, now),
        Action::Pin => pin::toggle(app, now),
        Action::SortMenu => sort::open(app),
        Action::PollNow => return tick::poll_now(app, now),
        Action::KeepAlive => return keep::toggle(app, now),
        Action::RenewOnce => return renew::once(app, now),
        Action::Drill => return drill::toggle(app, now),
        Action::Warp => warp::ask(app),
        Action::Revoke => return revoke::open(app, now),
        Action::Quit => return quit::ask(app),
        Action::Redraw => app.view.request_redraw(Redraw::Full),
        Action::Suspend => return suspend::ask(app, now),
        Action::Freeze => freeze::toggle(app, now),
        Action::Attach => attach::open(app, now),
        Action::Mouse => return mouse::toggle(app, now),
        Action::PollFaster | Action::PollSlower => tick::change_pace(app, action, now),
        Action::CopyId => return copy::id(app, now),
        Action::CopyCommand => return copy::command(app, now),
        Action::Ids => navigation::toggle_id_format(app),
        action => look_at(app, action),
    }
    Vec::new()
}
