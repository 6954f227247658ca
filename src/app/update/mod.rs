//! Applies messages to the state. Only this module sees all parts of it.
//!
//! `input` turns key presses into [`Command`](super::command::Command)s, and `execute` calls their verbs. Messages from
//! etcd and the engine have one file each.

mod availability;
mod background;
mod change_ttl;
mod cluster;
mod clusters;
mod command_line;
mod counts;
mod detached_keys;
mod engine;
mod execute;
mod feedback;
mod files;
mod filter;
mod freeze;
mod handover;
mod input;
mod known;
mod lease_keys;
mod lease_replies;
mod lifecycle;
mod lints;
mod list;
mod lock_values;
mod members;
mod metrics;
mod mouse;
mod navigation;
mod open_dialogs;
mod playback;
mod poll;
mod probe_members;
mod refresh_rows;
mod replies;
mod report;
mod selection;
mod start_over;
mod suspension;
mod tick;
mod undo;
mod undo_size;
mod values;
mod view_actions;

pub use lints::run_lints;
pub use lock_values::knows_locks;
pub use members::knows_members;
pub use metrics::metrics_snapshot;
pub use refresh_rows::refresh_rows;
pub use tick::next_wake;

use super::{AppState, CopyOutcome, Effect, Msg, Redraw, Viewport};
use crate::id_format::IdFormat;
use simkit::Timestamp;

/// Applies a message at time `now` and returns the effects to carry out.
pub fn update(app: &mut AppState, msg: Msg, now: Timestamp) -> Vec<Effect> {
    app.events.now = now;
    let is_input = matches!(msg, Msg::Key(_) | Msg::Clicked(_) | Msg::Wheel { .. } | Msg::Pasted(_));
    let cursor = app.view.cursor;
    let effects = dispatch(app, msg, now);
    feedback::drop_obsolete(app);
    if is_input {
        app.view.motion.on_input(now);
    } else if cursor.is_some() && app.view.cursor != cursor {
        app.view.motion.on_message_moved();
    }
    if app.events.reset_changed() {
        app.view.request_redraw(Redraw::Soon);
    }
    // The lease to keep alive is gone. A new lease under its id must not be kept alive.
    let superseded = std::mem::take(&mut app.leases.superseded).into_iter().map(Effect::StopKeepAlive);
    effects.into_iter().chain(superseded).collect()
}

/// Applies a message, unless it is held. It can release messages that were held; they are applied after it.
fn dispatch(app: &mut AppState, msg: Msg, now: Timestamp) -> Vec<Effect> {
    let mut effects = start_over::hold(app, msg, now).map_or_else(|held| held, |msg| apply(app, msg, now));
    for msg in std::mem::take(&mut app.cluster.released) {
        effects.extend(apply(app, msg, now));
    }
    effects
}

