//! A key was pressed.

use crate::app::dialog::{self, Dialog};
use crate::app::keymap::Action;
use crate::app::{Effect, Key, Model, Redraw, TABS};
use simkit::Timestamp;

use super::{
    attach, copy, drill, filter, freeze, grant, keep, look, mark, mouse, moves, pin, quit, renew, revoke, sort,
    suspend, tick, warp,
};

/// Gives the key to the open dialog, to the open filter line, or to the key table; what is done to the screen as a whole
/// is done in dialogs as well. A key without a function does nothing.
pub(super) fn press(model: &mut Model, key: Key, now: Timestamp) -> Vec<Effect> {
    let action = model.setup.keymap.action(key);
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
    model.show(Redraw::Now);
    model.note = None;
    match action {
        action if !action.works_in(model.looking().view) => Vec::new(),
        Action::Back if mark::leave_range(model) => Vec::new(),
        action if action.looks() => {
            look_at(model, action);
            Vec::new()
        }
        action if action.needs_cursor() && !look::aim(model.looking_mut()) => Vec::new(),
        action if action.needs_cursor() => {
            let since = freeze::aim(model);
            let effects = perform(model, action, now);
            // What became of another lease than the one that is meant is no news.
            let since = since.filter(|since| mark::means_the_cursor(model, since.id));
            freeze::tell(model, since, now);
            effects
        }
        action => perform(model, action, now),
    }
}

/// Looks elsewhere, in the picture while the display is frozen. The last step back lets it go on.
fn look_at(model: &mut Model, action: Action) {
    let looking = model.looking_mut();
    match action {
        Action::Show(view) => look::show(looking, view),
        Action::NextView => look::show(looking, looking.view.neighbour(1)),
        Action::PreviousView => look::show(looking, looking.view.neighbour(TABS.len() - 1)),
        Action::Open => look::open(looking),
        Action::QuickFilter => look::next_kind(looking),
        Action::Filter => filter::open(looking),
        Action::SortBefore => sort::by_the_one_before(looking),
        Action::SortAfter => sort::by_neighbour(looking, 1),
        Action::InvertSort => sort::invert(looking),
        Action::ShorterSpan | Action::LongerSpan => look::change_span(looking, action),
        Action::Back if look::back(looking) => (),
        Action::Back => {
            freeze::thaw(model);
        }
        Action::Zoom => look::zoom(looking),
        Action::Wide => look::widen(looking),
        Action::Left | Action::Right => look::pan(looking, action),
        action => moves::go(looking, action),
    }
}

fn perform(model: &mut Model, action: Action, now: Timestamp) -> Vec<Effect> {
    match action {
        Action::New => grant::open(model, now),
        Action::Help => model.dialog = Some(Dialog::Help { top: 0 }),
        Action::Mark => mark::toggle(model, now),
        Action::MarkRange => mark::range(model, now),
        Action::ClearMarks => mark::clear(model, now),
        Action::Pin => pin::toggle(model, now),
        Action::SortMenu => sort::open(model),
        Action::PollNow => return tick::poll_now(model, now),
        Action::KeepAlive => return keep::toggle(model, now),
        Action::RenewOnce => return renew::once(model, now),
        Action::Drill => return drill::toggle(model, now),
        Action::Warp => warp::ask(model),
        Action::Revoke => return revoke::open(model, now),
        Action::Quit => return quit::ask(model),
        Action::Redraw => model.show(Redraw::Anew),
        Action::Suspend => return suspend::ask(model, now),
        Action::Freeze => freeze::toggle(model, now),
        Action::Attach => attach::open(model, now),
        Action::Mouse => return mouse::toggle(model, now),
        Action::PollFaster | Action::PollSlower => tick::change_pace(model, action, now),
        Action::CopyId => return copy::id(model, now),
        Action::CopyCommand => return copy::command(model, now),
        Action::Ids => look::write_ids_otherwise(model),
        action => look_at(model, action),
    }
    Vec::new()
}
