//! The end of the program.

use crate::app::bulk::Named;
use crate::app::dialog::{Dialog, Focus};
use crate::app::keymap::Action;
use crate::app::{Effect, Model, Who};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::bulk;
use super::mark::leases_in_words;

/// Ends at once, unless leases are being kept alive on a real cluster: then it asks.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let is_at_stake = !model.is_sandbox() && model.kept().next().is_some();
    if is_at_stake && model.leaving.is_none() {
        model.dialog = Some(Dialog::Quit(Focus::default()));
        return Vec::new();
    }
    leave(model)
}

/// Ends; what was being kept alive expires by itself.
pub(in crate::app) fn leave(model: &mut Model) -> Vec<Effect> {
    let left = if model.is_sandbox() { Vec::new() } else { model.kept().map(|lease| lease.id).collect() };
    vec![Effect::Quit { left }]
}

/// Revokes the own leases that are being kept alive, and ends when each has been answered. Adopted ones are not ours
/// to revoke.
pub(in crate::app) fn revoke_and_leave(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let own: Vec<Named> = model.kept().filter(|lease| lease.who == Who::Own).map(Named::of).collect();
    if own.is_empty() {
        return leave(model);
    }
    model.leaving = Some(own.iter().map(|named| named.id).collect());
    let what = leases_in_words(own.len());
    let quit = model.setup.keymap.press(Action::Quit);
    model.say(now, false, format!("revoking {what}, then the end; {quit} ends at once"));
    bulk::add(model, own, now)
}

/// A revoke was answered, one way or the other.
pub(super) fn settled(model: &mut Model, id: LeaseId) -> Vec<Effect> {
    let Some(leaving) = &mut model.leaving else { return Vec::new() };
    leaving.remove(&id);
    if leaving.is_empty() { leave(model) } else { Vec::new() }
}
