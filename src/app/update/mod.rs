//! What a message does to the state: one small file a verb.

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
pub fn update(app: &mut AppState, msg: Msg, now: Timestamp) -> Vec<Effect> {
    app.events.now = now;
    let effects = dispatch(app, msg, now);
    // Whoever was to be kept alive is gone: another lease of the same id is not ours to keep.
    let superseded = std::mem::take(&mut app.leases.superseded).into_iter().map(Effect::StopKeepAlive);
    effects.into_iter().chain(superseded).collect()
}

fn dispatch(app: &mut AppState, msg: Msg, now: Timestamp) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => return input::press(app, key, now),
        Msg::Clicked(hit) => mouse::clicked(app, hit),
        Msg::Wheel { is_down } => mouse::wheel(app, is_down),
        Msg::Pasted(text) => paste::pasted(app, &text, now),
        Msg::Tick => return tick::tick(app, now),
        Msg::Cluster(view) => return cluster::changed(app, view, now),
        Msg::RevokeFailed { id, trouble } => return revoke::failed(app, id, &trouble, now),
        Msg::Revoked { id, revision, keys_deleted } => return revoke::done(app, id, revision, keys_deleted, now),
        Msg::SystemSlept(span) => return suspension::slept(app, span, now),
        Msg::ProcessStalled { since } => suspension::over(app, since, now),
        Msg::Resized(room) => cursor::resized(app, room),
        Msg::ScrollLimit { max_scroll } => cursor::measured(app, max_scroll),
        Msg::Listed(listing) => list::listed(app, listing),
        Msg::ListedAgain { sent, received, revision } => list::again(app, revision, (sent, received)),
        Msg::ListRecovered => list::goes_on(app),
        Msg::ListFailed(trouble) => list::failed(app, trouble, now),
        Msg::KeysReloading => lease_keys::start_reload(app),
        Msg::KeysPage(page) => lease_keys::add_page(app, page),
        Msg::KeysRead { revision } => lease_keys::finish_reload(app, revision, now),
        Msg::KeysChanged { changes, received } => lease_keys::changed(app, changes, received),
        Msg::KeysFailed(trouble) => lease_keys::failed(app, trouble, now),
        Msg::KeysRecovered => lease_keys::go_on(app, now),
        Msg::Probed { sent, received, answer, has_keys } => {
            probe::answered(app, answer, (sent, received), has_keys);
        }
        Msg::ProbeFailed { id, trouble } => probe::failed(app, id, &trouble, now),
        Msg::Values { id, pairs } => values::read(app, id, pairs),
        Msg::Statuses(statuses) => engine::statuses(app, statuses),
        Msg::Engine(event) => engine::event(app, event),
        Msg::EventsLost(lost) => engine::events_lost(app, lost, now),
        Msg::Delivered(read) => engine::delivered(app, read),
        Msg::Granted { sent, received, answer, keep_alive } => {
            grant::granted(app, &answer, (sent, received), keep_alive);
        }
        Msg::GrantFailed { ttl, trouble } => grant::failed(app, ttl, &trouble, now),
        Msg::Attached { id, key } => grant::attached(app, id, &key, now),
        Msg::AttachFailed { id, key, trouble } => grant::attach_failed(app, id, &key, &trouble, now),
        Msg::Renewed { sent, received, id, ttl } => renew::done(app, id, ttl, sent, received),
        Msg::RenewFailed { id, trouble } => renew::failed(app, id, &trouble, now),
    }
    Vec::new()
}

/// Refuses what writes or renews, if that is not wanted here; says so.
fn is_refused(app: &mut AppState, now: Timestamp) -> bool {
    if app.config.is_read_only {
        app.view.set_status(now, true, "Read-only: grant, renew and revoke are disabled");
        app.view.request_redraw(Redraw::Now);
    }
    app.config.is_read_only
}
