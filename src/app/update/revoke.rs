//! Revoking.

use crate::app::dialog::{Dialog, RevokeDialog};
use crate::app::{Effect, Gone, Model, Trouble, Word};
use crate::domain::{LeaseId, Moment};

use super::life::{bury, bury_revoked};
use super::{is_refused, keys_in_words, quit};

/// Opens the dialog on the lease under the cursor, and asks for its keys as they are now.
pub(super) fn open(model: &mut Model, now: Moment) -> Vec<Effect> {
    let Some(id) = model.selected_alive().map(|lease| lease.id) else { return Vec::new() };
    if is_refused(model, now) {
        return Vec::new();
    }
    model.dialog = Some(Dialog::Revoke(RevokeDialog::new(id)));
    if let Some(lease) = model.alive(id) {
        lease.poll.due = now;
    }
    Vec::new()
}

/// It was revoked.
pub(super) fn done(model: &mut Model, id: LeaseId, revision: i64, keys: Option<usize>, now: Moment) -> Vec<Effect> {
    bury_revoked(model, id, now);
    let keys = keys.map_or("its keys".to_owned(), keys_in_words);
    model.say(now, false, format!("revoked {id}: {keys} deleted, revision {revision}"));
    quit::settled(model, id)
}

/// It was not; an unknown lease is gone already.
pub(super) fn failed(model: &mut Model, id: LeaseId, trouble: &Trouble, now: Moment) -> Vec<Effect> {
    model.say(now, true, format!("{id} not revoked: {}", trouble.text));
    if trouble.is_not_found {
        let cause = model.alive(id).map_or(Gone::Unknown, |lease| lease.cause_of_death(now));
        bury(model, id, now, cause);
    } else {
        model.log(now, Word::Error, Some(id), format!("not revoked: {}", trouble.text));
    }
    quit::settled(model, id)
}
