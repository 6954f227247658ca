//! Opens the dialogs of the actions, on the leases that they apply to.

use crate::app::dialog::{Dialog, MuteMenu};
use crate::app::verbs::{Done, attach, change_ttl, drill, grant, revoke, revoke_many};
use crate::app::{AppState, Lease, Ownership, View};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::report::{refusal, report};
use super::selection;

/// Maximum number of leases in a dialog that are polled first. More than a dialog can show.
const MAX_PRIORITIZED: usize = 100;

/// The leases that an action changes. `None`, with a message, if there are none or changes are not allowed.
pub(super) fn targets_to_change(app: &mut AppState, now: Timestamp) -> Option<Vec<LeaseId>> {
    let targets = selection::targets_or_report(app, now);
    if targets.is_empty() {
        return None;
    }
    if let Some(refusal) = refusal(app) {
        report(app, refusal, now);
        return None;
    }
    Some(targets)
}

pub(super) fn cursor_id(app: &AppState) -> Option<LeaseId> {
    app.active_view().cursor_lease().map(|lease| lease.id)
}

/// Opens the form for new leases. If the cursor is on an own lost lease, the form is filled in like that one.
pub(super) fn open_grant_form(app: &mut AppState) -> Done {
    if let Some(refusal) = refusal(app) {
        return refusal;
    }
    let pace = app.config.pace;
    let form = match lost(app) {
        Some(lease) => grant::GrantForm::like(lease, app.keys.values(lease.id), pace),
        None => grant::GrantForm::new(pace),
    };
    app.view.dialog = Some(Dialog::Grant(Box::new(form)));
    Done::default()
}

/// The selected lease, if it is an own lease that was lost.
fn lost(app: &AppState) -> Option<&Lease> {
    let active = app.active_view();
    let lease = active.cursor_lease()?;
    let is_lost = active.view.active == View::Leases && lease.ownership == Ownership::Own && lease.loss.is_some();
    if is_lost { Some(lease) } else { None }
}

pub(super) fn open_attach_form(app: &mut AppState) -> Done {
    let Some(dialog) = app.cursor_lease_alive().map(attach::AttachDialog::new) else { return Done::default() };
    if let Some(refusal) = refusal(app) {
        return refusal;
    }
    app.view.dialog = Some(Dialog::Attach(Box::new(dialog)));
    Done::default()
}

pub(super) fn open_change_ttl_form(app: &mut AppState) -> Done {
    let Some(lease) = app.cursor_lease_alive() else { return Done::default() };
    let (id, dialog) = (lease.id, change_ttl::ChangeTtlDialog::new(lease));
    if let Some(refusal) = refusal(app) {
        return refusal;
    }
    if let Some(under_way) = revoke::under_way(&app.jobs, app.view.id_format, id) {
        return under_way;
    }
    app.view.dialog = Some(Dialog::ChangeTtl(Box::new(dialog)));
    app.polls.prioritize(id);
    Done::default()
}

pub(super) fn toggle_drill(app: &mut AppState) -> Done {
    let Some(lease) = app.cursor_lease_alive() else { return Done::default() };
    match drill::toggle(lease, &app.config, app.view.id_format) {
        drill::Toggled::Done(done) => done,
        drill::Toggled::Offer(dialog) => {
            app.view.dialog = Some(Dialog::Drill(dialog));
            Done::default()
        }
    }
}

/// Opens the revoke dialog for the target leases and polls their keys.
pub(super) fn open_revoke(app: &mut AppState, now: Timestamp) -> Done {
    let Some(targets) = targets_to_change(app, now) else { return Done::default() };
    let mut done = Done::default();
    if let [id] = targets[..] {
        match revoke::under_way(&app.jobs, app.view.id_format, id) {
            Some(under_way) => done = under_way,
            None => app.view.dialog = app.leases.get(id).map(revoke::RevokeDialog::new).map(Dialog::Revoke),
        }
    } else {
        let hidden = selection::visible_and_hidden(app).1.len();
        let named = targets.iter().filter_map(|id| app.leases.get(*id));
        app.view.dialog = Some(Dialog::RevokeMany(revoke_many::RevokeManyDialog::new(named, hidden)));
    }
    targets.into_iter().take(MAX_PRIORITIZED).for_each(|id| app.polls.prioritize(id));
    done
}

/// Opens the menu that mutes the warnings of the selected lease.
pub(super) fn open_mute_menu(app: &mut AppState) -> Done {
    let Some(lease) = cursor_id(app).and_then(|id| app.leases.get(id)) else { return Done::default() };
    match MuteMenu::open(&app.leases, lease) {
        Ok(menu) => {
            app.view.dialog = Some(Dialog::Mute(menu));
            Done::default()
        }
        Err(why) => Done::error(format!("Nothing to mute for {}: {why}", app.view.id_format.name(lease.id))),
    }
}
