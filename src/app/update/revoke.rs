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
pub(super) fn open(model: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let targets = selection::targets_or_report(model, now);
    if targets.is_empty() || is_refused(model, now) {
        return Vec::new();
    }
    match targets[..] {
        [id] if is_under_way(model, id, now) => (),
        [id] => model.dialog = model.lease(id).map(RevokeDialog::new).map(Dialog::Revoke),
        _ => open_many(model, &targets),
    }
    targets.into_iter().take(MAX_PRIORITIZED).for_each(|id| polls::prioritize(model, id));
    Vec::new()
}

fn open_many(model: &mut AppState, ids: &[LeaseId]) {
    let hidden = selection::shown_and_hidden(model).1.len();
    let dialog = RevokeManyDialog::new(ids.iter().filter_map(|id| model.lease(*id)), hidden);
    model.dialog = Some(Dialog::RevokeMany(dialog));
}

/// Sends the revoke of a lease, once.
pub(in crate::app) fn start(model: &mut AppState, id: LeaseId, now: Timestamp) -> Vec<Effect> {
    if is_under_way(model, id, now) {
        return Vec::new();
    }
    model.revoking.insert(id);
    model.set_status(now, false, format!("revoking {id} …", id = model.ids.name(id)));
    vec![Effect::Revoke(id)]
}

/// Whether its revoke was sent and is not answered yet; says so.
fn is_under_way(model: &mut AppState, id: LeaseId, now: Timestamp) -> bool {
    let is_under_way = model.revoking.contains(&id);
    if is_under_way {
        model.set_status(
            now,
            false,
            format!("{id} is being revoked already: the answer is awaited", id = model.ids.name(id)),
        );
    }
    is_under_way
}

/// It was revoked.
pub(super) fn done(
    model: &mut AppState,
    id: LeaseId,
    revision: i64,
    keys: Option<usize>,
    now: Timestamp,
) -> Vec<Effect> {
    model.revoking.remove(&id);
    record_revoked(model, id, revision, now);
    let next = bulk::on_reply(model, id, &RevokeOutcome::Revoked(keys), now).unwrap_or_else(|| {
        let keys = keys.map_or("its keys".to_owned(), keys_in_words);
        model.set_status(
            now,
            false,
            format!("revoked {id}: {keys} deleted, revision {revision}", id = model.ids.name(id)),
        );
        Vec::new()
    });
    next.into_iter().chain(quit::on_revoke_done(model, id)).collect()
}

/// It was not; an unknown lease is gone already.
pub(super) fn failed(model: &mut AppState, id: LeaseId, trouble: &CallFailure, now: Timestamp) -> Vec<Effect> {
    model.revoking.remove(&id);
    let why = why_not(model, trouble);
    let outcome = if trouble.is_not_found { RevokeOutcome::Gone } else { RevokeOutcome::Failed(why.clone()) };
    let next = bulk::on_reply(model, id, &outcome, now).unwrap_or_else(|| {
        model.set_status(now, true, format!("{id} not revoked: {why}", id = model.ids.name(id)));
        Vec::new()
    });
    if trouble.is_not_found {
        record_end(model, id, Absence::by(now, model));
    } else {
        model.log(now, Some(id), EventKind::error(format!("not revoked: {why}")));
    }
    // Whether a revoke without an answer was carried out is to be seen soon.
    polls::prioritize(model, id);
    next.into_iter().chain(quit::on_revoke_done(model, id)).collect()
}

fn why_not(model: &AppState, trouble: &CallFailure) -> String {
    let text = &trouble.text;
    match trouble {
        CallFailure { is_not_found: true, .. } => "it was gone already, so nothing was deleted by this".to_owned(),
        CallFailure { is_forbidden: true, .. } => format!("that takes the right to write each of its keys; {text}"),
        _ => {
            let again = model.config.keymap.key_label(Action::Revoke);
            format!("{text}; it may be gone all the same, its row tells: {again} asks again")
        }
    }
}
