//! Revoking.

use crate::app::dialog::{Dialog, RevokeDialog};
use crate::app::keymap::Action;
use crate::app::{Effect, Model, Trouble, What, keys_in_words, polls};
use crate::domain::{LeaseId, Moment};

use super::life::{bury, bury_revoked};
use super::{is_refused, quit};

/// Opens the dialog on the lease under the cursor, and asks for its keys as they are now.
pub(super) fn open(model: &mut Model, now: Moment) -> Vec<Effect> {
    let Some(dialog) = model.selected_alive().map(RevokeDialog::new) else { return Vec::new() };
    if is_refused(model, now) || is_under_way(model, dialog.id, now) {
        return Vec::new();
    }
    polls::hurry(model, dialog.id);
    model.dialog = Some(Dialog::Revoke(dialog));
    Vec::new()
}

/// Sends the revoke of a lease, once.
pub(in crate::app) fn begin(model: &mut Model, id: LeaseId, now: Moment) -> Vec<Effect> {
    if is_under_way(model, id, now) {
        return Vec::new();
    }
    model.revoking.insert(id);
    model.say(now, false, format!("revoking {id} …"));
    vec![Effect::Revoke(id)]
}

/// Whether its revoke was sent and is not answered yet; says so.
fn is_under_way(model: &mut Model, id: LeaseId, now: Moment) -> bool {
    let is_under_way = model.revoking.contains(&id);
    if is_under_way {
        model.say(now, false, format!("{id} is being revoked already: the answer is awaited"));
    }
    is_under_way
}

/// It was revoked.
pub(super) fn done(model: &mut Model, id: LeaseId, revision: i64, keys: Option<usize>, now: Moment) -> Vec<Effect> {
    model.revoking.remove(&id);
    bury_revoked(model, id, now);
    let keys = keys.map_or("its keys".to_owned(), keys_in_words);
    model.say(now, false, format!("revoked {id}: {keys} deleted, revision {revision}"));
    quit::settled(model, id)
}

/// It was not; an unknown lease is gone already.
pub(super) fn failed(model: &mut Model, id: LeaseId, trouble: &Trouble, now: Moment) -> Vec<Effect> {
    model.revoking.remove(&id);
    let why = why_not(model, trouble);
    model.say(now, true, format!("{id} not revoked: {why}"));
    if trouble.is_not_found {
        bury(model, id, now);
    } else {
        model.log(now, Some(id), What::error(format!("not revoked: {why}")));
    }
    // Whether a revoke without an answer was carried out is to be seen soon.
    polls::hurry(model, id);
    quit::settled(model, id)
}

fn why_not(model: &Model, trouble: &Trouble) -> String {
    let text = &trouble.text;
    match trouble {
        Trouble { is_not_found: true, .. } => "it was gone already, so nothing was deleted by this".to_owned(),
        Trouble { is_forbidden: true, .. } => format!("that takes the right to write each of its keys; {text}"),
        _ => {
            let again = model.setup.keymap.press(Action::Revoke);
            format!("{text}; it may be gone all the same, its row tells: {again} asks again")
        }
    }
}
