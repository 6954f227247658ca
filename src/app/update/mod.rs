//! What a message does to the model: one small file a verb.

mod arrange;
pub(super) mod attach;
mod attend;
pub(super) mod bulk;
mod cluster;
mod copy;
pub(super) mod drill;
mod engine;
mod filter;
mod freeze;
mod grant;
pub(super) mod keep;
mod key;
mod keys;
mod life;
mod list;
mod look;
mod mark;
mod mouse;
mod moves;
mod paste;
mod pin;
mod probe;
pub(super) mod quit;
mod renew;
pub(super) mod revoke;
pub(super) mod sort;
mod stood_still;
pub(super) mod suspend;
mod tick;
mod values;
mod warp;

pub use arrange::arrange;
pub use tick::next_wake;

use super::{Effect, Model, Msg, Redraw};
use engine::count;
use simkit::Timestamp;

/// Takes in one message at a moment, and says what is to be done.
pub fn update(model: &mut Model, msg: Msg, now: Timestamp) -> Vec<Effect> {
    model.events.now = now;
    let effects = take_in(model, msg, now);
    // Whoever was to be kept alive is gone: another lease of the same id is not ours to keep.
    let outlived = std::mem::take(&mut model.outlived).into_iter().map(Effect::Leave);
    effects.into_iter().chain(outlived).collect()
}

fn take_in(model: &mut Model, msg: Msg, now: Timestamp) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => return key::press(model, key, now),
        Msg::Clicked(hit) => mouse::clicked(model, hit),
        Msg::Wheel { is_down } => mouse::wheel(model, is_down),
        Msg::Pasted(text) => paste::pasted(model, &text, now),
        Msg::Tick => return tick::tick(model, now),
        Msg::Cluster(view) => return cluster::changed(model, view, now),
        Msg::RevokeFailed { id, trouble } => return revoke::failed(model, id, &trouble, now),
        Msg::Revoked { id, revision, keys_deleted } => return revoke::done(model, id, revision, keys_deleted, now),
        Msg::Slept(span) => return stood_still::slept(model, span, now),
        Msg::StoodStill { since } => stood_still::over(model, since, now),
        Msg::Resized(room) => moves::resized(model, room),
        Msg::Measured { spare } => moves::measured(model, spare),
        Msg::Listed(listing) => list::listed(model, listing),
        Msg::ListedAgain { sent, received, revision } => list::again(model, revision, (sent, received)),
        Msg::ListGoesOn => list::goes_on(model),
        Msg::ListFailed(trouble) => list::failed(model, trouble, now),
        Msg::KeysAnew => keys::begin(model),
        Msg::KeysPage(page) => keys::gather(model, page),
        Msg::KeysRead { revision } => keys::read(model, revision, now),
        Msg::KeysChanged { changes, received } => keys::changed(model, changes, received),
        Msg::KeysFailed(trouble) => keys::failed(model, trouble, now),
        Msg::KeysGoOn => keys::go_on(model, now),
        Msg::Probed { sent, received, answer, has_keys } => {
            probe::answered(model, answer, (sent, received), has_keys);
        }
        Msg::ProbeFailed { id, trouble } => probe::failed(model, id, &trouble, now),
        Msg::Values { id, pairs } => values::read(model, id, pairs),
        Msg::Statuses(statuses) => engine::statuses(model, statuses),
        Msg::Engine(event) => engine::event(model, event),
        Msg::EventsLost(lost) => engine::events_lost(model, lost, now),
        Msg::Queues(queues) => engine::queues(model, queues),
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
fn is_refused(model: &mut Model, now: Timestamp) -> bool {
    if model.setup.is_read_only {
        model.say(now, true, "read-only: here nothing is granted, renewed or revoked");
        model.show(Redraw::Now);
    }
    model.setup.is_read_only
}
