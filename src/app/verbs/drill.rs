//! Drills on own leases: a menu offers them, and a key ends the one that there is.

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

/// Answers that are dropped at most.
const MOST: u32 = 99;
/// The times in seconds that a slow consumer can take for a response.
const PAUSES: [u64; 11] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3_600];

/// Offers drills for the lease that it was opened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrillDialog {
    /// Which lease.
    pub id: LeaseId,
    /// How many answers would be dropped.
    pub answers: u32,
    /// In how many seconds a slow consumer would read one response.
    pub pause: u64,
}

/// A drill that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultChoice {
    /// The key that begins it.
    pub key: char,
    /// What it does.
    pub name: String,
    /// What a program would see of it.
    pub seen: &'static str,
    /// The drill.
    pub drill: Fault,
}

impl DrillDialog {
    /// For a lease of this TTL in seconds: whoever reads a response in so long reads fewer than come.
    pub fn new(id: LeaseId, ttl: u64) -> Self {
        let pause = PAUSES.into_iter().find(|pause| *pause >= ttl).unwrap_or(PAUSES[PAUSES.len() - 1]);
        DrillDialog { id, answers: 3, pause }
    }

    /// Why there is no drill on its lease, in a sentence; none where there is one, or where the lease is gone.
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

    /// Whether a drill can begin.
    fn is_possible(&self, leases: &LeaseStore, config: &AppConfig) -> bool {
        leases.alive(self.id).is_some() && self.obstacle(leases, config).is_none()
    }

    /// A number begins a drill, where there can be one; Enter is on Cancel.
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

    /// What there is to choose from, with the keys in force.
    pub fn choices(&self, keymap: &Keymap) -> [FaultChoice; 5] {
        let choice = |key, name: &str, seen, drill| FaultChoice { key, name: name.to_owned(), seen, drill };
        let every = Duration::from_secs(self.pause);
        let press = |reply| keymap.key_label(Action::Dialog(reply));
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

    fn change(&mut self, reply: DialogAction) {
        match reply {
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

const STALL: &str = "Once the queue is full, each response is dropped and logged. The lease survives.";
const SLOW: &str = "Responses get older, until the queue is full and some are dropped. The lease survives.";
const HOLD: &str = "Nothing until the deadline, then the channel closes. The lease expires; its keys are deleted.";
const DROP: &str = "No response for about 1 s each; etcd renewed it anyway. The lease survives.";
const CUT: &str = "Usually nothing: the client reopens it and renews. The lease survives.";

/// What the key of the drills comes to.
pub(in crate::app) enum Toggled {
    /// The drill that there was has ended.
    Done(Done),
    /// The drills that there are.
    Offer(DrillDialog),
}

/// Ends the drill of a lease, or offers the drills that there are. Why there is none is said in the dialog too: a digit that
/// was meant for it is not to mean something else.
pub(in crate::app) fn toggle(lease: &Lease, config: &AppConfig, ids: IdFormat) -> Toggled {
    let id = lease.id;
    if lease.drill().is_some() && !config.is_read_only {
        let status = Done::status(format!("Drill on {id} stopped", id = ids.name(id)));
        return Toggled::Done(status.with(Effect::Drill { id, drill: None }));
    }
    Toggled::Offer(DrillDialog::new(id, lease.granted_ttl.unwrap_or(1).unsigned_abs()))
}

/// Begins a drill, if the lease is still there and ours.
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
