//! Fault drills on own leases: a menu starts them, the same key ends them.

use std::time::Duration;

use crate::app::bindings::Keymap;
use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, is_over};
use crate::app::keymap::Action;
use crate::app::lease_store::LeaseStore;
use crate::app::{AppConfig, DialogAction, Effect, Key, KeyContext, Lease, Ownership};
use crate::id_format::IdFormat;
use etcd_lease::{Fault, LeaseId};

use super::Done;

/// Maximum number of replies that a drill drops.
const MOST: u32 = 99;
/// Number of replies that a drill drops unless the user changes it.
const DROPPED_BY_DEFAULT: u32 = 3;
/// Seconds per response that a slow reader can take.
const PAUSES: [u64; 11] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3_600];

/// The drill menu for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrillDialog {
    /// The lease.
    pub id: LeaseId,
    /// Number of replies that the drop drill drops.
    pub answers: u32,
    /// Seconds per response that the slow reader takes.
    pub pause: u64,
}

/// An entry of the drill menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultChoice {
    /// The key that starts the drill.
    pub key: char,
    /// What the drill does.
    pub name: String,
    /// What a program that uses Go's clientv3 would notice.
    pub seen: &'static str,
    /// The fault.
    pub drill: Fault,
}

impl DrillDialog {
    /// A menu for a lease. `ttl` is in seconds. The slow reader starts with a pause of at least one TTL, so that it
    /// reads fewer responses than arrive.
    pub fn new(id: LeaseId, ttl: u64) -> Self {
        let pause = PAUSES.into_iter().find(|pause| *pause >= ttl).unwrap_or(PAUSES[PAUSES.len() - 1]);
        DrillDialog { id, answers: DROPPED_BY_DEFAULT, pause }
    }

    /// Why the lease cannot be drilled, in a sentence. `None` if it can, or if it is gone.
    pub fn obstacle(&self, leases: &LeaseStore, config: &AppConfig) -> Option<String> {
        let lease = leases.alive(self.id)?;
        let keep = config.keymap.key_label(Action::KeepAlive);
        match (lease.ownership, lease.is_kept_alive) {
            _ if config.is_read_only => Some("Read-only: grant, renew and revoke are disabled.".to_owned()),
            (Ownership::Own, true) => None,
            (Ownership::Own, false) => {
                Some(format!("Not kept alive, so there is nothing to drill; {keep} keeps it alive."))
            }
            _ => Some("Another client's lease. Drills run only on your own.".to_owned()),
        }
    }

    /// Whether a drill can start.
    fn is_possible(&self, leases: &LeaseStore, config: &AppConfig) -> bool {
        leases.alive(self.id).is_some() && self.obstacle(leases, config).is_none()
    }

    /// Handles a key. A digit starts a drill. Enter selects Cancel.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        let choices = self.choices(&context.config.keymap);
        let choice = choices.into_iter().find(|choice| Key::Char(choice.key) == key);
        if let Some(choice) = choice
            && self.is_possible(context.leases, context.config)
        {
            return DialogOutcome::Do(Command::StartFault { id: self.id, fault: choice.drill });
        }
        let action = context.dialog_action(KeyContext::Drill, key);
        if is_over(action) {
            return DialogOutcome::Close;
        }
        action.into_iter().for_each(|action| self.change(action));
        DialogOutcome::Stay
    }

    /// The menu entries, with the effective key bindings.
    pub fn choices(&self, keymap: &Keymap) -> [FaultChoice; 5] {
        let choice = |key, name: &str, seen, drill| FaultChoice { key, name: name.to_owned(), seen, drill };
        let every = Duration::from_secs(self.pause);
        let press = |action| keymap.key_label(Action::Dialog(action));
        let change = |less, more| format!("({} {} adjust)", press(less), press(more));
        let slow = format!(
            "read one response every {} s {}",
            self.pause,
            change(DialogAction::FasterReader, DialogAction::SlowerReader)
        );
        let drop = format!(
            "lose the next {} replies {}",
            self.answers,
            change(DialogAction::MoreAnswers, DialogAction::FewerAnswers)
        );
        [
            choice('1', "stop reading responses", STALL, Fault::StallConsumer),
            choice('2', &slow, SLOW, Fault::SlowConsumer { every }),
            choice('3', "stop sending renewals", HOLD, Fault::HoldSender),
            choice('4', &drop, DROP, Fault::DropReplies { left: self.answers }),
            choice('5', "break the stream", CUT, Fault::CutStream),
        ]
    }

    /// Changes the number of dropped replies or the pause of the slow reader.
    fn change(&mut self, action: DialogAction) {
        match action {
            DialogAction::MoreAnswers => self.answers = (self.answers + 1).min(MOST),
            DialogAction::FewerAnswers => self.answers = (self.answers - 1).max(1),
            DialogAction::SlowerReader => {
                self.pause = PAUSES.into_iter().find(|one| *one > self.pause).unwrap_or(self.pause)
            }
            DialogAction::FasterReader => {
                self.pause = PAUSES.into_iter().rfind(|one| *one < self.pause).unwrap_or(self.pause)
            }
            _ => (),
        }
    }
}

// What a program that uses Go's clientv3 notices during each drill.
const STALL: &str = "Once the queue is full, each response is dropped and logged. The lease survives.";
const SLOW: &str = "Responses get older, until the queue is full and some are dropped. The lease survives.";
const HOLD: &str = "Nothing until the deadline, then the channel closes. The lease expires; its keys are deleted.";
const DROP: &str = "No response for about 1 s each; etcd renewed it anyway. The lease survives.";
const CUT: &str = "Usually nothing: the client reopens it and renews. The lease survives.";

/// The result of the drill key.
pub(in crate::app) enum Toggled {
    /// The running drill was ended.
    Done(Done),
    /// The menu opens.
    Offer(DrillDialog),
}

/// Ends the running drill of a lease, or opens the menu. The menu opens even if no drill is possible: it says why, and
/// it catches the digit that the user may already have typed.
pub(in crate::app) fn toggle(lease: &Lease, config: &AppConfig, ids: IdFormat) -> Toggled {
    let id = lease.id;
    if lease.drill().is_some() && !config.is_read_only {
        let status = Done::status(format!("Drill on {id} stopped", id = ids.name(id)));
        return Toggled::Done(status.with(Effect::Drill { id, drill: None }));
    }
    Toggled::Offer(DrillDialog::new(id, lease.granted_ttl.unwrap_or(1).unsigned_abs()))
}

/// Starts a drill, if the lease still exists and is still ours.
pub(in crate::app) fn start(leases: &LeaseStore, keymap: &Keymap, ids: IdFormat, id: LeaseId, fault: Fault) -> Done {
    let name = ids.name(id);
    let is_ours = |lease: &Lease| lease.ownership == Ownership::Own && lease.is_kept_alive;
    if !leases.alive(id).is_some_and(is_ours) {
        return Done::error(format!("{name} is no longer kept alive; nothing to drill"));
    }
    let key = keymap.key_label(Action::Drill);
    let end = if fault == Fault::CutStream { String::new() } else { format!(" ({key} stops it)") };
    Done::status(format!("Drill: {fault} on {name}{end}")).with(Effect::Drill { id, drill: Some(fault) })
}
