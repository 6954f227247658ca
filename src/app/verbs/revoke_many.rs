//! Revoking several leases: a dialog asks first, a second one shows the progress. A limited number of requests is in
//! flight, the rest can be stopped, and each lease has a result.

use crate::app::bulk::{BulkRevoke, RevokeOutcome, RevokeTarget};
use crate::app::command::Command;
use crate::app::dialog::{ConfirmCount, DialogContext, DialogOutcome, is_no, is_over, scrolled};
use crate::app::events::keys_in_words;
use crate::app::jobs::Jobs;
use crate::app::keymap::Action;
use crate::app::lease_store::LeaseStore;
use crate::app::selection::Selection;
use crate::app::{DialogAction, Effect, Key, KeyContext, Lease, UndoSize};
use crate::plural::plural;
use etcd_lease::LeaseId;

use super::Done;

/// The confirmation dialog, with the leases that were marked when it was opened.
#[derive(Clone, Debug)]
pub struct RevokeManyDialog {
    named: Vec<RevokeTarget>,
    /// Number of leases in the dialog that the filter hides.
    pub hidden: usize,
    /// The typed confirmation number.
    pub typed: ConfirmCount,
    /// How much is known about the undo.
    pub undo: UndoSize,
}

impl RevokeManyDialog {
    /// Creates a dialog for these leases; `hidden` of them have no row.
    pub(in crate::app) fn new<'a>(leases: impl Iterator<Item = &'a Lease>, hidden: usize) -> Self {
        let (typed, undo) = (ConfirmCount::default(), UndoSize::default());
        RevokeManyDialog { named: leases.map(RevokeTarget::of).collect(), hidden, typed, undo }
    }

    /// Number of leases in the dialog.
    pub fn total(&self) -> usize {
        self.named.len()
    }

    /// The leases that are alive and have the same owner as when the dialog was opened. Only these are revoked.
    pub fn leases<'a>(&'a self, leases: &'a LeaseStore) -> impl Iterator<Item = &'a Lease> {
        self.named.iter().filter_map(|named| leases.get(named.id).filter(|lease| named.is_unchanged(Some(lease))))
    }

    /// The ids of all leases in the dialog, including ended ones.
    pub fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.named.iter().map(|named| named.id)
    }

    /// Handles a key. Typing the number of remaining leases and Enter revokes them. A wrong number is reported and does
    /// nothing.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let left: Vec<RevokeTarget> = self.leases(context.leases).map(RevokeTarget::of).collect();
        let action = context.dialog_action(KeyContext::RevokeMany, key);
        if is_no(action) || is_over(action) && left.is_empty() {
            return DialogOutcome::Close;
        }
        if action == Some(DialogAction::Accept) && self.typed.confirms(left.len()) {
            return DialogOutcome::Do(Command::RevokeMany(left));
        }
        if self.typed.on_key(key) || action == Some(DialogAction::Accept) {
            return DialogOutcome::Stay;
        }
        context.no_answer_by_number(left.len())
    }
}

/// Handles a key in the progress dialog. The close key stops the bulk revoke. Once nothing is queued, the close key and
/// Enter close the dialog. The undo key undoes the revoke once it is done, and closes the dialog, because its results no
/// longer apply. Movement keys scroll the results.
pub(in crate::app) fn on_progress_key(top: &mut usize, key: Key, context: DialogContext<'_>) -> DialogOutcome {
    let action = context.dialog_action(KeyContext::Results, key);
    let bulk = context.jobs.bulk();
    if bulk.is_none_or(BulkRevoke::is_drained) && is_over(action) {
        return DialogOutcome::Close;
    }
    if context.action(key) == Some(Action::Undo) {
        let undo = Command::Action(Action::Undo);
        let is_over = bulk.is_none_or(BulkRevoke::is_over);
        return if is_over { DialogOutcome::Do(undo) } else { DialogOutcome::DoAndStay(undo) };
    }
    let last = bulk.map_or(0, |bulk| bulk.results().len().saturating_sub(1));
    *top = scrolled(*top, context.action(key)).min(last);
    if action == Some(DialogAction::Close) {
        return DialogOutcome::DoAndStay(Command::StopRevoking);
    }
    DialogOutcome::Stay
}

