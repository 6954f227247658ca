//! Freezing the display, at the present or at a time of the last minutes.

use crate::app::dialog::Dialog;
use crate::app::{AppState, Lease, LeaseEnd, LeaseState, Redraw};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Freezes or unfreezes the display.
pub(super) fn toggle(app: &mut AppState, now: Timestamp) {
    if !app.thaw() {
        app.freeze(now);
    }
}

/// Shows in the frozen view that a lease ended meanwhile. Its row stays where it is.
pub(super) fn overlay_end(app: &mut AppState, id: LeaseId, end: LeaseEnd) {
    let Some(frozen) = app.frozen.as_mut().filter(|frozen| !frozen.is_past) else { return };
    if let Some(lease) = frozen.app.leases.get_mut_in_place(id)
        && lease.end.is_none()
    {
        lease.end = Some(Box::new(end));
        lease.is_kept_alive = false;
        app.view.request_redraw(Redraw::Soon);
    }
}

/// Shows in the frozen view that an ended lease was granted again with the same id.
pub(super) fn overlay_restored(app: &mut AppState, id: LeaseId) {
    let Some(frozen) = app.frozen.as_mut().filter(|frozen| !frozen.is_past) else { return };
    let since = frozen.at;
    if let Some(lease) = frozen.app.leases.get_mut_in_place(id)
        && lease.end().is_some_and(|end| end.at >= since)
    {
        lease.end = None;
        app.view.request_redraw(Redraw::Soon);
    }
}

/// What happened to a lease since the display was frozen.
pub(super) struct ChangesSinceFreeze {
    pub(super) id: LeaseId,
    changes: Vec<String>,
}

/// Moves the live cursor to the lease selected in the frozen view, so that an action applies to the lease that the user
/// sees, and to no lease if a group is selected there. `None` if the display is not frozen.
pub(super) fn select(app: &mut AppState) -> Option<ChangesSinceFreeze> {
    let id = app.frozen.as_ref()?.app.cursor_lease().map(|lease| lease.id);
    app.view.cursor = id;
    changes_of(app, id?)
}

/// What happened to a lease since the display was frozen. `None` if it is not frozen, or does not show the lease.
pub(super) fn changes_of(app: &AppState, id: LeaseId) -> Option<ChangesSinceFreeze> {
    let frozen = app.frozen.as_ref()?;
    let old = frozen.app.leases.get(id)?;
    let changes = app.leases.get(id).map_or(vec!["gone".to_owned()], |new| changes(old, new, frozen.at));
    Some(ChangesSinceFreeze { id, changes })
}

/// Shows the changes in the open revoke dialog or on the status line, because the action applies to the live lease.
pub(super) fn report(app: &mut AppState, since: Option<ChangesSinceFreeze>, now: Timestamp) {
    let Some(ChangesSinceFreeze { id, changes }) = since else { return };
    if changes.is_empty() {
        return;
    }
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

/// The changes since the display was frozen at `since`. The frozen view already shows an end.
fn changes(old: &Lease, new: &Lease, since: Timestamp) -> Vec<String> {
    let gone = |end: LeaseEnd| vec![format!("gone, {}", LeaseState::Ended(end.cause).word())];
    match (old.end(), new.end()) {
        (Some(_), None) => vec!["granted again".to_owned()],
        (None, Some(end)) => gone(end),
        (Some(_), Some(end)) if end.at >= since => gone(end),
        (Some(_), Some(_)) => Vec::new(),
        (None, None) => changes_of_living(old, new),
    }
}

/// The changes of a lease that has not ended.
fn changes_of_living(old: &Lease, new: &Lease) -> Vec<String> {
    let keys = |lease: &Lease| lease.keys.as_ref().map(|keys| (keys.count, keys.first.clone()));
    let is_renewed = old.bounds().zip(new.bounds()).is_some_and(|(old, new)| old.latest < new.earliest);
    let changes = [
        (is_renewed, "renewed"),
        (new.is_kept_alive && !old.is_kept_alive, "now kept alive"),
        (old.is_kept_alive && !new.is_kept_alive, "no longer kept alive"),
        (old.keys.is_some() && keys(new) != keys(old), "keys changed"),
    ];
    changes.into_iter().filter(|(has_happened, _)| *has_happened).map(|(_, word)| word.to_owned()).collect()
}
