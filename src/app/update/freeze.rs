//! Freezing the display.

use crate::app::dialog::Dialog;
use crate::app::{AppState, Lease, LeaseState};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Freezes the display, or lets it go on.
pub(super) fn toggle(app: &mut AppState, now: Timestamp) {
    if !thaw(app) {
        app.freeze(now);
    }
}

/// Lets the display go on where one has looked; no if it was not frozen.
pub(super) fn thaw(app: &mut AppState) -> bool {
    let Some(picture) = app.frozen.take() else { return false };
    app.view.follow(&picture.app.view, &app.leases);
    true
}

/// What became of a lease since the display was frozen.
pub(super) struct ChangesSinceFreeze {
    pub(super) id: LeaseId,
    changes: Vec<String>,
}

/// Puts the cursor of the present on the lease that is selected in the picture, so that a key acts on what is looked at.
/// None where nothing is frozen.
pub(super) fn select(app: &mut AppState) -> Option<ChangesSinceFreeze> {
    let old = app.frozen.as_ref()?.app.cursor_lease()?;
    let since = ChangesSinceFreeze {
        id: old.id,
        changes: app.leases.get(old.id).map_or(vec!["gone".to_owned()], |new| changes(old, new)),
    };
    app.view.cursor = Some(since.id);
    Some(since)
}

/// Says what changed, in the dialog that asks whether to revoke it, else on the status line: what the key has opened is
/// about the present.
pub(super) fn report(app: &mut AppState, since: Option<ChangesSinceFreeze>, now: Timestamp) {
    let Some(ChangesSinceFreeze { id, changes }) = since.filter(|since| !since.changes.is_empty()) else { return };
    if let Some(Dialog::Revoke(dialog)) = &mut app.view.dialog {
        dialog.since_freeze = changes;
        return;
    }
    let is_gone = app.leases.alive_mut(id).is_none();
    app.view.set_status(
        now,
        is_gone,
        format!("{id} since the freeze: {}", changes.join(", "), id = app.view.id_format.name(id)),
    );
}

fn changes(old: &Lease, new: &Lease) -> Vec<String> {
    if let Some(end) = new.end.filter(|_| old.end.is_none()) {
        return vec![format!("gone, {}", LeaseState::Ended(end.cause).word())];
    }
    let keys = |lease: &Lease| lease.keys.as_ref().map(|keys| (keys.count, keys.first.clone()));
    let is_renewed = old.bounds().zip(new.bounds()).is_some_and(|(old, new)| old.latest < new.earliest);
    let changes = [
        (is_renewed, "renewed"),
        (new.is_kept_alive && !old.is_kept_alive, "now kept alive"),
        (old.is_kept_alive && !new.is_kept_alive, "no longer kept alive"),
        (old.keys.is_some() && keys(new) != keys(old), "keys changed"),
    ];
    changes.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word.to_owned()).collect()
}