/// Adds leases to the running bulk revoke, or starts one.
pub(in crate::app) fn add(
    leases: &LeaseStore,
    jobs: &mut Jobs,
    selection: &mut Selection,
    targets: Vec<RevokeTarget>,
) -> Done {
    jobs.bulk.take_if(|bulk| bulk.is_over());
    jobs.bulk.get_or_insert_default().extend(targets);
    send_queued(leases, jobs, selection)
}

/// Stops the bulk revoke. Requests in flight are still answered. Quitting or the switch that should follow is cancelled.
pub(in crate::app) fn stop(jobs: &mut Jobs) -> Done {
    // Whoever stops it wants to keep the leases that are left, and to see them.
    (jobs.quit_pending, jobs.switch_pending, jobs.is_background_pending) = (None, None, false);
    let Some(bulk) = &mut jobs.bulk else { return Done::default() };
    let (rest, awaited) = (bulk.stop(), bulk.in_flight());
    Done::status(format!("Stopped: {} skipped, {awaited} pending", plural(rest as u64, "lease")))
}

/// Records the reply to a revoke, sends the next one, and returns the summary after the last one. `None` if the lease is not
/// part of the bulk revoke.
pub(in crate::app) fn on_reply(
    leases: &LeaseStore,
    jobs: &mut Jobs,
    selection: &mut Selection,
    id: LeaseId,
    outcome: &RevokeOutcome,
) -> Option<Done> {
    if !jobs.bulk.as_mut()?.on_reply(id, outcome.clone()) {
        return None;
    }
    mark_failure(selection, id, outcome);
    Some(send_queued(leases, jobs, selection))
}

/// Keeps the mark of a lease that could not be revoked, with the reason.
fn mark_failure(selection: &mut Selection, id: LeaseId, outcome: &RevokeOutcome) {
    match outcome {
        RevokeOutcome::Failed(reason) => selection.fail(id, reason),
        RevokeOutcome::ChangedHands => selection.fail(id, "it now belongs to another client"),
        RevokeOutcome::Revoked(_) | RevokeOutcome::Gone => (),
    }
}

/// Sends requests up to the limit. Leases that ended or changed owner since they were named are skipped.
fn send_queued(leases: &LeaseStore, jobs: &mut Jobs, selection: &mut Selection) -> Done {
    let Jobs { bulk: Some(bulk), revoking, unrevoked, .. } = jobs else { return Done::default() };
    let mut effects = Vec::new();
    while let Some(target) = bulk.next() {
        let id = target.id;
        if !target.is_unchanged(leases.get(id)) {
            let outcome = if leases.alive(id).is_some() { RevokeOutcome::ChangedHands } else { RevokeOutcome::Gone };
            mark_failure(selection, id, &outcome);
            unrevoked.push((id, outcome == RevokeOutcome::ChangedHands));
            bulk.record_skipped(id, outcome);
            continue;
        }
        bulk.record_sent(id);
        // A lease whose revoke is already in flight gets its result from that reply.
        if revoking.insert(id) {
            effects.push(Effect::Revoke(id));
        }
    }
    Done::effects(effects).then(conclusion(bulk))
}

/// The summary of a bulk revoke, once every lease has a result. Empty before that.
fn conclusion(bulk: &BulkRevoke) -> Done {
    if !bulk.is_over() {
        return Done::default();
    }
    let ((revoked, keys), failed) = (bulk.revoked(), bulk.failures().count());
    let gone = bulk.results().len() - revoked - failed;
    let mut words = vec![format!("Revoked {}: {} deleted", plural(revoked as u64, "lease"), keys_in_words(keys))];
    if gone > 0 {
        words.push(format!("{gone} already gone"));
    }
    if bulk.skipped() > 0 {
        words.push(format!("{} skipped", bulk.skipped()));
    }
    if failed > 0 {
        words.push(format!("{failed} failed (still marked)"));
        return Done::error(words.join(", "));
    }
    Done::status(words.join(", "))
}
