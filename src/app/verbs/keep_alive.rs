//! Keeping leases alive, and stopping that. For other clients' leases a dialog asks first: that keeps a dead owner alive.

use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, Focus, is_over};
use crate::app::lease_store::LeaseStore;
use crate::app::{DialogAction, Effect, EventKind, EventLog, Key, KeyContext, Lease, Ownership};
use crate::id_format::IdFormat;
use crate::plural::plural;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::Done;

/// Cancel, and to keep them alive.
const ANSWERS: usize = 2;

/// The question, about the lease that was under the cursor when it was opened, or about those that were marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptDialog {
    /// Which leases; one at least.
    pub ids: Vec<LeaseId>,
    /// Which answer Enter means: Cancel, or to keep them alive.
    pub focus: Focus,
}

impl AdoptDialog {
    /// For these leases.
    pub fn new(ids: Vec<LeaseId>) -> Self {
        AdoptDialog { ids, focus: Focus::default() }
    }

    /// Those that live.
    pub fn leases<'a>(&'a self, leases: &'a LeaseStore) -> impl Iterator<Item = &'a Lease> {
        self.ids.iter().filter_map(|id| leases.get(*id)).filter(|lease| lease.end.is_none())
    }

    /// A key adopts, and Enter once the focus is there; it begins on Cancel. What has ended meanwhile cannot be adopted.
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
        self.focus = self.focus.moved(action, ANSWERS).unwrap_or(self.focus);
        DialogOutcome::Stay
    }
}

/// What the key that keeps leases alive comes to.
pub(in crate::app) enum Toggled {
    /// It is done.
    Done(Done),
    /// The question comes first.
    Ask(AdoptDialog),
}

/// Keeps leases alive; where all of them are kept alive, stops that.
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

/// Keeps leases alive from now on: our own as our own, other clients' as adopted.
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
    // One of ours goes on at the pace that it had.
    let pace = lease.engine.as_ref().map(|status| status.pace);
    Some(Effect::StartKeepAlive { id, pace })
}

/// Keeps leases alive no longer.
fn stop(leases: &mut LeaseStore, events: &mut EventLog, ids: IdFormat, targets: &[LeaseId], now: Timestamp) -> Done {
    let effects = targets.iter().filter_map(|id| stop_one(leases, events, *id, now)).collect();
    let status = match targets {
        [id] => {
            let left = leases.get(*id).and_then(|lease| lease.left(now));
            let expires = left.map_or(String::new(), |left| format!("; expires in {left:.1} s"));
            format!("Stopped keeping {id} alive{expires}", id = ids.name(*id))
        }
        _ => {
            let words = plural(targets.len() as u64, "lease");
            format!("Stopped keeping {words} alive; they will expire")
        }
    };
    Done::effects(effects).then(Done::status(status))
}

/// An adopted lease is its owner's again, with nothing left of our renewals.
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
