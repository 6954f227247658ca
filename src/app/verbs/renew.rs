//! Renewing leases once. For other clients' leases a dialog asks first, because the renewal hides that their owner is
//! gone.
//!
//! The renewal is a request of its own, also for a lease that is kept alive here. So the engine's schedule and
//! statistics do not change, and a manual renewal never counts as cadence.

use std::collections::BTreeSet;

use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, Focus, is_over};
use crate::app::jobs::Jobs;
use crate::app::lease_store::LeaseStore;
use crate::app::renew_job::RenewJob;
use crate::app::{DialogAction, Effect, Key, KeyContext, Lease, Ownership};
use crate::id_format::IdFormat;
use crate::plural::plural;
use etcd_lease::LeaseId;

use super::Done;

/// The answers: Cancel and Renew.
const ANSWERS: usize = 2;

/// The confirmation dialog, for the leases that were selected when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewDialog {
    /// The leases. At least one.
    pub ids: Vec<LeaseId>,
    /// The focused answer: Cancel or Renew.
    pub focus: Focus,
}

impl RenewDialog {
    /// The leases that have not ended.
    pub fn leases<'a>(&'a self, leases: &'a LeaseStore) -> impl Iterator<Item = &'a Lease> {
        self.ids.iter().filter_map(|id| leases.get(*id)).filter(|lease| lease.end.is_none())
    }

    /// Handles a key. The confirm key renews, as does Enter if the focus was moved to it. Leases that ended meanwhile
    /// are skipped.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.dialog_action(KeyContext::Renew, key);
        let is_confirmed = match action {
            Some(DialogAction::Confirm) => true,
            Some(DialogAction::Accept) => self.focus.among(ANSWERS) == 1,
            _ => false,
        };
        if is_confirmed && self.leases(context.leases).next().is_some() {
            return DialogOutcome::Do(Command::RenewOnce(self.ids.clone()));
        }
        if is_over(action) {
            return DialogOutcome::Close;
        }
        let Some(focus) = self.focus.moved(action, ANSWERS) else { return context.no_answer_by_key("renews") };
        self.focus = focus;
        DialogOutcome::Stay
    }
}

/// The dialog to open before renewing these leases. `None` if none of them is another client's.
pub(in crate::app) fn question(leases: &LeaseStore, targets: &[LeaseId]) -> Option<RenewDialog> {
    let is_others = |id: &LeaseId| leases.get(*id).is_some_and(|lease| lease.ownership == Ownership::Other);
    if !targets.iter().any(is_others) {
        return None;
    }
    Some(RenewDialog { ids: targets.to_vec(), focus: Focus::default() })
}

/// Renews leases once. Leases that have ended, or whose renewal is not answered yet, are skipped.
pub(in crate::app) fn start(leases: &LeaseStore, jobs: &mut Jobs, ids: IdFormat, targets: &[LeaseId]) -> Done {
    let is_pending = |id: LeaseId| jobs.renewals.iter().any(|job| job.pending.contains(&id));
    let is_due = |id: &LeaseId| leases.alive(*id).is_some() && !is_pending(*id);
    let due: BTreeSet<LeaseId> = targets.iter().copied().filter(is_due).collect();
    if due.is_empty() {
        return nothing_due(leases, ids, targets);
    }
    let status = match targets {
        [id] => format!("Renewing {id} once…", id = ids.name(*id)),
        _ => format!("Renewing {} once…", plural(due.len() as u64, "lease")),
    };
    let effects = targets.iter().filter(|id| due.contains(id)).map(|id| Effect::RenewOnce(*id)).collect();
    jobs.renewals.push(RenewJob { total: due.len(), pending: due, ..RenewJob::default() });
    Done::effects(effects).then(Done::status(status))
}

/// Why none of these leases is renewed.
fn nothing_due(leases: &LeaseStore, ids: IdFormat, targets: &[LeaseId]) -> Done {
    let has_living = targets.iter().any(|id| leases.alive(*id).is_some());
    match targets {
        [id] if has_living => Done::status(format!("{id} is already being renewed", id = ids.name(*id))),
        [id] => Done::error(format!("{id} is gone; nothing to renew", id = ids.name(*id))),
        _ if has_living => Done::status("These leases are already being renewed"),
        _ => Done::error("All of these leases are gone; nothing to renew"),
    }
}

/// Records a renewal. `one` is the message if it was the only lease. Returns the message once every lease is answered.
pub(in crate::app) fn on_renewed(jobs: &mut Jobs, id: LeaseId, one: String) -> Done {
    let Some(job) = remove_from_job(jobs, id) else { return Done::status(one) };
    job.renewed += 1;
    if job.total == 1 {
        jobs.renewals.retain(|job| !job.pending.is_empty());
        return Done::status(one);
    }
    conclusion(jobs)
}

/// Records a failed renewal. `why` is not escaped, and `one` is the message if it was the only lease.
pub(in crate::app) fn on_failure(jobs: &mut Jobs, id: LeaseId, why: &str, one: String) -> Done {
    let Some(job) = remove_from_job(jobs, id) else { return Done::error(one) };
    job.first_failure.get_or_insert_with(|| why.to_owned());
    if job.total == 1 {
        jobs.renewals.retain(|job| !job.pending.is_empty());
        return Done::error(one);
    }
    conclusion(jobs)
}

/// Removes a lease from the pending leases of its job, and returns the job.
fn remove_from_job(jobs: &mut Jobs, id: LeaseId) -> Option<&mut RenewJob> {
    jobs.renewals.iter_mut().find_map(|job| if job.pending.remove(&id) { Some(job) } else { None })
}

/// The summary of a job whose last lease was just answered.
fn conclusion(jobs: &mut Jobs) -> Done {
    let Some(place) = jobs.renewals.iter().position(|job| job.pending.is_empty()) else { return Done::default() };
    let RenewJob { total, renewed, first_failure, .. } = jobs.renewals.remove(place);
    let Some(why) = first_failure else {
        return Done::status(format!("Renewed {} once", plural(renewed as u64, "lease")));
    };
    let failed = total - renewed;
    Done::error(format!("Renewed {renewed} of {} once; {failed} failed: {why}", plural(total as u64, "lease")))
}
