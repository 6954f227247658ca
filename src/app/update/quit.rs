//! The end of the program.

use crate::app::bulk::RevokeTarget;
use crate::app::dialog::{Dialog, Focus};
use crate::app::keymap::Action;
use crate::app::{AppState, Effect, Ownership};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::bulk;
use super::selection::leases_in_words;

/// Ends at once, unless leases are being kept alive on a real cluster: then it asks.
pub(super) fn ask(app: &mut AppState) -> Vec<Effect> {
    let is_at_stake = !app.config.is_sandbox() && app.leases.kept_alive().next().is_some();
    if is_at_stake && app.jobs.quit_pending.is_none() {
        app.view.dialog = Some(Dialog::Quit(Focus::default()));
        return Vec::new();
    }
    quit(app)
}

/// Ends; what was being kept alive expires by itself.
pub(in crate::app) fn quit(app: &mut AppState) -> Vec<Effect> {
    let still_alive =
        if app.config.is_sandbox() { Vec::new() } else { app.leases.kept_alive().map(|lease| lease.id).collect() };
    vec![Effect::Quit { still_alive }]
}

/// Revokes the own leases that are being kept alive, and ends when each has been answered. Adopted ones are not ours
/// to revoke.
pub(in crate::app) fn revoke_and_quit(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let own: Vec<RevokeTarget> =
        app.leases.kept_alive().filter(|lease| lease.ownership == Ownership::Own).map(RevokeTarget::of).collect();
    if own.is_empty() {
        return quit(app);
    }
    app.jobs.quit_pending = Some(own.iter().map(|named| named.id).collect());
    let what = leases_in_words(own.len());
    let quit = app.config.keymap.key_label(Action::Quit);
    app.view.set_status(now, false, format!("Revoking {what}, then quitting; {quit} quits now"));
    bulk::add(app, own, now)
}

/// A revoke was answered, one way or the other.
pub(super) fn on_revoke_done(app: &mut AppState, id: LeaseId) -> Vec<Effect> {
    let Some(quit_pending) = &mut app.jobs.quit_pending else { return Vec::new() };
    quit_pending.remove(&id);
    if quit_pending.is_empty() { quit(app) } else { Vec::new() }
}