/// Applies a message. Arms with effects return them; the other messages have none.
fn apply(app: &mut AppState, msg: Msg, now: Timestamp) -> Vec<Effect> {
    match msg {
        Msg::Key(key) => return input::press(app, key, now),
        Msg::Clicked(hit) => return mouse::clicked(app, hit, now),
        Msg::Wheel { is_down } => mouse::wheel(app, is_down, now),
        Msg::Pasted(text) => input::paste(app, &text, now),
        Msg::Tick => return tick::tick(app, now),
        Msg::Cluster(view) => return cluster::changed(app, view, now),
        Msg::RevokeFailed { id, failure } => return replies::revoke_failed(app, id, &failure, now),
        Msg::Revoked { id, revision, keys_deleted } => return replies::revoked(app, id, revision, keys_deleted, now),
        Msg::BackgroundRevoked { failed } => return background::revoked(app, failed, now),
        Msg::SystemSlept(span) => return suspension::slept(app, span, now),
        Msg::Exported { leases, path } => files::exported(app, leases, &path, now),
        Msg::ConfigFile { path, text } => files::config_read(app, path, text, now),
        Msg::ConfigWritten { path } => files::config_written(app, &path, now),
        Msg::ExportFailed(why) | Msg::ConfigFileFailed(why) => files::failed(app, why, now),
        Msg::HistoryFailed(why) | Msg::SwitchFailed(why) => files::failed(app, why, now),
        Msg::OutputFailed(why) => files::output_failed(app, why, now),
        Msg::Resumed(leases) => background::resumed(app, &leases),
        Msg::Background(leases) => background::changed(app, leases),
        Msg::BackgroundEnded { cluster, id, why } => background::ended(app, &cluster, id, &why, now),
        Msg::ClockWaits => app.view.note_waiting_clock(now),
        Msg::ProcessStalled { since } => suspension::over(app, since, now),
        Msg::Resized(viewport) => resized(app, viewport),
        Msg::Known(known) => known::restore(app, *known, now),
        Msg::Listed(listing) => list::listed(app, listing),
        Msg::ListedAgain { sent, received, revision } => list::again(app, revision, (sent, received)),
        Msg::ListRecovered => list::recovered(app),
        Msg::ListFailed(failure) => list::failed(app, failure, now),
        Msg::KeysReloading => lease_keys::start_reload(app),
        Msg::KeysPage(page) => lease_keys::add_page(app, page),
        Msg::KeysRead { revision } => lease_keys::finish_reload(app, revision, now),
        Msg::KeysChanged { changes, received } => {
            lease_keys::changed(app, changes, received);
            start_over::release_if_explained(app);
        }
        Msg::KeysByLease { revision } => lease_replies::start(app, revision, now),
        Msg::KeyBytes(bytes) => app.keys.queries.count(bytes, now),
        Msg::KeysLoaded(loaded) => lease_replies::loaded(app, loaded, now),
        Msg::KeysNotLoaded(read) => lease_replies::not_loaded(app, read, now),
        Msg::KeysDenied(read) => lease_replies::denied(app, &read),
        Msg::KeysFailed(failure) => lease_keys::failed(app, failure, now),
        Msg::KeysRecovered => lease_keys::recovered(app, now),
        Msg::Polled { sent, received, answer, has_keys } => {
            poll::answered(app, answer, (sent, received), has_keys);
        }
        Msg::PollFailed { id, failure } => poll::failed(app, id, &failure, now),
        Msg::Values { id, pairs } => values::read(app, id, pairs),
        Msg::LockValues { pairs, bytes } => lock_values::read(app, pairs, bytes, now),
        Msg::Members { reading, has_outside } => members::read(app, reading, has_outside, now),
        Msg::ServerCounters(reading) => members::counted(app, reading, now),
        Msg::MembersProbed(probes) => probe_members::done(app, probes, now),
        Msg::Statuses(statuses) => engine::statuses(app, statuses),
        Msg::Engine(event) => engine::event(app, event),
        Msg::EventsLost(lost) => engine::events_lost(app, lost, now),
        Msg::Delivered(read) => engine::delivered(app, read),
        Msg::Granted { sent, received, answer, keep_alive, job } => {
            replies::granted(app, &answer, (sent, received), keep_alive, job);
        }
        Msg::GrantFailed { job, ttl, failure } => replies::grant_failed(app, job, ttl, &failure, now),
        Msg::Attached { id, key, revision } => replies::attached(app, id, &key, revision, now),
        Msg::AttachFailed { id, key, failure } => replies::attach_failed(app, id, &key, &failure, now),
        Msg::Renewed { sent, received, id, ttl } => replies::renewed(app, id, ttl, sent, received),
        Msg::RenewFailed { id, failure } => replies::renew_failed(app, id, &failure, now),
        Msg::BackedUp { id, backup } => app.jobs.undo.on_backup(id, backup),
        Msg::UndoMeasured { ids, size } => undo_size::measured(app, &ids, size),
        Msg::Replaced { id, sent, received, answer } => undo::replaced(app, id, &answer, (sent, received)),
        Msg::Restored { id, new, keys } => undo::restored(app, id, new, &keys, now),
        Msg::RestoreFailed { id, failure } => undo::restore_failed(app, id, &failure, now),
        Msg::TtlChanged { id, changed } => return change_ttl::changed(app, id, &changed, now),
        Msg::ChangeTtlFailed { id, message, revoked } => return change_ttl::failed(app, id, &message, revoked, now),
        Msg::Recording(change) => files::recording(app, change, now),
        Msg::Copied { text, outcome } => copied(app, &text, outcome, now),
    }
    Vec::new()
}

/// Reports where a copied text was sent.
fn copied(app: &mut AppState, text: &str, outcome: CopyOutcome, now: Timestamp) {
    let is_error = outcome == CopyOutcome::TmuxRefuses;
    let is_decimal = app.view.id_format == IdFormat::Decimal && text.parse::<i64>().is_ok();
    let note = if is_decimal && !is_error { format!(" (leasetop reads it as dec:{text})") } else { String::new() };
    app.view.set_status(now, is_error, outcome.message(text) + &note);
    app.view.request_redraw(Redraw::Now);
}

/// Applies a new screen size, also to a frozen view.
fn resized(app: &mut AppState, viewport: Viewport) {
    if let Some(frozen) = &mut app.frozen {
        frozen.app.view.fit(viewport);
    }
    app.view.fit(viewport);
    app.view.request_redraw(Redraw::Now);
}
