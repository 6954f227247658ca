//! Revoking.

use crate::app::bulk::Outcome;
use crate::app::dialog::{Dialog, RevokeDialog, RevokeManyDialog};
use crate::app::keymap::Action;
use crate::app::{Effect, Model, Trouble, What, keys_in_words, polls};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::life::{Miss, bury, bury_revoked};
use super::{bulk, is_refused, mark, quit};

/// Of the leases that a dialog names so many are asked before all others: more than it can show.
const MOST_HURRIED: usize = 100;

/// Opens the dialog on the leases that are meant, and asks for their keys as they are now.
pub(super) fn open(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let meant = mark::meant_or_told(model, now);
    if meant.is_empty() || is_refused(model, now) {
        return Vec::new();
    }
    match meant[..] {
        [id] if is_under_way(model, id, now) => (),
        [id] => model.dialog = model.lease(id).map(RevokeDialog::new).map(Dialog::Revoke),
        _ => open_many(model, &meant),
    }
    meant.into_iter().take(MOST_HURRIED).for_each(|id| polls::hurry(model, id));
    Vec::new()
}

fn open_many(model: &mut Model, ids: &[LeaseId]) {
    let hidden = mark::shown_and_hidden(model).1.len();
    let dialog = RevokeManyDialog::new(ids.iter().filter_map(|id| model.lease(*id)), hidden);
    model.dialog = Some(Dialog::RevokeMany(dialog));
}

/// Sends the revoke of a lease, once.
pub(in crate::app) fn begin(model: &mut Model, id: LeaseId, now: Timestamp) -> Vec<Effect> {
    if is_under_way(model, id, now) {
        return Vec::new();
    }
    model.revoking.insert(id);
    model.say(now, false, format!("revoking {id} …", id = model.ids.name(id)));
    vec![Effect::Revoke(id)]
}

/// Whether its revoke was sent and is not answered yet; says so.
fn is_under_way(model: &mut Model, id: LeaseId, now: Timestamp) -> bool {
    let is_under_way = model.revoking.contains(&id);
    if is_under_way {
        model.say(now, false, format!("{id} is being revoked already: the answer is awaited", id = model.ids.name(id)));
    }
    is_under_way
}

/// It was revoked.
pub(super) fn done(model: &mut Model, id: LeaseId, revision: i64, keys: Option<usize>, now: Timestamp) -> Vec<Effect> {
    model.revoking.remove(&id);
    bury_revoked(model, id, revision, now);
    let next = bulk::answered(model, id, &Outcome::Revoked(keys), now).unwrap_or_else(|| {
        let keys = keys.map_or("its keys".to_owned(), keys_in_words);
        model.say(now, false, format!("revoked {id}: {keys} deleted, revision {revision}", id = model.ids.name(id)));
        Vec::new()
    });
    next.into_iter().chain(quit::settled(model, id)).collect()
}

/// It was not; an unknown lease is gone already.
pub(super) fn failed(model: &mut Model, id: LeaseId, trouble: &Trouble, now: Timestamp) -> Vec<Effect> {
    model.revoking.remove(&id);
    let why = why_not(model, trouble);
    let outcome = if trouble.is_not_found { Outcome::Gone } else { Outcome::Failed(why.clone()) };
    let next = bulk::answered(model, id, &outcome, now).unwrap_or_else(|| {
        model.say(now, true, format!("{id} not revoked: {why}", id = model.ids.name(id)));
        Vec::new()
    });
    if trouble.is_not_found {
        bury(model, id, Miss::by(now, model));
    } else {
        model.log(now, Some(id), What::error(format!("not revoked: {why}")));
    }
    // Whether a revoke without an answer was carried out is to be seen soon.
    polls::hurry(model, id);
    next.into_iter().chain(quit::settled(model, id)).collect()
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
