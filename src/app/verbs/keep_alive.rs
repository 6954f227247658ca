//! Starting and stopping to keep leases alive. For other clients' leases a dialog asks first, because the lease then
//! outlives its owner.

use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, Focus, is_over};
use crate::app::lease_store::LeaseStore;
use crate::app::{DialogAction, Effect, EventKind, EventLog, Key, KeyContext, Lease, Ownership};
use crate::id_format::IdFormat;
use crate::plural::plural;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::Done;

/// The answers: Cancel and Keep alive.
const ANSWERS: usize = 2;

/// The confirmation dialog, for the leases that were selected when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptDialog {
    /// The leases. At least one.
    pub ids: Vec<LeaseId>,
    /// The focused answer: Cancel or Keep alive.
    pub focus: Focus,
}

impl AdoptDialog {
    /// A dialog for these leases.
    pub fn new(ids: Vec<LeaseId>) -> Self {
        AdoptDialog { ids, focus: Focus::default() }
    }

    /// The leases that have not ended.
    pub fn leases<'a>(&'a self, leases: &'a LeaseStore) -> impl Iterator<Item = &'a Lease> {
        self.ids.iter().filter_map(|id| leases.get(*id)).filter(|lease| lease.end.is_none())
    }

    /// Handles a key. The confirm key adopts, as does Enter if the focus was moved to it. Leases that ended meanwhile
    /// are not adopted.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let action = context.dialog_action(KeyContext::Adopt, key);
        let is_confirmed = match action {
            Some(DialogAction::Confirm) => true,
            Some(DialogAction::Accept) => self.focus.among(ANSWERS) == 1,
            _ => false,
        };
        if is_confirmed && self.leases(context.leases).next().is_some() {
            return DialogOutcome::Do(Command::KeepAlive(self.ids.clone()));
        }
        if is_over(action) {
            return DialogOutcome::Close;
        }
        let Some(focus) = self.focus.moved(action, ANSWERS) else { return context.no_answer_by_key("keeps alive") };
        self.focus = focus;
        DialogOutcome::Stay
    }
}

/// The result of the keep-alive key.
pub(in crate::app) enum Toggled {
    /// The command was executed.
    Done(Done),
    /// The dialog asks first.
    Ask(AdoptDialog),
}

/// Starts keeping leases alive, or stops if all of them are kept alive.
pub(in crate::app) fn toggle(
    leases: &mut LeaseStore,
    events: &mut EventLog,
    ids: IdFormat,
    targets: &[LeaseId],
    now: Timestamp,
) -> Toggled {
    let is_idle = |id: &&LeaseId| leases.get(**id).is_some_and(|lease| !lease.is_kept_alive);
    let idle: Vec<LeaseId> = targets.iter().filter(is_idle).copied().collect();
    if idle.is_empty() {
        return Toggled::Done(stop(leases, events, ids, targets, now));
    }
    let is_own = |id: &LeaseId| leases.get(*id).is_some_and(|lease| lease.ownership == Ownership::Own);
    if idle.iter().all(is_own) {
        Toggled::Done(start(leases, ids, &idle))
    } else {
        Toggled::Ask(AdoptDialog::new(idle))
    }
}

/// Starts keeping leases alive. Own leases stay own, other clients' leases become adopted.
pub(in crate::app) fn start(leases: &mut LeaseStore, ids: IdFormat, targets: &[LeaseId]) -> Done {
    let effects: Vec<Effect> = targets.iter().filter_map(|id| start_one(leases, *id)).collect();
    let kept = effects.len();
    let status = match targets {
        [id] if kept == 0 => Done::error(format!("{id} is gone; nothing to keep alive", id = ids.name(*id))),
        [id] => Done::status(format!("Keeping {id} alive", id = ids.name(*id))),
        _ if kept < targets.len() => {
            let gone = targets.len() - kept;
            Done::error(format!("Keeping {} alive; {gone} gone", plural(kept as u64, "lease")))
        }
        _ => Done::status(format!("Keeping {} alive", plural(kept as u64, "lease"))),
    };
    Done::effects(effects).then(status)
}

fn start_one(leases: &mut LeaseStore, id: LeaseId) -> Option<Effect> {
    let lease = leases.alive_mut(id)?;
    if lease.ownership != Ownership::Own {
        lease.ownership = Ownership::Adopted;
    }
    lease.is_kept_alive = true;
    lease.loss = None;
    // A lease that was kept alive before keeps its schedule.
    let pace = lease.engine.as_ref().map(|status| status.pace);
    Some(Effect::StartKeepAlive { id, pace })
}

/// Stops keeping leases alive.
fn stop(leases: &mut LeaseStore, events: &mut EventLog, ids: IdFormat, targets: &[LeaseId], now: Timestamp) -> Done {
    let is_adopted = |id: &LeaseId| leases.get(*id).is_some_and(|lease| lease.ownership == Ownership::Adopted);
    let has_adopted = targets.iter().any(is_adopted);
    let effects = targets.iter().filter_map(|id| stop_one(leases, events, *id, now)).collect();
    let status = match targets {
        [id] => {
            let left = leases.get(*id).and_then(|lease| lease.left(now));
            let unless = if has_adopted { " unless its client renews it" } else { "" };
            let expires = left.map_or(String::new(), |left| format!("; expires in {left:.1} s{unless}"));
            format!("Stopped keeping {id} alive{expires}", id = ids.name(*id))
        }
        _ => {
            let words = plural(targets.len() as u64, "lease");
            let unless = if has_adopted { " unless their clients renew them" } else { "" };
            format!("Stopped keeping {words} alive; they will expire{unless}")
        }
    };
    Done::effects(effects).then(Done::status(status))
}

/// Stops keeping a lease alive. An adopted lease becomes another client's again, without our renewal data.
fn stop_one(leases: &mut LeaseStore, events: &mut EventLog, id: LeaseId, now: Timestamp) -> Option<Effect> {
    let lease = leases.alive_mut(id)?;
    lease.is_kept_alive = false;
    if lease.ownership == Ownership::Adopted {
        lease.ownership = Ownership::Other;
        lease.engine = None;
    }
    events.push(now, Some(id), EventKind::Paused);
    Some(Effect::StopKeepAlive(id))
}
