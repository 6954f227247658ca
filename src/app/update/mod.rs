//! What a message does to the model: one small file a verb.

pub(super) mod attach;
pub(super) mod bulk;
mod cluster;
mod copy;
mod counts;
mod cursor;
pub(super) mod drill;
mod engine;
mod filter;
mod freeze;
mod grant;
mod input;
pub(super) mod keep;
mod lease_keys;
mod lifecycle;
mod list;
mod mouse;
mod navigation;
mod paste;
mod pin;
mod probe;
pub(super) mod quit;
mod refresh_rows;
mod renew;
pub(super) mod revoke;
mod selection;
pub(super) mod sort;
pub(super) mod suspend;
mod suspension;
mod tick;
mod values;
mod warp;

pub use refresh_rows::refresh_rows;
pub use tick::next_wake;

use super::{AppState, Effect, Msg, Redraw};
use engine::count;
use simkit::Timestamp;

/// Takes in one message at a moment, and says what is to be done.
pub fn update(model: &mut AppState, msg: Msg, now: Timestamp) -> Vec<Effect> {
    model.events.now = now;
    let effects = dispatch(model, msg, now);
    // Whoever was to be kept alive is gone: another lease of the same id is not ours to keep.
    let superseded = std::mem::take(&mut model.superseded).into_iter().map(Effect::StopKeepAlive);
    effects.into_iter().chain(superseded).collect()
}

fn dispatch(model: &mut AppState, msg: Msg, now: Timestamp) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => return input::press(model, key, now),
        Msg::Clicked(hit) => mouse::clicked(model, hit),
        Msg::Wheel { is_down } => mouse::wheel(model, is_down),
        Msg::Pasted(text) => paste::pasted(model, &text, now),
        Msg::Tick => return tick::tick(model, now),
        Msg::Cluster(view) => return cluster::changed(model, view, now),
        Msg::RevokeFailed { id, trouble } => return revoke::failed(model, id, &trouble, now),
        Msg::Revoked { id, revision, keys_deleted } => return revoke::done(model, id, revision, keys_deleted, now),
        Msg::SystemSlept(span) => return suspension::slept(model, span, now),
        Msg::ProcessStalled { since } => suspension::over(model, since, now),
        Msg::Resized(room) => cursor::resized(model, room),
        Msg::ScrollLimit { max_scroll } => cursor::measured(model, max_scroll),
        Msg::Listed(listing) => list::listed(model, listing),
        Msg::ListedAgain { sent, received, revision } => list::again(model, revision, (sent, received)),
        Msg::ListRecovered => list::goes_on(model),
        Msg::ListFailed(trouble) => list::failed(model, trouble, now),
        Msg::KeysReloading => lease_keys::start_reload(model),
        Msg::KeysPage(page) => lease_keys::add_page(model, page),
        Msg::KeysRead { revision } => lease_keys::finish_reload(model, revision, now),
        Msg::KeysChanged { changes, received } => lease_keys::changed(model, changes, received),
        Msg::KeysFailed(trouble) => lease_keys::failed(model, trouble, now),
        Msg::KeysRecovered => lease_keys::go_on(model, now),
        Msg::Probed { sent, received, answer, has_keys } => {
            probe::answered(model, answer, (sent, received), has_keys);
        }
        Msg::ProbeFailed { id, trouble } => probe::failed(model, id, &trouble, now),
        Msg::Values { id, pairs } => values::read(model, id, pairs),
        Msg::Statuses(statuses) => engine::statuses(model, statuses),
        Msg::Engine(event) => engine::event(model, event),
        Msg::EventsLost(lost) => engine::events_lost(model, lost, now),
        Msg::Delivered(read) => engine::delivered(model, read),
        Msg::Granted { sent, received, answer, keep_alive } => {
            grant::granted(model, &answer, (sent, received), keep_alive);
        }
        Msg::GrantFailed { ttl, trouble } => grant::failed(model, ttl, &trouble, now),
        Msg::Attached { id, key } => grant::attached(model, id, &key, now),
        Msg::AttachFailed { id, key, trouble } => grant::attach_failed(model, id, &key, &trouble, now),
        Msg::Renewed { sent, received, id, ttl } => renew::done(model, id, ttl, sent, received),
        Msg::RenewFailed { id, trouble } => renew::failed(model, id, &trouble, now),
    }
    Vec::new()
}

/// Refuses what writes or renews, if that is not wanted here; says so.
fn is_refused(model: &mut AppState, now: Timestamp) -> bool {
    if model.config.is_read_only {
        model.set_status(now, true, "read-only: here nothing is granted, renewed or revoked");
        model.request_redraw(Redraw::Now);
    }
    model.config.is_read_only
}
