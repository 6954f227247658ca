//! Offers the drills for one own lease.

use std::time::Duration;

use super::{Dialog, dialog_action, is_over};
use crate::app::keymap::Action;
use crate::app::update::drill;
use crate::app::{AppState, DialogAction, Effect, Key, KeyContext, Keymap, Ownership};
use etcd_lease::{Fault, LeaseId};
use simkit::Timestamp;

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
    pub fn obstacle(&self, app: &AppState) -> Option<String> {
        let lease = app.leases.get(self.id).filter(|lease| lease.end.is_none())?;
        let keep = app.config.keymap.key_label(Action::KeepAlive);
        match (lease.ownership, lease.is_kept_alive) {
            _ if app.config.is_read_only => Some("Read-only: grant, renew and revoke are disabled.".to_owned()),
            (Ownership::Own, true) => None,
            (Ownership::Own, false) => {
                Some(format!("Not kept alive, so there is nothing to drill; {keep} keeps it alive."))
            }
            _ => Some("Another client's lease. Drills run only on your own.".to_owned()),
        }
    }

    /// Whether a drill can begin.
    fn is_possible(&self, app: &AppState) -> bool {
        app.leases.get(self.id).is_some_and(|lease| lease.end.is_none()) && self.obstacle(app).is_none()
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

/// A number begins a drill, where there can be one; Enter is on Cancel.
pub(super) fn key(app: &mut AppState, mut dialog: DrillDialog, key: Key, now: Timestamp) -> Vec<Effect> {
    let choices = dialog.choices(&app.config.keymap);
    let choice = choices.into_iter().find(|choice| Key::Char(choice.key) == key);
    if let Some(choice) = choice.filter(|_| dialog.is_possible(app)) {
        return drill::start(app, dialog.id, choice.drill, now);
    }
    let reply = dialog_action(app, KeyContext::Drill, key);
    if !is_over(reply) {
        reply.into_iter().for_each(|reply| dialog.change(reply));
        app.view.dialog = Some(Dialog::Drill(dialog));
    }
    Vec::new()
}
