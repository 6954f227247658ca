//! Revoking several leases: a dialog asks first, and another shows how that goes on. Some revokes are in flight at a time,
//! what was not sent can be stopped, and each has its result.

use crate::app::bulk::{BulkRevoke, RevokeOutcome, RevokeTarget};
use crate::app::command::Command;
use crate::app::dialog::{ConfirmCount, DialogContext, DialogOutcome, is_over, scrolled};
use crate::app::events::keys_in_words;
use crate::app::jobs::Jobs;
use crate::app::lease_store::LeaseStore;
use crate::app::selection::Selection;
use crate::app::{DialogAction, Effect, Key, KeyContext, Lease};
use crate::plural::plural;
use etcd_lease::LeaseId;

use super::Done;

/// The dialog, with the leases that were marked when it was opened.
#[derive(Clone, Debug)]
pub struct RevokeManyDialog {
    named: Vec<RevokeTarget>,
    /// How many of them had no row, for a filter.
    pub hidden: usize,
    /// The number that was typed.
    pub typed: ConfirmCount,
}

impl RevokeManyDialog {
    /// For these leases, of which so many have no row.
    pub(in crate::app) fn new<'a>(leases: impl Iterator<Item = &'a Lease>, hidden: usize) -> Self {
        RevokeManyDialog { named: leases.map(RevokeTarget::of).collect(), hidden, typed: ConfirmCount::default() }
    }

    /// How many it has named.
    pub fn total(&self) -> usize {
        self.named.len()
    }

    /// Those that live and are whose they were when it was opened: no others are revoked.
    pub fn leases<'a>(&'a self, leases: &'a LeaseStore) -> impl Iterator<Item = &'a Lease> {
        self.named.iter().filter_map(|named| leases.get(named.id).filter(|lease| named.is_unchanged(Some(lease))))
    }

    /// Their ids, dead or alive.
    pub fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.named.iter().map(|named| named.id)
    }

    /// The number of leases that are left, typed, and Enter revoke them. Another number, or none, does nothing and is
    /// reported.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let left: Vec<RevokeTarget> = self.leases(context.leases).map(RevokeTarget::of).collect();
        let action = context.dialog_action(KeyContext::RevokeMany, key);
        if action == Some(DialogAction::Close) || is_over(action) && left.is_empty() {
            return DialogOutcome::Close;
        }
        if action == Some(DialogAction::Accept) && self.typed.confirms(left.len()) {
            return DialogOutcome::Do(Command::RevokeMany(left));
        }
        self.typed.on_key(key);
        DialogOutcome::Stay
    }
}

/// While leases are being revoked: what closes a dialog stops that; then that, and Enter, close it. What moves the rows
/// moves through the results.
pub(in crate::app) fn on_progress_key(top: &mut usize, key: Key, context: DialogContext<'_>) -> DialogOutcome {
    let action = context.dialog_action(KeyContext::Results, key);
    let bulk = context.jobs.bulk();
    if bulk.is_none_or(BulkRevoke::is_drained) && is_over(action) {
        return DialogOutcome::Close;
    }
    let last = bulk.map_or(0, |bulk| bulk.results().len().saturating_sub(1));
    *top = scrolled(*top, context.action(key)).min(last);
    if action == Some(DialogAction::Close) {
        return DialogOutcome::DoAndStay(Command::StopRevoking);
    }
    DialogOutcome::Stay
}

/// Revokes these leases after those that are under way.
pub(in crate::app) fn add(
    leases: &LeaseStore,
    jobs: &mut Jobs,
    selection: &mut Selection,
    targets: Vec<RevokeTarget>,
) -> Done {
    jobs.bulk.take_if(|bulk| bulk.is_over());
    jobs.bulk.get_or_insert_default().extend(targets);
    go_on(leases, jobs, selection)
}

/// Sends no more; what was sent is answered all the same.
pub(in crate::app) fn stop(jobs: &mut Jobs) -> Done {
    let Some(bulk) = &mut jobs.bulk else { return Done::default() };
    let (rest, awaited) = (bulk.stop(), bulk.in_flight());
    Done::status(format!("Stopped: {} skipped, {awaited} pending", plural(rest as u64, "lease")))
}

/// A revoke was answered: notes what came of it and sends the next. None if it was a single one.
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
    Some(go_on(leases, jobs, selection))
}

/// What could not be revoked stays marked, with the reason.
fn mark_failure(selection: &mut Selection, id: LeaseId, outcome: &RevokeOutcome) {
    match outcome {
        RevokeOutcome::Failed(reason) => selection.fail(id, reason),
        RevokeOutcome::ChangedHands => selection.fail(id, "it now belongs to another client"),
        RevokeOutcome::Revoked(_) | RevokeOutcome::Gone => (),
    }
}

/// Sends as many as there is room for. What has ended or changed hands since it was named is left alone.
fn go_on(leases: &LeaseStore, jobs: &mut Jobs, selection: &mut Selection) -> Done {
    let Jobs { bulk: Some(bulk), revoking, .. } = jobs else { return Done::default() };
    let mut effects = Vec::new();
    while let Some(target) = bulk.next() {
        let id = target.id;
        if !target.is_unchanged(leases.get(id)) {
            let outcome = if leases.alive(id).is_some() { RevokeOutcome::ChangedHands } else { RevokeOutcome::Gone };
            mark_failure(selection, id, &outcome);
            bulk.record_skipped(id, outcome);
            continue;
        }
        bulk.record_sent(id);
        // What is being revoked already is answered all the same.
        if revoking.insert(id) {
            effects.push(Effect::Revoke(id));
        }
    }
    Done::effects(effects).then(conclusion(bulk))
}

/// Says what came of all of them, once nothing is under way.
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
