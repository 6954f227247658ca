//! Revoking.

use crate::app::bulk::RevokeOutcome;
use crate::app::dialog::{Dialog, RevokeDialog, RevokeManyDialog};
use crate::app::keymap::Action;
use crate::app::{AppState, CallFailure, Effect, EventKind, keys_in_words, polls};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::lifecycle::{Absence, record_end, record_revoked};
use super::{bulk, is_refused, quit, selection};

/// Of the leases that a dialog names so many are asked before all others: more than it can show.
const MAX_PRIORITIZED: usize = 100;

/// Opens the dialog on the leases that are meant, and asks for their keys as they are now.
pub(super) fn open(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let targets = selection::targets_or_report(app, now);
    if targets.is_empty() || is_refused(app, now) {
        return Vec::new();
    }
    match targets[..] {
        [id] if is_under_way(app, id, now) => (),
        [id] => app.view.dialog = app.leases.get(id).map(RevokeDialog::new).map(Dialog::Revoke),
        _ => open_many(app, &targets),
    }
    targets.into_iter().take(MAX_PRIORITIZED).for_each(|id| polls::prioritize(app, id));
    Vec::new()
}

fn open_many(app: &mut AppState, ids: &[LeaseId]) {
    let hidden = selection::shown_and_hidden(app).1.len();
    let dialog = RevokeManyDialog::new(ids.iter().filter_map(|id| app.leases.get(*id)), hidden);
    app.view.dialog = Some(Dialog::RevokeMany(dialog));
}

/// Sends the revoke of a lease, once.
pub(in crate::app) fn start(app: &mut AppState, id: LeaseId, now: Timestamp) -> Vec<Effect> {
    if is_under_way(app, id, now) {
        return Vec::new();
    }
    app.jobs.revoking.insert(id);
    app.view.set_status(now, false, format!("Revoking {id}…", id = app.view.id_format.name(id)));
    vec![Effect::Revoke(id)]
}

/// Whether its revoke was sent and is not answered yet; says so.
fn is_under_way(app: &mut AppState, id: LeaseId, now: Timestamp) -> bool {
    let is_under_way = app.jobs.revoking.contains(&id);
    if is_under_way {
        app.view.set_status(now, false, format!("{id} is already being revoked", id = app.view.id_format.name(id)));
    }
    is_under_way
}

/// It was revoked.
pub(super) fn done(app: &mut AppState, id: LeaseId, revision: i64, keys: Option<usize>, now: Timestamp) -> Vec<Effect> {
    app.jobs.revoking.remove(&id);
    record_revoked(app, id, revision, now);
    let next = bulk::on_reply(app, id, &RevokeOutcome::Revoked(keys), now).unwrap_or_else(|| {
        let keys = keys.map_or("its keys".to_owned(), keys_in_words);
        app.view.set_status(
            now,
            false,
            format!("Revoked {id}: {keys} deleted (revision {revision})", id = app.view.id_format.name(id)),
        );
        Vec::new()
    });
    next.into_iter().chain(quit::on_revoke_done(app, id)).collect()
}

/// It was not; an unknown lease is gone already.
pub(super) fn failed(app: &mut AppState, id: LeaseId, trouble: &CallFailure, now: Timestamp) -> Vec<Effect> {
    app.jobs.revoking.remove(&id);
    let why = why_not(app, trouble);
    let outcome = if trouble.is_not_found { RevokeOutcome::Gone } else { RevokeOutcome::Failed(why.clone()) };
    let next = bulk::on_reply(app, id, &outcome, now).unwrap_or_else(|| {
        app.view.set_status(now, true, format!("Could not revoke {id}: {why}", id = app.view.id_format.name(id)));
        Vec::new()
    });
    if trouble.is_not_found {
        record_end(app, id, Absence::by(now, app));
    } else {
        app.log(now, Some(id), EventKind::error(format!("could not revoke: {why}")));
    }
    // Whether a revoke without an answer was carried out is to be seen soon.
    polls::prioritize(app, id);
    next.into_iter().chain(quit::on_revoke_done(app, id)).collect()
}

fn why_not(app: &AppState, trouble: &CallFailure) -> String {
    let text = &trouble.text;
    match trouble {
        CallFailure { is_not_found: true, .. } => "it was already gone, so this deleted nothing".to_owned(),
        CallFailure { is_forbidden: true, .. } => format!("this needs write permission for each of its keys; {text}"),
        _ => {
            let again = app.config.keymap.key_label(Action::Revoke);
            format!("{text}; it may be gone anyway: check its row, {again} tries again")
        }
    }
}
