//! Undoing the last revoke: grants the leases again, with their keys and values.

use crate::app::bindings::Keymap;
use crate::app::jobs::Jobs;
use crate::app::keymap::Action;
use crate::app::undo::{NothingToUndo, RestoreJob, UndoOffer};
use crate::app::{CallFailure, Effect, RestoredKeys};
use crate::escape::printable;
use crate::id_format::IdFormat;
use crate::plural::plural;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::Done;

/// Maximum number of keys that a message names.
const MOST_NAMED: usize = 3;

/// Restores the leases of the last revoke. `clock_speed` is a multiple of real time.
pub(in crate::app) fn start(jobs: &mut Jobs, clock_speed: u32, now: Timestamp) -> Done {
    let is_bulk_running = jobs.bulk.as_ref().is_some_and(|bulk| !bulk.is_over());
    if is_bulk_running || jobs.undo.waits_for_any(&jobs.revoking) {
        return Done::error("The revoke is still running; undo it when it is done");
    }
    let leases = match jobs.undo.take(clock_speed, now) {
        Ok(leases) => leases,
        Err(why) => return Done::error(refusal(&why)),
    };
    let status = format!("Restoring {}…", plural(leases.len() as u64, "lease"));
    let requests = leases.iter().map(|lease| lease.request.clone()).collect();
    let pending = leases.into_iter().map(|lease| (lease.request.id, lease)).collect();
    jobs.undo.restoring = Some(RestoreJob { pending, ..RestoreJob::default() });
    Done::status(status).with(Effect::Restore(requests))
}

fn refusal(why: &NothingToUndo) -> String {
    match why {
        NothingToUndo::NothingRevoked => "Nothing to undo: no lease was revoked here".to_owned(),
        NothingToUndo::AlreadyUndone => "Nothing to undo: the last revoke is already undone".to_owned(),
        NothingToUndo::TooLate => "Nothing to undo: the last revoke is more than 5 min ago".to_owned(),
        NothingToUndo::StillRestoring => "The undo is still running".to_owned(),
        NothingToUndo::Lost(why) => format!("Cannot undo: {why}"),
    }
}

/// The end of the message after a revoke: how to undo it, or why that is not possible. Empty if nothing is known yet.
pub(in crate::app) fn hint(jobs: &Jobs, keymap: &Keymap) -> String {
    let key = keymap.key_label(Action::Undo);
    match jobs.undo.offer() {
        // While others of its leases are being revoked, it cannot be undone.
        _ if jobs.undo.waits_for_any(&jobs.revoking) => String::new(),
        None => String::new(),
        Some(UndoOffer::Whole) => format!("; {key} undoes (not revisions; watchers saw it)"),
        Some(UndoOffer::Part { possible, of, why }) => format!("; {key} undoes {possible} of {of} ({why})"),
        Some(UndoOffer::Nothing(why)) => format!("; no undo: {why}"),
    }
}

/// Records a lease that was granted again with its keys. `new` is its id.
pub(in crate::app) fn on_restored(jobs: &mut Jobs, id: LeaseId, new: LeaseId, keys: &RestoredKeys) {
    let Some(job) = &mut jobs.undo.restoring else { return };
    let Some(lease) = job.pending.remove(&id) else { return };
    job.restored.push((id, new));
    job.kept_alive += usize::from(lease.request.keep_alive);
    job.keys += keys.created.len();
    job.existing.extend(keys.existing.iter().cloned());
    if let Some(failure) = &keys.failure {
        job.first_failure.get_or_insert_with(|| failure.clone());
    }
}

/// Records a lease that could not be granted again.
pub(in crate::app) fn on_failure(jobs: &mut Jobs, id: LeaseId, failure: &CallFailure) {
    let Some(job) = &mut jobs.undo.restoring else { return };
    if let Some(lease) = job.pending.remove(&id) {
        job.failed.push(lease);
        job.first_failure.get_or_insert_with(|| failure.text.clone());
    }
}

/// The summary of an undo, once every lease is answered. Empty before that. An undo can be repeated for the leases that
/// could not be granted.
pub(in crate::app) fn conclusion(jobs: &mut Jobs, keymap: &Keymap, ids: IdFormat, now: Timestamp) -> Done {
    let Some(job) = jobs.undo.restoring.take_if(|job| job.pending.is_empty()) else { return Done::default() };
    let mut parts = vec![restored_in_words(&job, ids)];
    if !job.existing.is_empty() {
        parts.push(existing_in_words(&job.existing));
    }
    let Some(why) = job.first_failure else {
        return Done::status(parts.join("; "));
    };
    let failed = job.failed.len();
    if failed > 0 {
        let key = keymap.key_label(Action::Undo);
        parts.push(format!("{} failed: {why}; {key} tries again", plural(failed as u64, "lease")));
    } else {
        parts.push(format!("some keys failed: {why}"));
    }
    jobs.undo.give_back(job.failed, now);
    Done::error(parts.join("; "))
}

/// What was restored, such as `Granted 32 leases again, 32 keys; not kept alive`. The counts come first, because a narrow
/// screen cuts the end.
fn restored_in_words(job: &RestoreJob, ids: IdFormat) -> String {
    let keys = plural(job.keys as u64, "key");
    let granted = match job.restored[..] {
        [(old, new)] if old == new => format!("Granted {} again, {keys}", ids.name(old)),
        [(old, new)] => format!("Granted {} again as {}, {keys}: its id exists again", ids.name(old), ids.name(new)),
        _ => {
            let renamed = job.restored.iter().filter(|(old, new)| old != new).count();
            let leases = plural(job.restored.len() as u64, "lease");
            let note = if renamed > 0 { format!(", {renamed} with new ids") } else { String::new() };
            format!("Granted {leases} again, {keys}{note}")
        }
    };
    match (job.restored.len(), job.restored.len() - job.kept_alive) {
        (_, 0) => granted,
        (all, expiring) if all == expiring => format!("{granted}; not kept alive"),
        (_, expiring) => format!("{granted}; {expiring} not kept alive"),
    }
}

/// Names keys that were not restored, as in `2 keys exist again and were left alone: /a, /b`.
fn existing_in_words(keys: &[Vec<u8>]) -> String {
    let names: Vec<String> = keys.iter().take(MOST_NAMED).map(|key| printable(key)).collect();
    let more = if keys.len() > MOST_NAMED { format!(" and {} more", keys.len() - MOST_NAMED) } else { String::new() };
    let (noun, verb, past) = if keys.len() == 1 { ("key", "exists", "was") } else { ("keys", "exist", "were") };
    format!("{} {noun} {verb} again and {past} left alone: {}{more}", keys.len(), names.join(", "))
}
